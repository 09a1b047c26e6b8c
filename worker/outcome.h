/* From what a tool gave back to the event that reports it. No I/O. */
#ifndef WORKER_OUTCOME_H
#define WORKER_OUTCOME_H

#include "core/event.h"
#include "tool.h"

/* One attempt, for its report. */
struct attempt {
    const struct task *task;
    const char *worker; /* its name */
    int64_t started_ns; /* since 1970 */
    int64_t duration_ms;
    uint64_t delivery;   /* 1 at the first */
    size_t result_limit; /* bytes of JSON that `data` may have */
};

/*
 * Writes action_completed or action_error as JSON. `status` and `failure` are what the tool returned. A value
 * that is an envelope already ({"status": "success" | "error", "data", "error", "meta"} and no other keys) is
 * not wrapped again, and its error is the attempt's. Data that is too large, or that JSON cannot carry, makes
 * the attempt a failed one that says so.
 */
enum status outcome_write(const struct attempt *attempt, enum status status, const struct outcome *outcome,
                          const struct error *failure, struct arena *a, struct buf *json,
                          enum event_type *type, struct error *err) MUST_CHECK;

#endif
