/* Waiting for an execution to end, and telling of it meanwhile. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "client.h"

struct follow_options {
    bool tell;          /* --follow: while it runs; else only at the end */
    int64_t timeout_ms; /* 0: as long as it takes */
    int interrupt;      /* of interrupt_open() */
};

/*
 * Until the execution is over, and prints it: the timeline, or the document, or the events a line each. The
 * exit code becomes that of the execution. STATUS_TIMEOUT when the time is over; after Ctrl-C the exit code
 * is EXIT_INTERRUPTED. In both cases the execution goes on, and standard error says how to look at it.
 */
enum status follow_execution(struct invocation *in, struct client *c, int64_t execution_id,
                             const struct follow_options *options, struct error *err) MUST_CHECK;

struct follow_end {
    bool is_over;      /* false after Ctrl-C */
    uint32_t event_id; /* of the event that ended it */
};
/* The same without printing how it ended; the exit code is set after Ctrl-C only. */
enum status follow_until_over(struct invocation *in, struct client *c, int64_t execution_id,
                              const struct follow_options *options, struct follow_end *end,
                              struct error *err) MUST_CHECK;

/* What a program ends with when an execution ended so: "completed", "failed", "cancelled". */
int follow_exit_code(struct str status);

#endif
