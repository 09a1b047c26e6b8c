/*
 * The timers that wait, of all executions: which is due next, and finding one by its name. Nothing in it runs
 * by itself and it reads no clock. Its memory goes with the number of timers in it: what is cancelled is gone
 * at once. Belongs to one thread.
 */
#ifndef BROKER_TIMER_QUEUE_H
#define BROKER_TIMER_QUEUE_H

#include "core/status.h"
#include "core/str.h"

/* Members of timers and owners that are found by a hash. */
struct hashed {
    struct hashed *next; /* in the same slot */
    uint64_t hash;
};
struct hash_chains {
    struct hashed **slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

struct timer;
struct timer_queue {
    struct hash_chains timers; /* by execution and id */
    struct hash_chains owners; /* executions that have any */
    struct timer **heap;       /* binary, by the time at which each is next to be looked at */
    size_t heap_count, heap_capacity;
    size_t bytes; /* of all this */
};

void timer_queue_init(struct timer_queue *q);
void timer_queue_free(struct timer_queue *q);
size_t timer_queue_count(const struct timer_queue *q);

/* Sets a timer, or sets it again. The id is copied. */
enum status timer_queue_set(struct timer_queue *q, int64_t execution_id, struct str id, int64_t due_ns,
                            struct error *err) MUST_CHECK;
/* When a timer is due, whether it was taken or not; false if there is none of that name. */
bool timer_queue_due(const struct timer_queue *q, int64_t execution_id, struct str id, int64_t *due_ns);
/* No matter whether there is one. */
void timer_queue_cancel(struct timer_queue *q, int64_t execution_id, struct str id);
/* All timers of an execution; false if it has none. */
bool timer_queue_drop(struct timer_queue *q, int64_t execution_id);

/* Those of every execution that `of` says yes to. */
void timer_queue_drop_of(struct timer_queue *q, bool (*of)(void *context, int64_t execution_id),
                         void *context);

/* When the next one is due; INT64_MAX if none ever is. */
int64_t timer_queue_next(const struct timer_queue *q);

struct due_timer {
    int64_t execution_id, due_ns;
    struct str id; /* until the next call that changes the queue */
};
/*
 * The first that is due at `now_ns`. It is not due again until timer_queue_postpone(), but stays known, and
 * can be cancelled or set again, until timer_queue_fired().
 */
bool timer_queue_take(struct timer_queue *q, int64_t now_ns, struct due_timer *out);
/* A timer that was taken is done with; nothing happens if it was set again or cancelled meanwhile. */
void timer_queue_fired(struct timer_queue *q, const struct due_timer *taken);
/* It is to be taken once more, at `at_ns`; likewise. */
void timer_queue_postpone(struct timer_queue *q, const struct due_timer *taken, int64_t at_ns);

#endif
