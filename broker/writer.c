#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "publisher/parcel.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/pulse.h"

enum {
    MOST_GIVEN_UP = 1000, /* tasks that a batch withdraws one by one */
    MOST_UNEXPLAINED = 5, /* refusals of a batch of which nothing is lost: servers may be changing places */
    HEADERS_BYTES = 512,  /* of a message, which count towards the server's limit */
};

struct writer {
    struct eventlog *log;
    struct writer_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct batch *first, *last;
    struct batch *at_work; /* was taken from the queue and is still to be reported */
    size_t rows_at_work;   /* as they were given */
    int64_t withdrawing;   /* the execution whose tasks are just being withdrawn, or 0 */
    struct backlog backlog;
    bool busy, stopping, failing; /* failing: the database is away, and that has been said */
    struct mono_time give_up;     /* while stopping */
    struct error failure; /* of the newest commit; why the broker cannot go on, once MAIL_FATAL was posted */
};

/* Waits for a change, at most 200 ms. With the lock held. */
static void wait_a_little(struct writer *w)
{
    mono_cond_wait_until(&w->changed, &w->lock, mono_now().ns + 200 * INT64_C(1000000));
}

/* With the lock held. */
static void measure_backlog(const struct writer *w)
{
    metric_set(METRIC_BROKER_BACKLOG, 0, (int64_t)w->backlog.rows);
    metric_set(METRIC_BROKER_BACKLOG_BYTES, 0, (int64_t)w->backlog.bytes);
}

/* With the lock held. */
static bool out_of_time(const struct writer *w)
{
    return w->stopping && mono_now().ns > w->give_up.ns;
}

/* The next batch that may be committed, or NULL when the thread is to end. */
static struct batch *next_batch(struct writer *w)
{
    struct batch *b = NULL;
    pthread_mutex_lock(&w->lock);
    w->busy = false;
    for (;;) {
        bool ready = w->first && atomic_load(&w->first->open_publishes) == 0;
        if (ready || (w->stopping && !w->first) || out_of_time(w))
            break;
        if (w->first || w->stopping)
            wait_a_little(w);
        else
            pthread_cond_wait(&w->changed, &w->lock);
    }
    if (w->first && !out_of_time(w)) {
        b = w->first;
        w->first = b->next;
        w->at_work = b;
        w->rows_at_work = b->event_count;
        w->backlog.bytes -= b->bytes_given; /* a large one at work keeps nobody waiting */
        measure_backlog(w);
        w->busy = true;
    }
    pthread_mutex_unlock(&w->lock);
    return b;
}

static void log_trouble(struct writer *w, const struct error *e)
{
    if (!w->failing)
        LOG(LOG_ERROR, "the log cannot be written; executions in memory go on, their events wait",
            LOG_ERR(e));
    w->failing = true;
    metric_add(METRIC_BROKER_COMMIT_FAILED, 0, 1);
    metric_set(METRIC_BROKER_LOG_AWAY, 0, 1);
    atomic_store(&w->options.fence->log_away, true);
}

static void log_trouble_over(struct writer *w)
{
    if (w->failing) {
        LOG_LINE(LOG_INFO, "the log is written again");
        fence_doubt(w->options.fence); /* others may have reached the log all the while */
    }
    w->failing = false;
    metric_set(METRIC_BROKER_LOG_AWAY, 0, 0);
    atomic_store(&w->options.fence->log_away, false);
}

/* ---- partitions that are lost ------------------------------------------------------------------------- */

/* What the fence does not have under the epoch with which the batch was made is no longer this broker's. */
static void leave_out_lost(struct writer *w, struct batch *b)
{
    for (uint32_t p = 0; p < b->partitions; p++) {
        if (b->dirty[p] && !fence_holds(w->options.fence, p, b->checkpoints[p].epoch))
            batch_drop_partition(b, p);
    }
}

/* The checkpoints of a batch, and what each follows upon. */
struct steps {
    struct checkpoint *to, *from;
    size_t count;
};

static enum status steps_of(const struct batch *b, struct steps *s, struct error *err)
{
    *s = (struct steps){.to = calloc(2 * (size_t)b->partitions, sizeof(*s->to))};
    if (!s->to)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the checkpoints of a batch");
    s->from = s->to + b->partitions;
    for (uint32_t p = 0; p < b->partitions; p++) {
        if (!b->dirty[p])
            continue;
        s->to[s->count] = b->checkpoints[p];
        s->from[s->count++] = b->before[p];
    }
    return STATUS_OK;
}

/* What the log says of the checkpoints that a batch follows upon: true if one of their partitions is lost. */
static bool see_lost(struct fence *f, const struct steps *s, const enum hold *holds, bool ahead_too)
{
    bool any = false;
    for (size_t i = 0; i < s->count; i++) {
        bool is_other = holds[i] == HOLD_AHEAD && ahead_too; /* than what was written, in whatever way */
        any =
            fence_found(f, s->from[i].partition, s->from[i].epoch, is_other ? HOLD_BEHIND : holds[i]) || any;
    }
    return any;
}

/*
 * A commit was refused: sees which partitions of the batch have a newer epoch, or are behind. One that is
 * ahead may be so by this batch itself, which was in the log before another partition of it was lost.
 */
static enum status find_lost(struct writer *w, const struct batch *b, struct error *err)
{
    struct steps steps;
    TRY(steps_of(b, &steps, err));
    enum hold *holds = calloc(b->partitions, sizeof(*holds));
    enum status status = holds ? eventlog_holds(w->log, steps.from, steps.count, holds, err)
                               : error_set(err, STATUS_NO_MEMORY, "no memory for the partitions of a batch");
    if (status == STATUS_OK && !see_lost(w->options.fence, &steps, holds, false) &&
        !see_lost(w->options.fence, &steps, holds, true))
        status = error_set(err, STATUS_CONFLICT,
                           "a commit was refused as another broker's, and no partition of it is");
    else if (status == STATUS_OK)
        w->options.lost(w->options.context);
    free(holds);
    free(steps.to);
    return status;
}

static enum status commit_once(struct writer *w, const struct batch *b, struct error *err)
{
    struct mono_time start = mono_now();
    struct steps steps;
    TRY(steps_of(b, &steps, err));
    struct commit commit = {.events = b->events,
                            .event_count = b->event_count,
                            .checkpoints = steps.to,
                            .before = steps.from,
                            .checkpoint_count = steps.count,
                            .timers = b->timers,
                            .timer_count = b->timer_count};
    enum status status = eventlog_write(w->log, &commit, err);
    if (status == STATUS_OK) {
        metric_observe(METRIC_BROKER_COMMIT, 0, mono_now().ns - start.ns);
        metric_add(METRIC_BROKER_EVENTS, 0, (int64_t)b->event_count);
    }
    for (size_t i = 0; i < steps.count && status == STATUS_OK; i++) {
        if (fence_holds(w->options.fence, steps.to[i].partition, steps.to[i].epoch))
            fence_wrote(w->options.fence, &steps.to[i]);
    }
    free(steps.to);
    return status;
}

static bool may_try_again(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool may = !out_of_time(w);
    pthread_mutex_unlock(&w->lock);
    return may;
}

/* Tries until the batch is in the log. False: it never will be, or the writer is told to stop. */
static bool commit(struct writer *w, struct batch *b, struct error *err)
{
    int64_t pause_ms = 20;
    int unexplained = 0;
    for (;;) {
        pulse_work();
        leave_out_lost(w, b);
        if (batch_is_empty(b) && b->timer_count == 0) {
            log_trouble_over(w); /* the log has said that all of it is lost */
            return true;
        }
        enum status status = commit_once(w, b, err);
        if (status == STATUS_OK) {
            log_trouble_over(w);
            return true;
        }
        if (status == STATUS_CONFLICT)
            status = find_lost(w, b, err);
        if (status == STATUS_OK)
            continue;
        if (status == STATUS_CONFLICT && ++unexplained == MOST_UNEXPLAINED)
            return false;
        log_trouble(w, err);
        if (!may_try_again(w))
            return false;
        struct timespec pause = {pause_ms / 1000, (pause_ms % 1000) * 1000000};
        nanosleep(&pause, NULL);
        pause_ms = pause_ms < 1000 ? pause_ms * 2 : 1000;
    }
}

static enum status tell_one(struct writer *w, const struct event *e, struct arena *scratch, struct buf *text,
                            struct error *err)
{
    char subject[SUBJECT_MAX];
    struct event shown;
    struct value v;
    struct str told = {0};
    TRY(event_shown(scratch, e, &shown, err));
    TRY(event_to_value(scratch, &shown, &v, err));
    buf_clear(text);
    enum status status = json_write(text, v, JSON_COMPACT, err);
    if (text->status == STATUS_LIMIT)
        status = parcel_event_excerpt(scratch, &shown, &told, err);
    else if (status == STATUS_OK)
        told = buf_str(text);
    TRY(status);
    subject_live(w->options.subjects, e->execution_id, event_type_name(e->type), subject);
    return bus_publish_later(w->options.bus, subject, told, err);
}

/* Every event of the log, to whoever watches; core NATS, so a watcher that is away misses it and reads the
 * log. */
static void tell_watchers(struct writer *w, const struct batch *b)
{
    struct arena scratch;
    struct buf text;
    arena_init(&scratch, 0);
    int64_t most = bus_max_payload(w->options.bus) - HEADERS_BYTES;
    buf_init(&text, most > 0 ? (size_t)most : 0);
    for (size_t i = 0; i < b->event_count; i++) {
        struct error e = {0};
        if (tell_one(w, &b->events[i], &scratch, &text, &e) != STATUS_OK)
            LOG(LOG_DEBUG, "an event could not be shown to watchers",
                LOG_ID("execution", b->events[i].execution_id), LOG_NUM("event", b->events[i].event_id),
                LOG_ERR(&e));
        arena_reset(&scratch);
    }
    bus_push_soon(w->options.bus); /* with the tasks of the next facts, mostly */
    buf_free(&text);
    arena_free(&scratch);
}

static bool purge_tasks(struct writer *w, const char *filter)
{
    char stream[96];
    struct error e = {0};
    uint64_t purged = 0;
    if (bus_stream_purge(w->options.bus, stream_name(w->options.subjects, STREAM_TASKS, stream), filter,
                         &purged, &e) == STATUS_OK)
        return true;
    LOG(LOG_WARN, "queued tasks that nobody waits for could not be withdrawn; workers may run them in vain",
        LOG_TEXT("subject", filter), LOG_ERR(&e));
    return false;
}

static void withdraw_tasks_of(struct writer *w, int64_t execution_id)
{
    char filter[SUBJECT_MAX];
    purge_tasks(w, subject_execution_tasks(w->options.subjects, execution_id, filter));
}

/*
 * Of executions that go on. Each is a request, for which the next commit waits; workers know of all of them,
 * for a while, so what is not withdrawn is mostly not run either.
 */
static void withdraw_given_up(struct writer *w, const struct batch *b)
{
    size_t most = b->given_up_count < MOST_GIVEN_UP ? b->given_up_count : MOST_GIVEN_UP, i = 0;
    while (i < most && purge_tasks(w, b->given_up[i].subject))
        i++;
    if (i < b->given_up_count)
        LOG(LOG_INFO, "tasks that nobody waits for stay in the queue",
            LOG_NUM("tasks", b->given_up_count - i));
}

/* 0: of none. */
static void set_withdrawing(struct writer *w, int64_t execution_id)
{
    w->withdrawing = execution_id;
    pthread_cond_broadcast(&w->changed);
}

static void withdraw_tasks(struct writer *w, const struct batch *b)
{
    for (size_t i = 0; i < b->withdrawn_count; i++) {
        pthread_mutex_lock(&w->lock);
        int64_t id = b->withdrawn[i];
        set_withdrawing(w, id);
        pthread_mutex_unlock(&w->lock);
        if (id)
            withdraw_tasks_of(w, id);
        pthread_mutex_lock(&w->lock);
        set_withdrawing(w, 0);
        pthread_mutex_unlock(&w->lock);
    }
}

void writer_spare(struct writer *w, int64_t execution_id)
{
    pthread_mutex_lock(&w->lock);
    for (struct batch *b = w->first; b; b = b->next)
        batch_spare(b, execution_id);
    if (w->at_work)
        batch_spare(w->at_work, execution_id);
    while (w->withdrawing == execution_id)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static void give_up(struct writer *w, struct batch *b)
{
    pthread_mutex_lock(&w->lock);
    w->at_work = NULL;
    pthread_mutex_unlock(&w->lock);
    mailbox_post(w->options.engine, (struct mail){.kind = MAIL_FATAL, .u.error = &w->failure});
    batch_free(b);
}

static void *run(void *context)
{
    struct writer *w = context;
    struct batch *b;
    pulse_begin("writer");
    while ((b = next_batch(w))) {
        pulse_work();
        if (!commit(w, b, &w->failure)) {
            give_up(w, b);
            break;
        }
        tell_watchers(w, b);
        withdraw_tasks(w, b);
        withdraw_given_up(w, b);
        pthread_mutex_lock(&w->lock);
        w->at_work = NULL;
        w->backlog.rows -= w->rows_at_work;
        measure_backlog(w);
        w->busy = w->first != NULL;
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
        mailbox_post(w->options.engine, (struct mail){.kind = MAIL_COMMITTED, .u.batch = b});
        pulse_rest();
    }
    pulse_end();
    return NULL;
}

enum status writer_start(struct eventlog *log, const struct writer_options *options, struct writer **out,
                         struct error *err)
{
    struct writer *w = calloc(1, sizeof(*w));
    if (!w)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the log's writer");
    *w = (struct writer){.log = log, .options = *options};
    pthread_mutex_init(&w->lock, NULL);
    mono_cond_init(&w->changed);
    int code = pthread_create(&w->thread, NULL, run, w);
    if (code != 0) {
        free(w);
        return error_set(err, STATUS_IO, "the log's writer could not start a thread: %s", strerror(code));
    }
    *out = w;
    return STATUS_OK;
}

void writer_stop(struct writer *w, int64_t until_ns)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    w->give_up.ns = until_ns;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
}

void writer_free(struct writer **w)
{
    struct writer *gone = *w;
    *w = NULL;
    if (!gone)
        return;
    while (gone->first) {
        struct batch *b = gone->first;
        gone->first = b->next;
        batch_free(b);
    }
    eventlog_close(&gone->log);
    pthread_cond_destroy(&gone->changed);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
}

void writer_give(struct writer *w, struct batch *b)
{
    pthread_mutex_lock(&w->lock);
    b->next = NULL;
    b->bytes_given = batch_bytes(b);
    if (w->first)
        w->last->next = b;
    else
        w->first = b;
    w->last = b;
    w->backlog.rows += b->event_count;
    w->backlog.bytes += b->bytes_given;
    measure_backlog(w);
    pthread_mutex_unlock(&w->lock);
    writer_acknowledged(w, b); /* the engine's own */
}

bool writer_is_idle(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool idle = !w->busy && !w->first;
    pthread_mutex_unlock(&w->lock);
    return idle;
}

struct backlog writer_backlog(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    struct backlog backlog = w->backlog;
    pthread_mutex_unlock(&w->lock);
    return backlog;
}

void writer_acknowledged(struct writer *w, struct batch *b)
{
    if (atomic_fetch_sub(&b->open_publishes, 1) != 1)
        return;
    pthread_mutex_lock(&w->lock);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}
