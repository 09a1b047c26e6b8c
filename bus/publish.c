/*
 * Publishing to streams. A publish is open until the stream has answered for good; what gets no answer, or
 * the answer that nobody is there to store it now, is sent again with the same Nats-Msg-Id, which the stream
 * recognises. Without an id a message is sent again only when it is certain that nothing was stored.
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "runtime/clock.h"
#include "core/json.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/pulse.h"
#include "spent.h"

enum {
    DEFAULT_WINDOW = 4096,
    FIRST_ANSWER_MS = 2000, /* patience with the first copy, doubled for each further one */
    MOST_ANSWER_MS = 10000,
    AGAIN_MS = 150, /* after a refusal that passes: no leader, first copy still on its way */
    OWN_HEADERS = 4,
    REPEATED_VALUE = 32,
};

struct publish {
    struct exchange exchange;
    natsMsg *msg;
    bool repeatable;           /* has an id */
    const char *repeated_name; /* a header for copies that are not the first, or late; or NULL */
    char repeated_value[REPEATED_VALUE];
    bool needs_stream;
    struct bus_permit permit;
    uint32_t sent;      /* copies that may have reached the stream */
    uint32_t prompt_on; /* loop_connection() on which the next copy is the first, and not late; 0: none */
    int64_t give_up_ns; /* INT64_MAX: never */
    bus_published *done;
    void *context;
};

/* ---- the window -------------------------------------------------------------------------------------- */

void publish_init(struct bus *bus)
{
    pthread_mutex_init(&bus->window_mutex, NULL);
    pthread_cond_init(&bus->window_open, NULL);
    bus->window = DEFAULT_WINDOW;
}

void publish_free(struct bus *bus)
{
    pthread_cond_destroy(&bus->window_open);
    pthread_mutex_destroy(&bus->window_mutex);
}

void bus_set_window(struct bus *bus, uint32_t open_publishes)
{
    pthread_mutex_lock(&bus->window_mutex);
    bus->window = open_publishes ? open_publishes : 1;
    pthread_cond_broadcast(&bus->window_open);
    pthread_mutex_unlock(&bus->window_mutex);
}

uint32_t bus_open_publishes(struct bus *bus)
{
    pthread_mutex_lock(&bus->window_mutex);
    uint32_t n = bus->open_publishes;
    pthread_mutex_unlock(&bus->window_mutex);
    return n;
}

/* With the lock held. */
static void wait_for_window(struct bus *bus)
{
    metric_add(METRIC_NATS_WINDOW_REACHED, 0, 1);
    if (!bus->window_full)
        LOG(LOG_WARN, "too many messages wait for their stream's answer; further ones wait to be sent",
            LOG_NUM("nats.window", bus->window));
    bus->window_full = true;
    pulse_rest(); /* for as long as the streams take */
    while (bus->open_publishes >= bus->window)
        pthread_cond_wait(&bus->window_open, &bus->window_mutex);
    pulse_work();
}

static void enter_window(struct bus *bus)
{
    pthread_mutex_lock(&bus->window_mutex);
    if (bus->open_publishes >= bus->window && !bus_on_handler_thread)
        wait_for_window(bus);
    bus->open_publishes++;
    metric_add(METRIC_NATS_OPEN, 0, 1);
    pthread_mutex_unlock(&bus->window_mutex);
}

static void leave_window(struct bus *bus)
{
    pthread_mutex_lock(&bus->window_mutex);
    bus->open_publishes--;
    if (bus->open_publishes < bus->window)
        pthread_cond_signal(&bus->window_open);
    if (bus->open_publishes <= bus->window / 2)
        bus->window_full = false;
    metric_add(METRIC_NATS_OPEN, 0, -1);
    pthread_mutex_unlock(&bus->window_mutex);
}

/* ---- the end of a publish ---------------------------------------------------------------------------- */

static void finish(struct publish *p, const struct bus_ack *ack, const struct error *err)
{
    struct bus *bus = p->exchange.bus;
    exchange_end(&p->exchange);
    if (p->done)
        p->done(p->context, ack, err);
    leave_window(bus);
    spent_message(p->msg);
    free(p);
}

static void finish_refused(struct publish *p, const struct error *err)
{
    metric_add(METRIC_NATS_REFUSED, (size_t)err->status, 1);
    finish(p, NULL, err);
}

static void finish_unanswered(struct publish *p)
{
    struct bus *bus = p->exchange.bus;
    struct error err;
    if (!atomic_load(&bus->connected))
        error_set(&err, STATUS_UNAVAILABLE, "there is no connection to NATS");
    else if (p->exchange.connection < atomic_load(&bus->connections))
        error_set(&err, STATUS_UNAVAILABLE, "the connection was lost before the stream answered");
    else
        error_set(&err, STATUS_UNAVAILABLE, "no stream acknowledges what is published here");
    error_place(&err, "%s", p->exchange.subject);
    error_hint(&err, "Is there a stream with this subject, and is nats-server running with JetStream?");
    finish_refused(p, &err);
}

static void finish_withheld(struct publish *p)
{
    struct error err;
    error_set(&err, STATUS_UNAVAILABLE, "there was no answer in time, and it may not be sent any more");
    error_place(&err, "%s", p->exchange.subject);
    finish(p, NULL, &err);
}

/* ---- sending ----------------------------------------------------------------------------------------- */

static int64_t answer_due_ns(const struct publish *p, int64_t now_ns)
{
    int64_t patience_ms = p->repeatable ? FIRST_ANSWER_MS : MOST_ANSWER_MS;
    for (uint32_t i = 1; i < p->sent && patience_ms < MOST_ANSWER_MS; i++)
        patience_ms *= 2;
    int64_t due_ns = now_ns + patience_ms * NS_PER_MS;
    return due_ns < p->give_up_ns ? due_ns : p->give_up_ns;
}

/* With the exchange claimed; gives it back, or ends it. */
static void send_copy(struct publish *p)
{
    struct bus *bus = p->exchange.bus;
    if (p->permit.lasts && !p->permit.lasts(p->permit.context)) {
        finish_withheld(p);
        return;
    }
    int64_t now_ns = mono_now().ns;
    p->exchange.connection = atomic_load(&bus->connections); /* if none takes it: a later one makes it due */
    uint32_t connection = loop_connection(bus);
    bool late = connection != p->prompt_on;
    p->prompt_on = 0;
    /* Without a connection the library would keep it for the next one, as it is. */
    if (!atomic_load(&bus->connected) || !connection) {
        exchange_reopen(&p->exchange, p->give_up_ns); /* the next connection makes it due */
        return;
    }
    if (late && p->repeated_name) /* without memory it goes without */
        (void)natsMsgHeader_Set(p->msg, p->repeated_name, p->repeated_value);
    natsStatus s = loop_send_message(bus, p->msg, &p->exchange.connection);
    if (s == NATS_OK)
        p->sent++;
    /* What could not be sent (the reconnect's buffer is full) is tried again like what was not answered. */
    exchange_reopen(&p->exchange, s == NATS_OK ? answer_due_ns(p, now_ns) : now_ns + AGAIN_MS * NS_PER_MS);
}

static void send_again_later(struct publish *p)
{
    int64_t now_ns = mono_now().ns;
    if (now_ns >= p->give_up_ns)
        finish_unanswered(p);
    else
        exchange_reopen(&p->exchange, now_ns + AGAIN_MS * NS_PER_MS);
}

static void publish_due(struct exchange *e)
{
    struct publish *p = (struct publish *)e;
    int64_t now_ns = mono_now().ns;
    if (now_ns >= p->give_up_ns || (p->sent > 0 && !p->repeatable)) {
        finish_unanswered(p);
        return;
    }
    struct bus *bus = e->bus;
    send_copy(p);
    bus_push(bus);
}

/* ---- answers ----------------------------------------------------------------------------------------- */

static void ack_from_value(struct value v, struct bus_ack *ack)
{
    struct value sequence = VALUE_GET(v, "seq"), duplicate = VALUE_GET(v, "duplicate");
    struct str stream = value_as_str(VALUE_GET(v, "stream"));
    *ack = (struct bus_ack){
        .sequence = sequence.type == VALUE_INT && sequence.u.i > 0 ? (uint64_t)sequence.u.i : 0,
        .duplicate = duplicate.type == VALUE_BOOL && duplicate.u.b,
    };
    snprintf(ack->stream, sizeof(ack->stream), "%" PRISTR, ARGSTR(stream));
}

static enum status read_ack(struct arena *a, natsMsg *msg, const char *subject, struct bus_ack *ack,
                            struct error *err)
{
    struct value v;
    struct str text = {natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)};
    TRY(json_read_map(a, text, "the acknowledgement", &v, err));
    struct value error = VALUE_GET(v, "error");
    if (error.type == VALUE_MAP)
        return wire_api_error(error, subject, err);
    ack_from_value(v, ack);
    if (ack->sequence > 0)
        return STATUS_OK;
    /* A duplicate whose first copy has no sequence yet is a promise, no ack. */
    return error_set(err, STATUS_UNAVAILABLE, "the first copy of the message is still on its way");
}

static void publish_answered(struct exchange *e, natsMsg *msg)
{
    struct publish *p = (struct publish *)e;
    struct arena *a = &e->bus->answer_arena;
    struct bus_ack ack;
    struct error err;
    if (wire_status(msg, NULL) == 503) { /* no stream listens: nothing was stored */
        spent_message(msg);
        p->sent = 0;
        if (p->needs_stream)
            finish_unanswered(p);
        else
            send_again_later(p);
        return;
    }
    arena_reset(a);
    enum status status = read_ack(a, msg, e->subject, &ack, &err);
    spent_message(msg);
    if (status == STATUS_OK)
        finish(p, &ack, NULL);
    else if (status == STATUS_UNAVAILABLE && p->repeatable)
        send_again_later(p);
    else
        finish_refused(p, &err);
}

static void publish_failed(struct exchange *e, const struct error *err)
{
    finish_refused((struct publish *)e, err);
}

static const struct exchange_kind PUBLISH = {
    .answered = publish_answered, .failed = publish_failed, .due = publish_due};

/* ---- the calls --------------------------------------------------------------------------------------- */

static size_t collect_headers(const struct bus_publication *p,
                              struct bus_header headers[OWN_HEADERS + BUS_MOST_HEADERS])
{
    size_t n = 0;
    for (; n < p->header_count; n++)
        headers[n] = p->headers[n];
    if (p->message_id)
        headers[n++] = (struct bus_header){"Nats-Msg-Id", p->message_id};
    if (p->only_first)
        headers[n++] = (struct bus_header){"Nats-Expected-Last-Subject-Sequence", "0"};
    if (p->only_known) /* none that there is: every server looks at ids first, and then refuses it */
        headers[n++] = (struct bus_header){"Nats-Rollup", "none"};
    if (p->traceparent)
        headers[n++] = (struct bus_header){"traceparent", p->traceparent};
    return n;
}

static enum status publish_new(struct bus *bus, const struct bus_publication *p, uint32_t begun_on,
                               struct publish **out, struct error *err)
{
    struct bus_header headers[OWN_HEADERS + BUS_MOST_HEADERS];
    char reply[REPLY_TEXT];
    if (p->header_count > BUS_MOST_HEADERS) {
        error_set(err, STATUS_LIMIT, "a message of %zu headers; %d are allowed", p->header_count,
                  BUS_MOST_HEADERS);
        return STATUS_LIMIT;
    }
    struct publish *new = calloc(1, sizeof(*new));
    if (!new) {
        error_set(err, STATUS_NO_MEMORY, "no memory for a publish to %s", p->subject);
        return STATUS_NO_MEMORY;
    }
    *new = (struct publish){
        .exchange = {.kind = &PUBLISH, .bus = bus},
        .repeatable = p->message_id != NULL,
        .needs_stream = p->needs_stream,
        .permit = p->permit,
        .repeated_name = p->repeated.name,
        .prompt_on = begun_on,
        .give_up_ns = p->give_up_ms > 0 ? mono_now().ns + p->give_up_ms * NS_PER_MS : INT64_MAX,
        .done = p->done,
        .context = p->context,
    };
    if (p->repeated.name)
        snprintf(new->repeated_value, sizeof(new->repeated_value), "%s", p->repeated.value);
    enum status status = exchange_begin(&new->exchange, reply, err);
    if (status != STATUS_OK) {
        free(new);
        return status;
    }
    status = wire_message(bus, p->subject, reply, headers, collect_headers(p, headers), p->payload, &new->msg,
                          err);
    if (status != STATUS_OK) {
        exchange_end(&new->exchange);
        free(new);
        return status;
    }
    new->exchange.subject = natsMsg_GetSubject(new->msg);
    *out = new;
    return STATUS_OK;
}

static enum status begin(struct bus *bus, const struct bus_publication *publication, struct error *err)
{
    struct publish *p = NULL;
    TRY(inbox_check(bus, err));
    uint32_t begun_on = loop_connection(bus); /* before waiting for a place */
    enter_window(bus);
    enum status status = publish_new(bus, publication, begun_on, &p, err);
    if (status != STATUS_OK) {
        leave_window(bus);
        return status;
    }
    send_copy(p);
    return STATUS_OK;
}

enum status bus_publish_async(struct bus *bus, const struct bus_publication *publication, struct error *err)
{
    TRY(begin(bus, publication, err));
    if (!publication->later)
        bus_push(bus);
    return STATUS_OK;
}

struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool done;
    struct bus_ack ack;
    struct error error; /* STATUS_OK: there is an ack */
};

static void wake(void *context, const struct bus_ack *ack, const struct error *err)
{
    struct waiter *w = context;
    pthread_mutex_lock(&w->mutex);
    if (err)
        w->error = *err;
    else
        w->ack = *ack;
    w->done = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

enum status bus_publish_wait(struct bus *bus, const struct bus_publication *publication, struct bus_ack *ack,
                             struct error *err)
{
    if (bus_on_handler_thread)
        return error_set(err, STATUS_INTERNAL, "a handler must not wait for the ack of %s",
                         publication->subject);
    struct waiter w = {.error = {.status = STATUS_OK}};
    struct bus_publication p = *publication;
    p.done = wake;
    p.context = &w;
    pthread_mutex_init(&w.mutex, NULL);
    pthread_cond_init(&w.changed, NULL);
    enum status status = begin(bus, &p, err);
    if (status == STATUS_OK) {
        loop_push(bus);
        pthread_mutex_lock(&w.mutex);
        while (!w.done)
            pthread_cond_wait(&w.changed, &w.mutex);
        pthread_mutex_unlock(&w.mutex);
        status = w.error.status;
        if (status == STATUS_OK && ack)
            *ack = w.ack;
        else if (status != STATUS_OK && err)
            *err = w.error;
    }
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.mutex);
    return status;
}

enum status bus_publish_known(struct bus *bus, const char *subject, const char *message_id,
                              int64_t give_up_ms, bool *known, struct error *err)
{
    struct bus_publication p = {
        .subject = subject, .message_id = message_id, .only_known = true, .give_up_ms = give_up_ms};
    struct bus_ack ack = {0};
    *known = false;
    enum status status = bus_publish_wait(bus, &p, &ack, err);
    *known = status == STATUS_OK && ack.duplicate;
    return status == STATUS_CONFLICT ? STATUS_OK : status;
}
