/*
 * Facts that wait for the log: of executions that only the log knows, while it does not answer. What comes
 * for such an execution afterwards waits behind, so each keeps its order; the others go on. Belongs to the
 * engine's thread.
 */
#ifndef BROKER_WAITING_H
#define BROKER_WAITING_H

#include "publisher/subject.h"
#include "runtime/bus.h"

struct waiting_fact {
    struct waiting_fact *next;
    struct bus_delivery *delivery;
    struct event_subject at;
    int64_t epoch;   /* under which its partition was held when it came */
    bool may_repeat; /* what it leads to may have been published before */
};

/* All zero: empty. */
struct waiting {
    struct waiting_fact *first, *last;
    size_t count, bytes;
};

/* `fact` is copied, its delivery taken over. */
enum status waiting_add(struct waiting *w, const struct waiting_fact *fact, struct error *err) MUST_CHECK;
/* Whether no more should be added. */
bool waiting_is_full(const struct waiting *w);
/* Whether a fact of the execution waits. */
bool waiting_has(const struct waiting *w, int64_t execution_id);
/* The first has been folded, or is not to be. */
void waiting_drop_first(struct waiting *w);
void waiting_drop_partition(struct waiting *w, uint32_t partition);
void waiting_free(struct waiting *w);

#endif
