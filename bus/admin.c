/* Streams and consumers through the JetStream API. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "core/buf.h"
#include "core/digest.h"
#include "core/event.h"
#include "core/json.h"
#include "header_block.h"

/* 2.12 looks at all that a message has to meet before it proposes it to the replicas, and only then keeps its
 * id. */
enum { SPOILS_IDS_SINCE = 21000, SPOILS_IDS_UNTIL = 21200 };
enum { ADMIN_ARENA = 64 << 20 };

/* The API writes "no bound" as -1. */
static struct value or_unlimited(int64_t bound)
{
    return value_int(bound > 0 ? bound : -1);
}

static uint64_t get_count(struct value map, struct str key)
{
    struct value v = value_get(map, key);
    return v.type == VALUE_INT && v.u.i > 0 ? (uint64_t)v.u.i : 0;
}

enum status bus_api(struct bus *bus, const char *verb, struct str body, struct arena *a, struct value *out,
                    struct error *err)
{
    char subject[SUBJECT_MAX];
    struct str reply;
    if (snprintf(subject, sizeof(subject), "$JS.API.%s", verb) >= (int)sizeof(subject))
        return error_set(err, STATUS_INVALID, "%.64s…: the name is too long", verb);
    enum status status = bus_request(bus, subject, NULL, 0, body, bus->request_timeout_ms, a, &reply, err);
    if (status == STATUS_UNAVAILABLE && bus_is_connected(bus))
        error_hint(err, "Is JetStream enabled (nats-server -js), and does the account have it?");
    TRY(status);
    TRY(json_read_map(a, reply, "the answer of JetStream", out, err));
    struct value error = VALUE_GET(*out, "error");
    return error.type == VALUE_MAP ? wire_api_error(error, subject, err) : STATUS_OK;
}

/* bus_api() with a value for the body, and the verb put together from up to three parts. */
static enum status call(struct bus *bus, const char *verb, const char *stream, const char *consumer,
                        struct value body, struct arena *a, struct value *out, struct error *err)
{
    char subject[SUBJECT_MAX];
    struct str text = {"", 0};
    int len = snprintf(subject, sizeof(subject), "%s.%s%s%s", verb, stream, consumer ? "." : "",
                       consumer ? consumer : "");
    if (len >= (int)sizeof(subject))
        return error_set(err, STATUS_INVALID, "the name of stream %.64s… is too long", stream);
    if (!value_is_absent(body))
        TRY(json_text(a, body, &text, err));
    return bus_api(bus, subject, text, a, out, err);
}

/* ---- making a configuration come true ---------------------------------------------------------------- */

/* The first member of `wanted` that `actual` has otherwise, or NULL. */
static const struct value_entry *first_difference(struct value wanted, struct value actual)
{
    for (uint32_t i = 0; i < wanted.len; i++) {
        const struct value_entry *e = &wanted.u.map->entries[i];
        struct value have = value_get_by_value(actual, e->key);
        bool unset = value_is_absent(have) &&
                     (value_equal(e->value, value_int(0)) || value_equal(e->value, value_bool(false)));
        if (!unset && !value_equal(have, e->value))
            return e;
    }
    return NULL;
}

static enum status differs(struct str key, const char *kind, const char *name, enum status status,
                           const char *why, struct error *err)
{
    error_set(err, status, "%s %s has another %" PRISTR " than is wanted, %s", kind, name, ARGSTR(key), why);
    return error_place(err, "%s", name);
}

/* What is there with what is wanted over it, so that members this program does not know survive. */
static enum status merged(struct arena *a, struct value actual, struct value wanted, struct value *out,
                          struct error *err)
{
    struct map_builder b;
    map_begin(&b, a);
    map_put_all(&b, actual);
    map_put_all(&b, wanted);
    return map_end(&b, out, err);
}

static enum status check_stream(struct value answer, struct value wanted, const char *name, struct error *err)
{
    const struct value_entry *member = first_difference(wanted, VALUE_GET(answer, "config"));
    return member ? differs(value_as_str(member->key), "stream", name, STATUS_UNSUPPORTED,
                            "and this server does not take it", err)
                  : STATUS_OK;
}

static enum status refuse_change(struct str key, const char *name, struct error *err)
{
    differs(key, "stream", name, STATUS_CONFLICT, "which cannot be changed while it exists", err);
    return error_hint(err,
                      "Change the setting back, or move to a new stream: `nats stream info` shows this one.");
}

static enum status update_stream(struct bus *bus, const char *name, struct value actual, struct value wanted,
                                 struct arena *a, struct error *err)
{
    struct value body = NO_VALUE, answer = NO_VALUE;
    const struct value_entry *member = first_difference(wanted, actual);
    struct str is = value_as_str(VALUE_GET(actual, "description"));
    struct str is_to_be = value_as_str(VALUE_GET(wanted, "description"));
    if (!member)
        return STATUS_OK;
    if (is.len > 0 && is_to_be.len > 0 && !str_equal(is, is_to_be))
        return refuse_change(STR("description"), name, err);
    TRY(merged(a, actual, wanted, &body, err));
    enum status status = call(bus, "STREAM.UPDATE", name, NULL, body, a, &answer, err);
    if (status == STATUS_INVALID || status == STATUS_CONFLICT)
        return refuse_change(value_as_str(member->key), name, err);
    TRY(status);
    return check_stream(answer, wanted, name, err);
}

enum status stream_ensure(struct bus *bus, const char *name, struct value wanted, struct arena *a,
                          struct error *err)
{
    struct value answer = NO_VALUE;
    enum status status = call(bus, "STREAM.INFO", name, NULL, NO_VALUE, a, &answer, err);
    if (status == STATUS_NOT_FOUND) {
        status = call(bus, "STREAM.CREATE", name, NULL, wanted, a, &answer, err);
        if (status == STATUS_OK)
            return check_stream(answer, wanted, name, err);
        if (status == STATUS_CONFLICT) /* somebody else was making it */
            status = call(bus, "STREAM.INFO", name, NULL, NO_VALUE, a, &answer, err);
    }
    TRY(status);
    return update_stream(bus, name, VALUE_GET(answer, "config"), wanted, a, err);
}

static void put_subjects(struct map_builder *b, struct arena *a, const struct bus_stream *s)
{
    struct list_builder subjects;
    struct value list = NO_VALUE;
    list_begin(&subjects, a);
    for (size_t i = 0; i < sizeof(s->subjects) / sizeof(s->subjects[0]) && s->subjects[i]; i++)
        list_add(&subjects, value_text(s->subjects[i]));
    if (list_end(&subjects, &list, NULL) != STATUS_OK)
        b->failed = true;
    else
        map_put(b, STR("subjects"), list);
}

static enum status stream_config(struct arena *a, const struct bus_stream *s, struct value *out,
                                 struct error *err)
{
    struct map_builder b;
    map_begin(&b, a);
    map_put(&b, STR("name"), value_text(s->name));
    put_subjects(&b, a, s);
    map_put(&b, STR("retention"), value_text(s->work_queue ? "workqueue" : "limits"));
    map_put(&b, STR("storage"), value_text(s->memory ? "memory" : "file"));
    map_put(&b, STR("discard"), value_text(s->discard_new ? "new" : "old"));
    map_put(&b, STR("max_age"), value_int(s->max_age_ms * NS_PER_MS));
    map_put(&b, STR("max_msgs"), or_unlimited(s->max_messages));
    map_put(&b, STR("max_bytes"), or_unlimited(s->max_bytes));
    map_put(&b, STR("max_msgs_per_subject"), or_unlimited(s->max_per_subject));
    map_put(&b, STR("num_replicas"), value_int(s->replicas > 0 ? s->replicas : 1));
    map_put(&b, STR("allow_direct"), value_bool(s->allow_direct));
    if (s->duplicates_ms > 0)
        map_put(&b, STR("duplicate_window"), value_int(s->duplicates_ms * NS_PER_MS));
    if (s->description) /* last: of several differences the first is told */
        map_put(&b, STR("description"), value_text(s->description));
    return map_end(&b, out, err);
}

enum status bus_stream_ensure(struct bus *bus, const struct bus_stream *config, struct error *err)
{
    struct arena a;
    struct value wanted = NO_VALUE;
    arena_init(&a, ADMIN_ARENA);
    enum status status = stream_config(&a, config, &wanted, err);
    if (status == STATUS_OK)
        status = stream_ensure(bus, config->name, wanted, &a, err);
    arena_free(&a);
    return status;
}

/* ---- consumers --------------------------------------------------------------------------------------- */

static enum status consumer_config(struct arena *a, const struct bus_consumer *c, struct value *out,
                                   struct error *err)
{
    struct map_builder b;
    map_begin(&b, a);
    map_put(&b, STR("durable_name"), value_text(c->durable));
    map_put(&b, STR("deliver_policy"), value_text("all"));
    map_put(&b, STR("ack_policy"), value_text("explicit"));
    map_put(&b, STR("replay_policy"), value_text("instant"));
    map_put(&b, STR("max_deliver"), or_unlimited(c->max_deliver));
    if (c->filter)
        map_put(&b, STR("filter_subject"), value_text(c->filter));
    if (c->ack_wait_ms > 0)
        map_put(&b, STR("ack_wait"), value_int(c->ack_wait_ms * NS_PER_MS));
    if (c->max_ack_pending > 0)
        map_put(&b, STR("max_ack_pending"), value_int(c->max_ack_pending));
    if (c->max_waiting > 0)
        map_put(&b, STR("max_waiting"), value_int(c->max_waiting));
    return map_end(&b, out, err);
}

static enum status create_consumer(struct bus *bus, const struct bus_consumer *c, struct value config,
                                   struct arena *a, struct value *answer, struct error *err)
{
    struct map_builder b;
    struct value body = NO_VALUE;
    map_begin(&b, a);
    map_put(&b, STR("stream_name"), value_text(c->stream));
    map_put(&b, STR("config"), config);
    TRY(map_end(&b, &body, err));
    return call(bus, "CONSUMER.DURABLE.CREATE", c->stream, c->durable, body, a, answer, err);
}

static enum status ensure_consumer(struct bus *bus, const struct bus_consumer *c, struct arena *a,
                                   struct error *err)
{
    struct value wanted = NO_VALUE, config, answer = NO_VALUE;
    const struct value_entry *member = NULL;
    TRY(consumer_config(a, c, &wanted, err));
    config = wanted;
    enum status status = call(bus, "CONSUMER.INFO", c->stream, c->durable, NO_VALUE, a, &answer, err);
    if (status == STATUS_OK) {
        member = first_difference(wanted, VALUE_GET(answer, "config"));
        if (!member)
            return STATUS_OK;
        TRY(merged(a, VALUE_GET(answer, "config"), wanted, &config, err));
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    status = create_consumer(bus, c, config, a, &answer, err);
    if (member && (status == STATUS_INVALID || status == STATUS_CONFLICT))
        return differs(value_as_str(member->key), "consumer", c->durable, STATUS_CONFLICT,
                       "which cannot be changed while it exists", err);
    TRY(status);
    member = first_difference(wanted, VALUE_GET(answer, "config"));
    return member ? differs(value_as_str(member->key), "consumer", c->durable, STATUS_UNSUPPORTED,
                            "and this server does not take it", err)
                  : STATUS_OK;
}

enum status bus_consumer_ensure(struct bus *bus, const struct bus_consumer *config, struct error *err)
{
    struct arena a;
    arena_init(&a, ADMIN_ARENA);
    enum status status = ensure_consumer(bus, config, &a, err);
    arena_free(&a);
    return status;
}

/* ---- comparing ---------------------------------------------------------------------------------------- */

static enum status compare(struct bus *bus, const char *verb, const char *stream, const char *consumer,
                           struct value wanted, struct arena *a, struct str *difference, struct error *err)
{
    struct value answer = NO_VALUE;
    TRY(call(bus, verb, stream, consumer, NO_VALUE, a, &answer, err));
    const struct value_entry *member = first_difference(wanted, VALUE_GET(answer, "config"));
    *difference = member ? value_as_str(member->key) : STR("");
    return STATUS_OK;
}

enum status stream_compare(struct bus *bus, const char *name, struct value wanted, struct arena *a,
                           struct str *difference, struct error *err)
{
    return compare(bus, "STREAM.INFO", name, NULL, wanted, a, difference, err);
}

enum status bus_stream_compare(struct bus *bus, const struct bus_stream *config, struct arena *a,
                               struct str *difference, struct error *err)
{
    struct value wanted = NO_VALUE;
    TRY(stream_config(a, config, &wanted, err));
    return stream_compare(bus, config->name, wanted, a, difference, err);
}

enum status bus_consumer_compare(struct bus *bus, const struct bus_consumer *config, struct arena *a,
                                 struct str *difference, struct error *err)
{
    struct value wanted = NO_VALUE;
    TRY(consumer_config(a, config, &wanted, err));
    return compare(bus, "CONSUMER.INFO", config->stream, config->durable, wanted, a, difference, err);
}

enum status bus_consumer_info(struct bus *bus, const char *stream, const char *durable,
                              struct bus_consumer_info *out, struct error *err)
{
    struct arena a;
    struct value v = NO_VALUE;
    arena_init(&a, ADMIN_ARENA);
    enum status status = call(bus, "CONSUMER.INFO", stream, durable, NO_VALUE, &a, &v, err);
    if (status == STATUS_OK)
        *out = (struct bus_consumer_info){
            .pending = get_count(v, STR("num_pending")),
            .ack_pending = get_count(v, STR("num_ack_pending")),
            .redelivered = get_count(v, STR("num_redelivered")),
            .waiting = get_count(v, STR("num_waiting")),
            .delivered_stream_sequence = get_count(VALUE_GET(v, "delivered"), STR("stream_seq")),
            .ack_floor_stream_sequence = get_count(VALUE_GET(v, "ack_floor"), STR("stream_seq")),
            .max_ack_pending = get_count(VALUE_GET(v, "config"), STR("max_ack_pending")),
            .max_deliver = get_count(VALUE_GET(v, "config"), STR("max_deliver")),
            .ack_wait_ms = (int64_t)(get_count(VALUE_GET(v, "config"), STR("ack_wait")) / 1000000),
            .paused = value_equal(VALUE_GET(v, "paused"), value_bool(true)),
        };
    arena_free(&a);
    return status;
}

/* ---- what is stored ---------------------------------------------------------------------------------- */

enum status bus_stream_info(struct bus *bus, const char *stream, struct bus_stream_info *out,
                            struct error *err)
{
    struct arena a;
    struct value v = NO_VALUE;
    arena_init(&a, ADMIN_ARENA);
    enum status status = call(bus, "STREAM.INFO", stream, NULL, NO_VALUE, &a, &v, err);
    if (status == STATUS_OK) {
        struct value state = VALUE_GET(v, "state");
        *out = (struct bus_stream_info){
            .messages = get_count(state, STR("messages")),
            .bytes = get_count(state, STR("bytes")),
            .first_sequence = get_count(state, STR("first_seq")),
            .last_sequence = get_count(state, STR("last_seq")),
            .max_messages = get_count(VALUE_GET(v, "config"), STR("max_msgs")),
            .max_bytes = get_count(VALUE_GET(v, "config"), STR("max_bytes")),
            .consumers = (uint32_t)get_count(state, STR("consumer_count")),
            .replicas = (uint32_t)get_count(VALUE_GET(v, "config"), STR("num_replicas")),
        };
        snprintf(out->description, sizeof(out->description), "%" PRISTR,
                 ARGSTR(value_as_str(VALUE_GET(VALUE_GET(v, "config"), "description"))));
        status = time_parse(value_as_str(VALUE_GET(v, "created")), &out->created_ns, err);
    }
    arena_free(&a);
    return status;
}

bool bus_spoils_ids(struct bus *bus, const struct bus_stream_info *info)
{
    uint32_t version = info->replicas > 1 ? bus_server_version(bus) : 0;
    return version >= SPOILS_IDS_SINCE && version < SPOILS_IDS_UNTIL;
}

/* Base64 text into the arena. */
static enum status decode(struct arena *a, struct value text, struct str *out, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    bool valid = base64_decode(&b, value_as_str(text));
    enum status status = buf_status(&b, err);
    if (status == STATUS_OK && !valid)
        status = error_set(err, STATUS_SYNTAX, "a stored message is not in base64");
    if (status == STATUS_OK) {
        out->ptr = arena_strdup(a, buf_str(&b));
        out->len = b.len;
        if (!out->ptr)
            status = arena_error(a, err, "a stored message");
    }
    buf_free(&b);
    return status;
}

enum status stream_stored(struct bus *bus, const char *stream, struct str request, struct arena *a,
                          struct bus_stored *out, struct error *err)
{
    char verb[SUBJECT_MAX];
    struct value v = NO_VALUE;
    if (snprintf(verb, sizeof(verb), "STREAM.MSG.GET.%s", stream) >= (int)sizeof(verb))
        return error_set(err, STATUS_INVALID, "the name of stream %.64s… is too long", stream);
    TRY(bus_api(bus, verb, request, a, &v, err));
    struct value message = VALUE_GET(v, "message");
    *out = (struct bus_stored){.subject = value_as_str(VALUE_GET(message, "subject")),
                               .sequence = get_count(message, STR("seq"))};
    TRY(decode(a, VALUE_GET(message, "hdrs"), &out->headers, err));
    TRY(decode(a, VALUE_GET(message, "data"), &out->payload, err));
    return time_parse(value_as_str(VALUE_GET(message, "time")), &out->time_ns, err);
}

/* `member`: what the subject is to the request, written before it. */
static enum status stored_of_subject(struct bus *bus, const char *stream, const char *member,
                                     const char *subject, struct arena *a, struct bus_stored *out,
                                     struct error *err)
{
    struct buf b;
    TRY(wire_check_subject(subject, true, err));
    buf_init(&b, 0);
    buf_add_text(&b, member);
    json_write_string(&b, str_of(subject));
    buf_add_char(&b, '}');
    enum status status = buf_status(&b, err);
    if (status == STATUS_OK)
        status = stream_stored(bus, stream, buf_str(&b), a, out, err);
    buf_free(&b);
    return status;
}

enum status bus_stream_last(struct bus *bus, const char *stream, const char *subject, struct arena *a,
                            struct bus_stored *out, struct error *err)
{
    return stored_of_subject(bus, stream, "{\"last_by_subj\":", subject, a, out, err);
}

enum status bus_stream_next(struct bus *bus, const char *stream, const char *subject, uint64_t sequence,
                            struct arena *a, struct bus_stored *out, struct error *err)
{
    char member[64];
    snprintf(member, sizeof(member), "{\"seq\":%" PRIu64 ",\"next_by_subj\":", sequence);
    return stored_of_subject(bus, stream, member, subject, a, out, err);
}

enum status bus_stream_get(struct bus *bus, const char *stream, uint64_t sequence, struct arena *a,
                           struct bus_stored *out, struct error *err)
{
    char request[64];
    int len = snprintf(request, sizeof(request), "{\"seq\":%" PRIu64 "}", sequence);
    return stream_stored(bus, stream, (struct str){request, (size_t)len}, a, out, err);
}

struct str bus_stored_header(const struct bus_stored *m, const char *name)
{
    struct str value;
    return header_block_find(m->headers, str_of(name), &value) ? value : STR("");
}

enum status bus_stream_remove(struct bus *bus, const char *stream, uint64_t sequence, struct error *err)
{
    char verb[SUBJECT_MAX], body[64];
    struct value answer;
    struct arena a;
    snprintf(verb, sizeof(verb), "STREAM.MSG.DELETE.%s", stream);
    int len = snprintf(body, sizeof(body), "{\"seq\":%" PRIu64 "}", sequence);
    arena_init(&a, ADMIN_ARENA);
    enum status status = bus_api(bus, verb, (struct str){body, (size_t)len}, &a, &answer, err);
    arena_free(&a);
    return status;
}

static enum status purge(struct bus *bus, const char *stream, const char *filter, struct arena *a,
                         uint64_t *purged, struct error *err)
{
    struct map_builder b;
    struct value body = NO_VALUE, v = NO_VALUE;
    if (filter) {
        map_begin(&b, a);
        map_put(&b, STR("filter"), value_text(filter));
        TRY(map_end(&b, &body, err));
    }
    TRY(call(bus, "STREAM.PURGE", stream, NULL, body, a, &v, err));
    if (purged)
        *purged = get_count(v, STR("purged"));
    return STATUS_OK;
}

enum status bus_stream_purge(struct bus *bus, const char *stream, const char *filter, uint64_t *purged,
                             struct error *err)
{
    struct arena a;
    if (filter)
        TRY(wire_check_subject(filter, true, err));
    arena_init(&a, ADMIN_ARENA);
    enum status status = purge(bus, stream, filter, &a, purged, err);
    arena_free(&a);
    return status;
}
