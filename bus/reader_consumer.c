/* The consumers of a reader: made, made anew, deleted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/clock.h"
#include "core/buf.h"
#include "core/event.h"
#include "core/json.h"
#include "reader.h"

enum {
    CREATE_MS = 5000, /* for an answer to the creation */
    INACTIVE_MS = 60000,
    FIRST_BACKOFF_MS = 100,
    MOST_BACKOFF_MS = 5000,
    QUIET_FAILURES = 3, /* failures that pass by themselves are worth a word only from the third on */
};

/* The creation of a consumer, in flight. */
struct creation {
    struct exchange exchange;
    char *subject;
    uint32_t slot, generation;
};

void reader_consumer_name(const struct bus_reader *r, uint32_t generation, char out[READER_NAME_TEXT])
{
    snprintf(out, READER_NAME_TEXT, "reader-%s-%u-%u", r->bus->id, r->slot, generation);
}

void reader_delete_consumer(const struct bus_reader *r, uint32_t generation)
{
    char subject[SUBJECT_MAX], reply[REPLY_TEXT], name[READER_NAME_TEXT];
    reader_consumer_name(r, generation, name);
    snprintf(subject, sizeof(subject), "$JS.API.CONSUMER.DELETE.%s.%s", r->stream, name);
    snprintf(reply, sizeof(reply), "%s.A.none", r->bus->inbox);
    (void)loop_send(r->bus, subject, reply, STR(""), NULL);
    bus_push(r->bus);
}

void reader_failed(struct bus_reader *r, const struct error *err)
{
    int64_t delay_ms = FIRST_BACKOFF_MS;
    for (uint32_t i = 0; i < r->failures && delay_ms < MOST_BACKOFF_MS; i++)
        delay_ms *= 2;
    r->failures++;
    reader_wait(r, delay_ms);
    if (!status_may_retry(err->status) || r->failures >= QUIET_FAILURES)
        reader_tell(r, err);
}

/* ---- the end of a creation --------------------------------------------------------------------------- */

static void creation_free(struct creation *c)
{
    free(c->subject);
    free(c);
}

static void took_effect(struct bus_reader *r, uint64_t pending)
{
    r->heard_ns = mono_now().ns;
    r->state = READER_READING;
    r->failures = 0;
    if (!r->looking)
        reader_tell(r, NULL);
    else if (pending == 0)
        reader_lost(r, 0);
    reader_ask(r);
}

/* What it means for its reader, if that still waits for it; `pending`: messages that the consumer will give.
 */
static void creation_ended(struct creation *c, uint64_t pending, const struct error *err)
{
    struct bus *bus = c->exchange.bus;
    exchange_end(&c->exchange);
    struct bus_reader *r = reader_enter(bus, c->slot);
    if (r && r->generation == c->generation && r->state == READER_CREATING) {
        if (err)
            reader_failed(r, err);
        else
            took_effect(r, pending);
    }
    if (r)
        reader_leave(r);
    creation_free(c);
}

static void creation_answered(struct exchange *e, natsMsg *msg)
{
    struct creation *c = (struct creation *)e;
    struct arena *a = &e->bus->answer_arena;
    struct str text = {natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)};
    struct value v, pending = {0};
    struct error err;
    enum status status;
    arena_reset(a);
    if (wire_status(msg, NULL) == 503) {
        status = error_set(&err, STATUS_UNAVAILABLE, "JetStream does not answer");
    } else {
        status = json_read_map(a, text, "the answer of JetStream", &v, &err);
        if (status == STATUS_OK && VALUE_GET(v, "error").type == VALUE_MAP)
            status = wire_api_error(VALUE_GET(v, "error"), c->subject, &err);
        if (status == STATUS_OK)
            pending = VALUE_GET(v, "num_pending");
    }
    natsMsg_Destroy(msg);
    creation_ended(c, pending.type == VALUE_INT ? (uint64_t)pending.u.i : 0,
                   status == STATUS_OK ? NULL : &err);
}

static void creation_refused(struct exchange *e, const struct error *err)
{
    creation_ended((struct creation *)e, 0, err);
}

static void creation_due(struct exchange *e)
{
    struct error err;
    error_set(&err, STATUS_TIMEOUT, "no answer to the creation of a consumer within %d ms", CREATE_MS);
    error_place(&err, "%s", e->subject);
    creation_ended((struct creation *)e, 0, &err);
}

static const struct exchange_kind CREATION = {
    .answered = creation_answered, .failed = creation_refused, .due = creation_due};

/* ---- its beginning ----------------------------------------------------------------------------------- */

/* Where it begins: with the message that was read last, to see that it is the same one still. */
static void write_begin(struct buf *b, const struct bus_place *place)
{
    char time[32];
    if (place->sequence == 0 && place->time_ns > 0) {
        time_format(place->time_ns + 1, time);
        buf_printf(b, "\"deliver_policy\":\"by_start_time\",\"opt_start_time\":\"%s\"", time);
    } else {
        buf_printf(b, "\"deliver_policy\":\"by_start_sequence\",\"opt_start_seq\":%" PRIu64,
                   place->time_ns > 0 ? place->sequence : place->sequence + 1);
    }
}

static void write_creation(struct buf *b, const struct bus_reader *r, uint32_t generation,
                           const struct bus_place *place)
{
    char name[READER_NAME_TEXT];
    reader_consumer_name(r, generation, name);
    buf_add_text(b, "{\"stream_name\":");
    json_write_string(b, str_of(r->stream));
    buf_printf(b, ",\"config\":{\"name\":\"%s\",", name);
    write_begin(b, place);
    buf_add_text(b, ",\"ack_policy\":\"none\",\"max_deliver\":-1,\"replay_policy\":\"instant\"");
    if (r->filter) {
        buf_add_text(b, ",\"filter_subject\":");
        json_write_string(b, str_of(r->filter));
    }
    buf_printf(b, ",\"inactive_threshold\":%" PRId64, INACTIVE_MS * NS_PER_MS);
    buf_add_text(b, ",\"mem_storage\":true,\"num_replicas\":1}}");
}

static enum status creation_new(const struct bus_reader *r, uint32_t generation, struct creation **out,
                                struct error *err)
{
    struct buf subject;
    char name[READER_NAME_TEXT];
    buf_init(&subject, SUBJECT_MAX);
    reader_consumer_name(r, generation, name);
    buf_printf(&subject, "$JS.API.CONSUMER.CREATE.%s.%s", r->stream, name);
    if (r->filter)
        buf_printf(&subject, ".%s", r->filter);
    struct creation *c = calloc(1, sizeof(*c));
    if (c)
        c->subject = buf_take(&subject, NULL);
    buf_free(&subject);
    if (!c || !c->subject) {
        free(c);
        error_set(err, STATUS_NO_MEMORY, "no memory for a reader of %s", r->stream);
        return STATUS_NO_MEMORY;
    }
    c->exchange = (struct exchange){.kind = &CREATION, .bus = r->bus, .subject = c->subject};
    c->slot = r->slot;
    c->generation = generation;
    *out = c;
    return STATUS_OK;
}

static enum status creation_send(struct creation *c, struct str body, struct error *err)
{
    struct bus *bus = c->exchange.bus;
    char reply[REPLY_TEXT];
    enum status status = exchange_begin(&c->exchange, reply, err);
    if (status != STATUS_OK) {
        creation_free(c);
        return status;
    }
    c->exchange.connection = atomic_load(&bus->connections);
    natsStatus s = loop_send(bus, c->subject, reply, body, NULL);
    if (s != NATS_OK) {
        status = wire_error(s, err, "creating a consumer", c->subject);
        exchange_end(&c->exchange);
        creation_free(c);
        return status;
    }
    exchange_reopen(&c->exchange, mono_now().ns + CREATE_MS * NS_PER_MS);
    bus_push(bus);
    return STATUS_OK;
}

/* Without the mutex; what it needs was read under it. */
static enum status create_consumer(struct bus_reader *r, uint32_t generation, const struct bus_place *place,
                                   struct error *err)
{
    struct creation *c = NULL;
    struct buf body;
    TRY(creation_new(r, generation, &c, err));
    buf_init(&body, 0);
    write_creation(&body, r, generation, place);
    enum status status = buf_status(&body, err);
    if (status == STATUS_OK)
        status = creation_send(c, buf_str(&body), err);
    else
        creation_free(c);
    buf_free(&body);
    return status;
}

void reader_renew(struct bus_reader *r)
{
    struct error err;
    uint32_t old = r->generation;
    uint32_t generation = ++r->bus->readers.generations;
    struct bus_place place = r->place;
    r->generation = generation;
    r->state = READER_CREATING;
    r->looking = reader_knows_message(r);
    r->consumer_sequence = 0;
    r->asked = 0;
    r->connection = atomic_load(&r->bus->connections);
    r->heard_ns = mono_now().ns;
    pthread_mutex_unlock(&r->bus->readers.mutex);
    if (old > 0)
        reader_delete_consumer(r, old);
    enum status status = create_consumer(r, generation, &place, &err);
    pthread_mutex_lock(&r->bus->readers.mutex);
    if (status != STATUS_OK && r->generation == generation)
        reader_failed(r, &err);
}
