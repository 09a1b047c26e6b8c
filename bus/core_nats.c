/* Core NATS: publishing, requests, subscriptions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"
#include "runtime/clock.h"

enum { SUBSCRIBE_BACKLOG = 65536 }; /* messages that may wait for a handler */

const char *bus_message_header(const struct bus_message *m, const char *name)
{
    return wire_header(m->native, name);
}

enum status bus_publish(struct bus *bus, const char *subject, const char *reply,
                        const struct bus_header *headers, size_t header_count, struct str payload,
                        struct error *err)
{
    natsMsg *msg = NULL;
    if (reply)
        TRY(wire_check_subject(reply, false, err));
    TRY(wire_message(bus, subject, reply, headers, header_count, payload, &msg, err));
    natsStatus s = loop_send_message(bus, msg, NULL);
    natsMsg_Destroy(msg);
    if (s != NATS_OK)
        return wire_error(s, err, "publishing", subject);
    bus_push(bus);
    return STATUS_OK;
}

enum status bus_publish_later(struct bus *bus, const char *subject, struct str payload, struct error *err)
{
    TRY(wire_check_message(bus, subject, payload.len, err));
    natsStatus s = loop_send(bus, subject, NULL, payload, NULL);
    return s == NATS_OK ? STATUS_OK : wire_error(s, err, "publishing", subject);
}

/* What the server refuses it says before it answers the ping behind it; nats.c keeps the last that was said.
 */
static bool is_refused(natsConnection *nc, const char *subject)
{
    const char *last = NULL;
    char quoted[SUBJECT_MAX + 3];
    snprintf(quoted, sizeof(quoted), "\"%s\"", subject);
    return natsConnection_GetLastError(nc, &last) == NATS_NOT_PERMITTED && last && strstr(last, "Publish") &&
           strstr(last, quoted);
}

/* Both on one connection: the answer to a ping on another says nothing of the message. */
static natsStatus publish_and_flush(struct bus *bus, natsMsg *msg, int64_t timeout_ms, bool *refused)
{
    natsConnection *nc = line_hold(bus);
    if (!nc)
        return NATS_CONNECTION_DISCONNECTED;
    natsStatus s = natsConnection_PublishMsg(nc, msg);
    if (s == NATS_OK)
        s = natsConnection_FlushTimeout(nc, timeout_ms);
    *refused = s == NATS_OK && is_refused(nc, natsMsg_GetSubject(msg));
    line_release(bus);
    return s;
}

enum status bus_publish_through(struct bus *bus, const char *subject, const struct bus_header *headers,
                                size_t header_count, struct str payload, int64_t timeout_ms,
                                struct error *err)
{
    natsMsg *msg = NULL;
    bool refused = false;
    TRY(wire_message(bus, subject, NULL, headers, header_count, payload, &msg, err));
    natsStatus s = publish_and_flush(bus, msg, timeout_ms > 0 ? timeout_ms : 1, &refused);
    natsMsg_Destroy(msg);
    if (s != NATS_OK)
        return wire_error(s, err, "publishing", subject);
    return refused ? publish_refused(subject, err) : STATUS_OK;
}

/* ---- requests ---------------------------------------------------------------------------------------- */

/* On the stack of whoever waits. */
struct request {
    struct exchange exchange;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool done;
    natsMsg *answer; /* NULL: failed with `error` */
    struct error error;
};

static void request_done(struct request *r)
{
    exchange_end(&r->exchange);
    pthread_mutex_lock(&r->mutex);
    r->done = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->mutex);
}

static void request_answered(struct exchange *e, natsMsg *msg)
{
    struct request *r = (struct request *)e;
    r->answer = msg;
    request_done(r);
}

static void request_failed(struct exchange *e, const struct error *err)
{
    struct request *r = (struct request *)e;
    r->error = *err;
    request_done(r);
}

static const struct exchange_kind REQUEST = {.answered = request_answered, .failed = request_failed};

static void request_init(struct request *r, struct bus *bus, const char *subject)
{
    *r = (struct request){.exchange = {.kind = &REQUEST, .bus = bus, .subject = subject}};
    pthread_mutex_init(&r->mutex, NULL);
    mono_cond_init(&r->changed);
}

static void request_free(struct request *r)
{
    natsMsg_Destroy(r->answer);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->mutex);
}

enum { ASK_AGAIN_MS = 50, UNCONNECTED_MS = 20 };

/* Waits for the end of the request, of its time or of the wish for it; whether the first came. */
static bool wait_done(struct request *r, const struct bus_ask *ask, int64_t until_ns)
{
    bool goes_on = true;
    pthread_mutex_lock(&r->mutex);
    while (!r->done && goes_on) {
        int64_t now_ns = mono_now().ns, look_ns = now_ns + ASK_AGAIN_MS * NS_PER_MS;
        bool may_end = ask->is_over && look_ns < until_ns;
        bool in_time = mono_cond_wait_until(&r->changed, &r->mutex, may_end ? look_ns : until_ns);
        pthread_mutex_unlock(&r->mutex);
        goes_on = in_time || (may_end && !ask->is_over(ask->context));
        pthread_mutex_lock(&r->mutex);
    }
    bool done = r->done;
    pthread_mutex_unlock(&r->mutex);
    return done;
}

static void await_request(struct request *r, const struct bus_ask *ask, int64_t until_ns)
{
    if (wait_done(r, ask, until_ns))
        return;
    if (exchange_claim(&r->exchange)) {
        exchange_end(&r->exchange);
        return;
    }
    /* Its answer came at the last moment and is being put in. */
    pthread_mutex_lock(&r->mutex);
    while (!r->done)
        pthread_cond_wait(&r->changed, &r->mutex);
    pthread_mutex_unlock(&r->mutex);
}

static bool is_unconnected(natsStatus s)
{
    return s == NATS_CONNECTION_DISCONNECTED || s == NATS_CONNECTION_CLOSED;
}

/* On the next connection, if that comes in time. */
static natsStatus send_in_time(struct bus *bus, natsMsg *msg, const struct bus_ask *ask, int64_t until_ns)
{
    natsStatus s;
    const struct timespec moment = {.tv_nsec = UNCONNECTED_MS * NS_PER_MS};
    while (is_unconnected(s = loop_send_message(bus, msg, NULL)) && mono_now().ns < until_ns &&
           !(ask->is_over && ask->is_over(ask->context)))
        nanosleep(&moment, NULL);
    return s;
}

/* STATUS_OK too when there was no connection in all the time: no_answer() says that. */
static enum status send_request(struct request *r, const struct bus_ask *ask, int64_t until_ns,
                                struct error *err)
{
    struct bus *bus = r->exchange.bus;
    const char *subject = r->exchange.subject;
    char reply[REPLY_TEXT];
    natsMsg *msg = NULL;
    TRY(exchange_begin(&r->exchange, reply, err));
    enum status status =
        wire_message(bus, subject, reply, ask->headers, ask->header_count, ask->payload, &msg, err);
    if (status == STATUS_OK) {
        natsStatus s = send_in_time(bus, msg, ask, until_ns);
        natsMsg_Destroy(msg);
        status = s == NATS_OK || is_unconnected(s) ? STATUS_OK : wire_error(s, err, "requesting", subject);
    }
    if (status != STATUS_OK)
        exchange_end(&r->exchange);
    else
        exchange_reopen(&r->exchange, INT64_MAX);
    return status;
}

static enum status no_answer(struct bus *bus, const struct bus_ask *ask, struct error *err)
{
    if (ask->is_over && ask->is_over(ask->context)) {
        error_set(err, STATUS_CANCELLED, "the request was given up");
    } else if (!atomic_load(&bus->connected)) {
        error_set(err, STATUS_UNAVAILABLE, "there is no connection to NATS");
        error_hint(err, "Is nats-server running, and is nats.url right?");
    } else {
        error_set(err, STATUS_TIMEOUT, "no answer within %lld ms", (long long)ask->timeout_ms);
    }
    return error_place(err, "%s", ask->subject);
}

/* {"Name": ["value", …]}, in no order that means anything. */
static enum status take_headers(natsMsg *msg, struct arena *a, struct value *out, struct error *err)
{
    const char **names = NULL;
    int count = 0;
    struct map_builder map;
    map_begin(&map, a);
    if (natsMsgHeader_Keys(msg, &names, &count) != NATS_OK)
        count = 0; /* it has none */
    for (int i = 0; i < count; i++) {
        const char **values = NULL;
        int value_count = 0;
        struct list_builder list;
        struct value v;
        list_begin(&list, a);
        if (natsMsgHeader_Values(msg, names[i], &values, &value_count) != NATS_OK)
            value_count = 0;
        for (int k = 0; k < value_count; k++)
            list_add(&list, value_text(arena_strdup(a, str_of(values[k]))));
        free(values);
        if (list_end(&list, &v, NULL) == STATUS_OK)
            map_put(&map, str_of(arena_strdup(a, str_of(names[i]))), v);
        else
            map.failed = true;
    }
    free(names);
    return map_end(&map, out, err);
}

static enum status take_answer(struct request *r, const struct bus_ask *ask, struct arena *a,
                               struct bus_reply *reply, struct error *err)
{
    if (!r->done)
        return no_answer(r->exchange.bus, ask, err);
    if (!r->answer) {
        if (err)
            *err = r->error;
        return r->error.status;
    }
    if (wire_status(r->answer, NULL) == 503) {
        error_set(err, STATUS_UNAVAILABLE, "nobody answers on this subject");
        return error_place(err, "%s", ask->subject);
    }
    struct str data = {natsMsg_GetData(r->answer), (size_t)natsMsg_GetDataLength(r->answer)};
    reply->payload = (struct str){arena_strdup(a, data), data.len};
    if (!reply->payload.ptr)
        return arena_error(a, err, "an answer");
    return take_headers(r->answer, a, &reply->headers, err);
}

enum status bus_ask(struct bus *bus, const struct bus_ask *ask, struct arena *a, struct bus_reply *reply,
                    struct error *err)
{
    struct request r;
    if (bus_on_handler_thread)
        return error_set(err, STATUS_INTERNAL, "a handler must not wait for the answer to %s", ask->subject);
    TRY(inbox_check(bus, err));
    int64_t until_ns = mono_now().ns + ask->timeout_ms * NS_PER_MS;
    request_init(&r, bus, ask->subject);
    enum status status = send_request(&r, ask, until_ns, err);
    if (status == STATUS_OK) {
        loop_push(bus);
        await_request(&r, ask, until_ns);
        status = take_answer(&r, ask, a, reply, err);
    }
    request_free(&r);
    return status;
}

enum status bus_request(struct bus *bus, const char *subject, const struct bus_header *headers,
                        size_t header_count, struct str payload, int64_t timeout_ms, struct arena *a,
                        struct str *reply, struct error *err)
{
    const struct bus_ask ask = {.subject = subject,
                                .headers = headers,
                                .header_count = header_count,
                                .payload = payload,
                                .timeout_ms = timeout_ms};
    struct bus_reply answer;
    TRY(bus_ask(bus, &ask, a, &answer, err));
    *reply = answer.payload;
    return STATUS_OK;
}

/* ---- subscriptions ----------------------------------------------------------------------------------- */

struct bus_subscription {
    struct listener *listener;
    bus_handler *handler;
    void *context;
};

static void on_message(void *context, natsMsg *msg)
{
    struct bus_subscription *s = context;
    struct bus_message m = {
        .subject = natsMsg_GetSubject(msg),
        .reply = natsMsg_GetReply(msg),
        .payload = {natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)},
        .native = msg,
    };
    s->handler(s->context, &m);
    natsMsg_Destroy(msg);
}

void bus_new_inbox(struct bus *bus, char out[BUS_INBOX_MAX])
{
    snprintf(out, BUS_INBOX_MAX, "%.480s.A.%" PRIu64, bus->inbox, (uint64_t)atomic_fetch_add(&bus->ids, 1));
}

enum status bus_subscribe(struct bus *bus, const char *subject, const char *queue, bus_handler *handler,
                          void *context, struct bus_subscription **out, struct error *err)
{
    struct bus_subscription *s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a subscription to %s", subject);
    s->handler = handler;
    s->context = context;
    enum status status =
        listener_open(bus, subject, queue, SUBSCRIBE_BACKLOG, on_message, s, &s->listener, err);
    if (status != STATUS_OK) {
        free(s);
        return status;
    }
    listener_own(s->listener, s);
    bus_push(bus);
    *out = s;
    return STATUS_OK;
}

void bus_unsubscribe(struct bus_subscription **s)
{
    if (!*s)
        return;
    listener_close(&(*s)->listener);
    free(*s);
    *s = NULL;
}
