#include "lease.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/metrics.h"
#include "runtime/pulse.h"

#define NS_PER_MS INT64_C(1000000)

enum {
    RECENT_ENDS = 256, /* of executions and attempts, which may overtake their last tasks */
    UNSENT_MS = 200,   /* a renewal that no connection took is tried again after this */
};

/* All tasks of an execution up to a run, or those of an attempt. */
struct ending {
    int64_t execution_id;
    uint32_t run;
    char attempt_id[TASK_ID_TEXT]; /* "": of the execution */
    uint32_t nth;                  /* that was heard */
};

struct lease_keeper {
    struct bus *bus;
    int64_t ack_wait_ns;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake; /* something is due earlier than the thread thinks, or it is to end */
    pthread_cond_t empty;
    struct lease *leases;
    uint32_t count;
    int64_t wakes_ns; /* when the thread looks again */
    struct ending ended[RECENT_ENDS];
    uint32_t heard; /* how many there were */
    bool closing, stopping;
};

/* ---- stops ---------------------------------------------------------------------------------------- */

enum status task_stop_open(struct task_stop *s, struct error *err)
{
    atomic_init(&s->reason, 0);
    s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return s->fd >= 0 ? STATUS_OK : error_set(err, STATUS_IO, "an eventfd for stopping tasks: %m");
}

void task_stop_set(struct task_stop *s, enum status reason)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&s->reason, &none, (int)reason))
        return;
    uint64_t one = 1;
    /* Cannot block or be short: the counter was 0. */
    ssize_t n = write(s->fd, &one, sizeof(one));
    (void)n;
}

void task_stop_clear(struct task_stop *s)
{
    uint64_t count;
    if (atomic_exchange(&s->reason, 0) == 0)
        return;
    ssize_t n = read(s->fd, &count, sizeof(count));
    (void)n;
}

void task_stop_close(struct task_stop *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* ---- the keeper's thread -------------------------------------------------------------------------- */

static int64_t renew_ns(const struct lease_keeper *k)
{
    return k->ack_wait_ns / 3;
}

/* With the mutex held. */
static bool look_for_lapse(const struct lease_keeper *k, struct lease *l, int64_t now_ns)
{
    if (l->told_ns > l->known_ns && bus_reached_ns(k->bus, l->told_on) > l->told_ns)
        l->known_ns = l->told_ns;
    l->lapsed = l->lapsed || now_ns - l->known_ns > lease_holds_for(k->ack_wait_ns);
    return l->lapsed;
}

static void renew(const struct lease_keeper *k, struct lease *l, int64_t now_ns)
{
    (void)look_for_lapse(k, l, now_ns);
    uint32_t connection = bus_deliver_working(k->bus, l->delivery);
    l->working_ns = now_ns + (connection ? renew_ns(k) : UNSENT_MS * NS_PER_MS);
    if (!connection)
        return;
    l->told_ns = mono_now().ns; /* behind it: what is sent after that, and answered, tells that it has come */
    l->told_on = connection;
}

/* Does what is due for a lease; when it next wants attention. */
static int64_t tend(struct lease_keeper *k, struct lease *l, int64_t now_ns)
{
    if (l->working_ns <= now_ns)
        renew(k, l, now_ns);
    if (!l->stop || l->deadline_ns == INT64_MAX)
        return l->working_ns;
    if (l->deadline_ns <= now_ns) {
        task_stop_set(l->stop, STATUS_TIMEOUT);
        l->deadline_ns = INT64_MAX;
        return l->working_ns;
    }
    return l->deadline_ns < l->working_ns ? l->deadline_ns : l->working_ns;
}

static void wait_until(struct lease_keeper *k, int64_t due_ns)
{
    k->wakes_ns = due_ns;
    pulse_rest();
    if (due_ns == INT64_MAX) {
        pthread_cond_wait(&k->wake, &k->mutex);
        return;
    }
    struct timespec until = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};
    pthread_cond_timedwait(&k->wake, &k->mutex, &until);
}

static void *keep(void *context)
{
    struct lease_keeper *k = context;
    pulse_begin("leases");
    pthread_mutex_lock(&k->mutex);
    while (!k->closing) {
        pulse_work();
        int64_t now_ns = mono_now().ns, due_ns = INT64_MAX;
        for (struct lease *l = k->leases; l; l = l->older) {
            int64_t next_ns = tend(k, l, now_ns);
            due_ns = next_ns < due_ns ? next_ns : due_ns;
        }
        wait_until(k, due_ns);
    }
    pthread_mutex_unlock(&k->mutex);
    pulse_end();
    return NULL;
}

/* With the mutex held. */
static void due_at(struct lease_keeper *k, int64_t ns)
{
    if (ns < k->wakes_ns)
        pthread_cond_signal(&k->wake);
}

static void init_sync(struct lease_keeper *k)
{
    pthread_mutex_init(&k->mutex, NULL);
    mono_cond_init(&k->wake);
    mono_cond_init(&k->empty);
}

static void free_keeper(struct lease_keeper *k)
{
    pthread_cond_destroy(&k->empty);
    pthread_cond_destroy(&k->wake);
    pthread_mutex_destroy(&k->mutex);
    free(k);
}

enum status lease_keeper_open(struct bus *bus, int64_t ack_wait_ms, struct lease_keeper **out,
                              struct error *err)
{
    struct lease_keeper *k = calloc(1, sizeof(*k));
    if (!k)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the keeper of leases");
    k->bus = bus;
    k->ack_wait_ns = ack_wait_ms * NS_PER_MS;
    k->wakes_ns = INT64_MAX;
    init_sync(k);
    if (pthread_create(&k->thread, NULL, keep, k) != 0) {
        free_keeper(k);
        return error_set(err, STATUS_IO, "the system gives no thread for the keeper of leases");
    }
    *out = k;
    return STATUS_OK;
}

/* With the mutex held. */
static void renew_within_its_time(struct lease_keeper *k, struct lease *l)
{
    int64_t due_ns = l->known_ns + renew_ns(k);
    l->working_ns = due_ns < l->working_ns ? due_ns : l->working_ns;
    due_at(k, l->working_ns);
}

void lease_keeper_set_ack_wait(struct lease_keeper *k, int64_t ack_wait_ms)
{
    pthread_mutex_lock(&k->mutex);
    bool is_other = k->ack_wait_ns != ack_wait_ms * NS_PER_MS;
    k->ack_wait_ns = ack_wait_ms * NS_PER_MS;
    for (struct lease *l = is_other ? k->leases : NULL; l; l = l->older)
        renew_within_its_time(k, l);
    pthread_mutex_unlock(&k->mutex);
}

static void free_lease(struct lease *l)
{
    bus_delivery_free(l->delivery);
    free(l->payload);
    free(l);
}

void lease_keeper_stop(struct lease_keeper *k)
{
    if (!k || k->closing)
        return;
    pthread_mutex_lock(&k->mutex);
    k->closing = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->mutex);
    pthread_join(k->thread, NULL);
}

void lease_keeper_close(struct lease_keeper **keeper)
{
    struct lease_keeper *k = *keeper;
    if (!k)
        return;
    *keeper = NULL;
    lease_keeper_stop(k);
    while (k->leases) {
        struct lease *l = k->leases;
        k->leases = l->older;
        free_lease(l);
    }
    free_keeper(k);
}

/* ---- a lease's life ------------------------------------------------------------------------------- */

struct lease *lease_take(struct lease_keeper *k, struct bus_delivery *delivery)
{
    struct lease *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->delivery = delivery;
    l->deadline_ns = INT64_MAX;
    l->since_ns = wall_now().ns;
    l->known_ns = delivery->left_after_ns;
    l->deliveries = delivery->deliveries;
    l->working_ns = INT64_MAX;
    pthread_mutex_lock(&k->mutex);
    l->older = k->leases;
    if (l->older)
        l->older->newer = l;
    k->leases = l;
    k->count++;
    metric_add(METRIC_WORKER_LEASES, 0, 1);
    renew_within_its_time(k, l);
    pthread_mutex_unlock(&k->mutex);
    return l;
}

/* The tasks of the attempt s1v1a2 are s1v1a2i0a1, s1v1a2i1a1, … */
static bool ends(const struct ending *e, const struct lease *l)
{
    if (e->execution_id != l->execution_id)
        return false;
    size_t len = strlen(e->attempt_id);
    return len ? !strncmp(l->task_id, e->attempt_id, len) && l->task_id[len] == 'i' : l->run <= e->run;
}

static bool ended_recently(const struct lease_keeper *k, const struct lease *l)
{
    for (size_t i = 0; i < RECENT_ENDS; i++)
        if (ends(&k->ended[i], l))
            return true;
    return false;
}

bool lease_has_heard_end(struct lease_keeper *k, struct lease *l)
{
    pthread_mutex_lock(&k->mutex);
    bool has = ended_recently(k, l);
    l->heard = k->heard;
    pthread_mutex_unlock(&k->mutex);
    return has;
}

void lease_forget_end(struct lease_keeper *k, struct lease *l)
{
    pthread_mutex_lock(&k->mutex);
    for (size_t i = 0; i < RECENT_ENDS; i++)
        if (ends(&k->ended[i], l) && (int32_t)(k->ended[i].nth - l->heard) < 0)
            k->ended[i] = (struct ending){0};
    l->is_over = ended_recently(k, l);
    pthread_mutex_unlock(&k->mutex);
}

static void stop_lease(struct lease *l)
{
    l->is_over = true;
    if (l->stop)
        task_stop_set(l->stop, STATUS_CANCELLED);
}

/* The beginning of a name, in whole characters. */
static void keep_word(struct str text, char out[LEASE_WORD])
{
    size_t len = text.len < LEASE_WORD ? text.len : LEASE_WORD - 1;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    snprintf(out, LEASE_WORD, "%.*s", (int)len, text.ptr);
}

/* With the mutex held. */
static void enter(struct lease *l, enum lease_stage stage)
{
    l->stage = stage;
    l->since_ns = wall_now().ns;
}

static struct lease *find_claimed(const struct lease_keeper *k, const struct task *task)
{
    struct lease *l = k->leases;
    while (l && (l->execution_id != task->execution_id || !str_is(task->task_id, l->task_id)))
        l = l->older;
    return l;
}

/* With the mutex held. */
static enum lease_claim claim(struct lease_keeper *k, struct lease *l, const struct task *task)
{
    struct lease *here = find_claimed(k, task);
    if (!here) {
        l->execution_id = task->execution_id;
        l->run = task->run;
        snprintf(l->task_id, sizeof(l->task_id), "%" PRISTR, ARGSTR(task->task_id));
        return LEASE_CLAIMED;
    }
    bool is_same = here->delivery->stream_sequence == l->delivery->stream_sequence;
    if (!is_same)
        return here->stage != LEASE_WAITS && !look_for_lapse(k, here, mono_now().ns)
                   ? LEASE_IS_HERE_AS_ANOTHER
                   : LEASE_IS_HERE;
    if (l->deliveries > here->deliveries)
        here->deliveries = l->deliveries;
    if (!look_for_lapse(k, l, mono_now().ns) && here->known_ns < l->known_ns) {
        here->known_ns = l->known_ns;
        here->lapsed = false;
        renew_within_its_time(k, here);
    }
    return LEASE_IS_HERE;
}

enum lease_claim lease_claim(struct lease_keeper *k, struct lease *l, const struct task *task)
{
    pthread_mutex_lock(&k->mutex);
    enum lease_claim claimed = claim(k, l, task);
    pthread_mutex_unlock(&k->mutex);
    return claimed;
}

bool lease_has_lapsed(struct lease_keeper *k, struct lease *l)
{
    pthread_mutex_lock(&k->mutex);
    bool lapsed = look_for_lapse(k, l, mono_now().ns);
    pthread_mutex_unlock(&k->mutex);
    return lapsed;
}

void lease_begin(struct lease_keeper *k, struct lease *l, const struct task *task, struct task_stop *stop,
                 int64_t timeout_ms)
{
    pthread_mutex_lock(&k->mutex);
    l->attempt = task->attempt;
    keep_word(task->step, l->step);
    keep_word(task->type, l->type);
    enter(l, LEASE_RUNS);
    l->stop = stop;
    l->deadline_ns = mono_now().ns + timeout_ms * NS_PER_MS;
    if (ended_recently(k, l))
        stop_lease(l);
    if (k->stopping)
        task_stop_set(stop, STATUS_CANCELLED);
    due_at(k, l->deadline_ns);
    pthread_mutex_unlock(&k->mutex);
}

bool lease_end(struct lease_keeper *k, struct lease *l)
{
    pthread_mutex_lock(&k->mutex);
    l->stop = NULL;
    enter(l, LEASE_REPORTS);
    bool is_over = l->is_over;
    pthread_mutex_unlock(&k->mutex);
    return is_over;
}

static bool copy_view(const struct lease *l, struct arena *a, struct lease_view *v)
{
    *v = (struct lease_view){.stage = l->stage,
                             .since_ns = l->since_ns,
                             .subject = arena_strdup(a, str_of(l->delivery->subject)),
                             .step = arena_strdup(a, str_of(l->step)),
                             .type = arena_strdup(a, str_of(l->type)),
                             .attempt = l->attempt,
                             .deliveries = l->delivery->deliveries,
                             .stream_sequence = l->delivery->stream_sequence,
                             .is_over = l->is_over};
    return v->subject && v->step && v->type;
}

enum status lease_keeper_look(struct lease_keeper *k, struct arena *a, struct lease_view **out, size_t *count,
                              struct error *err)
{
    size_t n = 0;
    pthread_mutex_lock(&k->mutex);
    *out = ARENA_ARRAY(a, struct lease_view, k->count);
    bool fits = *out || k->count == 0;
    for (const struct lease *l = *out ? k->leases : NULL; l && fits; l = l->older)
        fits = copy_view(l, a, &(*out)[n++]);
    pthread_mutex_unlock(&k->mutex);
    *count = n;
    return fits ? STATUS_OK : arena_error(a, err, "the tasks at work");
}

void lease_release(struct lease_keeper *k, struct lease *l)
{
    pthread_mutex_lock(&k->mutex);
    if (l->newer)
        l->newer->older = l->older;
    else
        k->leases = l->older;
    if (l->older)
        l->older->newer = l->newer;
    metric_add(METRIC_WORKER_LEASES, 0, -1);
    if (--k->count == 0)
        pthread_cond_broadcast(&k->empty);
    pthread_mutex_unlock(&k->mutex);
    free_lease(l);
}

void lease_give_back(struct lease_keeper *k, struct lease *l, int64_t delay_ms)
{
    pthread_mutex_lock(&k->mutex);
    bool lapsed = look_for_lapse(k, l, mono_now().ns);
    l->execution_id = 0; /* its next delivery may be here before this one is gone */
    pthread_mutex_unlock(&k->mutex);
    if (!lapsed)
        bus_deliver_nak(k->bus, l->delivery, delay_ms);
    lease_release(k, l);
}

static void stop(struct lease_keeper *k, const struct ending *ending)
{
    pthread_mutex_lock(&k->mutex);
    struct ending *kept = &k->ended[k->heard % RECENT_ENDS];
    *kept = *ending;
    kept->nth = k->heard++;
    for (struct lease *l = k->leases; l; l = l->older)
        if (ends(ending, l))
            stop_lease(l);
    pthread_mutex_unlock(&k->mutex);
}

void lease_keeper_stop_execution(struct lease_keeper *k, int64_t execution_id, uint32_t run)
{
    const struct ending ending = {.execution_id = execution_id, .run = run};
    stop(k, &ending);
}

void lease_keeper_stop_attempt(struct lease_keeper *k, int64_t execution_id, struct str attempt_id)
{
    struct ending ending = {.execution_id = execution_id};
    if (attempt_id.len == 0 || attempt_id.len >= sizeof(ending.attempt_id))
        return;
    memcpy(ending.attempt_id, attempt_id.ptr, attempt_id.len);
    stop(k, &ending);
}

void lease_keeper_stop_all(struct lease_keeper *k)
{
    pthread_mutex_lock(&k->mutex);
    k->stopping = true;
    for (struct lease *l = k->leases; l; l = l->older)
        if (l->stop)
            task_stop_set(l->stop, STATUS_CANCELLED);
    pthread_mutex_unlock(&k->mutex);
}

uint32_t lease_keeper_wait_empty(struct lease_keeper *k, int64_t timeout_ms)
{
    int64_t due_ns = mono_now().ns + timeout_ms * NS_PER_MS;
    struct timespec until = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};
    pthread_mutex_lock(&k->mutex);
    while (k->count > 0 && pthread_cond_timedwait(&k->empty, &k->mutex, &until) == 0)
        ;
    uint32_t left = k->count;
    pthread_mutex_unlock(&k->mutex);
    return left;
}
