/*
 * Standing pulls. The demand (messages that are welcome) is covered by requests to the consumer, each for a
 * batch, each with an expiry and a heartbeat. A request ends when its batch has come, when the server says so
 * (a status), or when nothing is heard of it any more; then what it still owed is asked for again.
 *
 * True at all times, under the mutex:
 *   1. `asked` is what the open requests still owe. Which of them a message belongs to does not show (it
 * comes under its own subject), so only the sum is kept: less one for each message, less what a request that
 * ends says it owes, less all of a request that is refused.
 *   2. `asked` never exceeds `demand`; a message without demand goes back at once (NAK), while it is held.
 *   3. New requests are made when half of the demand is uncovered, so that their number stays small.
 *
 * When the sum is in doubt (a reconnect, silence, an end that does not say what was owed) the pull moves to a
 * new inbox, a "generation": the server forgets requests whose inbox nobody hears, and the count starts from
 * nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "runtime/clock.h"
#include "spent.h"

enum {
    SILENCE_MS = 7500, /* heartbeats are missing */
    FIRST_BACKOFF_MS = 250,
    MOST_BACKOFF_MS = 5000,
    RECENT_REQUESTS = 64, /* a power of two */
    MOST_BATCH = 4096,
    QUIET_FAILURES = 2,
};

struct pull_request {
    uint64_t id;
    uint32_t batch;
};

struct bus_pull {
    struct bus *bus;
    struct bus_pull *next, **before;
    char next_subject[SUBJECT_MAX];
    char stream[128], consumer[128];
    uint32_t number;
    bus_deliver *deliver;
    void (*trouble)(void *context, const struct error *err);
    void *context;
    /* Under bus->pulls.mutex: */
    struct listener *listener;
    uint32_t generation;
    unsigned connection;
    uint64_t demand, asked, last_id;
    struct pull_request requests[RECENT_REQUESTS]; /* by id; refusals come at once, so the last ones do */
    uint32_t failures, busy;
    int64_t heard_ns, pause_until_ns;
    enum status troubled;
    bool stopping, in_doubt;
    bool answered;    /* something was heard in this generation */
    int64_t holds_ns; /* bus_pull_holds_for(); 0: for ever */
};

void pulls_init(struct bus *bus)
{
    pthread_mutex_init(&bus->pulls.mutex, NULL);
    pthread_cond_init(&bus->pulls.idle, NULL);
}

void pulls_free(struct bus *bus)
{
    while (bus->pulls.first) {
        struct bus_pull *p = bus->pulls.first;
        bus->pulls.first = p->next;
        free(p);
    }
    pthread_cond_destroy(&bus->pulls.idle);
    pthread_mutex_destroy(&bus->pulls.mutex);
}

/* ---- requests ---------------------------------------------------------------------------------------- */

static void settle(struct bus_pull *p, uint64_t owed)
{
    p->asked -= owed < p->asked ? owed : p->asked;
}

/* How many messages a recent request was for; 0 if it is not known any more. */
static uint32_t batch_of(const struct bus_pull *p, uint64_t id)
{
    const struct pull_request *r = &p->requests[id % RECENT_REQUESTS];
    return r->id == id ? r->batch : 0;
}

/* With the mutex held: the keeper moves the pull to a new inbox. */
static void doubt(struct bus_pull *p)
{
    p->in_doubt = true;
}

/* How many to ask for now, 0 for none. */
static uint32_t uncovered(const struct bus_pull *p, int64_t now_ns)
{
    if (p->stopping || p->in_doubt || !p->listener || p->demand == 0 || p->asked * 2 > p->demand)
        return 0;
    if (now_ns < p->pause_until_ns || !atomic_load(&p->bus->connected))
        return 0;
    uint64_t n = p->demand - p->asked;
    return n < MOST_BATCH ? (uint32_t)n : MOST_BATCH;
}

static void send_request(const struct bus_pull *p, const struct pull_request *r, uint32_t generation)
{
    char inbox[REPLY_TEXT];
    snprintf(inbox, sizeof(inbox), "%s.P.%u.%u.%" PRIu64, p->bus->inbox, p->number, generation, r->id);
    wire_ask_next(p->bus, p->next_subject, inbox, r->batch);
}

/* With the mutex held, which is let go while a request is sent. */
static void cover(struct bus_pull *p)
{
    int64_t now_ns = mono_now().ns;
    uint32_t n;
    while ((n = uncovered(p, now_ns)) > 0) {
        struct pull_request r = {++p->last_id, n};
        uint32_t generation = p->generation;
        if (p->asked == 0)
            p->heard_ns = now_ns; /* the silence is counted from the first question */
        p->requests[r.id % RECENT_REQUESTS] = r;
        p->asked += n;
        pthread_mutex_unlock(&p->bus->pulls.mutex);
        send_request(p, &r, generation);
        pthread_mutex_lock(&p->bus->pulls.mutex);
    }
}

/* ---- trouble ----------------------------------------------------------------------------------------- */

/* With the mutex held, which is let go while the handler runs. NULL: it works. */
static void tell(struct bus_pull *p, const struct error *err)
{
    enum status news = err ? err->status : STATUS_OK;
    if (news == p->troubled || !p->trouble)
        return;
    p->troubled = news;
    pthread_mutex_unlock(&p->bus->pulls.mutex);
    p->trouble(p->context, err);
    pthread_mutex_lock(&p->bus->pulls.mutex);
}

static void works(struct bus_pull *p)
{
    p->failures = 0;
    tell(p, NULL);
}

static void fails(struct bus_pull *p, const struct error *err)
{
    int64_t delay_ms = FIRST_BACKOFF_MS;
    for (uint32_t i = 0; i < p->failures && delay_ms < MOST_BACKOFF_MS; i++)
        delay_ms *= 2;
    p->failures++;
    p->pause_until_ns = mono_now().ns + delay_ms * NS_PER_MS;
    if (!status_may_retry(err->status) || p->failures >= QUIET_FAILURES)
        tell(p, err);
}

static enum status unanswered(const struct bus_pull *p, struct error *err)
{
    error_set(err, STATUS_UNAVAILABLE, "consumer %s of stream %s does not answer", p->consumer, p->stream);
    error_place(err, "%s", p->next_subject);
    return error_hint(err, "It may not exist: `noetl setup` makes streams and consumers.");
}

/* What a status that ends a request means; STATUS_OK for an ordinary end. */
static enum status end_of_request(const struct bus_pull *p, int code, const char *text, struct error *err)
{
    enum status status = STATUS_UNAVAILABLE;
    if (code == 404 || code == 408)
        return STATUS_OK; /* nothing there, or expired */
    if (code == 400)
        status = STATUS_INVALID;
    if (strstr(text, "Deleted"))
        status = STATUS_NOT_FOUND;
    if (strstr(text, "Exceeded"))
        status = STATUS_LIMIT;
    error_set(err, status, "consumer %s of stream %s: %s (%d)", p->consumer, p->stream, text, code);
    return error_place(err, "%s", p->next_subject);
}

/* The request's number ends the inbox that a status comes on. */
static uint64_t request_id(const natsMsg *msg)
{
    const char *dot = strrchr(natsMsg_GetSubject(msg), '.');
    return dot ? strtoull(dot + 1, NULL, 10) : 0;
}

static void take_status(struct bus_pull *p, natsMsg *msg, int code, const char *text)
{
    struct error err;
    const char *owed = wire_header(msg, "Nats-Pending-Messages");
    uint64_t id = request_id(msg);
    if (code == 100) {
        works(p);
        return;
    }
    if (owed)
        settle(p, strtoull(owed, NULL, 10));
    else if (code == 400 || strstr(text, "Exceeded"))
        settle(p, batch_of(p, id)); /* it was never taken */
    else
        doubt(p);
    if (end_of_request(p, code, text, &err) == STATUS_OK)
        works(p);
    else
        fails(p, &err);
}

/* ---- messages ---------------------------------------------------------------------------------------- */

static bool is_held(const struct bus_delivery *d, int64_t holds_ns)
{
    return holds_ns == 0 || mono_now().ns - d->left_after_ns <= holds_ns;
}

/* With the mutex held, which is let go while the handler runs. Owns msg. */
static void take_message(struct bus_pull *p, natsMsg *msg)
{
    bool wanted = p->demand > 0 && !p->stopping;
    settle(p, 1);
    if (wanted) {
        p->demand--;
        works(p);
    }
    int64_t holds_ns = p->holds_ns;
    pthread_mutex_unlock(&p->bus->pulls.mutex);
    struct bus_delivery *d = delivery_take(msg);
    if (d)
        d->left_after_ns = p->bus->fresh_ns;
    if (d && wanted) {
        p->deliver(p->context, d);
    } else if (d) {
        if (is_held(d, holds_ns))
            bus_deliver_nak(p->bus, d, 0);
        bus_delivery_free(d);
    }
    pthread_mutex_lock(&p->bus->pulls.mutex);
    if (!d && wanted)
        p->demand++;
}

static void on_message(void *context, natsMsg *msg)
{
    struct bus_pull *p = context;
    const char *text = "";
    int code = wire_status(msg, &text);
    pthread_mutex_lock(&p->bus->pulls.mutex);
    p->heard_ns = mono_now().ns;
    p->answered = true;
    if (code == 0) {
        take_message(p, msg);
    } else {
        take_status(p, msg, code, text);
        spent_message(msg);
    }
    cover(p);
    pthread_mutex_unlock(&p->bus->pulls.mutex);
}

/* Which of the requests it was does not show. */
static void on_unserved(void *context)
{
    struct bus_pull *p = context;
    struct error err;
    pthread_mutex_lock(&p->bus->pulls.mutex);
    doubt(p);
    (void)unanswered(p, &err);
    fails(p, &err);
    pthread_mutex_unlock(&p->bus->pulls.mutex);
}

/* ---- the keeper's part ------------------------------------------------------------------------------- */

static enum status listen(struct bus_pull *p, uint32_t generation, struct listener **out, struct error *err)
{
    char subject[REPLY_TEXT];
    snprintf(subject, sizeof(subject), "%s.P.%u.%u.*", p->bus->inbox, p->number, generation);
    return listener_open_on_loop(p->bus, subject, on_message, on_unserved, p, out, err);
}

/* With the mutex held, which is let go in between: a new inbox, no requests. Not on a thread of its listener.
 */
static void move(struct bus_pull *p)
{
    struct listener *old = p->listener, *new = NULL;
    struct error err;
    uint32_t generation = p->generation + 1;
    p->connection = atomic_load(&p->bus->connections);
    p->listener = NULL; /* nothing is asked for meanwhile */
    pthread_mutex_unlock(&p->bus->pulls.mutex);
    listener_close(&old);
    enum status status = listen(p, generation, &new, &err);
    pthread_mutex_lock(&p->bus->pulls.mutex);
    p->listener = new;
    p->generation = generation;
    p->asked = 0;
    p->answered = false;
    p->in_doubt = status != STATUS_OK;
    if (status != STATUS_OK)
        fails(p, &err);
}

/* Neither a message nor a heartbeat: for a consumer that does not exist the server answers nothing. */
static bool check_silence(struct bus_pull *p, int64_t now_ns)
{
    struct error err;
    if (p->asked == 0 || now_ns - p->heard_ns <= SILENCE_MS * NS_PER_MS)
        return false;
    p->failures = QUIET_FAILURES; /* it has been quiet for long enough */
    (void)unanswered(p, &err);
    fails(p, &err);
    return true;
}

static void tend(struct bus_pull *p, int64_t now_ns)
{
    bool silent = check_silence(p, now_ns);
    if (p->in_doubt || silent || p->connection != atomic_load(&p->bus->connections))
        move(p);
    cover(p);
}

/* With the mutex held. */
static void leave(struct bus_pull *p)
{
    if (--p->busy == 0 && p->stopping)
        pthread_cond_broadcast(&p->bus->pulls.idle);
}

void pulls_tend(struct bus *bus, int64_t now_ns)
{
    pthread_mutex_lock(&bus->pulls.mutex);
    for (struct bus_pull *p = bus->pulls.first, *next; p; p = next) {
        p->busy++; /* keeps it in the list */
        if (!p->stopping)
            tend(p, now_ns);
        next = p->next;
        leave(p);
    }
    pthread_mutex_unlock(&bus->pulls.mutex);
}

void pulls_denied(struct bus *bus, const char *subject, const struct error *err)
{
    pthread_mutex_lock(&bus->pulls.mutex);
    for (struct bus_pull *p = bus->pulls.first, *next; p; p = next) {
        p->busy++;
        if (!p->stopping && strcmp(p->next_subject, subject) == 0) {
            doubt(p); /* which of its requests was refused does not show */
            fails(p, err);
        }
        next = p->next;
        leave(p);
    }
    pthread_mutex_unlock(&bus->pulls.mutex);
}

/* ---- the calls --------------------------------------------------------------------------------------- */

static enum status set_names(struct bus_pull *p, const char *stream, const char *consumer, struct error *err)
{
    int len = snprintf(p->next_subject, sizeof(p->next_subject), "$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream,
                       consumer);
    int stream_len = snprintf(p->stream, sizeof(p->stream), "%s", stream);
    int consumer_len = snprintf(p->consumer, sizeof(p->consumer), "%s", consumer);
    if (len >= (int)sizeof(p->next_subject) || stream_len >= (int)sizeof(p->stream) ||
        consumer_len >= (int)sizeof(p->consumer))
        return error_set(err, STATUS_INVALID, "the names %s and %s are too long", stream, consumer);
    return wire_check_subject(p->next_subject, false, err);
}

static void link_in(struct bus_pull *p)
{
    struct pulls *all = &p->bus->pulls;
    p->next = all->first;
    p->before = &all->first;
    if (p->next)
        p->next->before = &p->next;
    all->first = p;
}

static void link_out(struct bus_pull *p)
{
    *p->before = p->next;
    if (p->next)
        p->next->before = p->before;
}

enum status bus_pull_start(struct bus *bus, const char *stream, const char *consumer, bus_deliver *deliver,
                           void (*trouble)(void *context, const struct error *err), void *context,
                           struct bus_pull **out, struct error *err)
{
    struct bus_pull *p = calloc(1, sizeof(*p));
    if (!p)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a pull on %s", consumer);
    p->bus = bus;
    p->deliver = deliver;
    p->trouble = trouble;
    p->context = context;
    p->connection = atomic_load(&bus->connections);
    enum status status = set_names(p, stream, consumer, err);
    if (status == STATUS_OK) {
        pthread_mutex_lock(&bus->pulls.mutex);
        p->number = ++bus->pulls.made;
        pthread_mutex_unlock(&bus->pulls.mutex);
        status = listen(p, 0, &p->listener, err);
    }
    if (status != STATUS_OK) {
        free(p);
        return status;
    }
    (void)bus_server_version(bus); /* bus_deliver_term() needs to know it */
    *out = p;
    pthread_mutex_lock(&bus->pulls.mutex);
    link_in(p);
    pthread_mutex_unlock(&bus->pulls.mutex);
    return STATUS_OK;
}

void bus_pull_holds_for(struct bus_pull *p, int64_t ms)
{
    pthread_mutex_lock(&p->bus->pulls.mutex);
    p->holds_ns = ms * NS_PER_MS;
    pthread_mutex_unlock(&p->bus->pulls.mutex);
}

void bus_pull_want(struct bus_pull *p, uint32_t more)
{
    pthread_mutex_lock(&p->bus->pulls.mutex);
    p->demand += more;
    cover(p);
    pthread_mutex_unlock(&p->bus->pulls.mutex);
}

void bus_pull_again(struct bus_pull *p)
{
    pthread_mutex_lock(&p->bus->pulls.mutex);
    if (!p->answered) {
        doubt(p);
        p->pause_until_ns = 0;
    }
    pthread_mutex_unlock(&p->bus->pulls.mutex);
    keeper_hurry(p->bus);
}

void bus_pull_stop(struct bus_pull **pull)
{
    struct bus_pull *p = *pull;
    if (!p)
        return;
    struct pulls *all = &p->bus->pulls;
    pthread_mutex_lock(&all->mutex);
    p->stopping = true;
    while (p->busy > 0)
        pthread_cond_wait(&all->idle, &all->mutex);
    link_out(p);
    pthread_mutex_unlock(&all->mutex);
    listener_close(&p->listener); /* what has come and was not delivered goes back */
    free(p);
    *pull = NULL; /* not before: a handler may still be using it */
}
