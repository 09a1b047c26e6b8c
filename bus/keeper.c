/*
 * The keeper: a thread that looks after what has a deadline: publishes without an answer, readers and pulls
 * without a heartbeat, everything on a new connection. And it is the connector's watchdog.
 */
#include <stdio.h>
#include <unistd.h>

#include "internal.h"
#include "runtime/clock.h"
#include "runtime/pulse.h"

enum { TICK_MS = 200 };

/* For what only a new process can mend; whoever supervises this one starts it. */
static _Noreturn void end_process(const char *why)
{
    char text[256];
    int len = snprintf(text, sizeof(text), "noetl: %s; ending, to be started again\n", why);
    ssize_t written = write(STDERR_FILENO, text, (size_t)len);
    (void)written; /* nobody is left to be told */
    _exit(status_exit_code(STATUS_UNAVAILABLE));
}

static void watch_connecting(struct bus *bus, int64_t now_ns)
{
    if (bus->is_daemon && atomic_load(&bus->connector.ended) && !atomic_load(&bus->closing))
        end_process("the connection to NATS is closed for good: NATS refuses this user");
    if (now_ns > atomic_load(&bus->connector.hangs_from_ns))
        end_process("the connection to NATS hangs while it is made: the server took it and went silent");
}

static void tend(struct bus *bus)
{
    int64_t now_ns = mono_now().ns;
    watch_connecting(bus, now_ns);
    exchanges_tend(bus, now_ns);
    inbox_tend(bus);
    if (!atomic_load(&bus->connected))
        return;
    readers_tend(bus, now_ns);
    pulls_tend(bus, now_ns);
}

/* False when it is to stop. */
static bool await_tick(struct keeper *k)
{
    int64_t until_ns = mono_now().ns + TICK_MS * NS_PER_MS;
    pthread_mutex_lock(&k->mutex);
    while (!k->stop && !k->hurry)
        if (!mono_cond_wait_until(&k->wake, &k->mutex, until_ns))
            break;
    k->hurry = false;
    bool go_on = !k->stop;
    pthread_mutex_unlock(&k->mutex);
    return go_on;
}

static void *keep(void *argument)
{
    struct bus *bus = argument;
    bus_on_handler_thread = true; /* it calls handlers too */
    pulse_begin("nats keeper");
    while (await_tick(&bus->keeper)) {
        pulse_work();
        tend(bus);
        pulse_rest();
    }
    pulse_end();
    nats_ReleaseThreadMemory();
    return NULL;
}

void keeper_hurry(struct bus *bus)
{
    pthread_mutex_lock(&bus->keeper.mutex);
    bus->keeper.hurry = true;
    pthread_cond_signal(&bus->keeper.wake);
    pthread_mutex_unlock(&bus->keeper.mutex);
}

enum status keeper_start(struct bus *bus, struct error *err)
{
    if (pthread_create(&bus->keeper.thread, NULL, keep, bus) != 0)
        return error_set(err, STATUS_NO_MEMORY, "the system gives no thread for watching deadlines");
    bus->keeper.started = true;
    return STATUS_OK;
}

void keeper_stop(struct bus *bus)
{
    struct keeper *k = &bus->keeper;
    if (!k->started)
        return;
    pthread_mutex_lock(&k->mutex);
    k->stop = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->mutex);
    pthread_join(k->thread, NULL);
    k->started = false;
}
