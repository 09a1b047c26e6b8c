#include "stranded_commands.h"

#include "publisher/topology.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "stranded.h"

static bool is_overdue(const struct stranded_commands *l, const struct bus_consumer_info *c)
{
    return l->since_ns != 0 && mono_now().ns - l->since_ns > 2 * c->ack_wait_ms * INT64_C(1000000);
}

/* The first command from there on that was given to somebody, or will be given to nobody; sequence 0: none.
 */
static enum status next(struct bus *bus, const struct subjects *s, const char *stream, uint64_t from,
                        const struct bus_consumer_info *c, struct arena *a, struct bus_stored *m,
                        struct error *err)
{
    char subject[SUBJECT_MAX];
    *m = (struct bus_stored){0};
    if (from > c->delivered_stream_sequence)
        return STATUS_OK;
    enum status status = bus_stream_next(bus, stream, subject_command(s, ">", subject), from, a, m, err);
    if (status == STATUS_NOT_FOUND || m->sequence > c->delivered_stream_sequence)
        m->sequence = 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status look(struct stranded_commands *l, struct bus *bus, const struct subjects *s,
                        const char *stream, stranded_command *take, void *context, struct error *err)
{
    struct bus_consumer_info c;
    struct arena a;
    struct bus_stored m = {0};
    /* Before the messages: what is acknowledged meanwhile is not among them any more. */
    enum status status = bus_consumer_info(bus, stream, INTAKE_CONSUMER, &c, err);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    uint64_t until = is_overdue(l, &c) ? l->given_until : 0, settled = stranded_settled_until(&c);
    arena_init(&a, 0);
    do {
        uint64_t from = m.sequence + 1;
        arena_reset(&a);
        status = next(bus, s, stream, from, &c, &a, &m, err);
        if (status == STATUS_OK && m.sequence > 0 && (m.sequence <= settled || m.sequence <= until) &&
            take(context, &m))
            status = bus_stream_remove(bus, stream, m.sequence, err);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK; /* somebody else was at it */
    } while (status == STATUS_OK && m.sequence > 0);
    arena_free(&a);
    if (status == STATUS_OK && (until > 0 || l->since_ns == 0)) {
        l->given_until = c.delivered_stream_sequence;
        l->since_ns = mono_now().ns;
    }
    return status;
}

enum status stranded_commands_take(struct stranded_commands *l, struct bus *bus, const struct subjects *s,
                                   stranded_command *take, void *context, struct error *err)
{
    char stream[96];
    enum status status = look(l, bus, s, stream_name(s, STREAM_COMMANDS, stream), take, context, err);
    if (status != STATUS_DENIED)
        return status;
    if (!l->said_denied)
        LOG(LOG_WARN,
            "the broker may not look for commands that nobody gets; docs/SECURITY.md has what it needs",
            LOG_ERR(err));
    l->said_denied = true;
    return STATUS_OK;
}
