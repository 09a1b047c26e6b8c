#include "arrivals.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unreadable.h"
#include "publisher/parcel.h"
#include "runtime/log.h"

enum { FETCHERS = 2, RETRY_S = 1 };

struct waiting {
    struct waiting *next;
    struct bus_delivery *delivery;
    bool is_reference;
};

struct lane { /* of a partition */
    struct bus_reader *reader;
    struct waiting *first, *last;
    atomic_bool held;     /* facts go through the queue; begun by who reads the connection only */
    bool at_work;         /* a thread has taken the first of them */
    uint32_t references;  /* among them, with that first one */
    atomic_bool unwanted; /* its reader is to end: what comes is dropped */
};

struct arrivals {
    struct bus *bus;
    struct subjects subjects;
    struct mailbox *mailbox;
    struct lane *lanes;
    pthread_mutex_t lock;
    pthread_cond_t changed, idle; /* a lane is no longer at work */
    struct clerks {
        struct arrivals *arrivals;
        bool fetches;  /* takes what has to be fetched; or else what needs room alone */
        uint32_t from; /* the partition where it looks first, so that each has its turn */
    } fetchers, poster;
    pthread_t threads[FETCHERS + 1];
    int thread_count;
    bool closing;
};

/* ---- what the readers bring --------------------------------------------------------------------------- */

/* With the lock held. */
static void hold(struct lane *lane, bool held)
{
    atomic_store(&lane->held, held);
    if (lane->reader)
        bus_reader_hold(lane->reader, held);
}

static void append(struct lane *lane, struct waiting *w)
{
    if (lane->first)
        lane->last->next = w;
    else
        lane->first = w;
    lane->last = w;
}

/* Behind what its lane waits for, if it does. */
static void wait_in(struct arrivals *a, struct lane *lane, struct bus_delivery *d, bool is_reference)
{
    struct waiting *w = calloc(1, sizeof *w);
    if (!w)
        mailbox_no_memory("an event that has to wait");
    w->delivery = d;
    w->is_reference = is_reference;
    pthread_mutex_lock(&a->lock);
    append(lane, w);
    lane->references += is_reference;
    if (!atomic_load(&lane->held))
        hold(lane, true);
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

void arrivals_take(struct arrivals *a, uint32_t partition, struct bus_delivery *d)
{
    struct lane *lane = &a->lanes[partition];
    bool is_reference = parcel_is_reference(d->payload);
    /* Only who reads the connection begins to hold lanes, so that one that is seen free stays so. */
    bool may_pass = !is_reference && !atomic_load(&lane->held);
    if (!may_pass || !mailbox_post_fact(a->mailbox, d, &lane->unwanted))
        wait_in(a, lane, d, is_reference);
}

/* ---- fetching ----------------------------------------------------------------------------------------- */

static bool is_wanted(struct arrivals *a, const struct lane *lane)
{
    pthread_mutex_lock(&a->lock);
    bool wanted = !a->closing && !atomic_load(&lane->unwanted);
    pthread_mutex_unlock(&a->lock);
    return wanted;
}

static void pause_between_tries(void)
{
    const struct timespec t = {.tv_sec = RETRY_S};
    nanosleep(&t, NULL);
}

/* One try; the delivery then says what the reference stands for, or that it is lost. */
static enum status fetch(struct arrivals *a, struct bus_delivery *d, struct error *err)
{
    struct buf text;
    buf_init(&text, 0);
    enum status status = parcel_open(a->bus, &a->subjects, d->payload, &text, err);
    if (status != STATUS_OK && !status_may_retry(status)) {
        LOG(LOG_ERROR, "a large event cannot be fetched any more and counts as failed",
            LOG_SUBJECT(d->subject), LOG_NUM("sequence", d->stream_sequence), LOG_ERR(err));
        const struct error why = *err;
        buf_clear(&text);
        status = unreadable_fact(&a->subjects, d, &why, &text, err);
    } else if (status == STATUS_OK) {
        d->payload = buf_str(&text);
    }
    if (status == STATUS_OK)
        d->owned = buf_take(&text, NULL);
    buf_free(&text);
    return status;
}

/* False: nobody wants it any more. */
static bool fetch_until_done(struct arrivals *a, const struct lane *lane, struct bus_delivery *d)
{
    struct error err = {0};
    bool told = false;
    while (fetch(a, d, &err) != STATUS_OK) {
        if (!is_wanted(a, lane))
            return false;
        if (!told)
            LOG(LOG_WARN, "a large event has to wait, and its partition with it", LOG_SUBJECT(d->subject),
                LOG_NUM("sequence", d->stream_sequence), LOG_ERR(&err));
        told = true;
        pause_between_tries();
    }
    return true;
}

/* ---- the threads -------------------------------------------------------------------------------------- */

/* With the lock held. */
static struct lane *lane_with_work(struct arrivals *a, struct clerks *c)
{
    uint32_t count = a->subjects.partitions;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t p = (c->from + i) % count;
        struct lane *lane = &a->lanes[p];
        if (lane->first && !lane->at_work && lane->first->is_reference == c->fetches) {
            c->from = p + 1;
            return lane;
        }
    }
    return NULL;
}

/* False when the thread is to end. */
static bool next(struct arrivals *a, struct clerks *c, struct lane **lane, struct waiting *out)
{
    pthread_mutex_lock(&a->lock);
    while (!a->closing && !(*lane = lane_with_work(a, c)))
        pthread_cond_wait(&a->changed, &a->lock);
    bool goes_on = !a->closing;
    if (goes_on) {
        struct waiting *w = (*lane)->first;
        (*lane)->first = w->next;
        (*lane)->at_work = true;
        *out = *w;
        free(w);
    }
    pthread_mutex_unlock(&a->lock);
    return goes_on;
}

static void done(struct arrivals *a, struct lane *lane, const struct waiting *w)
{
    pthread_mutex_lock(&a->lock);
    lane->at_work = false;
    lane->references -= w->is_reference;
    if (!lane->first)
        hold(lane, false);
    else
        pthread_cond_broadcast(&a->changed);
    pthread_cond_broadcast(&a->idle);
    pthread_mutex_unlock(&a->lock);
}

static void *run(void *clerks)
{
    struct clerks *c = clerks;
    struct arrivals *a = c->arrivals;
    struct lane *lane;
    struct waiting w;
    while (next(a, c, &lane, &w)) {
        if (w.is_reference && !fetch_until_done(a, lane, w.delivery))
            bus_delivery_free(w.delivery); /* and all behind it, for the same reason */
        else
            mailbox_wait_post_fact(a->mailbox, w.delivery, &lane->unwanted);
        done(a, lane, &w);
    }
    return NULL;
}

/* ---- opening and closing ------------------------------------------------------------------------------ */

enum status arrivals_open(struct bus *bus, const struct subjects *s, struct mailbox *mailbox,
                          struct arrivals **out, struct error *err)
{
    struct arrivals *a = calloc(1, sizeof *a);
    if (a)
        a->lanes = calloc(s->partitions, sizeof *a->lanes);
    if (!a || !a->lanes) {
        free(a);
        return error_set(err, STATUS_NO_MEMORY, "no memory for %u partitions", s->partitions);
    }
    a->bus = bus;
    a->subjects = *s;
    a->mailbox = mailbox;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    pthread_cond_init(&a->idle, NULL);
    a->fetchers = (struct clerks){.arrivals = a, .fetches = true};
    a->poster = (struct clerks){.arrivals = a};
    for (; a->thread_count < FETCHERS + 1; a->thread_count++) {
        struct clerks *c = a->thread_count < FETCHERS ? &a->fetchers : &a->poster;
        int code = pthread_create(&a->threads[a->thread_count], NULL, run, c);
        if (code == 0)
            continue;
        arrivals_close(&a);
        return error_set(err, STATUS_IO, "no thread could be started for events that wait: %s",
                         strerror(code));
    }
    *out = a;
    return STATUS_OK;
}

static void drop_all(struct lane *lane)
{
    while (lane->first) {
        struct waiting *w = lane->first;
        lane->first = w->next;
        lane->references -= w->is_reference;
        bus_delivery_free(w->delivery);
        free(w);
    }
}

void arrivals_begin(struct arrivals *a, uint32_t partition)
{
    atomic_store(&a->lanes[partition].unwanted, false);
}

static void set_reader(struct arrivals *a, uint32_t partition, struct bus_reader *reader)
{
    struct lane *lane = &a->lanes[partition];
    pthread_mutex_lock(&a->lock);
    lane->reader = reader;
    if (reader && atomic_load(&lane->held))
        bus_reader_hold(reader, true);
    pthread_mutex_unlock(&a->lock);
}

void arrivals_reader(struct arrivals *a, uint32_t partition, struct bus_reader *reader)
{
    set_reader(a, partition, reader);
}

void arrivals_leave(struct arrivals *a, uint32_t partition)
{
    atomic_store(&a->lanes[partition].unwanted, true);
    set_reader(a, partition, NULL);
}

void arrivals_end(struct arrivals *a, uint32_t partition)
{
    struct lane *lane = &a->lanes[partition];
    pthread_mutex_lock(&a->lock);
    drop_all(lane);
    while (lane->at_work)
        pthread_cond_wait(&a->idle, &a->lock);
    if (atomic_load(&lane->held))
        hold(lane, false);
    pthread_mutex_unlock(&a->lock);
}

bool arrivals_wait(struct arrivals *a, uint32_t partition)
{
    pthread_mutex_lock(&a->lock);
    bool waits = a->lanes[partition].references > 0;
    pthread_mutex_unlock(&a->lock);
    return waits;
}

void arrivals_close(struct arrivals **arrivals)
{
    struct arrivals *a = *arrivals;
    *arrivals = NULL;
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->closing = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    for (int i = 0; i < a->thread_count; i++)
        pthread_join(a->threads[i], NULL);
    for (uint32_t p = 0; p < a->subjects.partitions; p++)
        drop_all(&a->lanes[p]);
    pthread_cond_destroy(&a->idle);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    free(a->lanes);
    free(a);
}
