/* Where two values of JSON differ. */
#ifndef REPLAY_DIFFERENCE_H
#define REPLAY_DIFFERENCE_H

#include "core/arena.h"
#include "core/value.h"

/* One place where they do; an absent value has nothing there. */
struct difference {
    struct str path; /* "context.args.url", "items[3]"; "" if it is the whole */
    struct value left, right;
};

/*
 * The places where `right` is other than `left`, in the order of `left`, then what only `right` has: the
 * smallest values that differ, at most `room` of them. Their paths are in `a`, the values are shared. Equal
 * is what is the same JSON, but for the order of keys.
 */
enum status differences(struct arena *a, struct value left, struct value right, struct difference *out,
                        size_t room, size_t *count, struct error *err) MUST_CHECK;

#endif
