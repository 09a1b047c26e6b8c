/* From settings to a connection. */
#ifndef BUS_CONNECT_H
#define BUS_CONNECT_H

#include "bus.h"
#include "config/settings.h"

/*
 * Opens the bus that the settings name. `role` ("broker", "worker", "cli", …) becomes part of the
 * connection's name and, where nats.inbox is not set, of its inbox prefix ("_INBOX_<role>"). A daemon logs
 * connects and disconnects; `daemon` false: silence.
 */
enum status bus_connect(const struct settings *settings, const char *role, bool daemon, struct bus **out,
                        struct error *err) MUST_CHECK;
/* For a daemon, which may be started before the server: waits for a connection. Returns the signal that came
 * meanwhile, or 0. */
int bus_await_connection(struct bus *bus);

#endif
