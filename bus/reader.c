/* Readers: a stream in order, once each. reader.h has the picture and what stays true. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ack_subject.h"
#include "runtime/clock.h"
#include "reader.h"
#include "spent.h"

enum {
    SILENCE_MS = 7500, /* heartbeats are missing */
    MOST_ASKED = 1024, /* messages on their way to one reader */
    SLOTS_AT_ONCE = 16,
    NO_MEMORY_MS = 100,
};

/* ---- the list ---------------------------------------------------------------------------------------- */

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
        struct bus_reader **slots =
            realloc(all->slots, (all->count + SLOTS_AT_ONCE) * sizeof(struct bus_reader *));
        if (!slots)
            return false;
        for (uint32_t i = 0; i < SLOTS_AT_ONCE; i++)
            slots[all->count + i] = NULL;
        all->slots = slots;
        all->count += SLOTS_AT_ONCE;
    }
    r->slot = slot;
    all->slots[slot] = r;
    return true;
}

struct bus_reader *reader_enter(struct bus *bus, uint32_t slot)
{
    struct bus_reader *r = NULL;
    pthread_mutex_lock(&bus->readers.mutex);
    if (slot < bus->readers.count)
        r = bus->readers.slots[slot];
    if (r && !r->stopping) {
        r->busy++;
        return r;
    }
    pthread_mutex_unlock(&bus->readers.mutex);
    return NULL;
}

void reader_leave(struct bus_reader *r)
{
    struct readers *all = &r->bus->readers;
    if (--r->busy == 0 && r->stopping)
        pthread_cond_broadcast(&all->idle);
    pthread_mutex_unlock(&all->mutex);
}

void reader_tell(struct bus_reader *r, const struct error *err)
{
    enum status news = err ? err->status : STATUS_OK;
    if (news == r->troubled || !r->trouble)
        return;
    r->troubled = news;
    pthread_mutex_unlock(&r->bus->readers.mutex);
    r->trouble(r->context, err);
    pthread_mutex_lock(&r->bus->readers.mutex);
}

void reader_wait(struct bus_reader *r, int64_t delay_ms)
{
    r->state = READER_WAITING;
    r->due_ns = delay_ms > 0 ? mono_now().ns + delay_ms * NS_PER_MS : 0;
}

void reader_ask(struct bus_reader *r)
{
    char name[READER_NAME_TEXT], subject[SUBJECT_MAX], inbox[REPLY_TEXT];
    if (r->state != READER_READING || r->held || r->stopping || r->asked > MOST_ASKED / 2)
        return;
    uint32_t batch = MOST_ASKED - (uint32_t)r->asked;
    r->asked += batch;
    r->unheard = true;
    reader_consumer_name(r, r->generation, name);
    snprintf(subject, sizeof(subject), "$JS.API.CONSUMER.MSG.NEXT.%s.%s", r->stream, name);
    snprintf(inbox, sizeof(inbox), "%s.R.%u.%u", r->bus->inbox, r->slot, r->generation);
    pthread_mutex_unlock(&r->bus->readers.mutex);
    wire_ask_next(r->bus, subject, inbox, batch);
    pthread_mutex_lock(&r->bus->readers.mutex);
}

/* ---- what the consumer sends ------------------------------------------------------------------------- */

void reader_lost(struct bus_reader *r, uint64_t found)
{
    struct error err;
    char instead[64] = "nothing is there";
    if (found)
        snprintf(instead, sizeof(instead), "%" PRIu64 " follows there", found);
    error_set(
        &err, STATUS_CONFLICT,
        "stream %s no longer has message %" PRIu64
        ", which was read last (%s): it lost its end, was made anew or restored, or the message is gone "
        "by age or by hand",
        r->stream, r->place.sequence, instead);
    error_place(&err, "%s", r->stream);
    r->state = READER_LOST;
    reader_tell(r, &err);
}

/* Whether the first message of a consumer is the one that was read last, with which it was to begin. */
static void look(struct bus_reader *r, const struct ack_subject *ack)
{
    r->looking = false;
    if (ack->stream_sequence == r->place.sequence && ack->time_ns == r->place.time_ns)
        reader_tell(r, NULL);
    else
        reader_lost(r, ack->stream_sequence);
}

static void deliver(struct bus_reader *r, natsMsg *msg, const struct ack_subject *ack)
{
    struct bus_delivery *d = delivery_take(msg);
    if (!d) {
        reader_wait(r, NO_MEMORY_MS); /* the next consumer begins with it */
        return;
    }
    r->place = (struct bus_place){ack->stream_sequence, ack->time_ns};
    reader_tell(r, NULL);
    pthread_mutex_unlock(&r->bus->readers.mutex);
    r->deliver(r->context, d);
    pthread_mutex_lock(&r->bus->readers.mutex);
}

/* Owns msg. */
static void take_message(struct bus_reader *r, natsMsg *msg)
{
    struct ack_subject ack;
    const char *reply = natsMsg_GetReply(msg);
    bool known = reply && ack_subject_parse(str_of(reply), &ack);
    if (r->asked > 0)
        r->asked--;
    if (known && ack.consumer_sequence == r->consumer_sequence + 1) {
        r->consumer_sequence = ack.consumer_sequence;
        if (r->looking) {
            look(r, &ack);
        } else if (ack.stream_sequence <= r->place.sequence) {
            reader_lost(r, ack.stream_sequence);
        } else {
            deliver(r, msg, &ack);
            return;
        }
    } else if (known && ack.consumer_sequence > r->consumer_sequence) {
        reader_wait(r, 0); /* one is missing: the next consumer begins with it */
    }
    spent_message(msg);
}

/* An expired request says what it still owed; one that does not say leaves nothing to count with. */
static void take_end(struct bus_reader *r, natsMsg *msg)
{
    const char *owed = wire_header(msg, "Nats-Pending-Messages");
    uint64_t n = owed ? strtoull(owed, NULL, 10) : r->asked;
    r->asked -= n < r->asked ? n : r->asked;
}

static void take_status(struct bus_reader *r, natsMsg *msg, int code, const char *text)
{
    struct error err;
    const char *last = wire_header(msg, "Nats-Last-Consumer");
    if (code == 100) {
        if (last && strtoull(last, NULL, 10) > r->consumer_sequence)
            reader_wait(r, 0); /* what was sent before has not come */
    } else if (code == 404 || code == 408) {
        take_end(r, msg);
    } else {
        error_set(&err, STATUS_UNAVAILABLE, "a reader of stream %s: %s (%d)", r->stream, text, code);
        reader_failed(r, &err);
    }
}

/* "<slot><separator><generation>" at the start of the text. */
static bool read_numbers(const char *text, char separator, uint32_t *slot, uint32_t *generation)
{
    char *end;
    *slot = (uint32_t)strtoul(text, &end, 10);
    if (end == text || *end != separator)
        return false;
    text = end + 1;
    *generation = (uint32_t)strtoul(text, &end, 10);
    return end != text;
}

/*
 * Whose it is. A stored message comes under its own subject, so the consumer's name in its ack subject tells,
 * "reader-<id>-<slot>-<generation>"; a status comes under "<inbox>.R.<slot>.<generation>".
 */
static bool read_address(const struct bus *bus, natsMsg *msg, uint32_t *slot, uint32_t *generation)
{
    const char *subject = natsMsg_GetSubject(msg), *reply = natsMsg_GetReply(msg);
    size_t inbox = strlen(bus->inbox), name = strlen("reader-") + strlen(bus->id) + strlen("-");
    struct ack_subject ack;
    if (strncmp(subject, bus->inbox, inbox) == 0)
        return strncmp(subject + inbox, ".R.", 3) == 0 &&
               read_numbers(subject + inbox + 3, '.', slot, generation);
    return reply && ack_subject_parse(str_of(reply), &ack) && ack.consumer.len > name &&
           read_numbers(ack.consumer.ptr + name, '-', slot, generation);
}

static void take(struct bus_reader *r, natsMsg *msg)
{
    const char *text = "";
    int code = wire_status(msg, &text);
    r->heard_ns = mono_now().ns;
    r->unheard = false;
    if (code == 0) {
        take_message(r, msg);
    } else {
        take_status(r, msg, code, text);
        spent_message(msg);
    }
    if (r->state == READER_WAITING && r->due_ns == 0 && !r->stopping)
        reader_renew(r);
    else
        reader_ask(r);
}

static void on_message(void *context, natsMsg *msg)
{
    struct bus *bus = context;
    uint32_t slot, generation;
    struct bus_reader *r = NULL;
    if (read_address(bus, msg, &slot, &generation))
        r = reader_enter(bus, slot);
    if (r && r->generation == generation && r->state == READER_READING)
        take(r, msg);
    else
        spent_message(msg);
    if (r)
        reader_leave(r);
}

/* The consumer of a reader is gone, and it is not said which: one that has asked and heard nothing since. */
static void on_unserved(void *context)
{
    struct bus *bus = context;
    atomic_store(&bus->readers.unserved, true);
    keeper_hurry(bus);
}

/* ---- the keeper's part ------------------------------------------------------------------------------- */

static void consumer_is_gone(struct bus_reader *r)
{
    struct error err;
    error_set(&err, STATUS_UNAVAILABLE, "the consumer of a reader of stream %s is gone", r->stream);
    reader_failed(r, &err);
}

static bool needs_renewal(const struct bus_reader *r, int64_t now_ns)
{
    if (r->connection != atomic_load(&r->bus->connections))
        return true;
    switch (r->state) {
    case READER_CREATING: return false; /* its creation has a deadline of its own */
    case READER_READING: return r->asked > 0 && now_ns - r->heard_ns > SILENCE_MS * NS_PER_MS;
    case READER_WAITING: return r->due_ns <= now_ns;
    case READER_LOST: return false;
    }
    return false;
}

void readers_tend(struct bus *bus, int64_t now_ns)
{
    struct bus_reader *r;
    bool unserved = atomic_exchange(&bus->readers.unserved, false);
    pthread_mutex_lock(&bus->readers.mutex);
    uint32_t count = bus->readers.count;
    pthread_mutex_unlock(&bus->readers.mutex);
    for (uint32_t i = 0; i < count; i++) {
        if (!(r = reader_enter(bus, i)))
            continue;
        if (unserved && r->state == READER_READING && r->unheard)
            consumer_is_gone(r);
        if (needs_renewal(r, now_ns))
            reader_renew(r);
        reader_leave(r);
    }
}

/* ---- the calls --------------------------------------------------------------------------------------- */

static enum status listen(struct bus *bus, struct error *err)
{
    char subject[REPLY_TEXT];
    pthread_mutex_lock(&bus->state_mutex);
    bool first = !bus->readers.listening;
    bus->readers.listening = true;
    pthread_mutex_unlock(&bus->state_mutex);
    if (!first)
        return STATUS_OK;
    snprintf(subject, sizeof(subject), "%s.R.*.*", bus->inbox);
    enum status status =
        listener_open_on_loop(bus, subject, on_message, on_unserved, bus, &bus->readers.listener, err);
    if (status != STATUS_OK) {
        pthread_mutex_lock(&bus->state_mutex);
        bus->readers.listening = false;
        pthread_mutex_unlock(&bus->state_mutex);
    }
    return status;
}

/* NULL when there is no memory. */
static struct bus_reader *reader_new(struct bus *bus, const char *stream, const char *filter)
{
    struct bus_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->bus = bus;
    r->stream = strdup(stream);
    r->filter = filter ? strdup(filter) : NULL;
    if (r->stream && (r->filter || !filter))
        return r;
    reader_free(r);
    return NULL;
}

static enum status no_memory(const char *stream, struct error *err)
{
    return error_set(err, STATUS_NO_MEMORY, "no memory for a reader of %s", stream);
}

enum status bus_reader_start(struct bus *bus, const char *stream, const char *filter, struct bus_place behind,
                             bus_deliver *deliver_to, void (*trouble)(void *context, const struct error *err),
                             void *context, struct bus_reader **out, struct error *err)
{
    TRY(wire_check_subject(stream, false, err));
    if (filter)
        TRY(wire_check_subject(filter, true, err));
    TRY(listen(bus, err));
    struct bus_reader *r = reader_new(bus, stream, filter);
    if (!r)
        return no_memory(stream, err);
    r->deliver = deliver_to;
    r->trouble = trouble;
    r->context = context;
    r->place = behind;
    pthread_mutex_lock(&bus->readers.mutex);
    if (!link_in(r)) {
        pthread_mutex_unlock(&bus->readers.mutex);
        reader_free(r);
        error_set(err, STATUS_NO_MEMORY, "no memory for a reader of %s", stream);
        return STATUS_NO_MEMORY;
    }
    *out = r; /* before the first handler can run */
    r->busy++;
    r->connection = atomic_load(&bus->connections);
    if (atomic_load(&bus->connected))
        reader_renew(r);
    else
        reader_wait(r, 0); /* the keeper begins once there is a connection */
    reader_leave(r);
    return STATUS_OK;
}

void bus_reader_hold(struct bus_reader *r, bool hold)
{
    pthread_mutex_lock(&r->bus->readers.mutex);
    r->held = hold;
    r->busy++;
    reader_ask(r);
    reader_leave(r);
}

void bus_reader_stop(struct bus_reader **reader)
{
    struct bus_reader *r = *reader;
    if (!r)
        return;
    struct readers *all = &r->bus->readers;
    pthread_mutex_lock(&all->mutex);
    r->stopping = true;
    while (r->busy > 0)
        pthread_cond_wait(&all->idle, &all->mutex);
    all->slots[r->slot] = NULL;
    pthread_mutex_unlock(&all->mutex);
    reader_delete_consumer(r, r->generation);
    reader_free(r);
    *reader = NULL; /* not before: a handler may still be using it */
}
