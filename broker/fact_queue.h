/*
 * Facts that the engine has in hand and does not fold yet, in the order in which they came: because as much
 * waits for the log as may, or because only the log can say something of their execution (waiting.h). Belongs
 * to the engine's thread.
 */
#ifndef BROKER_FACT_QUEUE_H
#define BROKER_FACT_QUEUE_H

#include "bus/bus.h"
#include "publisher/subject.h"

struct queued_fact {
    struct queued_fact *next;
    struct bus_delivery *delivery;
    size_t bytes; /* of it, which may be gone */
    struct event_subject at;
    int64_t epoch; /* under which its partition was held when it came; 0: that does not matter */
};

/* All zero: empty. */
struct fact_queue {
    struct queued_fact *first, *last;
    size_t count, bytes;
};

/* `at` is of the delivery, which is taken over, also where there is no memory for it. */
enum status fact_queue_add(struct fact_queue *q, struct bus_delivery *d, const struct event_subject *at,
                           int64_t epoch, struct error *err) MUST_CHECK;
/* The first leaves; its delivery is the caller's. */
void fact_queue_pass(struct fact_queue *q);
/* The first leaves, and its delivery is freed. */
void fact_queue_drop_first(struct fact_queue *q);
/* Those of the partition are not to be folded. */
void fact_queue_drop_partition(struct fact_queue *q, uint32_t partition);
void fact_queue_free(struct fact_queue *q);

#endif
