#include "stranded.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/value.h"
#include "publisher/topology.h"
#include "runtime/log.h"

/* Of all consumers of the stream. */
struct standing_point {
    uint64_t furthest;   /* that any of them has come */
    uint64_t to_deliver; /* messages, those included that are not acknowledged */
};

static enum status see_consumers(struct bus *bus, const char *stream, struct arena *a,
                                 struct standing_point *out, struct error *err)
{
    char verb[160], name[128];
    struct value answer;
    snprintf(verb, sizeof(verb), "CONSUMER.NAMES.%s", stream);
    TRY(bus_api(bus, verb, STR(""), a, &answer, err));
    struct value names = VALUE_GET(answer, "consumers");
    *out = (struct standing_point){0};
    for (uint32_t i = 0; names.type == VALUE_LIST && i < names.len; i++) {
        struct bus_consumer_info info;
        snprintf(name, sizeof(name), "%" PRISTR, ARGSTR(value_as_str(names.u.list[i])));
        enum status status = bus_consumer_info(bus, stream, name, &info, err);
        if (status == STATUS_NOT_FOUND)
            continue; /* it went meanwhile */
        TRY(status);
        out->to_deliver += info.pending + info.ack_pending;
        if (info.delivered_stream_sequence > out->furthest)
            out->furthest = info.delivered_stream_sequence;
    }
    return STATUS_OK;
}

static enum status drop_below(struct bus *bus, const char *stream, uint64_t sequence, struct arena *a,
                              struct error *err)
{
    char verb[160], body[64];
    struct value answer;
    snprintf(verb, sizeof(verb), "STREAM.PURGE.%s", stream);
    int len = snprintf(body, sizeof(body), "{\"seq\":%" PRIu64 "}", sequence);
    return bus_api(bus, verb, (struct str){body, (size_t)len}, a, &answer, err);
}

static enum status look(struct bus *bus, const char *stream, struct arena *a, bool *may_be_left,
                        struct error *err)
{
    struct standing_point consumers;
    struct bus_stream_info info;
    TRY(see_consumers(bus, stream, a, &consumers, err));
    TRY(bus_stream_info(bus, stream, &info, err)); /* afterwards: its end only moves on */
    *may_be_left = info.messages > consumers.to_deliver;
    if (consumers.furthest <= info.last_sequence)
        return STATUS_OK;
    LOG(LOG_WARN, "the tasks stream ends before the place where its consumers stand; it goes on behind that",
        LOG_NUM("last", info.last_sequence), LOG_NUM("consumers", consumers.furthest),
        LOG_NUM("messages", info.messages));
    return drop_below(bus, stream, consumers.furthest + 1, a, err);
}

enum status stranded_tasks_drop(struct bus *bus, const struct subjects *s, bool *may_be_left,
                                struct error *err)
{
    char stream[96];
    struct arena a;
    *may_be_left = true;
    arena_init(&a, 0);
    enum status status = look(bus, stream_name(s, STREAM_TASKS, stream), &a, may_be_left, err);
    arena_free(&a);
    return status;
}

/* One that was given up is behind the floor only with the next ack. */
uint64_t stranded_settled_until(const struct bus_consumer_info *c)
{
    bool all = c->ack_pending == 0 && c->delivered_stream_sequence > c->ack_floor_stream_sequence;
    return all ? c->delivered_stream_sequence : c->ack_floor_stream_sequence;
}

static struct str pool_of(struct str subject, const struct subjects *s)
{
    size_t begin = strlen(s->prefix) + strlen(".tasks.");
    struct str rest = begin < subject.len ? (struct str){subject.ptr + begin, subject.len - begin} : STR("");
    return str_split(&rest, '.');
}

/* The pool whose consumer was asked last; most executions have tasks of one. */
struct asked_pool {
    struct str name;
    bool has_consumer;
    uint64_t settled_until;
};

enum status stranded_pool(struct bus *bus, const struct subjects *s, struct str pool,
                          struct bus_consumer_info *out, struct error *err)
{
    char stream[96], name[128], consumer[96];
    snprintf(name, sizeof(name), "%" PRISTR, ARGSTR(pool));
    enum status status =
        bus_consumer_info(bus, stream_name(s, STREAM_TASKS, stream), pool_consumer(name, consumer), out, err);
    if (status != STATUS_NOT_FOUND)
        return status;
    *out = (struct bus_consumer_info){0};
    return STATUS_OK;
}

enum status stranded_newest(struct bus *bus, const struct subjects *s, struct str subject, uint64_t *sequence,
                            struct error *err)
{
    char stream[96], text[SUBJECT_MAX];
    struct bus_stored newest = {0};
    struct arena a;
    arena_init(&a, 0);
    snprintf(text, sizeof(text), "%" PRISTR, ARGSTR(subject));
    enum status status = bus_stream_last(bus, stream_name(s, STREAM_TASKS, stream), text, &a, &newest, err);
    *sequence = status == STATUS_OK ? newest.sequence : 0;
    arena_free(&a);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status stranded_tasks_leave_out(struct bus *bus, const struct subjects *s, struct arena *a,
                                     struct value *subjects, struct error *err)
{
    struct str asked = STR("");
    struct bus_consumer_info info = {0};
    struct map_builder there;
    map_begin(&there, a);
    for (uint32_t i = 0; subjects->type == VALUE_MAP && i < subjects->len; i++) {
        const struct value_entry *e = &subjects->u.map->entries[i];
        struct str subject = value_as_str(e->key), pool = pool_of(subject, s);
        uint64_t newest;
        if (!str_equal(pool, asked))
            TRY(stranded_pool(bus, s, pool, &info, err));
        asked = pool; /* most executions have tasks of one */
        TRY(stranded_newest(bus, s, subject, &newest, err));
        if (newest > stranded_settled_until(&info))
            map_put(&there, subject, e->value);
    }
    return map_end(&there, subjects, err);
}
