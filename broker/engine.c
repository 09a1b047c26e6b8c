#include "engine.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/id.h"
#include "fact_queue.h"
#include "inquiry.h"
#include "publisher/topology.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/pulse.h"
#include "taken.h"
#include "waiting.h"

enum {
    PUSH_EVERY = 8,
    LONGEST_WAIT_MS = 10000,
    LEASE_LOOKS_APART_MS = 50,
    REST_LOOKS_APART_MS = 10,
    LOOK_FOR_ROOM_MS = 1000,
    BACKLOG_LOOKS_APART_MS = 20,
    COMPARE_AGAIN_MS = 1000,
    BATCH_BYTES = 16 << 20
};

/* What the engine knows of a partition. */
struct partition {
    struct checkpoint at;  /* how far it has been folded; epoch 0: it is not held */
    uint64_t newest_batch; /* with anything of it; 0: none */
    bool leaves;           /* once that is committed */
};

struct engine {
    struct engine_options options;
    struct bus *bus;
    struct mailbox *mailbox;
    struct writer *writer;
    struct dispatcher dispatcher;
    struct folder folder;
    struct timekeeper timers;
    struct partition *partitions;
    struct fence *fence;
    struct holdings *holdings;
    struct batch *current;
    uint64_t next_number, committed;
    struct mono_time look_for_room_at;
    struct waiting waiting;    /* for the log, while it is away */
    struct fact_queue on_hold; /* no fact may be folded before these; */
    size_t said_on_hold;       /* so many, as the mailbox knows */
    struct mono_time compared; /* the number of partitions with the stream's, */
    bool compare_failed;       /* or that was in vain */
    bool stopping, over_executions;
    atomic_bool over_backlog;
    atomic_bool failed;
    struct error failure; /* before `failed` is set */
    pthread_t thread;
    bool has_thread;
};

static void fail(struct engine *e, const struct error *err)
{
    e->failure = *err;
    atomic_store(&e->failed, true);
    mailbox_close(e->mailbox);
}

static enum status new_current(struct engine *e, struct error *err)
{
    return batch_new(e->next_number++, e->folder.subjects.partitions, &e->current, err);
}

/*
 * Gives the current batch to the writer, if there is reason to. Its checkpoints are behind the facts that
 * wait for the log, so it is held back until these are folded; that is when the log can be written again.
 */
static enum status offer(struct engine *e, bool always, struct error *err)
{
    if (e->waiting.facts.first || batch_is_empty(e->current))
        return STATUS_OK;
    bool is_large =
        e->current->event_count >= e->options.batch_rows || batch_bytes(e->current) >= BATCH_BYTES;
    if (!always && !is_large && !writer_is_idle(e->writer))
        return STATUS_OK;
    writer_give(e->writer, e->current);
    e->current = NULL;
    return new_current(e, err);
}

/* Without its lease the broker does nothing: others may have taken what it holds. */
static enum status wait_for_lease(struct engine *e, struct error *err)
{
    while (!fence_lease_lasts(e->fence)) {
        struct timespec pause = {0, 10 * 1000000L};
        if (mailbox_is_closed(e->mailbox))
            return error_set(err, STATUS_CANCELLED, "the broker stops");
        pulse_work();
        nanosleep(&pause, NULL);
    }
    return STATUS_OK;
}

/* ---- while the log is away ----------------------------------------------------------------------------- */

static void set_log_away(struct engine *e, bool away)
{
    e->folder.log_away = away;
    atomic_store(&e->options.progress->unread, away);
}

/* `at` is of the delivery. Whether the fact waits is left to the caller: *for_log says that it needs the log.
 */
static enum status fold(struct engine *e, const struct bus_delivery *d, const struct event_subject *at,
                        bool *for_log, struct error *err)
{
    size_t rows = e->current->event_count;
    e->dispatcher.fact_sequence = d->stream_sequence;
    e->dispatcher.tenure = (struct tenure){e->fence, at->partition, e->partitions[at->partition].at.epoch};
    enum status status = fold_message(&e->folder, e->current, d, at, &e->partitions[at->partition].at, err);
    *for_log = (status == STATUS_UNAVAILABLE || status == STATUS_TIMEOUT) && e->current->event_count == rows;
    return *for_log ? STATUS_OK : status;
}

/* The first that waits. What the log says again and again of the rows of its execution is that one's own. */
static enum status fold_first(struct engine *e, bool *away, struct error *err)
{
    const struct queued_fact *f = e->waiting.facts.first;
    struct mono_time start = mono_now();
    e->dispatcher.may_repeat = true; /* another may have had the partition meanwhile */
    eventlog_errors_last(e->folder.log, waiting_is_hopeless(&e->waiting, mono_now()));
    eventlog_wait_at_most(e->folder.log, waiting_patience_ms(&e->waiting));
    enum status status = fold(e, f->delivery, &f->at, away, err);
    eventlog_wait_at_most(e->folder.log, WAITING_ASK_MS);
    eventlog_errors_last(e->folder.log, false);
    if (*away)
        waiting_failed(&e->waiting, mono_ms_since(start));
    return status;
}

/* Folds what waits for the log, if that answers, in its order. */
static enum status fold_waiting(struct engine *e, struct error *err)
{
    struct mono_time start = mono_now();
    bool away = !waiting_look(&e->waiting, e->folder.log);
    e->folder.log_away = false;
    while (e->waiting.facts.first && !away && fence_lease_lasts(e->fence)) {
        const struct queued_fact *f = e->waiting.facts.first;
        pulse_work();
        if (fence_holds(e->fence, f->at.partition, f->epoch))
            TRY(fold_first(e, &away, err));
        if (!away)
            waiting_drop_first(&e->waiting);
    }
    set_log_away(e, away || e->waiting.facts.first);
    if (e->folder.log_away) {
        waiting_look_later(&e->waiting, start);
        return STATUS_OK;
    }
    fence_doubt(e->fence); /* facts that came meanwhile are still to be folded */
    LOG_LINE(LOG_INFO, "the log answers again");
    return offer(e, true, err);
}

/* The same, until none waits any more. */
static enum status settle(struct engine *e, struct error *err)
{
    while (e->folder.log_away) {
        struct timespec pause = {0, WAITING_LOOKS_APART_MS * 1000000L};
        pulse_work();
        TRY(wait_for_lease(e, err));
        TRY(fold_waiting(e, err));
        if (mailbox_is_closed(e->mailbox))
            return error_set(err, STATUS_CANCELLED, "the broker stops");
        if (e->folder.log_away)
            nanosleep(&pause, NULL);
    }
    return STATUS_OK;
}

/* Takes the delivery over. What came before it can be committed without it. */
static enum status put_aside(struct engine *e, struct bus_delivery **d, const struct event_subject *at,
                             const struct error *why, struct error *err)
{
    struct bus_delivery *fact = *d;
    if (!e->folder.log_away) {
        LOG(LOG_ERROR, "an execution cannot be read back from the log; it waits for Postgres, others go on",
            LOG_SUBJECT((*d)->subject), LOG_ERR(why));
        TRY(offer(e, true, err));
        set_log_away(e, true);
        waiting_begin(&e->waiting);
    }
    *d = NULL;
    return waiting_add(&e->waiting, fact, at, e->partitions[at->partition].at.epoch, err);
}

/* Folds the fact, or puts it aside, which takes it over. */
static enum status fold_or_put_aside(struct engine *e, struct bus_delivery **d,
                                     const struct event_subject *at, struct error *err)
{
    struct error why = {0};
    bool for_log = waiting_has(&e->waiting, at->execution_id);
    if (!for_log && fold(e, *d, at, &for_log, &why) != STATUS_OK) {
        *err = why;
        return why.status;
    }
    return for_log ? put_aside(e, d, at, &why, err) : STATUS_OK;
}

/* ---- facts -------------------------------------------------------------------------------------------- */

/* Whether too many rows wait for the database: once they did, until half of them are written. */
static bool backlog_is_full(const struct engine *e)
{
    struct backlog now = writer_backlog(e->writer);
    size_t rows = now.rows + e->current->event_count, bytes = now.bytes + batch_bytes(e->current);
    if (!atomic_load(&e->over_backlog))
        return rows >= e->options.backlog_rows || bytes >= e->options.backlog_bytes;
    bool none = now.rows == 0 && batch_is_empty(e->current);
    return !none && (rows > e->options.backlog_rows / 2 || bytes > e->options.backlog_bytes / 2);
}

/* Whether another fact may be folded or put aside. */
static enum status see_room(struct engine *e, bool *room, struct error *err)
{
    bool full = backlog_is_full(e), before = atomic_exchange(&e->over_backlog, full);
    *room = !full && !waiting_is_full(&e->waiting);
    if (full && !before) {
        struct backlog now = writer_backlog(e->writer);
        metric_add(METRIC_BROKER_BACKLOG_REACHED, 0, 1);
        LOG(LOG_WARN,
            "too many log rows wait for Postgres; no further events are taken until some are written",
            LOG_NUM("rows", now.rows), LOG_NUM("bytes", now.bytes));
    }
    if (!full && before)
        LOG_LINE(LOG_INFO, "events are taken again");
    return full ? offer(e, true, err) : STATUS_OK;
}

/* While it is, another broker that has it may take partitions of this one, which does not know. */
static bool log_is_away(const struct engine *e)
{
    return e->folder.log_away || atomic_load(&e->fence->log_away);
}

/*
 * Facts that were there when the partition was taken, or while the log was away, may have been folded by
 * another broker; and those of a lapse of the lease: the log may have lost that another had the partition.
 * The writer raises a doubt before it says that the log is back, so that is looked at first.
 */
static void look_back(struct engine *e, const struct partition *p, const struct bus_delivery *d)
{
    e->dispatcher.may_repeat =
        log_is_away(e) || fence_may_be_shared(e->fence, p->at.partition, d->stream_sequence);
}

/* The message is done with. */
static enum status advance(struct engine *e, struct partition *p, const struct bus_delivery *d,
                           struct error *err)
{
    const struct checkpoint before = p->at;
    p->at.stream_seq = d->stream_sequence;
    p->at.stream_time_ns = d->time_ns;
    p->newest_batch = e->current->number;
    progress_folded(e->options.progress, &p->at);
    batch_advance(e->current, &before, &p->at);
    return offer(e, false, err);
}

/* Takes the delivery over if it has to wait for the log. */
static enum status fold_one(struct engine *e, struct bus_delivery **delivery, const struct event_subject *at,
                            bool *taken, struct error *err)
{
    const struct bus_delivery *d = *delivery;
    struct partition *p = &e->partitions[at->partition];
    bool room;
    TRY(see_room(e, &room, err));
    *taken = room;
    if (!room)
        return STATUS_OK;
    TRY(wait_for_lease(e, err));
    if (!fence_holds(e->fence, at->partition, p->at.epoch))
        return STATUS_OK; /* read before the partition was lost; whoever has it reads it too */
    look_back(e, p, d);
    TRY(fold_or_put_aside(e, delivery, at, err));
    return advance(e, p, d, err);
}

/*
 * A message that is no event of its partition may be one of another number of partitions, of a stream that
 * was made anew: then it is not this broker's to pass over.
 */
static enum status compare_partitions(struct engine *e, bool *compared, struct error *err)
{
    struct error why = {0};
    bool is_recent = e->compared.ns != 0 && mono_ms_since(e->compared) < COMPARE_AGAIN_MS;
    if (!is_recent) {
        enum status status = topology_check_partitions(e->bus, &e->folder.subjects, STREAM_EVENTS, &why);
        if (status == STATUS_CONFLICT) {
            *err = why;
            return status;
        }
        bool failed = status == STATUS_NOT_FOUND || status_may_retry(status);
        if (failed && !e->compare_failed)
            LOG(LOG_WARN, "messages that are no events wait: the event stream cannot be seen", LOG_ERR(&why));
        e->compared = mono_now();
        e->compare_failed = failed;
    }
    *compared = !e->compare_failed;
    return STATUS_OK;
}

/*
 * What is no fact moves its partition on like one: else nobody could see that all of it was read. *taken: not
 * while it cannot be seen whose it is.
 */
static enum status pass_over(struct engine *e, const struct bus_delivery *d, uint32_t partition,
                             const struct error *why, bool *taken, struct error *err)
{
    bool is_known = partition < e->folder.subjects.partitions;
    struct partition *p = is_known ? &e->partitions[partition] : NULL;
    if (p) {
        TRY(wait_for_lease(e, err));
        TRY(compare_partitions(e, taken, err));
    }
    if (!*taken)
        return STATUS_OK;
    fold_pass_over(d, why);
    return p && fence_holds(e->fence, partition, p->at.epoch) ? advance(e, p, d, err) : STATUS_OK;
}

/* Takes the delivery over, unless there is no room for it (*taken). */
static enum status take_fact(struct engine *e, struct bus_delivery *d, bool *taken, struct error *err)
{
    struct event_subject at;
    struct error why = {0};
    *taken = true;
    enum status status = subject_parse_event(&e->folder.subjects, d->subject, &at, &why);
    status = status == STATUS_OK ? fold_one(e, &d, &at, taken, err)
                                 : pass_over(e, d, at.partition, &why, taken, err);
    if (status != STATUS_OK || *taken)
        bus_delivery_free(d);
    return status;
}

/* Behind those that are on hold, so that all keep their order. */
static enum status take_or_hold(struct engine *e, struct bus_delivery *d, struct error *err)
{
    struct event_subject at = {0};
    struct error ignored;
    bool taken = false;
    if (!e->on_hold.first)
        TRY(take_fact(e, d, &taken, err));
    if (taken)
        return STATUS_OK;
    bool is_event = subject_parse_event(&e->folder.subjects, d->subject, &at, &ignored) == STATUS_OK;
    (void)is_event; /* it has a partition all the same, or none of this broker's */
    return fact_queue_add(&e->on_hold, d, &at, 0, err);
}

static void say_on_hold(struct engine *e)
{
    if (e->on_hold.count > 0 || e->said_on_hold > 0)
        mailbox_hold(e->mailbox, e->on_hold.count, e->on_hold.bytes);
    e->said_on_hold = e->on_hold.count;
}

/* Those that are on hold, as far as there is room. */
static enum status take_held(struct engine *e, struct error *err)
{
    bool room = true;
    if (e->on_hold.first || atomic_load(&e->over_backlog))
        TRY(see_room(e, &room, err));
    for (size_t n = 1; e->on_hold.first && room; n++) {
        pulse_work();
        enum status status = take_fact(e, e->on_hold.first->delivery, &room, err);
        if (status != STATUS_OK || room)
            fact_queue_pass(&e->on_hold);
        TRY(status);
        if (n % PUSH_EVERY == 0)
            bus_push(e->bus);
    }
    say_on_hold(e);
    return STATUS_OK;
}

/* ---- partitions that come and go ---------------------------------------------------------------------- */

/* What is committed under one epoch is in another batch than what follows under the next. */
static enum status take_partitions(struct engine *e, struct taken *t, struct error *err)
{
    enum status status = settle(e, err);
    if (status == STATUS_OK)
        status = offer(e, true, err);
    for (size_t i = 0; i < t->checkpoint_count; i++) {
        e->partitions[t->checkpoints[i].partition] = (struct partition){.at = t->checkpoints[i]};
        progress_folded(e->options.progress, &t->checkpoints[i]);
        progress_committed(e->options.progress, &t->checkpoints[i]);
    }
    for (size_t i = 0; i < t->timer_count && status == STATUS_OK; i++)
        status =
            timekeeper_load(&e->timers, t->timers[i].execution_id, t->timers[i].id, t->timers[i].due_ns, err);
    taken_free(t);
    return status;
}

static void forget_partition(struct engine *e, uint32_t p)
{
    fact_queue_drop_partition(&e->on_hold, p);
    waiting_drop_partition(&e->waiting, p);
    fold_forget_partition(&e->folder, p);
    timekeeper_forget_partition(&e->timers, p);
    e->partitions[p] = (struct partition){0};
}

static void end_leaving(struct engine *e, uint32_t p)
{
    if (!e->partitions[p].leaves || e->partitions[p].newest_batch > e->committed)
        return;
    forget_partition(e, p);
    holdings_left(e->holdings, p);
}

static enum status leave_partition(struct engine *e, uint32_t p, struct error *err)
{
    e->partitions[p].leaves = true;
    fact_queue_drop_partition(&e->on_hold, p); /* whoever takes it reads them too */
    TRY(offer(e, true, err));
    end_leaving(e, p);
    return STATUS_OK;
}

/* What the reconciler finds open executions by (eventlog_begun()). */
static bool is_beginning(enum event_type type)
{
    return type == EVENT_EXECUTION_REQUESTED || type == EVENT_EXECUTION_RETRIED;
}

static enum status take_committed(struct engine *e, struct batch *b, struct error *err)
{
    e->committed = b->number;
    for (size_t i = 0; i < b->event_count; i++) {
        if (is_beginning(b->events[i].type))
            progress_begun(e->options.progress, b->events[i].time_ns);
    }
    for (uint32_t p = 0; p < b->partitions; p++) {
        if (b->dirty[p])
            progress_committed(e->options.progress, &b->checkpoints[p]);
    }
    fold_committed(&e->folder, b);
    batch_free(b);
    for (uint32_t p = 0; p < e->folder.subjects.partitions; p++)
        end_leaving(e, p);
    return offer(e, false, err);
}

/* Without an answer it is asked again. */
static void take_question(struct engine *e, struct inquiry *q)
{
    uint32_t p = id_partition(q->execution_id, e->folder.subjects.partitions);
    int64_t epoch = e->partitions[p].at.epoch;
    struct error err = {0};
    bool ended = false;
    if (fence_lease_lasts(e->fence) && fence_holds(e->fence, p, epoch)) {
        enum status status = fold_look(&e->folder, q->execution_id, &q->attempt, epoch, &ended, &err);
        if (status != STATUS_OK)
            LOG(LOG_DEBUG, "whether an attempt has ended cannot be said now", LOG_ERR(&err));
        else if (fence_holds(e->fence, p, epoch))
            inquiry_answer(q, ended);
    }
    inquiry_free(q);
}

static enum status take(struct engine *e, const struct mail *mail, struct error *err)
{
    switch (mail->kind) {
    case MAIL_FACT: return take_or_hold(e, mail->u.fact, err);
    case MAIL_COMMITTED: return take_committed(e, mail->u.batch, err);
    case MAIL_TAKEN: return take_partitions(e, mail->u.taken, err);
    case MAIL_LEAVE: return leave_partition(e, mail->u.partition, err);
    case MAIL_LOST: forget_partition(e, mail->u.partition); return STATUS_OK;
    case MAIL_REFUSED: dispatch_refused(&e->dispatcher, mail->u.outgoing); return STATUS_OK;
    case MAIL_FIRED: timekeeper_fired(&e->timers, mail->u.firing); return STATUS_OK;
    case MAIL_ASKED: take_question(e, mail->u.asked); return STATUS_OK;
    case MAIL_FATAL: *err = *mail->u.error; return err->status;
    case MAIL_STOP: e->stopping = true; return STATUS_OK;
    }
    return STATUS_OK;
}

static void see_executions_limit(struct engine *e, size_t count)
{
    bool over = count > e->options.executions;
    metric_add(METRIC_BROKER_EXECUTIONS_REACHED, 0, over);
    if (over && !e->over_executions)
        LOG(LOG_WARN,
            "more executions are under way than are kept in memory; others are read back when they go on",
            LOG_NUM("executions", count), LOG_NUM("broker.executions", e->options.executions));
    if (over || count <= e->options.executions / 2)
        e->over_executions = over;
}

/* At most once a second, and at once when there are twice as many as there should be. */
static void make_room(struct engine *e)
{
    int64_t now_ns = mono_now().ns;
    size_t count = e->folder.executions.count;
    if (now_ns < e->look_for_room_at.ns && count < 2 * e->options.executions)
        return;
    see_executions_limit(e, count);
    e->look_for_room_at.ns = now_ns + LOOK_FOR_ROOM_MS * INT64_C(1000000);
    size_t gone =
        execution_table_evict(&e->folder.executions, e->committed,
                              now_ns - e->options.idle_ms * INT64_C(1000000), e->options.executions);
    metric_add(METRIC_BROKER_EVICTED, 0, (int64_t)gone);
    if (gone > 0)
        LOG(LOG_DEBUG, "executions left memory", LOG_NUM("executions", gone),
            LOG_NUM("left", e->folder.executions.count));
}

/* Until a timer is due, something is to be sent again or there may be room, if no mail comes before. */
static int64_t longest_wait_ms(const struct engine *e)
{
    int64_t most = e->on_hold.first          ? BACKLOG_LOOKS_APART_MS
                   : e->folder.log_away      ? WAITING_LOOKS_APART_MS
                   : e->dispatcher.to_resend ? RESEND_AFTER_MS
                                             : LONGEST_WAIT_MS;
    if (!fence_lease_lasts(e->fence)) /* no timer fires */
        return most < LEASE_LOOKS_APART_MS ? most : LEASE_LOOKS_APART_MS;
    return timekeeper_wait_ms(&e->timers, most);
}

static void measure(const struct engine *e)
{
    metric_set(METRIC_BROKER_EXECUTIONS, 0, (int64_t)e->folder.executions.count);
    metric_set(METRIC_BROKER_TIMERS, 0, (int64_t)timer_queue_count(&e->timers.queue));
    metric_set(METRIC_BROKER_IN_DOUBT, 0, fence_is_in_doubt(e->fence));
}

static void *run(void *context)
{
    struct engine *e = context;
    struct mail *items = NULL;
    size_t capacity = 0;
    struct error err = {0};
    enum status status = STATUS_OK;
    pulse_begin("engine");
    while (status == STATUS_OK && !e->stopping) {
        pulse_rest();
        size_t count = mailbox_take(e->mailbox, &items, &capacity, longest_wait_ms(e));
        for (size_t i = 0; i < count; i++) {
            pulse_work();
            if (status == STATUS_OK)
                status = take(e, &items[i], &err);
            else
                mail_free(&items[i]);
            if (i % PUSH_EVERY == PUSH_EVERY - 1)
                bus_push(e->bus);
        }
        if (status == STATUS_OK && fence_lease_lasts(e->fence))
            status = dispatch_resend(&e->dispatcher, &err);
        if (status == STATUS_OK && !e->stopping && e->folder.log_away && waiting_is_due(&e->waiting) &&
            fence_lease_lasts(e->fence))
            status = fold_waiting(e, &err);
        if (status == STATUS_OK && !e->stopping)
            status = take_held(e, &err);
        if (status == STATUS_OK && fence_lease_lasts(e->fence))
            status = timekeeper_fire(&e->timers, &e->folder.executions, &err);
        make_room(e);
        atomic_store(&e->options.occupancy->executions, e->folder.executions.count);
        atomic_store(&e->options.progress->refused, dispatch_is_refused(&e->dispatcher));
        bus_push(e->bus);
        measure(e);
    }
    pulse_end();
    free(items);
    if (status == STATUS_OK)
        status = offer(e, true, &err);
    if (status != STATUS_OK && status != STATUS_CANCELLED)
        fail(e, &err);
    return NULL;
}

/* For a log that is waited for. */
static bool mailbox_closed(void *mailbox)
{
    return mailbox_is_closed(mailbox);
}

enum status engine_new(const struct engine_options *options, struct eventlog *log, struct engine **out,
                       struct error *err)
{
    struct engine *e = calloc(1, sizeof(*e));
    struct partition *partitions = calloc(options->subjects->partitions, sizeof(*partitions));
    if (!e || !partitions) {
        free(e);
        free(partitions);
        return error_set(err, STATUS_NO_MEMORY, "no memory for the engine");
    }
    *e = (struct engine){.options = *options,
                         .bus = options->bus,
                         .mailbox = options->mailbox,
                         .writer = options->writer,
                         .fence = options->fence,
                         .partitions = partitions,
                         .next_number = 1};
    e->dispatcher = (struct dispatcher){.bus = options->bus,
                                        .subjects = *options->subjects,
                                        .writer = options->writer,
                                        .children = options->children,
                                        .engine = options->mailbox};
    timekeeper_init(&e->timers, options->bus, options->subjects, options->fence, options->mailbox);
    enum status status =
        folder_init(&e->folder, options->subjects, &e->dispatcher, &e->timers, options->fence, log, err);
    eventlog_wait_at_most(log, WAITING_ASK_MS);
    eventlog_give_up_when(log, mailbox_closed, options->mailbox);
    if (status == STATUS_OK)
        status = new_current(e, err);
    if (status != STATUS_OK) {
        e->folder.log = NULL; /* the caller's still */
        engine_free(&e);
        return status;
    }
    *out = e;
    return STATUS_OK;
}

enum status engine_start(struct engine *e, struct holdings *holdings, struct error *err)
{
    e->holdings = holdings;
    int code = pthread_create(&e->thread, NULL, run, e);
    if (code != 0)
        return error_set(err, STATUS_IO, "the engine could not start a thread: %s", strerror(code));
    e->has_thread = true;
    return STATUS_OK;
}

bool engine_failed(struct engine *e, struct error *err)
{
    if (!atomic_load(&e->failed))
        return false;
    *err = e->failure;
    return true;
}

bool engine_is_over_backlog(struct engine *e)
{
    return atomic_load(&e->over_backlog);
}

void engine_stop(struct engine *e)
{
    if (!e->has_thread)
        return;
    mailbox_post(e->mailbox, (struct mail){.kind = MAIL_STOP});
    pthread_join(e->thread, NULL);
}

static void take_rest(struct engine *e, const struct mail *mail, struct error *err)
{
    if (mail->kind == MAIL_REFUSED)
        dispatch_refused(&e->dispatcher, mail->u.outgoing);
    else if (mail->kind == MAIL_FATAL)
        *err = *mail->u.error;
    else
        mail_free(mail);
}

void engine_send_rest(struct engine *e, int64_t until_ns)
{
    struct mail *items = NULL;
    size_t capacity = 0;
    struct error err = {0};
    enum status status = STATUS_OK;
    if (atomic_load(&e->failed))
        return;
    while (status == STATUS_OK && !writer_is_idle(e->writer) && fence_lease_lasts(e->fence) &&
           mono_now().ns < until_ns) {
        size_t count = mailbox_take(e->mailbox, &items, &capacity, REST_LOOKS_APART_MS);
        for (size_t i = 0; i < count; i++)
            take_rest(e, &items[i], &err);
        status = err.status == STATUS_OK ? dispatch_resend(&e->dispatcher, &err) : err.status;
        bus_push(e->bus);
    }
    if (status != STATUS_OK)
        LOG(LOG_ERROR, "what waits cannot be sent; whoever has its partition next does it", LOG_ERR(&err));
    free(items);
}

void engine_free(struct engine **e)
{
    if (!*e)
        return;
    struct engine *gone = *e;
    *e = NULL;
    fact_queue_free(&gone->on_hold);
    waiting_free(&gone->waiting);
    folder_free(&gone->folder);
    timekeeper_free(&gone->timers);
    eventlog_close(&gone->folder.log);
    batch_free(gone->current);
    free(gone->partitions);
    free(gone);
}
