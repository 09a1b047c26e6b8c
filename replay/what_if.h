/*
 * A recorded execution, evaluated with another playbook: the same request, and the recorded outcomes as far
 * as the new playbook asks for them. Steps are known by their names. Nothing is run, so where an attempt has
 * no recorded outcome, that branch ends.
 */
#ifndef REPLAY_WHAT_IF_H
#define REPLAY_WHAT_IF_H

#include "transition/open_work.h"
#include "transition/transition.h"

#include "difference.h"

struct what_if {
    const struct event *events; /* what would be in the log */
    size_t count;
    uint32_t used, left_over; /* recorded facts: those that were taken, and those that nothing waited for */
    struct open_work *without_outcome; /* attempts that the record has no outcome of */
    size_t without_outcome_count;
};

/* `text` is the new playbook's, `playbook` the same, compiled. Everything is in `a`. */
enum status what_if_make(struct arena *a, const struct event *recorded, size_t count, struct str text,
                         const struct playbook *playbook, struct what_if *out, struct error *err) MUST_CHECK;

/* Where two logs part; ids, times and the playbook's own text and digest aside. */
struct parting {
    bool found;
    struct difference at;         /* path "" : one of both has no further event, or another one */
    uint32_t event_id;            /* of the recorded event, or behind the last of the record */
    struct value recorded, other; /* the events; absent behind an end */
};
enum status what_if_parting(struct arena *a, const struct event *recorded, size_t count,
                            const struct what_if *w, struct parting *out, struct error *err) MUST_CHECK;

#endif
