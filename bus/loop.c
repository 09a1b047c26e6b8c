/*
 * The loop: what reads the connection, one thread at a time, and what sends on it.
 *
 * nats.c has threads of its own for both, of which the one that sends sleeps a millisecond to let a batch
 * gather; its other way, a write(2) for each message, costs half the throughput under load. It also lets a
 * program do both itself (natsOptions_SetEventLoop()): what is published is then only buffered, until
 * somebody asks for it to be written. Here any thread writes it when it has nothing more to add (bus_push()),
 * so that at rest a message leaves without a change of threads; but no more often than each PACE_NS, so that
 * under load what gathers meanwhile leaves together. After a rest 1 + BURST_NS / PACE_NS writes leave at
 * once. What nobody waits for leaves within SOON_NS. Then the loop does it, as it does what the socket would
 * not take at once.
 *
 * Who reads leads. The loop has a thread for it; but a message that this thread reads and another handles
 * costs a change of threads, at rest the waking of a core that sleeps. So a thread that handles what it
 * reads may lead while it would sleep (bus_lead()), as in "Leader/Followers" (Schmidt and others, 2000): it
 * reads the message itself, stops leading, and handles it. The loop's thread follows when nobody has led for
 * GRACE_NS, or when a thread waits for an answer; so a guest may work for that long, and nobody else is
 * woken. The loop's thread steps back for as long when it woke a guest, to let it lead when it has done its
 * work; but seldom while guests do not come in time, because their work takes longer.
 *
 * Reading and writing exclude each other (`io`): the library closes its socket when either fails, and must
 * not do so under the other. Who finds `io` taken leaves its messages to whoever has it. The library calls
 * on_*() with its own lock held, which is taken behind `io`; so these do no more than keep notes.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "internal.h"
#include "runtime/clock.h"

enum {
    PACE_NS = 100000,
    BURST_NS = 300000,
    SOON_NS = 2000000,
    GRACE_NS = 150000,
    MOST_MISSED = 4,
    TRY_EVERY = 16
};
enum source { SOCKET, BELL, TIMER, SOURCES };

/* The calling thread pushes what it publishes; the loop need not be woken for it. */
static _Thread_local bool pushes;
/* That the calling thread leads now. */
static _Thread_local const struct loop *leads;

/* ---- waking the loop --------------------------------------------------------------------------------- */

static void ring(struct loop *l)
{
    uint64_t one = 1;
    ssize_t n = write(l->bell, &one, sizeof(one));
    (void)n; /* it cannot overflow before it is read */
}

/* 0: not at all. */
static void set_timer(int fd, int64_t delay_ns)
{
    const struct itimerspec once = {.it_value = {.tv_nsec = delay_ns}};
    (void)timerfd_settime(fd, 0, &once, NULL);
}

static void wake_in(struct loop *l, int64_t delay_ns)
{
    if (!atomic_exchange(&l->due, true))
        set_timer(l->timer, delay_ns);
}

static void silence(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));
    (void)n; /* it says only that there was something */
}

static bool watch(struct loop *l, int operation, int fd, enum source source, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u32 = source};
    return epoll_ctl(l->epoll, operation, fd, &e) == 0;
}

/* ---- sending ----------------------------------------------------------------------------------------- */

/*
 * One write more, by the "generic cell rate algorithm" (ITU-T I.371); except that writes which do not ask for
 * the pace, those behind what was read, never make others wait for more than PACE_NS. With `io` held.
 */
static void keep_pace(struct loop *l)
{
    int64_t now_ns = mono_now().ns, paced_ns = atomic_load(&l->paced_ns);
    paced_ns = paced_ns < now_ns ? now_ns : paced_ns < now_ns + BURST_NS ? paced_ns : now_ns + BURST_NS;
    atomic_store(&l->paced_ns, paced_ns + PACE_NS);
}

/* With `io` held, and something unsent. */
static void write_some(struct loop *l)
{
    natsConnection *nc = atomic_load(&l->nc);
    if (nc)
        natsConnection_ProcessWriteEvent(nc);
    else
        atomic_store(&l->unsent, false); /* it is lost with its connection */
    keep_pace(l);
    bool left = atomic_load(&l->unsent);
    if (left || l->awaits_room)
        (void)watch(l, EPOLL_CTL_MOD, atomic_load(&l->socket), SOCKET, EPOLLIN | (left ? EPOLLOUT : 0));
    l->awaits_room = left;
}

/* Who adds something while another has `io` leaves it to that one, which looks again when it has let go. */
static void write_now(struct loop *l)
{
    bool full = false;
    while (!full && atomic_load(&l->unsent) && pthread_mutex_trylock(&l->io) == 0) {
        if (atomic_load(&l->unsent))
            write_some(l);
        full = l->awaits_room;
        pthread_mutex_unlock(&l->io);
    }
}

void bus_push(struct bus *bus)
{
    struct loop *l = &bus->loop;
    if (!atomic_load(&l->unsent) || leads == l)
        return; /* who leads writes behind its handlers */
    int64_t wait_ns = atomic_load(&l->paced_ns) - BURST_NS - mono_now().ns;
    if (wait_ns > 0)
        wake_in(l, wait_ns);
    else
        write_now(l);
}

void loop_ring(struct bus *bus)
{
    ring(&bus->loop);
}

void loop_hold(struct bus *bus)
{
    pthread_mutex_lock(&bus->loop.io);
}

void loop_let_go(struct bus *bus)
{
    pthread_mutex_unlock(&bus->loop.io);
    write_now(&bus->loop);
}

void bus_push_soon(struct bus *bus)
{
    struct loop *l = &bus->loop;
    if (atomic_load(&l->unsent) && !atomic_load(&l->due) && !atomic_exchange(&l->due_soon, true))
        set_timer(l->timer, SOON_NS); /* a nearer time that is set later replaces it */
}

uint32_t loop_connection(const struct bus *bus)
{
    return atomic_load(&bus->loop.socket) >= 0 ? atomic_load(&bus->loop.attached) : 0;
}

natsStatus loop_send_message(struct bus *bus, natsMsg *msg, uint32_t *number)
{
    natsConnection *nc = line_hold(bus);
    if (!nc)
        return NATS_CONNECTION_DISCONNECTED;
    pushes = true;
    natsStatus s = natsConnection_PublishMsg(nc, msg);
    pushes = false;
    if (s == NATS_OK && number)
        *number = bus->line.number;
    line_release(bus);
    return s;
}

natsStatus loop_send(struct bus *bus, const char *subject, const char *reply, struct str payload,
                     uint32_t *number)
{
    natsConnection *nc = line_hold(bus);
    if (!nc)
        return NATS_CONNECTION_DISCONNECTED;
    pushes = true;
    natsStatus s = reply ? natsConnection_PublishRequest(nc, subject, reply, payload.ptr, (int)payload.len)
                         : natsConnection_Publish(nc, subject, payload.ptr, (int)payload.len);
    pushes = false;
    if (s == NATS_OK && number)
        *number = bus->line.number;
    line_release(bus);
    return s;
}

/* ---- what the library asks for ----------------------------------------------------------------------- */

static natsStatus on_attach(void **data, void *context, natsConnection *nc, natsSock socket)
{
    struct loop *l = context;
    *data = l;
    atomic_store(&l->nc, nc);
    atomic_fetch_add(&l->attached, 1);
    atomic_store(&l->unsent, false);
    atomic_store(&l->socket, (int)socket);
    if (watch(l, EPOLL_CTL_ADD, (int)socket, SOCKET, EPOLLIN))
        return NATS_OK;
    atomic_store(&l->socket, -1);
    atomic_store(&l->nc, NULL);
    return NATS_SYS_ERROR;
}

/* It only ever ends the reading, before the socket is closed. */
static natsStatus on_read(void *data, bool add)
{
    struct loop *l = data;
    if (!add)
        (void)watch(l, EPOLL_CTL_DEL, atomic_exchange(&l->socket, -1), SOCKET, 0);
    return NATS_OK;
}

static natsStatus on_write(void *data, bool add)
{
    struct loop *l = data;
    atomic_store(&l->unsent, add);
    if (add && !pushes)
        ring(l); /* the library itself sends something */
    return NATS_OK;
}

static natsStatus on_detach(void *data)
{
    (void)data;
    return NATS_OK;
}

/* ---- the thread -------------------------------------------------------------------------------------- */

static void serve_socket(struct bus *bus)
{
    struct loop *l = &bus->loop;
    /* Each answer that was handled by now came before all that is read now. */
    bus->fresh_ns = atomic_load(&bus->answered_ns);
    pthread_mutex_lock(&l->io);
    natsConnection *nc = atomic_load(&l->nc);
    if (nc)
        natsConnection_ProcessReadEvent(nc);
    pthread_mutex_unlock(&l->io);
    listeners_serve(bus);
}

static void serve(struct bus *bus, enum source source)
{
    struct loop *l = &bus->loop;
    switch (source) {
    case SOCKET: serve_socket(bus); break;
    case BELL:
        silence(l->bell);
        listeners_serve(bus); /* one may have been claimed when it was its turn */
        break;
    case TIMER:
        silence(l->timer);
        atomic_store(&l->due, false);
        atomic_store(&l->due_soon, false);
        break;
    case SOURCES: break;
    }
}

/* Waits up to `timeout_ms` (-1: for ever) for something to do, and does it. */
static void turn(struct bus *bus, int timeout_ms)
{
    struct loop *l = &bus->loop;
    struct epoll_event ready[SOURCES];
    int count = epoll_wait(l->epoll, ready, SOURCES, timeout_ms);
    for (int i = 0; i < count; i++)
        serve(bus, (enum source)ready[i].data.u32);
    write_now(l);
}

/* ---- who leads --------------------------------------------------------------------------------------- */

static bool take_lead(struct loop *l, bool guest)
{
    pthread_mutex_lock(&l->seat);
    bool mine = !l->led;
    l->led = true;
    if (mine && guest) {
        set_timer(l->grace, 0);
        l->guests++;
    }
    pthread_mutex_unlock(&l->seat);
    if (mine) {
        leads = l;
        bus_on_handler_thread = true;
    }
    return mine;
}

static void leave_lead(struct loop *l)
{
    bus_on_handler_thread = false;
    leads = NULL;
    pthread_mutex_lock(&l->seat);
    l->led = false;
    set_timer(l->grace, GRACE_NS);
    pthread_mutex_unlock(&l->seat);
}

/* Whoever calls is about to wait for an answer. */
static void follow_now(struct loop *l)
{
    pthread_mutex_lock(&l->seat);
    if (!l->led)
        set_timer(l->grace, 1);
    pthread_mutex_unlock(&l->seat);
}

static int ms_until(int64_t until_ns)
{
    int64_t left_ms = (until_ns - mono_now().ns + NS_PER_MS - 1) / NS_PER_MS;
    return left_ms <= 0 ? 0 : left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

void loop_push(struct bus *bus)
{
    write_now(&bus->loop);
    follow_now(&bus->loop);
}

bool bus_lead(struct bus *bus, int64_t until_ns, bool (*has_work)(void *context), void *context)
{
    struct loop *l = &bus->loop;
    int left_ms = ms_until(until_ns);
    /* Who takes the lead reads: one that only takes it, again and again, would keep everybody from reading.
     */
    if (left_ms == 0 || !take_lead(l, true))
        return false;
    bool has = has_work(context);
    do
        turn(bus, has ? 0 : left_ms);
    while (!(has = has_work(context)) && (left_ms = ms_until(until_ns)) > 0);
    leave_lead(l);
    return true;
}

void bus_lead_look(struct bus *bus)
{
    if (leads != &bus->loop) /* looks by itself */
        ring(&bus->loop);
}

void bus_lead_offer(struct bus *bus)
{
    if (leads == &bus->loop)
        bus->loop.offered = true;
}

/* Until a guest was woken so many times. */
static void lead_until_offered(struct bus *bus, uint32_t times)
{
    struct loop *l = &bus->loop;
    while (times > 0 && !atomic_load(&l->stop)) {
        l->offered = false;
        turn(bus, -1);
        times -= l->offered;
    }
}

static void *run(void *context)
{
    struct bus *bus = context;
    struct loop *l = &bus->loop;
    uint32_t missed = 0, guests = 0; /* how often none came in time, one after the other; `guests` then */
    while (!atomic_load(&l->stop)) {
        if (take_lead(l, false)) {
            missed = l->guests == guests ? missed + 1 : 0;
            lead_until_offered(bus, missed < MOST_MISSED ? 1 : TRY_EVERY);
            guests = l->guests;
            leave_lead(l);
        }
        silence(l->grace); /* waits */
    }
    nats_ReleaseThreadMemory();
    return NULL;
}

static bool open_sources(struct loop *l)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    l->grace = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return l->epoll >= 0 && l->bell >= 0 && l->timer >= 0 && l->grace >= 0 &&
           watch(l, EPOLL_CTL_ADD, l->bell, BELL, EPOLLIN) &&
           watch(l, EPOLL_CTL_ADD, l->timer, TIMER, EPOLLIN);
}

static void close_source(int fd)
{
    if (fd >= 0)
        close(fd);
}

void loop_init(struct loop *l)
{
    l->epoll = l->bell = l->timer = l->grace = -1;
    pthread_mutex_init(&l->seat, NULL);
    atomic_store(&l->socket, -1);
    pthread_mutex_init(&l->io, NULL);
}

void loop_free(struct loop *l)
{
    close_source(l->epoll);
    close_source(l->bell);
    close_source(l->timer);
    close_source(l->grace);
    pthread_mutex_destroy(&l->seat);
    pthread_mutex_destroy(&l->io);
}

enum status loop_start(struct bus *bus, struct error *err)
{
    struct loop *l = &bus->loop;
    if (!open_sources(l))
        return error_set(err, STATUS_IO, "the system gives no descriptors for a connection: %s",
                         strerror(errno));
    if (pthread_create(&l->thread, NULL, run, bus) != 0)
        return error_set(err, STATUS_NO_MEMORY, "the system gives no thread for a connection");
    l->started = true;
    return STATUS_OK;
}

void loop_forget(struct bus *bus)
{
    pthread_mutex_lock(&bus->loop.io);
    atomic_store(&bus->loop.nc, NULL);
    pthread_mutex_unlock(&bus->loop.io);
}

void loop_stop(struct bus *bus)
{
    struct loop *l = &bus->loop;
    if (!l->started)
        return;
    atomic_store(&l->stop, true);
    ring(l);
    set_timer(l->grace, 1);
    pthread_join(l->thread, NULL);
    l->started = false;
}

natsStatus loop_set(natsOptions *options, struct bus *bus)
{
    natsStatus s = natsOptions_SetSendAsap(options, true); /* no flusher of the library's */
    return s == NATS_OK
               ? natsOptions_SetEventLoop(options, &bus->loop, on_attach, on_read, on_write, on_detach)
               : s;
}
