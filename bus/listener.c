#include "listener.h"

#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { DRAIN_MS = 2000 };

struct listener {
    struct bus *bus;
    struct listener *next, **before; /* in bus->listeners */
    listener_handler *handler;
    void (*unserved)(void *context); /* set: the loop calls the handler */
    void *context;
    void *owned;
    char *subject, *queue; /* queue: may be NULL */
    int limit;
    natsSubscription *sub; /* of whoever claimed it, like the next; NULL: there is no connection */
    uint32_t number;       /* of the connection that it is subscribed on, or would be */
    /* Under state_mutex: */
    bool claimed; /* is being subscribed, or freed */
    bool closing;
    bool completed; /* its thread, if it has one, has made its last call */
    bool served;    /* by the loop, at this moment */
    bool awaited;   /* somebody waits for the end of that */
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

static void link_out(struct listener *l)
{
    pthread_mutex_lock(&l->bus->state_mutex);
    *l->before = l->next;
    if (l->next)
        l->next->before = l->before;
    pthread_cond_broadcast(&l->bus->state_changed);
    pthread_mutex_unlock(&l->bus->state_mutex);
}

/* ---- subscribing ------------------------------------------------------------------------------------- */

/*
 * Once it would say when its thread has ended, that is waited for, whatever else fails. Before, nothing may
 * reach it: while the loop is held, the server is not told of it.
 */
static natsStatus subscribe_with_thread(struct listener *l, natsConnection *nc)
{
    int limit = l->limit ? l->limit : -1;
    loop_hold(l->bus);
    natsStatus s = l->queue ? natsConnection_QueueSubscribe(&l->sub, nc, l->subject, l->queue, on_message, l)
                            : natsConnection_Subscribe(&l->sub, nc, l->subject, on_message, l);
    if (s == NATS_OK)
        s = natsSubscription_SetOnCompleteCB(l->sub, on_complete, l);
    if (s == NATS_OK)
        (void)natsSubscription_SetPendingLimits(l->sub, limit, -1); /* it fails on a closed one */
    loop_let_go(l->bus);
    return s;
}

/* The loop takes from it what has come. */
static natsStatus subscribe_on_loop(struct listener *l, natsConnection *nc)
{
    natsStatus s = natsConnection_SubscribeSync(&l->sub, nc, l->subject);
    return s == NATS_OK ? natsSubscription_SetPendingLimits(l->sub, -1, -1) : s;
}

/* On the connection that there is; if it is none, or closed by now, the next one will do. */
static natsStatus subscribe_on(struct listener *l, natsConnection *nc)
{
    natsStatus s = l->unserved ? subscribe_on_loop(l, nc) : subscribe_with_thread(l, nc);
    if (s == NATS_OK)
        return NATS_OK;
    natsSubscription_Destroy(l->sub);
    l->sub = NULL;
    return natsConnection_IsClosed(nc) ? NATS_OK : s;
}

/* By whoever has claimed it. */
static natsStatus subscribe(struct listener *l)
{
    natsStatus s = NATS_OK;
    l->completed = false; /* of nobody else before there is a thread */
    natsConnection *nc = line_hold_early(l->bus, &l->number);
    if (nc) {
        s = subscribe_on(l, nc);
        line_release(l->bus);
    }
    return s;
}

static void let_go(struct listener *l)
{
    struct bus *bus = l->bus;
    pthread_mutex_lock(&bus->state_mutex);
    l->claimed = false;
    pthread_cond_broadcast(&bus->state_changed);
    pthread_mutex_unlock(&bus->state_mutex);
    if (l->unserved)
        loop_ring(bus); /* something may have come meanwhile */
}

/* Until nothing of it runs any more; nobody begins to serve it behind that. */
static void await_completion(struct listener *l)
{
    struct bus *bus = l->bus;
    pthread_mutex_lock(&bus->state_mutex);
    l->awaited = true;
    while (l->served || (l->sub && !l->unserved && !l->completed))
        pthread_cond_wait(&bus->state_changed, &bus->state_mutex);
    l->awaited = false;
    l->claimed = true;
    pthread_mutex_unlock(&bus->state_mutex);
}

/* ---- opening ----------------------------------------------------------------------------------------- */

static void listener_free(struct listener *l)
{
    natsSubscription_Destroy(l->sub);
    free(l->subject);
    free(l->queue);
    free(l);
}

/* NULL when there is no memory. */
static struct listener *listener_new(const struct listener *as, const char *subject, const char *queue)
{
    struct listener *l = malloc(sizeof(*l));
    if (!l)
        return NULL;
    *l = *as;
    l->subject = strdup(subject);
    l->queue = queue ? strdup(queue) : NULL;
    if (l->subject && (l->queue || !queue))
        return l;
    listener_free(l);
    return NULL;
}

static enum status open_as(const struct listener *as, const char *subject, const char *queue,
                           struct listener **out, struct error *err)
{
    TRY(wire_check_subject(subject, true, err));
    if (queue)
        TRY(wire_check_subject(queue, false, err));
    struct listener *l = listener_new(as, subject, queue);
    if (!l)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a subscription to %s", subject);
    l->claimed = true;
    link_in(l); /* from here on the connector knows it */
    natsStatus s = subscribe(l);
    if (s != NATS_OK) {
        link_out(l);
        listener_free(l);
        return wire_error(s, err, "subscribing", subject);
    }
    *out = l;
    let_go(l);
    return STATUS_OK;
}

enum status listener_open(struct bus *bus, const char *subject, const char *queue, int limit,
                          listener_handler *handler, void *context, struct listener **out, struct error *err)
{
    const struct listener as = {.bus = bus, .handler = handler, .context = context, .limit = limit};
    return open_as(&as, subject, queue, out, err);
}

enum status listener_open_on_loop(struct bus *bus, const char *subject, listener_handler *handler,
                                  void (*unserved)(void *context), void *context, struct listener **out,
                                  struct error *err)
{
    const struct listener as = {.bus = bus, .handler = handler, .unserved = unserved, .context = context};
    return open_as(&as, subject, NULL, out, err);
}

/* ---- a new connection -------------------------------------------------------------------------------- */

/* With state_mutex held: one that is not on the connection of that number; NULL: all are. */
static struct listener *left_behind(const struct bus *bus, uint32_t number, bool *busy)
{
    *busy = false;
    for (struct listener *l = bus->listeners; l; l = l->next) {
        *busy = *busy || l->claimed;
        if (!l->claimed && !l->closing && l->number != number)
            return l;
    }
    return NULL;
}

/* Waits for those that are being opened: they may be on the one before. */
static struct listener *claim_left_behind(struct bus *bus, uint32_t number)
{
    bool busy;
    struct listener *l;
    pthread_mutex_lock(&bus->state_mutex);
    while (!(l = left_behind(bus, number, &busy)) && busy)
        pthread_cond_wait(&bus->state_changed, &bus->state_mutex);
    if (l)
        l->claimed = true;
    pthread_mutex_unlock(&bus->state_mutex);
    return l;
}

bool listeners_move(struct bus *bus, uint32_t number)
{
    struct listener *l;
    natsStatus s = NATS_OK;
    while (s == NATS_OK && (l = claim_left_behind(bus, number))) {
        await_completion(l);
        natsSubscription_Destroy(l->sub);
        l->sub = NULL;
        s = subscribe(l);
        let_go(l);
    }
    return s == NATS_OK;
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
        if (!l->unserved || l->claimed)
            continue;
        l->served = true; /* keeps it in the list */
        pthread_mutex_unlock(&bus->state_mutex);
        serve(l);
        pthread_mutex_lock(&bus->state_mutex);
        l->served = false;
        if (l->awaited)
            pthread_cond_broadcast(&bus->state_changed);
    }
    pthread_mutex_unlock(&bus->state_mutex);
}

/* ---- closing ----------------------------------------------------------------------------------------- */

/* It does not move any more. */
static void claim_for_good(struct listener *l)
{
    struct bus *bus = l->bus;
    pthread_mutex_lock(&bus->state_mutex);
    l->closing = true;
    while (l->claimed)
        pthread_cond_wait(&bus->state_changed, &bus->state_mutex);
    pthread_mutex_unlock(&bus->state_mutex);
}

void listener_close(struct listener **listener)
{
    struct listener *l = *listener;
    if (!l)
        return;
    *listener = NULL;
    claim_for_good(l);
    /* A drain handles what has come; while disconnected there is nothing to drain from. */
    if (natsSubscription_DrainTimeout(l->sub, DRAIN_MS) != NATS_OK)
        natsSubscription_Unsubscribe(l->sub);
    else if (l->unserved)
        (void)natsSubscription_WaitForDrainCompletion(l->sub, DRAIN_MS);
    await_completion(l);
    link_out(l);
    listener_free(l);
}

void listener_own(struct listener *l, void *memory)
{
    l->owned = memory;
}

void listeners_free(struct bus *bus)
{
    struct listener *next;
    for (struct listener *l = bus->listeners; l; l = next) { /* nobody opens or closes one any more */
        await_completion(l);
        next = l->next;
        free(l->owned);
        listener_free(l);
    }
    bus->listeners = NULL;
}
