/*
 * Whether the event stream is still the one whose number of partitions this process has: it may be made anew
 * for another number while the process runs, which would then look for executions, and publish requests,
 * where nobody reads.
 */
#ifndef PUBLISHER_PARTITIONS_WATCH_H
#define PUBLISHER_PARTITIONS_WATCH_H

#include "subject.h"
#include "bus/bus.h"
#include "runtime/clock.h"

struct partitions_watch {
    struct bus *bus;
    const struct subjects *subjects;
    struct error *err;       /* what is wrong, once `status` is not OK */
    enum status status;      /* the daemon ends with it: OK, or CONFLICT */
    struct mono_time looked; /* the rest is the watch's own */
    bool may_not_look;
};

/*
 * For daemon_wait(), with a watch whose first three members are set: looks each few seconds while there is a
 * connection, and gives true once it is another number. A stream that is not there yet is none, and an
 * account that may not see it has to trust its settings.
 */
bool partitions_watch_refuses(void *watch);

#endif
