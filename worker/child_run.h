/* One program from its start to its end: what goes into it, what comes out of it, and what stops it. */
#ifndef WORKER_CHILD_RUN_H
#define WORKER_CHILD_RUN_H

#include "child.h"
#include "tool.h"

struct child_run {
    /* Set by the caller. */
    const char *const *argv; /* NULL-ended */
    const char *const *env;  /* child_environment() */
    const char *cwd;         /* NULL: this process's */
    struct str input;        /* its standard input; borrowed */
    size_t output_max;       /* of standard output; it is ended when it writes more */
    size_t error_max;        /* of standard error, how much is kept */
    int polite_signal;       /* at a stop, before the kill; 0: none */
    int64_t grace_ms;        /* between the two */
    /* What came of it. */
    struct buf output, errors; /* `errors` is a task log, with its last line; freed by child_run_free() */
    uint64_t output_bytes;     /* more than output_max: too many */
    int exit_code;             /* 128 + signal */
};

/*
 * Runs it, in a process group of its own, and returns when nothing of it is left. STATUS_OK says that it was
 * started; whether it was stopped says `stop`.
 */
enum status child_run(struct child_run *r, const struct task_stop *stop, struct error *err) MUST_CHECK;
void child_run_free(struct child_run *r);

#endif
