#include "stranded_commands.h"

#include "publisher/topology.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "stranded.h"

enum { MOST = 1000 }; /* in one round: commands that wait for room have been given to somebody, too */

static bool is_overdue(const struct stranded_commands *l, const struct bus_consumer_info *c)
{
    return l->since_ns != 0 && mono_now().ns - l->since_ns > 2 * c->ack_wait_ms * INT64_C(1000000);
}

/* The first command from `from` to `until`; sequence 0: there is none. */
static enum status next(struct bus *bus, const struct subjects *s, const char *stream, uint64_t from,
                        uint64_t until, struct arena *a, struct bus_stored *m, struct error *err)
{
    char subject[SUBJECT_MAX];
    *m = (struct bus_stored){0};
    if (from > until)
        return STATUS_OK;
    enum status status = bus_stream_next(bus, stream, subject_command(s, ">", subject), from, a, m, err);
    if (status == STATUS_NOT_FOUND || m->sequence > until)
        m->sequence = 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status take_until(struct bus *bus, const struct subjects *s, const char *stream, uint64_t until,
                              stranded_command *take, void *context, struct error *err)
{
    struct arena a;
    struct bus_stored m = {0};
    enum status status;
    size_t looked_at = 0;
    arena_init(&a, 0);
    do {
        uint64_t from = m.sequence + 1;
        arena_reset(&a);
        status = next(bus, s, stream, from, until, &a, &m, err);
        if (status == STATUS_OK && m.sequence > 0 && take(context, &m))
            status = bus_stream_remove(bus, stream, m.sequence, err);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK; /* somebody else was at it */
    } while (status == STATUS_OK && m.sequence > 0 && ++looked_at < MOST);
    arena_free(&a);
    return status;
}

static enum status look(struct stranded_commands *l, struct bus *bus, const struct subjects *s,
                        const char *stream, stranded_command *take, void *context, struct error *err)
{
    struct bus_consumer_info c;
    /* Before the messages: what is acknowledged meanwhile is not among them any more. */
    enum status status = bus_consumer_info(bus, stream, INTAKE_CONSUMER, &c, err);
    if (status != STATUS_OK) /* who reads commands makes it, and it delivers all that is there */
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    bool overdue = is_overdue(l, &c);
    uint64_t settled = stranded_settled_until(&c), given = overdue ? l->given_until : 0;
    TRY(take_until(bus, s, stream, given > settled ? given : settled, take, context, err));
    if (overdue || l->since_ns == 0) {
        l->given_until = c.delivered_stream_sequence;
        l->since_ns = mono_now().ns;
    }
    return STATUS_OK;
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
