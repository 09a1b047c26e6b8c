/*
 * How far this broker has come in each partition that it holds, for whoever asks for its status. The engine
 * writes; any thread reads.
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

#endif
