/*
 * Holdings: the partitions of this broker. It shares all partitions out among the brokers that are there,
 * takes those that are its own (epoch and checkpoint from the log, timers, a reader from the checkpoint on),
 * gives back what another is to have once all of it is committed, and drops what another has taken.
 *
 *                       take: a new epoch                  another is to have it
 *          NONE ────────────────────────────▶ HELD ─────────────────────────────▶ LEAVING
 *           ▲                                  │ the log has a newer epoch            │ all is committed,
 *           │                                  ▼                                      │ nothing of it in
 * memory └──────────────────────────────────┴──────────────────────────────────────┘
 *
 * A log that has an older checkpoint than was written (fence.h) makes it go the same way as a newer epoch.
 *
 * A partition whose place in the event stream is no longer there (the stream lost its tail, was restored or
 * made anew) leaves too, and is taken again behind the time of its checkpoint instead of behind its sequence.
 *
 * A thread of its own does all this: it waits for the database, which neither the engine nor the bus may.
 */
#ifndef BROKER_HOLDINGS_H
#define BROKER_HOLDINGS_H

#include "eventlog/eventlog.h"
#include "fence.h"
#include "mailbox.h"
#include "occupancy.h"
#include "publisher/subject.h"

struct holdings;

struct holdings_options {
    struct eventlog *log; /* a connection of its own; the holdings' from now on */
    struct bus *bus;
    const struct subjects *subjects;
    struct mailbox *engine; /* gets facts, MAIL_TAKEN (taken.h), MAIL_LEAVE and MAIL_LOST */
    struct fence *fence;
    const struct occupancy *occupancy;
    const char *name;
    int64_t lease_ms;
};

enum status holdings_start(const struct holdings_options *options, struct holdings **out,
                           struct error *err) MUST_CHECK;
/* Whether it has taken its share of the partitions, if only once. Any thread. */
bool holdings_are_ready(struct holdings *h);
/* Whether it ended by itself, because it never can do its work; why, in *err. */
bool holdings_failed(struct holdings *h, struct error *err);
/* Whether facts of the partition wait for a large one (arrivals.h). Any thread. */
bool holdings_wait(struct holdings *h, uint32_t partition);
/* Stops reading; nothing is taken any more. */
void holdings_stop_reading(struct holdings *h);
/* After the last commit: gives back what is held, says that this broker leaves, frees. NULL is allowed. */
void holdings_close(struct holdings **h);

/* From the engine: all of a partition that was to leave is committed, and out of memory. */
void holdings_left(struct holdings *h, uint32_t partition);
/* From the writer: the fence says that something is lost. Any thread. */
void holdings_look(struct holdings *h);

#endif
