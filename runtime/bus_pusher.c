/*
 * The pusher: sends what nats.c has buffered.
 *
 * The library's own flusher sleeps a millisecond to let a batch gather, which a chain of messages pays at
 * every hop; its other way, a write(2) for each message, costs half the throughput under load. The pusher
 * flushes as soon as somebody asks and waits for the server's PONG: at rest a message leaves within
 * microseconds, and under load what gathers while one PONG is awaited leaves together. A thread that is going
 * to wait anyway flushes itself, which spares the change of threads. The library's flusher stays as the
 * fallback.
 */
#include "bus_internal.h"

enum { PONG_MS = 200 };

void bus_push(struct bus *bus)
{
    struct pusher *p = &bus->pusher;
    if (atomic_exchange(&p->wanted, true))
        return; /* it will look again */
    pthread_mutex_lock(&p->mutex);
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

/* A failed flush is a lost connection: what was buffered is the reconnect's business. */
static void flush(struct bus *bus)
{
    if (atomic_load(&bus->connected))
        (void)natsConnection_FlushTimeout(bus->nc, PONG_MS);
}

void pusher_push_here(struct bus *bus)
{
    flush(bus);
}

/* False when it is to stop. */
static bool await_wish(struct pusher *p)
{
    pthread_mutex_lock(&p->mutex);
    while (!atomic_load(&p->wanted) && !p->stop)
        pthread_cond_wait(&p->wake, &p->mutex);
    bool go_on = !p->stop;
    pthread_mutex_unlock(&p->mutex);
    return go_on;
}

static void *push(void *argument)
{
    struct bus *bus = argument;
    while (await_wish(&bus->pusher)) {
        atomic_store(&bus->pusher.wanted, false);
        flush(bus);
    }
    nats_ReleaseThreadMemory();
    return NULL;
}

enum status pusher_start(struct bus *bus, struct error *err)
{
    if (pthread_create(&bus->pusher.thread, NULL, push, bus) != 0)
        return error_set(err, STATUS_NO_MEMORY, "the system gives no thread for sending");
    bus->pusher.started = true;
    return STATUS_OK;
}

void pusher_stop(struct bus *bus)
{
    struct pusher *p = &bus->pusher;
    if (!p->started)
        return;
    pthread_mutex_lock(&p->mutex);
    p->stop = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->mutex);
    pthread_join(p->thread, NULL);
    p->started = false;
}
