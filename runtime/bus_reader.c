/*
 * Readers: a stream in order, through ephemeral push consumers.
 *
 *                      start
 *                        │
 *                        ▼   created            gap, silence, reconnect, consumer gone
 *    ┌─────────────▶ CREATING ───────▶ READING ─────────────┐
 *    │                   │ refused, no answer               │
 *    │   backoff         ▼                                  │
 *    └─────────────── WAITING ◀─────────────────────────────┘ (due at once)
 *
 * True at all times:
 *   1. `next_sequence` is behind everything that was delivered: it alone says where the next consumer begins.
 *   2. Each consumer has a generation, which stands in its name and its deliver subject; what comes of
 * another generation is dropped, and its consumer deleted, because the shared inbox would keep it alive.
 *   3. A message is delivered only if its consumer sequence follows the one before.
 *   4. `busy` counts the threads that are in a handler of the reader; bus_reader_stop() waits until it is 0.
 *
 * All deliver subjects are under "<inbox>.R.<slot>.<generation>", heard by one subscription and so one
 * thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ack_subject.h"
#include "bus_internal.h"
#include "clock.h"
#include "core/buf.h"
#include "core/json.h"

enum {
    HEARTBEAT_MS = 3000,
    SILENCE_MS = 7500, /* two heartbeats are missing */
    CREATE_MS = 5000,  /* for an answer to the creation */
    FIRST_BACKOFF_MS = 100,
    MOST_BACKOFF_MS = 5000,
    QUIET_FAILURES = 3, /* failures that pass by themselves are worth a word only from the third on */
    NAME_TEXT = 64,
};

enum reader_state { READER_CREATING, READER_READING, READER_WAITING };

struct bus_reader {
    struct bus *bus;
    char *stream, *filter;
    bus_deliver *deliver;
    void (*trouble)(void *context, const struct error *err);
    void *context;
    uint32_t slot;
    /* Under bus->readers.mutex: */
    enum reader_state state;
    uint32_t generation;
    uint64_t next_sequence;
    uint64_t consumer_sequence; /* of the last message of this generation */
    unsigned connection;        /* that this generation was made on */
    int64_t heard_ns, due_ns;
    int64_t deleted_ns; /* when a consumer of an earlier generation was last told to go */
    uint32_t failures, busy;
    enum status troubled; /* what `trouble` heard last */
    bool stopping, held;
    char flow_reply[256]; /* the flow control request that waits while the reader is held; "" if none */
};

/* The creation of a consumer, in flight. */
struct creation {
    struct exchange exchange;
    char *subject;
    uint32_t slot, generation;
};

/* ---- the list
 * ------------------------------------------------------------------------------------------------- */

void readers_init(struct bus *bus)
{
    pthread_mutex_init(&bus->readers.mutex, NULL);
    pthread_cond_init(&bus->readers.idle, NULL);
}

static void reader_free(struct bus_reader *r)
{
    free(r->stream);
    free(r->filter);
    free(r);
}

void readers_free(struct bus *bus)
{
    for (uint32_t i = 0; i < bus->readers.count; i++)
        if (bus->readers.slots[i])
            reader_free(bus->readers.slots[i]);
    free(bus->readers.slots);
    pthread_cond_destroy(&bus->readers.idle);
    pthread_mutex_destroy(&bus->readers.mutex);
}

static bool link_in(struct bus_reader *r)
{
    struct readers *all = &r->bus->readers;
    uint32_t slot = 0;
    while (slot < all->count && all->slots[slot])
        slot++;
    if (slot == all->count) {
        struct bus_reader **slots = realloc(all->slots, (all->count + 16) * sizeof(struct bus_reader *));
        if (!slots)
            return false;
        memset(slots + all->count, 0, 16 * sizeof(*slots));
        all->slots = slots;
        all->count += 16;
    }
    r->slot = slot;
    all->slots[slot] = r;
    return true;
}

/* The reader in a slot, kept from being freed; leave() gives it back. NULL if there is none. */
static struct bus_reader *enter(struct bus *bus, uint32_t slot)
{
    struct bus_reader *r = NULL;
    pthread_mutex_lock(&bus->readers.mutex);
    if (slot < bus->readers.count)
        r = bus->readers.slots[slot];
    if (r && r->stopping)
        r = NULL;
    if (r)
        r->busy++;
    else
        pthread_mutex_unlock(&bus->readers.mutex);
    return r; /* with the mutex held if it is not NULL */
}

/* With the mutex held; lets it go. */
static void leave(struct bus_reader *r)
{
    if (--r->busy == 0 && r->stopping)
        pthread_cond_broadcast(&r->bus->readers.idle);
    pthread_mutex_unlock(&r->bus->readers.mutex);
}

/* ---- trouble
 * ---------------------------------------------------------------------------------------------------- */

/* With the mutex held, which is let go while the handler runs. NULL: all is well again. */
static void tell(struct bus_reader *r, const struct error *err)
{
    enum status news = err ? err->status : STATUS_OK;
    if (news == r->troubled || !r->trouble)
        return;
    r->troubled = news;
    pthread_mutex_unlock(&r->bus->readers.mutex);
    r->trouble(r->context, err);
    pthread_mutex_lock(&r->bus->readers.mutex);
}

static void begin_waiting(struct bus_reader *r, int64_t delay_ms)
{
    r->state = READER_WAITING;
    r->due_ns = delay_ms > 0 ? mono_now().ns + delay_ms * NS_PER_MS : 0;
}

/* With the mutex held, as in tell(). */
static void creation_failed(struct bus_reader *r, const struct error *err)
{
    int64_t delay_ms = FIRST_BACKOFF_MS;
    for (uint32_t i = 0; i < r->failures && delay_ms < MOST_BACKOFF_MS; i++)
        delay_ms *= 2;
    r->failures++;
    begin_waiting(r, delay_ms);
    if (!status_may_retry(err->status) || r->failures >= QUIET_FAILURES)
        tell(r, err);
}

/* ---- making the consumer
 * ------------------------------------------------------------------------------------------ */

/* Read back in read_address(). */
static void consumer_name(const struct bus_reader *r, uint32_t generation, char out[NAME_TEXT])
{
    snprintf(out, NAME_TEXT, "reader-%s-%u-%u", r->bus->id, r->slot, generation);
}

/* Nobody waits for the answer; a consumer that stays is deleted again when it is heard of. */
static void delete_consumer(const struct bus_reader *r, uint32_t generation)
{
    char subject[SUBJECT_MAX], reply[REPLY_TEXT], name[NAME_TEXT];
    consumer_name(r, generation, name);
    snprintf(subject, sizeof(subject), "$JS.API.CONSUMER.DELETE.%s.%s", r->stream, name);
    snprintf(reply, sizeof(reply), "%s.A.none", r->bus->inbox);
    (void)natsConnection_PublishRequest(r->bus->nc, subject, reply, NULL, 0);
    bus_push(r->bus);
}

static void write_creation(struct buf *b, const struct bus_reader *r, uint32_t generation, uint64_t from)
{
    char name[NAME_TEXT];
    consumer_name(r, generation, name);
    buf_add_text(b, "{\"stream_name\":");
    json_write_string(b, str_of(r->stream));
    buf_printf(b, ",\"config\":{\"name\":\"%s\",\"deliver_subject\":\"%s.R.%u.%u\"", name, r->bus->inbox,
               r->slot, generation);
    buf_printf(b, ",\"deliver_policy\":\"by_start_sequence\",\"opt_start_seq\":%" PRIu64, from);
    buf_add_text(b, ",\"ack_policy\":\"none\",\"max_deliver\":1,\"replay_policy\":\"instant\"");
    if (r->filter) {
        buf_add_text(b, ",\"filter_subject\":");
        json_write_string(b, str_of(r->filter));
    }
    buf_printf(b, ",\"flow_control\":true,\"idle_heartbeat\":%" PRId64, HEARTBEAT_MS * NS_PER_MS);
    buf_add_text(b, ",\"mem_storage\":true,\"num_replicas\":1}}");
}

static void creation_free(struct creation *c)
{
    free(c->subject);
    free(c);
}

/* Of a creation that has ended: what it means for its reader, if that still waits for it. */
static void creation_ended(struct creation *c, const struct error *err)
{
    struct bus *bus = c->exchange.bus;
    exchange_end(&c->exchange);
    struct bus_reader *r = enter(bus, c->slot);
    if (r && r->generation == c->generation) {
        r->heard_ns = mono_now().ns;
        if (!err) {
            if (r->state == READER_CREATING)
                r->state = READER_READING;
            r->failures = 0;
            if (r->troubled != STATUS_CONFLICT) /* that one ends with a message, see is_behind() */
                tell(r, NULL);
        } else if (r->state == READER_CREATING) {
            creation_failed(r, err);
        }
    }
    if (r)
        leave(r);
    creation_free(c);
}

static void creation_answered(struct exchange *e, natsMsg *msg)
{
    struct creation *c = (struct creation *)e;
    struct arena *a = &e->bus->answer_arena;
    struct str text = {natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)};
    struct value v;
    struct error err;
    enum status status;
    arena_reset(a);
    if (wire_status(msg, NULL) == 503) {
        status = error_set(&err, STATUS_UNAVAILABLE, "JetStream does not answer");
    } else {
        status = json_read_map(a, text, "the answer of JetStream", &v, &err);
        if (status == STATUS_OK && VALUE_GET(v, "error").type == VALUE_MAP)
            status = wire_api_error(VALUE_GET(v, "error"), c->subject, &err);
    }
    natsMsg_Destroy(msg);
    creation_ended(c, status == STATUS_OK ? NULL : &err);
}

static void creation_refused(struct exchange *e, const struct error *err)
{
    creation_ended((struct creation *)e, err);
}

static void creation_due(struct exchange *e)
{
    struct error err;
    error_set(&err, STATUS_TIMEOUT, "no answer to the creation of a consumer within %d ms", CREATE_MS);
    error_place(&err, "%s", e->subject);
    creation_ended((struct creation *)e, &err);
}

static const struct exchange_kind CREATION = {
    .answered = creation_answered, .failed = creation_refused, .due = creation_due};

static enum status creation_new(const struct bus_reader *r, uint32_t generation, struct creation **out,
                                struct error *err)
{
    struct buf subject;
    char name[NAME_TEXT];
    buf_init(&subject, SUBJECT_MAX);
    consumer_name(r, generation, name);
    buf_printf(&subject, "$JS.API.CONSUMER.CREATE.%s.%s", r->stream, name);
    if (r->filter)
        buf_printf(&subject, ".%s", r->filter);
    struct creation *c = calloc(1, sizeof(*c));
    if (c)
        c->subject = buf_take(&subject, NULL);
    buf_free(&subject);
    if (!c || !c->subject) {
        free(c);
        return error_set(err, STATUS_NO_MEMORY, "no memory for a reader of %s", r->stream);
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
    natsStatus s = natsConnection_PublishRequest(bus->nc, c->subject, reply, body.ptr, (int)body.len);
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
static enum status create_consumer(struct bus_reader *r, uint32_t generation, uint64_t from,
                                   struct error *err)
{
    struct creation *c = NULL;
    struct buf body;
    TRY(creation_new(r, generation, &c, err));
    buf_init(&body, 0);
    write_creation(&body, r, generation, from);
    enum status status = buf_status(&body, err);
    if (status == STATUS_OK)
        status = creation_send(c, buf_str(&body), err);
    else
        creation_free(c);
    buf_free(&body);
    return status;
}

/* With the mutex held, which is let go in between: begins the next generation. */
static void renew(struct bus_reader *r)
{
    struct error err;
    uint32_t old = r->generation++;
    uint32_t generation = r->generation;
    uint64_t from = r->next_sequence;
    r->state = READER_CREATING;
    r->consumer_sequence = 0;
    r->flow_reply[0] = '\0';
    r->connection = atomic_load(&r->bus->connections);
    r->heard_ns = mono_now().ns;
    pthread_mutex_unlock(&r->bus->readers.mutex);
    if (old > 0)
        delete_consumer(r, old);
    enum status status = create_consumer(r, generation, from, &err);
    pthread_mutex_lock(&r->bus->readers.mutex);
    if (status != STATUS_OK && r->generation == generation)
        creation_failed(r, &err);
}

/* ---- what the consumer sends
 * ----------------------------------------------------------------------------------------- */

/* With the mutex held, which is let go in between. */
static void answer_flow_control(struct bus_reader *r, const char *subject)
{
    if (r->held) {
        snprintf(r->flow_reply, sizeof(r->flow_reply), "%s", subject);
        return;
    }
    pthread_mutex_unlock(&r->bus->readers.mutex);
    (void)natsConnection_Publish(r->bus->nc, subject, NULL, 0); /* a lost answer is asked for again */
    bus_push(r->bus);
    pthread_mutex_lock(&r->bus->readers.mutex);
}

/* Messages that were sent and have not come leave a hole: the consumer starts anew behind what did come. */
static void take_heartbeat(struct bus_reader *r, natsMsg *msg)
{
    const char *last = wire_header(msg, "Nats-Last-Consumer");
    const char *stalled = wire_header(msg, "Nats-Consumer-Stalled");
    if (last && strtoull(last, NULL, 10) != r->consumer_sequence)
        begin_waiting(r, 0);
    else if (stalled)
        answer_flow_control(r, stalled);
}

static void take_control(struct bus_reader *r, natsMsg *msg, int code)
{
    const char *reply = natsMsg_GetReply(msg);
    if (code != 100)
        begin_waiting(r, 0); /* 409: the consumer is gone */
    else if (reply)
        answer_flow_control(r, reply);
    else
        take_heartbeat(r, msg);
}

/*
 * A message before the place asked for: the stream's end stands behind it, because the stream lost its tail,
 * was made anew or restored. That is for the reader's owner to sort out; until the place is reached nothing
 * is delivered.
 */
static bool is_behind(struct bus_reader *r, const struct ack_subject *ack)
{
    struct error err;
    if (ack->stream_sequence >= r->next_sequence)
        return false;
    error_set(&err, STATUS_CONFLICT,
              "stream %s stands at sequence %" PRIu64 ", behind %" PRIu64
              ", where it was to be read on: it lost its end, was made anew or restored",
              r->stream, ack->stream_sequence, r->next_sequence);
    tell(r, &err);
    return true;
}

/* With the mutex held, which is let go while the handler runs. Owns msg. */
static void take_message(struct bus_reader *r, natsMsg *msg)
{
    struct ack_subject ack;
    const char *reply = natsMsg_GetReply(msg);
    if (!reply || !ack_subject_parse(str_of(reply), &ack) || ack.consumer_sequence <= r->consumer_sequence) {
        natsMsg_Destroy(msg);
        return;
    }
    if (ack.consumer_sequence != r->consumer_sequence + 1) {
        begin_waiting(r, 0);
        natsMsg_Destroy(msg);
        return;
    }
    r->consumer_sequence = ack.consumer_sequence;
    if (is_behind(r, &ack)) {
        natsMsg_Destroy(msg);
        return;
    }
    struct bus_delivery *d = delivery_take(msg);
    if (!d) { /* no memory: the hole that this leaves makes it come again */
        begin_waiting(r, FIRST_BACKOFF_MS);
        return;
    }
    r->next_sequence = ack.stream_sequence + 1;
    tell(r, NULL);
    pthread_mutex_unlock(&r->bus->readers.mutex);
    r->deliver(r->context, d);
    pthread_mutex_lock(&r->bus->readers.mutex);
}

/*
 * Whose it is. A stored message comes under its own subject, so the consumer's name in its ack subject tells,
 * "reader-<id>-<slot>-<generation>"; a control message comes under "<inbox>.R.<slot>.<generation>".
 */
static bool read_address(const struct bus *bus, natsMsg *msg, uint32_t *slot, uint32_t *generation)
{
    const char *subject = natsMsg_GetSubject(msg), *reply = natsMsg_GetReply(msg);
    size_t inbox = strlen(bus->inbox), id = strlen(bus->id);
    struct ack_subject ack;
    if (strncmp(subject, bus->inbox, inbox) == 0)
        return sscanf(subject + inbox, ".R.%" SCNu32 ".%" SCNu32, slot, generation) == 2;
    if (!reply || !ack_subject_parse(str_of(reply), &ack) || ack.consumer.len < strlen("reader-") + id)
        return false;
    return sscanf(ack.consumer.ptr + strlen("reader-") + id, "-%" SCNu32 "-%" SCNu32 ".", slot, generation) ==
           2;
}

/* With the mutex held, which is let go in between. What should be gone is told so once a second: the first
 * word may be lost. */
static void refuse_stale(struct bus_reader *r, uint32_t generation)
{
    int64_t now_ns = mono_now().ns;
    if (generation > r->generation || now_ns - r->deleted_ns < 1000 * NS_PER_MS)
        return;
    r->deleted_ns = now_ns;
    pthread_mutex_unlock(&r->bus->readers.mutex);
    delete_consumer(r, generation);
    pthread_mutex_lock(&r->bus->readers.mutex);
}

static void take(struct bus_reader *r, uint32_t generation, natsMsg *msg)
{
    int code = wire_status(msg, NULL);
    bool current = generation == r->generation && r->state != READER_WAITING;
    if (!current) {
        if (generation != r->generation)
            refuse_stale(r, generation);
        natsMsg_Destroy(msg);
        return;
    }
    r->heard_ns = mono_now().ns;
    if (code == 0) {
        take_message(r, msg);
    } else {
        take_control(r, msg, code);
        natsMsg_Destroy(msg);
    }
    if (r->state == READER_WAITING && r->due_ns <= r->heard_ns && !r->stopping)
        renew(r);
}

static void on_message(void *context, natsMsg *msg)
{
    struct bus *bus = context;
    uint32_t slot, generation;
    struct bus_reader *r = NULL;
    if (read_address(bus, msg, &slot, &generation))
        r = enter(bus, slot);
    if (!r) {
        natsMsg_Destroy(msg);
        return;
    }
    take(r, generation, msg);
    leave(r);
}

/* ---- the keeper's part
 * -------------------------------------------------------------------------------------------------- */

static bool needs_renewal(const struct bus_reader *r, int64_t now_ns)
{
    if (r->connection != atomic_load(&r->bus->connections))
        return true;
    switch (r->state) {
    case READER_CREATING: return false; /* its creation has a deadline of its own */
    case READER_READING: return now_ns - r->heard_ns > SILENCE_MS * NS_PER_MS;
    case READER_WAITING: return r->due_ns <= now_ns;
    }
    return false;
}

void readers_tend(struct bus *bus, int64_t now_ns)
{
    struct bus_reader *r;
    pthread_mutex_lock(&bus->readers.mutex);
    uint32_t count = bus->readers.count;
    pthread_mutex_unlock(&bus->readers.mutex);
    for (uint32_t i = 0; i < count; i++) {
        if (!(r = enter(bus, i)))
            continue;
        if (needs_renewal(r, now_ns))
            renew(r);
        leave(r);
    }
}

/* ---- the calls
 * ------------------------------------------------------------------------------------------------------------
 */

static enum status listen(struct bus *bus, struct error *err)
{
    char subject[REPLY_TEXT];
    struct listener *l = NULL;
    snprintf(subject, sizeof(subject), "%s.R.*.*", bus->inbox);
    pthread_mutex_lock(&bus->state_mutex);
    bool open = bus->readers.listener != NULL || bus->readers.listening;
    bus->readers.listening = true;
    pthread_mutex_unlock(&bus->state_mutex);
    if (open)
        return STATUS_OK;
    enum status status = listener_open(bus, subject, NULL, 0, on_message, bus, &l, err);
    pthread_mutex_lock(&bus->state_mutex);
    bus->readers.listener = l;
    bus->readers.listening = status == STATUS_OK;
    pthread_mutex_unlock(&bus->state_mutex);
    return status;
}

static enum status reader_new(struct bus *bus, const char *stream, const char *filter,
                              struct bus_reader **out, struct error *err)
{
    TRY(wire_check_subject(stream, false, err));
    if (filter)
        TRY(wire_check_subject(filter, true, err));
    struct bus_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a reader of %s", stream);
    r->bus = bus;
    r->stream = strdup(stream);
    r->filter = filter ? strdup(filter) : NULL;
    if (!r->stream || (filter && !r->filter)) {
        reader_free(r);
        return error_set(err, STATUS_NO_MEMORY, "no memory for a reader of %s", stream);
    }
    *out = r;
    return STATUS_OK;
}

enum status bus_reader_start(struct bus *bus, const char *stream, const char *filter, uint64_t from_sequence,
                             bus_deliver *deliver, void (*trouble)(void *context, const struct error *err),
                             void *context, struct bus_reader **out, struct error *err)
{
    struct bus_reader *r = NULL;
    TRY(listen(bus, err));
    TRY(reader_new(bus, stream, filter, &r, err));
    r->deliver = deliver;
    r->trouble = trouble;
    r->context = context;
    r->next_sequence = from_sequence ? from_sequence : 1;
    pthread_mutex_lock(&bus->readers.mutex);
    if (!link_in(r)) {
        pthread_mutex_unlock(&bus->readers.mutex);
        reader_free(r);
        return error_set(err, STATUS_NO_MEMORY, "no memory for a reader of %s", stream);
    }
    *out = r; /* before the first handler can run */
    r->busy++;
    r->connection = atomic_load(&bus->connections);
    if (atomic_load(&bus->connected))
        renew(r);
    else
        begin_waiting(r, 0); /* the keeper begins once there is a connection */
    leave(r);
    return STATUS_OK;
}

void bus_reader_hold(struct bus_reader *r, bool hold)
{
    pthread_mutex_lock(&r->bus->readers.mutex);
    r->held = hold;
    if (!hold && r->flow_reply[0]) {
        char subject[sizeof(r->flow_reply)];
        memcpy(subject, r->flow_reply, sizeof(subject));
        r->flow_reply[0] = '\0';
        answer_flow_control(r, subject);
    }
    pthread_mutex_unlock(&r->bus->readers.mutex);
}

void bus_reader_stop(struct bus_reader **reader)
{
    struct bus_reader *r = *reader;
    if (!r)
        return;
    struct readers *all = &r->bus->readers;
    *reader = NULL;
    pthread_mutex_lock(&all->mutex);
    r->stopping = true;
    while (r->busy > 0)
        pthread_cond_wait(&all->idle, &all->mutex);
    all->slots[r->slot] = NULL;
    pthread_mutex_unlock(&all->mutex);
    delete_consumer(r, r->generation);
    reader_free(r);
}
