/* Telling whoever published a command that it cannot be done. */
#ifndef BROKER_REJECTION_H
#define BROKER_REJECTION_H

#include "command.h"
#include "publisher/subject.h"

/*
 * The command is given up for good: a line in the log, and a message {"command", "sequence", "error",
 * "payload"} on <prefix>.live.rejected.<command> for who watches. The caller has the stream let it go.
 */
void reject_command(struct bus *bus, const struct subjects *s, const struct command *c,
                    const struct error *why);

#endif
