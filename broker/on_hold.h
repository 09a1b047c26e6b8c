/*
 * Facts that the engine has in hand and may not fold yet, because as much waits for the log as may: in the
 * order in which they came. What else is in its mailbox goes on meanwhile. Belongs to the engine's thread.
 */
#ifndef BROKER_ON_HOLD_H
#define BROKER_ON_HOLD_H

#include "bus/bus.h"
#include "core/status.h"

struct held_fact {
    struct held_fact *next;
    struct bus_delivery *delivery;
    size_t bytes; /* of it, which may be gone */
    uint32_t partition;
};

/* All zero: empty. */
struct on_hold {
    struct held_fact *first, *last;
    size_t count, bytes;
};

/* The delivery is taken over, also where there is no memory for it. */
enum status on_hold_add(struct on_hold *h, struct bus_delivery *d, uint32_t partition,
                        struct error *err) MUST_CHECK;
/* The first leaves; its delivery is the caller's. */
void on_hold_pass(struct on_hold *h);
/* Those of the partition are not to be folded. */
void on_hold_drop_partition(struct on_hold *h, uint32_t partition);
void on_hold_free(struct on_hold *h);

#endif
