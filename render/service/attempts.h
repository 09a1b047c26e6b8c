/*
 * What was asked for outside on behalf of an execution, attempt by attempt, as its events tell: the tasks of
 * workers, and the executions that a step has called. Iterators and signals are no attempts of their own
 * here.
 */
#ifndef RENDER_SERVICE_ATTEMPTS_H
#define RENDER_SERVICE_ATTEMPTS_H

#include "core/event.h"

enum attempt_status {
    ATTEMPT_SCHEDULED, /* asked for, and nothing heard: in a queue or at work */
    ATTEMPT_COMPLETED,
    ATTEMPT_FAILED,
    ATTEMPT_LOST,      /* it left its place without an outcome, and is made again */
    ATTEMPT_CANCELLED, /* its step or its execution ended before it */
    ATTEMPT_STATUS_COUNT,
};
const char *attempt_status_name(enum attempt_status s);

struct attempt {
    struct str task_id, step, type;
    uint32_t visit, attempt;
    struct value scheduled;         /* context of the event that asked for it; absent if that was not seen */
    struct value outcome;           /* meta of the outcome; absent without one */
    struct str error;               /* "" if there is none */
    uint32_t event_id;              /* its first */
    int64_t scheduled_ns, ended_ns; /* 0: not yet, or not seen */
    enum attempt_status status;
    bool is_shown;             /* a task or a call */
    struct attempt *next_open; /* among those without an outcome */
};

/* In the order of their first events, in `a`; shares the events' values. STATUS_NO_MEMORY. */
enum status attempts_build(struct arena *a, const struct event *events, size_t count, struct attempt **out,
                           size_t *attempt_count, struct error *err) MUST_CHECK;

#endif
