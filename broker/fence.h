/*
 * What a broker may do at this moment: the partitions that it holds, each under the epoch with which it took
 * it, and how long its lease lasts. Holdings and the membership write it, the writer too when a commit shows
 * that a partition is lost; the engine and the writer look at it before they act. Any thread.
 *
 * The epoch in the log is what keeps two brokers from writing for one partition. The lease keeps a broker
 * that stood still for a while from publishing what others have done since, until it has looked at the log.
 */
#ifndef BROKER_FENCE_H
#define BROKER_FENCE_H

#include <stdatomic.h>
#include <stdlib.h>

#include "core/status.h"
#include "runtime/clock.h"

struct fence {
    uint32_t partitions;
    _Atomic int64_t *epochs;        /* 0: not held */
    _Atomic int64_t lease_until_ns; /* monotonic */
    atomic_bool log_away;           /* commits fail; nothing can be handed over */
};

static inline enum status fence_init(struct fence *f, uint32_t partitions, struct error *err)
{
    *f = (struct fence){.partitions = partitions, .epochs = calloc(partitions, sizeof(*f->epochs))};
    return f->epochs ? STATUS_OK
                     : error_set(err, STATUS_NO_MEMORY, "no memory for %u partitions", partitions);
}
static inline void fence_free(struct fence *f)
{
    free(f->epochs);
}
static inline void fence_set(struct fence *f, uint32_t partition, int64_t epoch)
{
    atomic_store(&f->epochs[partition], epoch);
}
static inline bool fence_holds(const struct fence *f, uint32_t partition, int64_t epoch)
{
    return epoch != 0 && atomic_load(&f->epochs[partition]) == epoch;
}
/* The partition is lost; nothing happens if it has been taken anew since. */
static inline void fence_lose(struct fence *f, uint32_t partition, int64_t epoch)
{
    atomic_compare_exchange_strong(&f->epochs[partition], &epoch, 0);
}
static inline bool fence_lease_lasts(const struct fence *f)
{
    return mono_now().ns < atomic_load(&f->lease_until_ns);
}

#endif
