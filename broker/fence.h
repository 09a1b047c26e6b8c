/*
 * What a broker may do at this moment: the partitions that it holds, each under the epoch with which it took
 * it, and how long its lease lasts. Holdings and the membership write it, the writer too when a commit shows
 * that a partition is lost; the engine and the writer look at it before they act. Any thread.
 *
 * The epoch in the log is what keeps two brokers from writing for one partition. The lease keeps a broker
 * that stood still for a while from publishing what others have done since, until it has looked at the log.
 *
 * A database may lose commits that it had confirmed: a standby takes over that had not got them, or a backup
 * is put in its place. So the fence also knows up to where each partition is in the log, and whoever finds
 * the log behind that gives the partition up, as if another had taken it.
 *
 * It may even have lost that another had taken a partition, and folded some of its facts. So the fence knows
 * up to where in the event stream that may be: what these lead to may have been published before. It goes by
 * sequences alone, since the clocks of brokers and nats-servers are set independently of each other.
 */
#ifndef BROKER_FENCE_H
#define BROKER_FENCE_H

#include <stdatomic.h>
#include <stdlib.h>

#include "bus/bus.h"
#include "core/id.h"
#include "core/status.h"
#include "eventlog/eventlog.h"
#include "runtime/clock.h"

/* Up to where a partition that is held is known to be in the log. */
struct in_log {
    _Atomic uint64_t stream_seq;
    _Atomic int64_t stream_time_ns;
    _Atomic int64_t behind; /* the epoch under which it was given up because the log has less; 0: none */
};

struct fence {
    uint32_t partitions;
    _Atomic int64_t *epochs;        /* 0: not held */
    struct in_log *in_log;          /* of each */
    _Atomic int64_t lease_until_ns; /* monotonic */
    atomic_bool log_away;           /* commits fail; nothing can be handed over */
    /* Of each: up to this sequence of the event stream, another may have folded its facts. */
    _Atomic uint64_t *shared_until;
    /* How often there was reason to believe that another had some of what is held here; and how many of these
     * were over when the stream's end was seen, for shared_until. Until all are, every fact is such a one. */
    _Atomic uint64_t doubts, settled;
};

static inline enum status fence_init(struct fence *f, uint32_t partitions, struct error *err)
{
    *f = (struct fence){.partitions = partitions,
                        .epochs = calloc(partitions, sizeof(*f->epochs)),
                        .in_log = calloc(partitions, sizeof(*f->in_log)),
                        .shared_until = calloc(partitions, sizeof(*f->shared_until))};
    return f->epochs && f->in_log && f->shared_until
               ? STATUS_OK
               : error_set(err, STATUS_NO_MEMORY, "no memory for %u partitions", partitions);
}
static inline void fence_free(struct fence *f)
{
    free(f->epochs);
    free(f->in_log);
    free(f->shared_until);
}
static inline void fence_wrote(struct fence *f, const struct checkpoint *c)
{
    atomic_store(&f->in_log[c->partition].stream_seq, c->stream_seq);
    atomic_store(&f->in_log[c->partition].stream_time_ns, c->stream_time_ns);
}
/* From now on it is held, and the log has it up to there. `stream_end` is what the stream had when it was
 * taken: the one before may have come so far. */
static inline void fence_set(struct fence *f, const struct checkpoint *c, uint64_t stream_end)
{
    fence_wrote(f, c);
    atomic_store(&f->in_log[c->partition].behind, 0);
    atomic_store(&f->shared_until[c->partition], stream_end);
    atomic_store(&f->epochs[c->partition], c->epoch);
}
/* What is known of a partition at least; for eventlog_holds(), before that looks. */
static inline struct checkpoint fence_known(const struct fence *f, uint32_t partition)
{
    return (struct checkpoint){.partition = partition,
                               .stream_seq = atomic_load(&f->in_log[partition].stream_seq),
                               .stream_time_ns = atomic_load(&f->in_log[partition].stream_time_ns),
                               .epoch = atomic_load(&f->epochs[partition])};
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
/* The same, because the log has less than was written. What comes late says nothing of one that has been
 * taken anew meanwhile: its epoch is another. */
static inline void fence_fall_behind(struct fence *f, uint32_t partition, int64_t epoch)
{
    if (fence_holds(f, partition, epoch))
        atomic_store(&f->in_log[partition].behind, epoch);
    fence_lose(f, partition, epoch);
}
/* What was found of a partition that was held under `epoch`; true if it is so no longer. */
static inline bool fence_found(struct fence *f, uint32_t partition, int64_t epoch, enum hold hold)
{
    if (hold == HOLD_TAKEN)
        fence_lose(f, partition, epoch);
    else if (hold == HOLD_BEHIND)
        fence_fall_behind(f, partition, epoch);
    return hold == HOLD_TAKEN || hold == HOLD_BEHIND;
}
static inline bool fence_lease_lasts(const struct fence *f)
{
    return mono_now().ns < atomic_load(&f->lease_until_ns);
}
/* Another may have, or have had, some of what is held here. Before what is held is used (again). */
static inline void fence_doubt(struct fence *f)
{
    atomic_fetch_add(&f->doubts, 1);
}
static inline bool fence_is_in_doubt(const struct fence *f)
{
    return atomic_load(&f->doubts) != atomic_load(&f->settled);
}
/* Another may have folded its facts up to there. */
static inline void fence_share(struct fence *f, uint32_t partition, uint64_t until)
{
    if (until > atomic_load(&f->shared_until[partition]))
        atomic_store(&f->shared_until[partition], until);
}
/* A fact of a partition that is held: whether another may have folded it. */
static inline bool fence_may_be_shared(const struct fence *f, uint32_t partition, uint64_t sequence)
{
    return fence_is_in_doubt(f) || sequence <= atomic_load(&f->shared_until[partition]);
}

/* ---- what is decided, until it is said ---------------------------------------------------------------- */

/* The partition and the epoch under which something was decided. */
struct tenure {
    const struct fence *fence;
    uint32_t partition;
    int64_t epoch;
};
/* Of what is decided now. */
static inline struct tenure fence_tenure(const struct fence *f, int64_t execution_id)
{
    uint32_t partition = id_partition(execution_id, f->partitions);
    return (struct tenure){f, partition, atomic_load(&f->epochs[partition])};
}
/* Whether what was decided then is still this broker's to do: else whoever has the partition now decides it
 * anew, and may have come to something else since. */
static inline bool tenure_stands(const struct tenure *t)
{
    return fence_holds(t->fence, t->partition, t->epoch);
}
static inline bool tenure_permits(const void *tenure)
{
    const struct tenure *t = tenure;
    return fence_lease_lasts(t->fence) && tenure_stands(t);
}
/* For what was decided under it, as long as that may be said. The tenure lives as long. */
static inline struct bus_permit tenure_permit(const struct tenure *t)
{
    return (struct bus_permit){tenure_permits, t};
}

#endif
