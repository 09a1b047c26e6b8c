/* Many answers to one request: what a pull without waiting brings, gathered by the thread that asked. */
#ifndef BUS_COLLECT_H
#define BUS_COLLECT_H

#include <nats/nats.h>

#include "core/status.h"
#include "core/str.h"

struct bus;

/* On the thread that called; does not keep msg. False: enough. */
typedef bool collect_one(void *context, natsMsg *msg);

/* Sends, and gives each answer to `one` until it is satisfied. STATUS_TIMEOUT when none comes for
 * `patience_ms`. */
enum status collect(struct bus *bus, const char *subject, struct str payload, int64_t patience_ms,
                    collect_one *one, void *context, struct error *err) MUST_CHECK;

#endif
