/* Telling whoever published a command that it cannot be done. */
#ifndef BROKER_REJECTION_H
#define BROKER_REJECTION_H

#include "publisher/subject.h"
#include "runtime/bus.h"

/*
 * The command is given up for good: a line in the log, a message {"command", "sequence", "error", "payload"}
 * on <prefix>.live.rejected.<command> for who watches, and a TERM with the reason, so that the stream lets it
 * go.
 */
void reject_command(struct bus *bus, const struct subjects *s, const char *command,
                    const struct bus_delivery *d, const struct error *why);

#endif
