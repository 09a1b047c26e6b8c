#include "collect.h"

#include <stdlib.h>

#include "bus_internal.h"
#include "clock.h"

struct answer {
    natsMsg *msg;
    struct answer *next;
};

struct collection {
    struct exchange exchange;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct answer *first, **last;
    struct error error; /* of the request as a whole */
    bool failed;
};

static void answered(struct exchange *e, natsMsg *msg)
{
    struct collection *c = (struct collection *)e;
    struct answer *answer = malloc(sizeof(*answer));
    pthread_mutex_lock(&c->mutex);
    if (answer) {
        *answer = (struct answer){.msg = msg};
        *c->last = answer;
        c->last = &answer->next;
    } else {
        c->failed = true;
        error_set(&c->error, STATUS_NO_MEMORY, "no memory for an answer on %s", e->subject);
        natsMsg_Destroy(msg);
    }
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    exchange_reopen(e, INT64_MAX);
}

static void failed(struct exchange *e, const struct error *err)
{
    struct collection *c = (struct collection *)e;
    pthread_mutex_lock(&c->mutex);
    c->failed = true;
    c->error = *err;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    exchange_reopen(e, INT64_MAX);
}

static const struct exchange_kind COLLECTION = {.answered = answered, .failed = failed};

/* The next answer, or NULL with the error set. */
static natsMsg *next(struct collection *c, int64_t patience_ms, struct error *err)
{
    int64_t until_ns = mono_now().ns + patience_ms * NS_PER_MS;
    natsMsg *msg = NULL;
    bool in_time = true;
    pthread_mutex_lock(&c->mutex);
    while (!c->first && !c->failed && in_time)
        in_time = wire_cond_wait_until(&c->changed, &c->mutex, until_ns);
    struct answer *answer = c->first;
    if (answer) {
        msg = answer->msg;
        c->first = answer->next;
        if (!c->first)
            c->last = &c->first;
        free(answer);
    } else if (c->failed && err) {
        *err = c->error;
    } else {
        error_set(err, STATUS_TIMEOUT, "no answer within %lld ms", (long long)patience_ms);
        error_place(err, "%s", c->exchange.subject);
    }
    pthread_mutex_unlock(&c->mutex);
    return msg;
}

static enum status gather(struct collection *c, int64_t patience_ms, collect_one *one, void *context,
                          struct error *err)
{
    struct error local;
    for (;;) {
        natsMsg *msg = next(c, patience_ms, &local);
        if (!msg) {
            if (err)
                *err = local;
            return local.status;
        }
        bool more = one(context, msg);
        natsMsg_Destroy(msg);
        if (!more)
            return STATUS_OK;
    }
}

/* Nobody adds to it any more. */
static void collection_free(struct collection *c)
{
    for (struct answer *a = c->first, *after; a; a = after) {
        after = a->next;
        natsMsg_Destroy(a->msg);
        free(a);
    }
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->mutex);
}

enum status collect(struct bus *bus, const char *subject, struct str payload, int64_t patience_ms,
                    collect_one *one, void *context, struct error *err)
{
    struct collection c = {.exchange = {.kind = &COLLECTION, .bus = bus, .subject = subject}};
    char reply[REPLY_TEXT];
    c.last = &c.first;
    pthread_mutex_init(&c.mutex, NULL);
    wire_cond_init(&c.changed);
    enum status status = exchange_begin(&c.exchange, reply, err);
    if (status == STATUS_OK) {
        natsStatus s = natsConnection_PublishRequest(bus->nc, subject, reply, payload.ptr, (int)payload.len);
        exchange_reopen(&c.exchange, INT64_MAX);
        bus_push(bus);
        status =
            s == NATS_OK ? gather(&c, patience_ms, one, context, err) : wire_error(s, err, "asking", subject);
        exchange_close(&c.exchange);
    }
    collection_free(&c);
    return status;
}
