/* What is seen of one open work, for execution.c. */
#ifndef DOCTOR_HOPS_H
#define DOCTOR_HOPS_H

#include "inner.h"

enum { SEEN_POOLS = 16 }; /* of one execution; those of more are not looked at */

/* What is looked at once for all works of an execution. */
struct sight_of {
    struct doctor *doctor;
    const struct crowd *crowd;
    struct arena *arena;
    int64_t id;
    struct value tasks; /* queued_tasks() */
    struct pool_evidence pools[SEEN_POOLS];
    size_t pool_count;
};

enum status look_at_work(struct sight_of *s, const struct folded *f, const struct open_work *o,
                         struct work_evidence *out, struct error *err) MUST_CHECK;

#endif
