/* Whether the engine is as fast with much that is open, and with a long log, as with little. */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include "drive.h"

struct growth_plan {
    struct drive_plan load;                    /* is driven each time */
    uint32_t few_open, many_open;              /* executions that wait */
    int64_t log_events;                        /* rows that are in the log already */
    const char *const *broker, *const *worker; /* arguments */
};

/* Starts an installation of its own; prints the rows as it goes. */
enum status growth_run(const struct growth_plan *plan, struct error *err) MUST_CHECK;

#endif
