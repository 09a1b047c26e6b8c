/* The events of every execution, as they happen. What is missed while the connection is lost stays missed. */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "event_feed.h"

/* Until Ctrl-C (`interrupt` of interrupt_open()), which makes the exit code EXIT_INTERRUPTED. An event lives
 * as long as the call of `take`. */
enum status live_listen(struct invocation *in, struct client *c, int interrupt, event_taker *take,
                        void *context, struct error *err) MUST_CHECK;

#endif
