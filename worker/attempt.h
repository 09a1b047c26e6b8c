/* One attempt, in order: the tool, what has to be in its outcome, what is saved of it. */
#ifndef WORKER_ATTEMPT_H
#define WORKER_ATTEMPT_H

#include "secret_source.h"
#include "tool.h"

/*
 * Runs the task; nothing of `returns` and `saves` when the tool failed. The outcome is settled (outcome.h),
 * with at most `result_limit` bytes of data, and keeps its data beside a failure of what came after the tool.
 * A path of `returns` that leads nowhere is a failure of the kind "assert". References to secrets are
 * replaced for the tools, and stand in the outcome again (unseal.h).
 */
enum status attempt_run(const struct tool_runner *tools, struct secret_source *secrets,
                        const struct task *task, size_t result_limit, struct arena *a, struct outcome *out,
                        struct error *failure) MUST_CHECK;

#endif
