#include "command.h"

#include <string.h>

static const char *name_of(const char *subject)
{
    const char *dot = strrchr(subject, '.');
    return dot ? dot + 1 : subject;
}

static struct str header(const struct bus_delivery *d, const char *name)
{
    const char *value = bus_delivery_header(d, name);
    return value ? str_of(value) : STR("");
}

struct command command_of_delivery(const struct bus_delivery *d)
{
    return (struct command){.name = name_of(d->subject),
                            .payload = d->payload,
                            .message_id = header(d, "Nats-Msg-Id"),
                            .traceparent = header(d, "traceparent"),
                            .sequence = d->stream_sequence,
                            .time_ns = d->time_ns};
}

bool command_of_stored(const struct bus_stored *m, struct arena *a, struct command *out)
{
    const char *subject = arena_strdup(a, m->subject);
    if (!subject)
        return false;
    *out = (struct command){.name = name_of(subject),
                            .payload = m->payload,
                            .message_id = bus_stored_header(m, "Nats-Msg-Id"),
                            .traceparent = bus_stored_header(m, "traceparent"),
                            .sequence = m->sequence,
                            .time_ns = m->time_ns,
                            .may_be_done = true};
    return true;
}
