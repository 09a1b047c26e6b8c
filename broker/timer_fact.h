/* The fact that a timer has fired, as a message. */
#ifndef BROKER_TIMER_FACT_H
#define BROKER_TIMER_FACT_H

#include "publisher/subject.h"
#include "timer_queue.h"
#include "transition/execution.h"

struct timer_fact {
    char subject[SUBJECT_MAX];
    struct str message_id, payload;
};

/* In `a`. `x`, for the names in it, may be NULL. */
enum status timer_fact(struct arena *a, const struct subjects *s, const struct execution *x,
                       const struct due_timer *t, struct timer_fact *out, struct error *err) MUST_CHECK;

#endif
