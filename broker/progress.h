/*
 * How far this broker has come in each partition that it holds, for whoever asks for its status, and what the
 * log has got from it, for the reconciler. The engine writes; any thread reads.
 */
#ifndef BROKER_PROGRESS_H
#define BROKER_PROGRESS_H

#include <stdatomic.h>
#include <stdlib.h>

#include "eventlog/eventlog.h"

struct partition_progress {
    _Atomic uint64_t folded, committed; /* stream sequences: the last fact folded, and the last in the log */
    _Atomic int64_t committed_time_ns;  /* when the stream stored that one */
};

struct progress {
    struct partition_progress *partitions;
    atomic_bool refused; /* a stream does not take what the broker publishes */
    atomic_bool unread;  /* facts wait for what the log does not give */
    _Atomic int64_t
        begun_ns; /* the oldest beginning that was committed since progress_take_begun(); 0: none was */
};

static inline enum status progress_init(struct progress *p, uint32_t partitions, struct error *err)
{
    *p = (struct progress){.partitions = calloc(partitions, sizeof(*p->partitions))};
    return p->partitions ? STATUS_OK
                         : error_set(err, STATUS_NO_MEMORY, "no memory for %u partitions", partitions);
}
static inline void progress_free(struct progress *p)
{
    free(p->partitions);
}
static inline void progress_folded(struct progress *p, const struct checkpoint *c)
{
    atomic_store(&p->partitions[c->partition].folded, c->stream_seq);
}
static inline void progress_committed(struct progress *p, const struct checkpoint *c)
{
    atomic_store(&p->partitions[c->partition].committed, c->stream_seq);
    atomic_store(&p->partitions[c->partition].committed_time_ns, c->stream_time_ns);
}
/* An execution that began then, or went on again, is in the log. */
static inline void progress_begun(struct progress *p, int64_t time_ns)
{
    int64_t oldest = atomic_load(&p->begun_ns);
    while ((oldest == 0 || time_ns < oldest) && !atomic_compare_exchange_weak(&p->begun_ns, &oldest, time_ns))
        continue;
}
static inline int64_t progress_take_begun(struct progress *p)
{
    return atomic_exchange(&p->begun_ns, 0);
}

#endif
