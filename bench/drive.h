/* Asks for executions and sees them end: the same for the engine and for the floor. */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include "config/settings.h"
#include "core/status.h"

struct drive_plan {
    uint32_t steps; /* of each execution */
    uint32_t executions;
    uint32_t at_a_time; /* 1: one after the other */
};

struct drive_result {
    double seconds; /* from the first request to the last end */
    double
        *latencies_ms; /* of each execution, from its request to its end, sorted; the caller's, for free() */
    uint32_t count;    /* that ended well */
    uint32_t failed;
};

enum status drive(const struct settings *s, const struct drive_plan *plan, struct drive_result *out,
                  struct error *err) MUST_CHECK;

#endif
