/* The commands that ask something of one execution: cancel, pause, resume, signal, retry. */
#ifndef CLI_STEER_H
#define CLI_STEER_H

#include "client.h"

/* The flag that all of them have. */
#define REASON_FLAG                                                                                          \
    {                                                                                                        \
        "reason", 0, false, "TEXT", NO_SETTING, "why, for the log"                                           \
    }

/* Asks over a connection that is there, with --reason and what `more` (a map, or absent) adds. */
enum status steer(struct invocation *in, struct client *c, int64_t execution_id, const char *operation,
                  struct value more, struct value *answer, struct error *err) MUST_CHECK;

/*
 * Asks for `operation` of the execution that the first argument names, and prints that. `asked` ends the
 * sentence "asked for execution 42 ".
 */
enum status steer_execution(struct invocation *in, const char *operation, struct value more,
                            const char *asked, struct error *err) MUST_CHECK;

#endif
