/* Core NATS: publishing, requests, subscriptions. */
#include <stdlib.h>

#include "bus_internal.h"
#include "clock.h"

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
    natsStatus s = natsConnection_PublishMsg(bus->nc, msg);
    natsMsg_Destroy(msg);
    if (s != NATS_OK)
        return wire_error(s, err, "publishing", subject);
    bus_push(bus);
    return STATUS_OK;
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

static void await_request(struct request *r, int64_t until_ns)
{
    pthread_mutex_lock(&r->mutex);
    bool in_time = true;
    while (!r->done && in_time)
        in_time = mono_cond_wait_until(&r->changed, &r->mutex, until_ns);
    pthread_mutex_unlock(&r->mutex);
    if (in_time)
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

static enum status send_request(struct request *r, const struct bus_header *headers, size_t header_count,
                                struct str payload, struct error *err)
{
    struct bus *bus = r->exchange.bus;
    const char *subject = r->exchange.subject;
    char reply[REPLY_TEXT];
    natsMsg *msg = NULL;
    TRY(exchange_begin(&r->exchange, reply, err));
    enum status status = wire_message(bus, subject, reply, headers, header_count, payload, &msg, err);
    if (status == STATUS_OK) {
        natsStatus s = natsConnection_PublishMsg(bus->nc, msg);
        natsMsg_Destroy(msg);
        status = s == NATS_OK ? STATUS_OK : wire_error(s, err, "requesting", subject);
    }
    if (status != STATUS_OK)
        exchange_end(&r->exchange);
    else
        exchange_reopen(&r->exchange, INT64_MAX);
    return status;
}

static enum status no_answer(struct bus *bus, const char *subject, int64_t timeout_ms, struct error *err)
{
    if (!atomic_load(&bus->connected)) {
        error_set(err, STATUS_UNAVAILABLE, "there is no connection to NATS");
        error_hint(err, "Is nats-server running, and is nats.url right?");
    } else {
        error_set(err, STATUS_TIMEOUT, "no answer within %lld ms", (long long)timeout_ms);
    }
    return error_place(err, "%s", subject);
}

static enum status take_answer(struct request *r, int64_t timeout_ms, struct arena *a, struct str *reply,
                               struct error *err)
{
    const char *subject = r->exchange.subject;
    if (!r->done)
        return no_answer(r->exchange.bus, subject, timeout_ms, err);
    if (!r->answer) {
        if (err)
            *err = r->error;
        return r->error.status;
    }
    if (wire_status(r->answer, NULL) == 503) {
        error_set(err, STATUS_UNAVAILABLE, "nobody answers on this subject");
        return error_place(err, "%s", subject);
    }
    struct str data = {natsMsg_GetData(r->answer), (size_t)natsMsg_GetDataLength(r->answer)};
    reply->ptr = arena_strdup(a, data);
    reply->len = data.len;
    return reply->ptr ? STATUS_OK : arena_error(a, err, "an answer");
}

enum status bus_request(struct bus *bus, const char *subject, const struct bus_header *headers,
                        size_t header_count, struct str payload, int64_t timeout_ms, struct arena *a,
                        struct str *reply, struct error *err)
{
    struct request r;
    if (bus_on_handler_thread)
        return error_set(err, STATUS_INTERNAL, "a handler must not wait for the answer to %s", subject);
    if (atomic_load(&bus->inbox_denied))
        return error_set(err, STATUS_DENIED, "the server forbids this user its inbox %s.>", bus->inbox);
    int64_t until_ns = mono_now().ns + timeout_ms * NS_PER_MS;
    request_init(&r, bus, subject);
    enum status status = send_request(&r, headers, header_count, payload, err);
    if (status == STATUS_OK) {
        pusher_push_here(bus);
        await_request(&r, until_ns);
        status = take_answer(&r, timeout_ms, a, reply, err);
    }
    request_free(&r);
    return status;
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
