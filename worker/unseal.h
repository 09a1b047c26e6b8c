/*
 * What stands between an attempt and its tools when the task has references to secrets: the tool gets the
 * secrets, and what it gives back has the references again, or "***" in texts for people.
 */
#ifndef WORKER_UNSEAL_H
#define WORKER_UNSEAL_H

#include "reference.h"
#include "tool.h"

struct unsealing {
    const struct tool_runner *inner;
    struct secret_source *source;
    struct arena *arena;
    struct secrets used; /* by the attempt so far */
};

/* A runner over another one, for one attempt; `u` is filled by this and outlives it. */
struct tool_runner unsealing_begin(struct unsealing *u, const struct tool_runner *inner,
                                   struct secret_source *source, struct arena *a);

#endif
