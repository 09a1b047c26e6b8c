/* Asks for executions and sees them end: the same for the engine and for the floor. */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include "config/settings.h"
#include "core/status.h"
#include "traffic.h"

struct drive_plan {
    struct shape shape; /* of each execution */
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

/* Asks for executions of a playbook and returns when the stream has all requests. */
enum status drive_requests(const struct settings *s, struct str playbook, uint32_t executions,
                           struct error *err) MUST_CHECK;

#endif
