/*
 * The partitions as a broker's holdings see them (holdings.h): what becomes of each, and the readers of those
 * that are held. Belongs to the holdings' thread, but for what is atomic.
 */
#ifndef BROKER_PARTS_H
#define BROKER_PARTS_H

#include <stdatomic.h>

#include "arrivals.h"
#include "bus/bus.h"
#include "eventlog/eventlog.h"
#include "fence.h"
#include "publisher/subject.h"

struct part {
    struct parts *all;
    uint32_t partition;
    enum { PART_NONE, PART_HELD, PART_LEAVING } state;
    struct checkpoint at; /* as it was taken; its epoch */
    struct bus_reader *reader;
    bool by_time;             /* what it was read up to is no longer in the stream */
    atomic_bool left;         /* the engine is done with it */
    atomic_bool place_gone;   /* its reader says so */
    _Atomic uint64_t newest;  /* the largest sequence that its reader has brought */
    struct mono_time claimed; /* since when another holds what is to be taken here; 0: none does */
};

struct parts_options {
    struct bus *bus;
    const struct subjects *subjects;
    struct mailbox *engine;            /* gets the facts */
    struct fence *fence;               /* of as many partitions */
    void (*place_gone)(void *context); /* a reader says so; on its thread */
    void *context;
};

struct parts {
    struct parts_options options;
    struct part *list; /* by their numbers */
    uint32_t count;
    char stream[96]; /* of events */
    struct arrivals *arrivals;
};

/* `p` stays where it is until parts_free(), which may follow upon an error too. */
enum status parts_init(struct parts *p, const struct parts_options *options, struct error *err) MUST_CHECK;
/* When no reader calls any more. */
void parts_free(struct parts *p);

/* Zeroed, one of each partition, to be freed; NULL if there is no memory. */
void *parts_array(const struct parts *p, size_t size);
/* Whether any is held, or leaves. */
bool parts_any(const struct parts *p);
/* The checkpoints of those, in `list`, as they are known to be in the log; how many. */
size_t parts_list(const struct parts *p, struct checkpoint *list);
/* Asks the log whose these are, and how far it has them: what it says is in the fence then. */
enum status parts_compare(const struct parts *p, struct eventlog *log, struct error *err) MUST_CHECK;
/*
 * Others may have folded facts of these up to the stream's end. What was read here may be behind that, of a
 * stream that has lost its end or was made anew since, and another may have folded it too. (Partitions of a
 * stream that was made anew are soon taken anew, so its small sequences do not stay below those of the old.)
 */
void parts_share(const struct parts *p, uint64_t stream_end);

/* Begins to read those that are held and not read yet. */
enum status parts_read(struct parts *p, struct error *err) MUST_CHECK;
/* Nothing of it comes to the engine after this. Waits for a fetch. */
void part_stop_reading(struct part *part);

#endif
