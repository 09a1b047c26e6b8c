/*
 * Tasks whose end this worker has heard (lease.h): nobody waits for them. The brokers may know better, since
 * a log that lost that end has their execution open again. So they are asked, for a few seconds: while nobody
 * answers, what was heard counts, and for a while of each further task of that execution. There may be
 * thousands of them, and each would keep a thread.
 */
#ifndef WORKER_HEARD_END_H
#define WORKER_HEARD_END_H

#include "lease.h"
#include "patience.h"
#include "station.h"

enum heard_end {
    HEARD_END_NONE,   /* it is waited for */
    HEARD_END_STANDS, /* it is not */
    HEARD_END_UNSAID, /* patience is over */
};

/* Any thread but the connection's. */
enum heard_end heard_end_see(struct station *st, struct lease *l, const struct task *task,
                             const struct patience *patience);

#endif
