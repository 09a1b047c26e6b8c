/* A command as it was published on NOETL_COMMANDS. */
#ifndef BROKER_COMMAND_H
#define BROKER_COMMAND_H

#include "core/arena.h"
#include "bus/bus.h"

struct command {
    const char *name; /* the last word of its subject */
    struct str payload;
    struct str message_id, traceparent; /* "" where there is none */
    uint64_t sequence;                  /* and when it was stored: */
    int64_t time_ns;
    bool may_be_done; /* it was in the stream longer than its handling takes */
};

/* What it points to is the delivery's. */
struct command command_of_delivery(const struct bus_delivery *d);
/* What it points to is the message's and in `a`; false when there is no memory. */
bool command_of_stored(const struct bus_stored *m, struct arena *a, struct command *out);

#endif
