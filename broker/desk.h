/*
 * A desk: a thread that handles the messages of one durable consumer one after the other, for work that waits
 * for answers and so cannot be done on a thread of the bus. Messages in hand when it closes are given back. A
 * consumer that somebody deletes is made again.
 */
#ifndef BROKER_DESK_H
#define BROKER_DESK_H

#include <stdatomic.h>

#include "bus/bus.h"
#include "publisher/subject.h"
#include "runtime/metrics.h"

struct desk;

/*
 * Handles one message and ends it (ack, nak or term); the desk frees it. `what` names the messages in log
 * lines.
 */
typedef void desk_handler(void *context, struct bus_delivery *d);
/* Where it is told how many messages are held, and that they are as many as may be. */
struct desk_limit {
    const char *setting;
    enum metric held, most, reached;
};
struct desk_options {
    struct bus *bus;
    const struct subjects *subjects; /* outlive the desk */
    const char *stream, *consumer;   /* borrowed during the call */
    enum status (*make)(struct bus *bus, const struct subjects *s, struct error *err); /* the consumer */
    atomic_bool *missing; /* that there is none is said here; outlives the desk */
    const char *what;
    desk_handler *handle;
    void *context;
    uint32_t at_a_time;             /* most that are held, the one that is being handled included */
    const struct desk_limit *limit; /* outlives the desk; NULL: nobody is told */
};
enum status desk_open(const struct desk_options *options, struct desk **out, struct error *err) MUST_CHECK;
/* NULL is allowed. */
void desk_close(struct desk **desk);

#endif
