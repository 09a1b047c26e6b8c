/* What a broker reads of partitions when it takes them: what its engine needs to go on from there. */
#ifndef BROKER_TAKEN_H
#define BROKER_TAKEN_H

#include "bus/bus.h"
#include "eventlog/eventlog.h"

struct taken_timer {
    int64_t execution_id, due_ns;
    struct str id;
};
struct taken {
    struct arena arena; /* all of it */
    struct checkpoint *checkpoints;
    size_t checkpoint_count;
    struct taken_timer *timers;
    size_t timer_count, timer_capacity;
    uint64_t stream_end; /* the last sequence, once the epochs were raised */
};

/* Of each partition: whether it is to be taken; `lost` of one that the stream has lost something of. */
enum wanted { WANTED_NOT, WANTED, WANTED_LOST };

struct taking {
    struct eventlog *log;
    struct bus *bus;
    const char *stream; /* of events, which was made then: */
    int64_t stream_created_ns;
    const char *owner;
    const enum wanted *wanted;
    uint32_t partitions;
};

/* Raises the epochs of what is wanted, and reads the rest. *out is the caller's, who frees it. */
enum status taken_read(const struct taking *taking, struct taken **out, struct error *err) MUST_CHECK;
/* NULL is allowed. */
void taken_free(struct taken *t);

#endif
