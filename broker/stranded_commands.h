/*
 * Commands that are in their stream and that its consumer will not deliver: below its place, where a killed
 * server put them that had lost the stream's end; or given to nobody, which a killed nats-server 2.9 counts
 * as given to somebody for good.
 */
#ifndef BROKER_STRANDED_COMMANDS_H
#define BROKER_STRANDED_COMMANDS_H

#include "publisher/subject.h"
#include "bus/bus.h"

struct stranded_commands { /* all zero at first */
    uint64_t given_until;  /* commands up to here had been given to somebody */
    int64_t since_ns;      /* at that time; monotonic */
    bool said_denied;
};

/* Whether the command is done, or given up for good, and leaves the stream. */
typedef bool stranded_command(void *context, const struct bus_stored *m);

/*
 * Hands each of them over. One that was given to somebody counts as such when it is there still after twice
 * the time after which it would be given to another; whoever has it may be at it all the same. A login that
 * may not look finds none.
 */
enum status stranded_commands_take(struct stranded_commands *l, struct bus *bus, const struct subjects *s,
                                   stranded_command *take, void *context, struct error *err) MUST_CHECK;

#endif
