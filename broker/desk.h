/*
 * A desk: a thread that handles the messages of one durable consumer one after the other, for work that waits
 * for answers and so cannot be done on a thread of the bus. Messages in hand when it closes are given back.
 */
#ifndef BROKER_DESK_H
#define BROKER_DESK_H

#include "runtime/bus.h"

struct desk;

/*
 * Handles one message and ends it (ack, nak or term); the desk frees it. `what` names the messages in log
 * lines, and lives as long as the desk.
 */
typedef void desk_handler(void *context, struct bus_delivery *d);
enum status desk_open(struct bus *bus, const char *stream, const char *consumer, const char *what,
                      desk_handler *handle, void *context, struct desk **out, struct error *err) MUST_CHECK;
/* NULL is allowed. */
void desk_close(struct desk **desk);

#endif
