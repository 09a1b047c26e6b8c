/* The life of a bus. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "internal.h"
#include "runtime/clock.h"

enum { DEFAULT_TIMEOUT_MS = 5000, CLOSE_FLUSH_MS = 2000 };

static enum status make_inbox(struct bus *bus, const char *prefix, struct error *err)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01";
    unsigned char random[16];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return error_set(err, STATUS_IO, "the system gives no random bytes");
    for (size_t i = 0; i < sizeof(random); i++)
        bus->id[i] = digits[random[i] & 63];
    int len = snprintf(bus->inbox, sizeof(bus->inbox), "%s.%s", prefix ? prefix : "_INBOX", bus->id);
    if (len >= (int)sizeof(bus->inbox))
        return error_set(err, STATUS_INVALID, "the inbox prefix %s is too long", prefix);
    return wire_check_subject(bus->inbox, false, err);
}

static struct bus *bus_new(const struct bus_options *o)
{
    struct bus *bus = calloc(1, sizeof(*bus));
    if (!bus)
        return NULL;
    bus->request_timeout_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : DEFAULT_TIMEOUT_MS;
    bus->on_event = o->on_event;
    bus->on_event_context = o->context;
    bus->is_daemon = o->retry_connect;
    pthread_mutex_init(&bus->telling, NULL);
    pthread_mutex_init(&bus->state_mutex, NULL);
    mono_cond_init(&bus->state_changed);
    loop_init(&bus->loop);
    pthread_mutex_init(&bus->keeper.mutex, NULL);
    mono_cond_init(&bus->keeper.wake);
    line_init(&bus->line);
    connector_init(&bus->connector);
    publish_init(bus);
    readers_init(bus);
    pulls_init(bus);
    exchanges_init(bus);
    return bus;
}

static void bus_free(struct bus *bus)
{
    exchanges_free(bus);
    pulls_free(bus);
    readers_free(bus);
    publish_free(bus);
    connector_free(bus);
    line_free(&bus->line);
    pthread_cond_destroy(&bus->keeper.wake);
    pthread_mutex_destroy(&bus->keeper.mutex);
    loop_free(&bus->loop);
    pthread_cond_destroy(&bus->state_changed);
    pthread_mutex_destroy(&bus->state_mutex);
    pthread_mutex_destroy(&bus->telling);
    free(bus);
}

static enum status start(struct bus *bus, const struct bus_options *options, struct error *err)
{
    TRY(make_inbox(bus, options->inbox_prefix, err));
    TRY(loop_start(bus, err));
    TRY(connector_start(options, bus, err));
    TRY(exchanges_listen(bus, err));
    return keeper_start(bus, err);
}

enum status bus_open(const struct bus_options *options, struct bus **out, struct error *err)
{
    struct bus *bus = bus_new(options);
    if (!bus)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a connection to NATS");
    enum status status = start(bus, options, err);
    if (status != STATUS_OK) {
        if (!bus->abandoned)
            bus_close(&bus);
        return status;
    }
    *out = bus;
    return STATUS_OK;
}

/* Nobody reads it any more, so that all it has still to report is told before the library's last word. */
static void close_unread(struct bus *bus, natsConnection *nc)
{
    natsConnection_Close(nc);
    pthread_mutex_lock(&bus->state_mutex);
    while (!bus->connector.lost)
        pthread_cond_wait(&bus->state_changed, &bus->state_mutex);
    pthread_mutex_unlock(&bus->state_mutex);
}

void bus_close(struct bus **bus_pointer)
{
    struct bus *bus = *bus_pointer;
    struct error err;
    if (!bus)
        return;
    *bus_pointer = NULL;
    events_end(bus);
    connector_stop(bus);
    keeper_stop(bus);
    natsConnection *nc = line_take(bus); /* nobody sends on it any more */
    if (nc)
        (void)natsConnection_FlushTimeout(nc, CLOSE_FLUSH_MS); /* all that can be done for it */
    loop_stop(bus);
    if (nc)
        close_unread(bus, nc);
    listeners_free(bus);
    error_set(&err, STATUS_CANCELLED, "the connection to NATS was closed before the answer came");
    exchanges_fail_all(bus, &err);
    natsConnection_Destroy(nc);
    bus_free(bus);
}

bool bus_is_connected(struct bus *bus)
{
    return atomic_load(&bus->connected);
}

uint32_t bus_connections(struct bus *bus)
{
    return atomic_load(&bus->connections);
}

void bus_heard(struct bus *bus, int64_t sent_ns)
{
    long long known_ns = atomic_load(&bus->answered_ns);
    while (sent_ns > known_ns && !atomic_compare_exchange_weak(&bus->answered_ns, &known_ns, sent_ns))
        ;
}

int64_t bus_reached_ns(struct bus *bus, uint32_t connection)
{
    int64_t answered_ns = atomic_load(&bus->answered_ns); /* first: see there */
    return atomic_load(&bus->connections) == connection ? answered_ns : 0;
}

int64_t bus_max_payload(struct bus *bus)
{
    int64_t most = atomic_load(&bus->max_payload);
    natsConnection *nc = line_hold(bus);
    if (nc) {
        most = natsConnection_GetMaxPayload(nc);
        line_release(bus);
    }
    return most > 0 ? most : DEFAULT_MAX_PAYLOAD;
}

enum status bus_flush(struct bus *bus, int64_t timeout_ms, struct error *err)
{
    natsConnection *nc = line_hold(bus);
    if (!nc)
        return error_set(err, STATUS_UNAVAILABLE, "there is no connection to NATS");
    int64_t begun_ns = mono_now().ns;
    natsStatus s = natsConnection_FlushTimeout(nc, timeout_ms > 0 ? timeout_ms : 1);
    if (s == NATS_OK)
        bus_heard(bus, begun_ns);
    line_release(bus);
    return s == NATS_OK ? STATUS_OK : wire_error(s, err, "waiting for the server", "nats");
}
