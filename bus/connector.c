/*
 * The connector: a thread that makes the connection, waits until it is lost, and makes the next.
 *
 * The library could come back by itself, but keeps its parser when it does, where the program reads the
 * connection (nats.c's issue 1007): of a connection that ended within a message, the parser takes the next
 * one's first bytes for the rest of that message, hands over a garbled one, or reads nothing any more. So
 * each connection here is one of the library's of its own, and listeners move to it (listeners_move()) before
 * anything is sent on it.
 *
 * natsConnection_Connect() of nats.c before 3.8 never returns from a server that freezes after its greeting,
 * and spins, and nothing can stop it. If that is the first one, bus_open() leaves the thread behind with what
 * it refers to, and fails with an error with which a program can only end; later the keeper ends the process.
 */
#include "internal.h"
#include "runtime/clock.h"

enum {
    LOGIN_TRIES = 3, /* nats.c before 3.8 makes a wrong signature once in some hundred logins */
    GRACE_MS = 3000,
    FIRST_DELAY_MS = 50,
    MOST_DELAY_MS = 2000,
    REFUSED_DELAY_MS = 3000, /* a server that is being reconfigured refuses for a moment only */
    MOST_REFUSALS = 2,       /* one after the other; then it is meant */
    SETTLED_MS = 1000,       /* a connection that lived so long was a good one */
    HANGING_MS = 120000,
    TOLD_FAILURES = 5, /* in a row: what hinders is told, once */
};

/* ---- one attempt ------------------------------------------------------------------------------------- */

static int64_t time_limit_ms(const struct bus *bus, uint32_t servers)
{
    return (int64_t)servers * bus->request_timeout_ms * LOGIN_TRIES + GRACE_MS;
}

static natsStatus connect_and_login(struct connector *c, natsConnection **nc)
{
    natsStatus s = NATS_ERR;
    for (int i = 0; i < LOGIN_TRIES; i++) {
        s = natsConnection_Connect(nc, c->options);
        if (s != NATS_CONNECTION_AUTH_FAILED || !c->may_retry_login)
            break;
    }
    return s;
}

static natsConnection *connect_to(struct bus *bus, const char *url, struct error *err)
{
    struct connector *c = &bus->connector;
    natsConnection *nc = NULL;
    pthread_mutex_lock(&bus->state_mutex);
    c->lost = false;
    pthread_mutex_unlock(&bus->state_mutex);
    natsStatus s = natsOptions_SetServers(c->options, &url, 1);
    atomic_store(&c->hangs_from_ns, mono_now().ns + (HANGING_MS + time_limit_ms(bus, 1)) * NS_PER_MS);
    if (s == NATS_OK)
        s = connect_and_login(c, &nc);
    atomic_store(&c->hangs_from_ns, INT64_MAX);
    if (s == NATS_OK)
        return nc;
    (void)wire_error(s, err, "connecting to NATS", c->place);
    return NULL;
}

static bool is_stopping(struct bus *bus)
{
    pthread_mutex_lock(&bus->state_mutex);
    bool stop = bus->connector.stop;
    pthread_mutex_unlock(&bus->state_mutex);
    return stop;
}

/* Of two failures the one to tell: what does not pass by itself. */
static void keep_worst(struct error *err, const struct error *one)
{
    if (err->status == STATUS_CANCELLED || status_may_retry(err->status))
        *err = *one;
}

/*
 * One server after the other; NULL: none took it, and *err says why. When a server greets and then fails, the
 * library goes on to those that it told of, in the same call.
 */
static natsConnection *attempt(struct bus *bus, struct error *err)
{
    const struct addresses *a = &bus->connector.addresses;
    uint32_t turn = (uint32_t)(mono_now().ns / 1000); /* not all clients at the same one */
    natsConnection *nc = NULL;
    error_set(err, STATUS_CANCELLED, "connecting was given up");
    for (uint32_t n = 0; n < a->count && !nc && !is_stopping(bus); n++) {
        struct error one;
        bus->connector.there = a->urls[addresses_nth(a, n, turn)];
        if (!(nc = connect_to(bus, bus->connector.there, &one)))
            keep_worst(err, &one);
    }
    return nc;
}

/* Everything that is listened to, before anything is sent; whether it was told that there is a connection. */
static bool adopt(struct bus *bus, natsConnection *nc)
{
    bool announced = false;
    atomic_store(&bus->max_payload, natsConnection_GetMaxPayload(nc));
    int64_t made_ns = mono_now().ns; /* what comes on it left its server after that */
    if (listeners_move(bus, line_set(bus, nc))) {
        line_open(bus);
        announced = events_connected(bus, nc, made_ns);
        keeper_hurry(bus);
    } else {
        loop_hold(bus); /* the library closes its socket */
        natsConnection_Close(nc);
        loop_let_go(bus); /* it tells of the loss as of any other */
        events_down(bus, "the system gives no thread, or no memory, for a subscription");
    }
    return announced;
}

static void drop(struct bus *bus, bool announced)
{
    natsConnection *nc = line_take(bus);
    if (announced)
        events_down(bus, "the connection was lost");
    loop_forget(bus);
    addresses_learn(&bus->connector.addresses, nc, bus->connector.there);
    natsConnection_Destroy(nc);
}

/* ---- how the first one went -------------------------------------------------------------------------- */

/* err: NULL when there is a connection. */
static void tell_first(struct bus *bus, const struct error *err)
{
    struct connector *c = &bus->connector;
    pthread_mutex_lock(&bus->state_mutex);
    if (!c->told && err)
        c->error = *err;
    c->told = true;
    pthread_cond_broadcast(&bus->state_changed);
    pthread_mutex_unlock(&bus->state_mutex);
}

/* Whether bus_open() succeeds nevertheless, and the connector goes on. */
static bool may_pass(const struct bus *bus, const struct error *first)
{
    return bus->is_daemon && status_may_retry(first->status);
}

static enum status await_first(struct bus *bus, int64_t limit_ms, struct error *err)
{
    struct connector *c = &bus->connector;
    int64_t until_ns = mono_now().ns + limit_ms * NS_PER_MS;
    pthread_mutex_lock(&bus->state_mutex);
    bool in_time = true;
    while (!c->told && in_time)
        in_time = mono_cond_wait_until(&bus->state_changed, &bus->state_mutex, until_ns);
    bus->abandoned = c->stop = !c->told;
    struct error first = c->error;
    pthread_mutex_unlock(&bus->state_mutex);
    if (bus->abandoned) {
        events_end(bus);
        pthread_detach(c->thread);
        error_set(err, STATUS_UNAVAILABLE, "the NATS server took the connection and went silent");
        return error_place(err, "%s", c->place);
    }
    if (first.status == STATUS_OK || may_pass(bus, &first))
        return STATUS_OK;
    if (err)
        *err = first;
    return first.status;
}

/* ---- the thread -------------------------------------------------------------------------------------- */

/* Whether it is to go on. */
static bool wait_ms(struct bus *bus, int64_t delay_ms)
{
    int64_t until_ns = mono_now().ns + delay_ms * NS_PER_MS;
    pthread_mutex_lock(&bus->state_mutex);
    while (!bus->connector.stop && mono_cond_wait_until(&bus->state_changed, &bus->state_mutex, until_ns)) {
    }
    bool go_on = !bus->connector.stop;
    pthread_mutex_unlock(&bus->state_mutex);
    return go_on;
}

/* Whether it was lost, and not given up. */
static bool await_loss(struct bus *bus)
{
    pthread_mutex_lock(&bus->state_mutex);
    while (!bus->connector.stop && !bus->connector.lost)
        pthread_cond_wait(&bus->state_changed, &bus->state_mutex);
    bool go_on = !bus->connector.stop;
    pthread_mutex_unlock(&bus->state_mutex);
    return go_on;
}

/* Doubling, with jitter, so that a fleet does not come back in one instant. */
static int64_t delay_ms(uint32_t failures, bool refused)
{
    int64_t delay = refused ? REFUSED_DELAY_MS : FIRST_DELAY_MS;
    for (uint32_t i = 1; i < failures && delay < MOST_DELAY_MS; i++)
        delay *= 2;
    return delay + mono_now().ns / 1000 % delay / 2;
}

/* Until it is lost, or the bus closes, which leaves it as it is; whether it was a good one. */
static bool live(struct bus *bus, natsConnection *nc)
{
    int64_t since_ns = mono_now().ns;
    bool announced = adopt(bus, nc);
    tell_first(bus, NULL);
    if (await_loss(bus))
        drop(bus, announced);
    return mono_now().ns - since_ns > SETTLED_MS * NS_PER_MS;
}

/* Tells of the n-th failure in a row. */
static void fail(struct bus *bus, const struct error *err, uint32_t failures, uint32_t refusals)
{
    tell_first(bus, err);
    if (refusals > 0)
        events_refused(bus, err, refusals == MOST_REFUSALS);
    else if (failures == TOLD_FAILURES)
        events_down(bus, err->message);
}

static void *run(void *argument)
{
    struct bus *bus = argument;
    uint32_t failures = 0, refusals = 0;
    bool first = true, go_on = true;
    bus_on_handler_thread = true; /* it tells of what it does */
    for (; go_on; first = false) {
        struct error err;
        natsConnection *nc = attempt(bus, &err);
        refusals = !nc && err.status == STATUS_DENIED ? refusals + 1 : 0;
        failures = nc && live(bus, nc) ? 0 : failures + 1;
        if (!nc)
            fail(bus, &err, failures, refusals);
        go_on = (nc || !first || may_pass(bus, &err)) && refusals < MOST_REFUSALS &&
                wait_ms(bus, failures ? delay_ms(failures, refusals > 0) : 0);
    }
    atomic_store(&bus->connector.ended, true);
    nats_ReleaseThreadMemory();
    return NULL;
}

/* ---- the calls --------------------------------------------------------------------------------------- */

static enum status prepare(const struct bus_options *o, struct bus *bus, struct error *err)
{
    struct connector *c = &bus->connector;
    TRY(addresses_read(&c->addresses, o->servers, err));
    addresses_show(&c->addresses, c->place, sizeof(c->place));
    c->may_retry_login = options_sign(o);
    return options_make(o, bus, &c->options, err);
}

static enum status start_thread(struct bus *bus, struct error *err)
{
    struct connector *c = &bus->connector;
    if (pthread_create(&c->thread, NULL, run, bus) != 0)
        return error_set(err, STATUS_NO_MEMORY, "the system gives no thread for connecting");
    c->started = true;
    return STATUS_OK;
}

enum status connector_start(const struct bus_options *o, struct bus *bus, struct error *err)
{
    TRY(prepare(o, bus, err));
    int64_t limit_ms = time_limit_ms(bus, bus->connector.addresses.given);
    TRY(start_thread(bus, err));
    enum status status = await_first(bus, limit_ms, err);
    if (status == STATUS_UNAVAILABLE)
        error_hint(err, "Start nats-server there, or set nats.url (NOETL_NATS_URL) to where it is.");
    if (status == STATUS_DENIED)
        error_hint(err, "The server does not accept these credentials: see nats.user, nats.token, nats.creds "
                        "and nats.nkey.");
    return status;
}

void connector_init(struct connector *c)
{
    atomic_store(&c->hangs_from_ns, INT64_MAX);
}

void connector_lost(struct bus *bus)
{
    pthread_mutex_lock(&bus->state_mutex);
    bus->connector.lost = true;
    pthread_cond_broadcast(&bus->state_changed);
    pthread_mutex_unlock(&bus->state_mutex);
}

void connector_stop(struct bus *bus)
{
    struct connector *c = &bus->connector;
    if (!c->started)
        return;
    pthread_mutex_lock(&bus->state_mutex);
    c->stop = true;
    pthread_cond_broadcast(&bus->state_changed);
    pthread_mutex_unlock(&bus->state_mutex);
    pthread_join(c->thread, NULL);
    c->started = false;
}

void connector_free(struct bus *bus)
{
    natsOptions_Destroy(bus->connector.options);
    addresses_free(&bus->connector.addresses);
}
