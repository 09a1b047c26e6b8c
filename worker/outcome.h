/* From what a tool gave back to the event that reports it. No I/O. */
#ifndef WORKER_OUTCOME_H
#define WORKER_OUTCOME_H

#include "core/event.h"
#include "tool.h"

/* Of one attempt, for its report. */
struct attempt_report {
    const struct task *task;
    const char *worker; /* its name */
    int64_t started_ns; /* since 1970 */
    int64_t duration_ms;
    uint64_t delivery; /* 1 at the first */
};

/*
 * To be called once with what a tool gave back; `s` and `failure` are what it returned, and what this gives.
 * A value that is an envelope already ({"status": "success" | "error", "data", "error", "meta"} and no other
 * keys) is taken apart, and its error is the failure. Data that has more than `limit` bytes of JSON, or that
 * JSON cannot carry, is left out and is a failure that says so.
 */
enum status outcome_settle(struct outcome *out, size_t limit, struct arena *a, enum status s,
                           struct error *failure) MUST_CHECK;
/* The event action_completed or action_error of an outcome that is settled; shares with it, the rest is in
 * `a`. */
enum status outcome_event(const struct attempt_report *attempt, enum status status,
                          const struct outcome *outcome, const struct error *failure, struct arena *a,
                          struct event *out, struct error *err) MUST_CHECK;

#endif
