/* The events of an execution, one after another: those that there are, or those to come as well. */
#ifndef CLI_EVENT_FEED_H
#define CLI_EVENT_FEED_H

#include "client.h"
#include "core/event.h"

/* Gets an event, whose values live until the feed ends. */
typedef enum status event_taker(void *context, const struct event *e, struct error *err);

struct event_feed {
    int64_t execution_id;
    uint32_t after; /* events up to this number are left out */
    bool follow;    /* until the execution is over, or Ctrl-C, which makes the exit code EXIT_INTERRUPTED */
    int interrupt;  /* of interrupt_open(), for `follow` */
    event_taker *take;
    void *context;
};

/* STATUS_NOT_FOUND when there is no such execution. */
enum status event_feed(struct invocation *in, struct client *c, const struct event_feed *feed,
                       struct error *err) MUST_CHECK;

#endif
