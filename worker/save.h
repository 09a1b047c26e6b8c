/*
 * The entries of `save` that a worker writes: rendered with the outcome in scope, then run by the tool that
 * is their storage, one after the other, as a part of the attempt.
 */
#ifndef WORKER_SAVE_H
#define WORKER_SAVE_H

#include "tool.h"

/*
 * Of an attempt whose tool has succeeded with `out`. The first entry that fails is the failure; its message
 * begins with "save to STORAGE: ", and out->error has what the storage adds, with "save": the entry's number
 * from 1. What was written is told in out->meta: "saved", a list of {"storage", and what it answered in
 * short}. `now_ns`: what now() says in templates.
 */
enum status save_all(const struct tool_runner *runner, const struct task *task, int64_t now_ns,
                     struct arena *a, struct outcome *out, struct error *failure) MUST_CHECK;

#endif
