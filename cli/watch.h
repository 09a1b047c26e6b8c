/*
 * The events of one execution, each once and in order, from its first to its last, as they happen.
 *
 * They come live over NATS, numbered 1, 2, 3, …; what was missed (before the subscription, during a lost
 * connection, for any other reason) is seen as a gap or as silence, and is read from the log through the
 * render part. Belongs to one thread.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "client.h"
#include "core/event.h"

struct watch;

enum watch_news {
    WATCH_EVENT,       /* the next event */
    WATCH_TICK,        /* nothing happened for `tick_ms` */
    WATCH_LOST,        /* the connection went away; it is being made again */
    WATCH_BACK,        /* and is there again */
    WATCH_INTERRUPTED, /* Ctrl-C */
};

/* Subscribes, and reads what is in the log already. `interrupt` is a descriptor of interrupt_open(). */
enum status watch_open(struct client *c, int64_t execution_id, int interrupt, struct watch **out,
                       struct error *err) MUST_CHECK;
void watch_close(struct watch **w);

/* Waits for the next piece of news, at most `tick_ms`. *event lives as long as the watch. */
enum status watch_next(struct watch *w, int64_t tick_ms, enum watch_news *news, struct event *event,
                       struct error *err) MUST_CHECK;

/* What was told so far, in order. */
const struct event *watch_events(const struct watch *w, size_t *count);
/* Whether the newest event that is known has been told, and ended the execution. */
bool watch_is_over(const struct watch *w);
/* Why the log could not be read at the last try; "" if it could. */
const char *watch_trouble(const struct watch *w);

#endif
