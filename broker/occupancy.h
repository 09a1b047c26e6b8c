/*
 * How many executions are at work in this broker, and whether that is as many as it may have
 * (broker.in_flight). The engine counts; the intake lets run commands wait while it is full, and the beats
 * tell publishers. Any thread.
 */
#ifndef BROKER_OCCUPANCY_H
#define BROKER_OCCUPANCY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct occupancy {
    size_t most; /* 0: no bound */
    atomic_size_t executions;
};

static inline bool occupancy_is_full(const struct occupancy *o)
{
    return o->most > 0 && atomic_load(&o->executions) >= o->most;
}

#endif
