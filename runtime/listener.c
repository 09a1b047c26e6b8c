#include "listener.h"

#include <stdlib.h>

#include "bus_internal.h"

enum { DRAIN_MS = 2000 };

struct listener {
    struct bus *bus;
    struct listener *next, **before; /* in bus->listeners */
    natsSubscription *sub;
    listener_handler *handler;
    void (*unserved)(void *context); /* set: the loop calls the handler */
    void *context;
    void *owned;
    bool completed; /* its thread has made its last call; under state_mutex, as is */
    bool served;    /* by the loop, at this moment */
};

static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure)
{
    struct listener *l = closure;
    (void)nc;
    (void)sub;
    bus_on_handler_thread = true;
    l->handler(l->context, msg);
}

static void on_complete(void *closure)
{
    struct listener *l = closure;
    struct bus *bus = l->bus;
    pthread_mutex_lock(&bus->state_mutex);
    l->completed = true;
    pthread_cond_broadcast(&bus->state_changed);
    pthread_mutex_unlock(&bus->state_mutex);
}

static void link_in(struct listener *l)
{
    struct bus *bus = l->bus;
    pthread_mutex_lock(&bus->state_mutex);
    l->next = bus->listeners;
    l->before = &bus->listeners;
    if (l->next)
        l->next->before = &l->next;
    bus->listeners = l;
    pthread_mutex_unlock(&bus->state_mutex);
}

/* With state_mutex held. */
static void link_out(struct listener *l)
{
    *l->before = l->next;
    if (l->next)
        l->next->before = l->before;
}

/* ---- opening ----------------------------------------------------------------------------------------- */

static natsStatus subscribe(struct listener *l, const char *subject, const char *queue, int limit)
{
    natsConnection *nc = l->bus->nc;
    natsStatus s = queue ? natsConnection_QueueSubscribe(&l->sub, nc, subject, queue, on_message, l)
                         : natsConnection_Subscribe(&l->sub, nc, subject, on_message, l);
    if (s == NATS_OK)
        s = natsSubscription_SetOnCompleteCB(l->sub, on_complete, l);
    if (s == NATS_OK)
        s = natsSubscription_SetPendingLimits(l->sub, limit ? limit : -1, -1);
    return s;
}

/* The loop takes from it what has come. */
static natsStatus subscribe_on_loop(struct listener *l, const char *subject)
{
    natsStatus s = natsConnection_SubscribeSync(&l->sub, l->bus->nc, subject);
    return s == NATS_OK ? natsSubscription_SetPendingLimits(l->sub, -1, -1) : s;
}

static enum status open_as(const struct listener *as, const char *subject, const char *queue, int limit,
                           struct listener **out, struct error *err)
{
    TRY(wire_check_subject(subject, true, err));
    struct listener *l = malloc(sizeof(*l));
    if (!l)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a subscription to %s", subject);
    *l = *as;
    natsStatus s = l->unserved ? subscribe_on_loop(l, subject) : subscribe(l, subject, queue, limit);
    if (s != NATS_OK) {
        natsSubscription_Destroy(l->sub);
        free(l);
        return wire_error(s, err, "subscribing", subject);
    }
    link_in(l);
    *out = l;
    return STATUS_OK;
}

enum status listener_open(struct bus *bus, const char *subject, const char *queue, int limit,
                          listener_handler *handler, void *context, struct listener **out, struct error *err)
{
    const struct listener as = {.bus = bus, .handler = handler, .context = context};
    return open_as(&as, subject, queue, limit, out, err);
}

enum status listener_open_on_loop(struct bus *bus, const char *subject, listener_handler *handler,
                                  void (*unserved)(void *context), void *context, struct listener **out,
                                  struct error *err)
{
    const struct listener as = {.bus = bus, .handler = handler, .unserved = unserved, .context = context};
    return open_as(&as, subject, NULL, 0, out, err);
}

/* ---- the loop's part --------------------------------------------------------------------------------- */

static void serve(struct listener *l)
{
    uint64_t count = 0;
    (void)natsSubscription_QueuedMsgs(l->sub, &count); /* none when it is closed */
    for (; count > 0; count--) {
        natsMsg *msg = NULL;
        natsStatus s = natsSubscription_NextMsg(&msg, l->sub, 0);
        if (s == NATS_OK)
            l->handler(l->context, msg);
        else if (s == NATS_NO_RESPONDERS)
            l->unserved(l->context);
    }
}

void listeners_serve(struct bus *bus)
{
    pthread_mutex_lock(&bus->state_mutex);
    for (struct listener *l = bus->listeners; l; l = l->next) {
        if (!l->unserved)
            continue;
        l->served = true; /* keeps it in the list */
        pthread_mutex_unlock(&bus->state_mutex);
        serve(l);
        pthread_mutex_lock(&bus->state_mutex);
        l->served = false;
        if (l->completed)
            pthread_cond_broadcast(&bus->state_changed);
    }
    pthread_mutex_unlock(&bus->state_mutex);
}

/* ---- closing ----------------------------------------------------------------------------------------- */

static void await_completion(struct listener *l)
{
    struct bus *bus = l->bus;
    pthread_mutex_lock(&bus->state_mutex);
    if (l->unserved)
        l->completed = true; /* it has no thread that would say so */
    while (!l->completed || l->served)
        pthread_cond_wait(&bus->state_changed, &bus->state_mutex);
    link_out(l);
    pthread_mutex_unlock(&bus->state_mutex);
}

void listener_close(struct listener **listener)
{
    struct listener *l = *listener;
    if (!l)
        return;
    *listener = NULL;
    /* A drain handles what has come; while disconnected there is nothing to drain from. */
    if (natsSubscription_DrainTimeout(l->sub, DRAIN_MS) != NATS_OK)
        natsSubscription_Unsubscribe(l->sub);
    else if (l->unserved)
        (void)natsSubscription_WaitForDrainCompletion(l->sub, DRAIN_MS);
    await_completion(l);
    natsSubscription_Destroy(l->sub);
    free(l);
}

void listener_own(struct listener *l, void *memory)
{
    l->owned = memory;
}

void listeners_free(struct bus *bus)
{
    for (;;) {
        pthread_mutex_lock(&bus->state_mutex);
        struct listener *l = bus->listeners;
        pthread_mutex_unlock(&bus->state_mutex);
        if (!l)
            return;
        await_completion(l);
        natsSubscription_Destroy(l->sub);
        free(l->owned);
        free(l);
    }
}
