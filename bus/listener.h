/*
 * A subscription that lasts from connection to connection, and whose end can be waited for. The library's own
 * destroy returns while the handler may still be running, and is unsafe under traffic: here a subscription is
 * closed, its thread is waited for, and only then is it destroyed.
 */
#ifndef BUS_LISTENER_H
#define BUS_LISTENER_H

#include <stdbool.h>
#include <nats/nats.h>

#include "core/status.h"

struct bus;
struct listener;

/* Owns msg. On the listener's own thread, or on that of who reads the connection. */
typedef void listener_handler(void *context, natsMsg *msg);

/* `limit`: most messages that may wait for the handler before further ones are dropped; 0: none. */
enum status listener_open(struct bus *bus, const char *subject, const char *queue, int limit,
                          listener_handler *handler, void *context, struct listener **out,
                          struct error *err) MUST_CHECK;
/*
 * One whose handler is called by who reads the connection (loop.c), between what it reads: without a
 * change of threads, in the order of the connection, and so it must never wait. That nobody serves a request
 * which was to be answered here is told by `unserved`, with the same context; the library keeps for itself
 * which one.
 */
enum status listener_open_on_loop(struct bus *bus, const char *subject, listener_handler *handler,
                                  void (*unserved)(void *context), void *context, struct listener **out,
                                  struct error *err) MUST_CHECK;
/*
 * Subscribes all on the connection of that number (line.number). By the connector, before anything is sent.
 * What came on the connection before and was not handled yet is dropped. False if one cannot be subscribed,
 * for another reason than that this connection is closed by now.
 */
bool listeners_move(struct bus *bus, uint32_t number);
/* Hands over what was read. By who reads. */
void listeners_serve(struct bus *bus);
/* Unsubscribes; what has already come is still handled before it returns. */
void listener_close(struct listener **l);
/* Memory (malloc) that is freed with a listener that nobody closes before its bus. */
void listener_own(struct listener *l, void *memory);
/* After natsConnection_Close() and the loop's end: waits for all that are left, and frees them. */
void listeners_free(struct bus *bus);

#endif
