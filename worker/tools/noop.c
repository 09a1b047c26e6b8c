/*
 * noop: does nothing, and its data is its args. Also the example to copy when a tool is added:
 *   1. this file: the keys, run(), and open()/close() if a thread has something to keep warm;
 *   2. a line in tools.def, and the file in worker/CMakeLists.txt;
 *   3. its keys, data, errors and an example in docs/TOOLS.md;
 *   4. a test beside tests/worker/test_noop.c.
 */
#include "worker/tool.h"

/* What a step may say beside the keys that all steps have; anything else is refused before run() is called.
 */
static const char *const keys[] = {NULL};

static enum status run(struct tool_thread *thread, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err)
{
    (void)thread; /* no open(): nothing is kept */
    (void)stop;   /* returns at once; a tool that waits polls stop->fd beside its own descriptors */
    (void)a;      /* what the outcome refers to lives here, if it doesn't live in the task */
    (void)err;    /* a failure is error_set(err, …), with outcome->data set to whatever there was */
    out->data = task->args;
    return STATUS_OK;
}

const struct tool tool_noop = {.name = "noop", .keys = keys, .run = run};
