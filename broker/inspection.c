#include "inspection.h"

#include <stdio.h>
#include <time.h>

#include "core/json.h"
#include "measure.h"
#include "publisher/parcel.h"
#include "publisher/queued_tasks.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "stranded.h"
#include "timer_fact.h"
#include "transition/open_work.h"
#include "transition/transition.h"
#include "untold.h"

enum { ANSWER_WITHIN_MS = 5000, READ_WITHIN_MS = 5000, LOOK_MS = 50 };

/* One execution, as the log has it. */
struct sight {
    const struct inspector *i;
    int64_t astray_ns;     /* as it was found before */
    struct str asked_pool; /* whose consumer is */
    struct bus_consumer_info consumer;
    struct arena *arena;
    struct execution *x;
    struct event_list events;
    struct open_work *works;
    size_t work_count;
    struct inspection *finding;
    struct error *err;
};

static void close_sight(struct sight *s)
{
    execution_free(s->x);
    s->x = NULL;
}

/* Folds it back. Nothing is open in one that the log does not have, that is over, or that is history. */
static enum status open_sight(struct sight *s, int64_t id)
{
    s->works = NULL;
    s->work_count = 0;
    TRY(eventlog_events(s->i->log, id, 0, 0, s->arena, &s->events, s->err));
    TRY(execution_new(id, &s->x, s->err));
    if (s->events.count > 0 && event_is_imported(&s->events.items[0]))
        return STATUS_OK;
    TRY(execution_replay(s->x, s->events.items, s->events.count, s->i->playbooks, s->err));
    return s->x->playbook ? execution_open_works(s->x, s->arena, &s->works, &s->work_count, s->err)
                          : STATUS_OK;
}

static enum status publish(struct sight *s, enum repair what, const char *subject, struct str message_id,
                           struct str payload)
{
    struct bus_publication p = {.subject = subject,
                                .message_id = message_id.ptr,
                                .payload = payload,
                                .permit = s->i->permit,
                                .give_up_ms = ANSWER_WITHIN_MS};
    struct bus_ack ack;
    TRY(bus_publish_wait(s->i->bus, &p, &ack, s->err));
    s->finding->repaired++;
    measure_repair(what);
    return STATUS_OK;
}

/* As it is published: where it is large, that is a reference. */
static enum status fact_text(struct sight *s, const struct event *e, struct str *text)
{
    struct value v;
    TRY(event_to_value(s->arena, e, &v, s->err));
    TRY(json_text(s->arena, v, text, s->err));
    return parcel_event(s->i->bus, s->i->subjects, e, s->arena, text, s->err);
}

static enum status publish_fact(struct sight *s, enum repair what, int64_t execution_id, enum event_type type,
                                struct str message_id, struct str text)
{
    char subject[SUBJECT_MAX];
    if (!message_id.ptr)
        return arena_error(s->arena, s->err, "a fact");
    subject_event(s->i->subjects, execution_id, type, subject);
    return publish(s, what, subject, message_id, text);
}

static enum status publish_event(struct sight *s, enum repair what, const struct event *e,
                                 struct str message_id)
{
    struct str text;
    TRY(fact_text(s, e, &text));
    return publish_fact(s, what, e->execution_id, e->type, message_id, text);
}

/*
 * The id of a fact that was published before: the stream may have it, from when it meant nothing to the
 * execution, and would take it for a repetition. Once for each state that the execution is found in.
 */
static struct str again(struct sight *s, struct str message_id)
{
    if (!message_id.ptr)
        return message_id;
    return arena_printf(s->arena, "%" PRISTR ".again.%u", ARGSTR(message_id), s->x->next_event_id);
}

/* ---- attempts ----------------------------------------------------------------------------------------- */

static enum status publish_lost(struct sight *s, const struct open_work *w, const char *why)
{
    struct map_builder m;
    struct event e = {
        .execution_id = s->x->id,
        .type = EVENT_ACTION_LOST,
        .node_name = w->step,
        .node_type = w->type,
        .task_id = w->task_id,
        .visit = w->visit,
        .attempt = w->attempt,
        .error = str_of(why),
    };
    map_begin(&m, s->arena);
    map_put(&m, STR("token"), value_str(w->token));
    TRY(map_end(&m, &e.meta, s->err));
    LOG(LOG_WARN, "an attempt is lost and is made again", LOG_ID("execution", s->x->id),
        LOG_STR("step", w->step), LOG_STR("task", w->task_id), LOG_TEXT("why", why));
    return publish_event(
        s, REPAIR_ATTEMPT, &e,
        arena_printf(s->arena, "%lld.%" PRISTR ".lost", (long long)s->x->id, ARGSTR(w->task_id)));
}

/* The subjects of the execution's tasks that are in the tasks stream and will be delivered, as keys of a map;
 * and then what the workers have, who may have taken one out of it meanwhile. */
static enum status tasks_there(struct sight *s, struct value *subjects)
{
    const struct inspector *i = s->i;
    TRY(queued_tasks(i->bus, i->subjects, s->x->id, s->arena, subjects, s->err));
    if (i->may_be_left)
        TRY(stranded_tasks_leave_out(i->bus, i->subjects, s->arena, subjects, s->err));
    return at_work_see(i->at_work, i->bus, i->subjects, &s->finding->waited_ms, s->err);
}

/* Whether the pool's consumer gave the task to somebody, and has given more than its workers have. */
static enum status is_given_away(struct sight *s, struct str pool, struct str subject, bool *given)
{
    const struct inspector *i = s->i;
    uint64_t newest;
    const struct pool_at_work workers = at_work_pool(i->at_work, pool);
    *given = false;
    if (!workers.has_room)
        return STATUS_OK;
    if (!str_equal(s->asked_pool, pool))
        TRY(stranded_pool(i->bus, i->subjects, pool, &s->consumer, s->err));
    s->asked_pool = pool;
    if (s->consumer.ack_pending <= workers.tasks)
        return STATUS_OK;
    TRY(stranded_newest(i->bus, i->subjects, subject, &newest, s->err));
    *given = newest > stranded_settled_until(&s->consumer) && newest <= s->consumer.delivered_stream_sequence;
    return STATUS_OK;
}

/*
 * A task that was given to somebody, while no worker has it and one could take it. That is so for a moment
 * when a worker dies or gives it back; *astray says that it has been for twice the time after which it would
 * be given to another.
 */
static enum status see_astray(struct sight *s, const struct open_work *w, struct str subject, bool *astray)
{
    bool given;
    *astray = false;
    TRY(is_given_away(s, w->pool, subject, &given));
    if (!given)
        return STATUS_OK;
    int64_t now_ns = mono_now().ns;
    s->finding->astray_ns = s->astray_ns ? s->astray_ns : now_ns;
    *astray = now_ns - s->finding->astray_ns > 2 * s->consumer.ack_wait_ms * INT64_C(1000000);
    return STATUS_OK;
}

/* Why there is nothing that would bring the work's fact, unless that is in the event stream; or NULL. */
static enum status what_is_missing(struct sight *s, const struct open_work *w, struct value subjects,
                                   const char **why)
{
    bool astray = false;
    *why = NULL;
    if (w->state == WORK_TASK && !at_work_has(s->i->at_work, s->x->id, w->task_id)) {
        struct str subject = queued_task_subject(subjects, w->task_id);
        if (subject.len > 0)
            TRY(see_astray(s, w, subject, &astray));
        if (astray)
            *why = "its task was given to somebody who does not answer, and will be given to nobody else";
        else if (subject.len == 0)
            *why = "its task is in the tasks stream no more or was acknowledged, and it has no outcome";
    } else if (w->state == WORK_LISTING) {
        /* A list is in the event stream before the log has that it was asked for. */
        *why = "the list of playbooks that it waits for never came";
    }
    return STATUS_OK;
}

/* An attempt of which something is missing; kept while the execution is folded anew. */
struct missing {
    struct str task_id;
    const char *why;
};

static enum status find_missing(struct sight *s, struct value subjects, struct missing **out, size_t *count)
{
    *count = 0;
    *out = ARENA_ARRAY(s->arena, struct missing, s->work_count + 1);
    if (!*out)
        return arena_error(s->arena, s->err, "the tasks that are missing");
    for (size_t i = 0; i < s->work_count; i++) {
        struct str id = s->works[i].task_id;
        const char *why, *copy;
        TRY(what_is_missing(s, &s->works[i], subjects, &why));
        if (!why)
            continue;
        if (!(copy = arena_strdup(s->arena, id)))
            return arena_error(s->arena, s->err, "the tasks that are missing");
        (*out)[(*count)++] = (struct missing){{copy, id.len}, why};
    }
    return STATUS_OK;
}

/* NULL: it is none of those. */
static const char *why_missing(const struct open_work *w, const struct missing *missing, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(missing[i].task_id, w->task_id))
            return missing[i].why;
    }
    return NULL;
}

/*
 * An outcome is in the event stream before its task leaves the tasks stream. So what the event stream has
 * now, once it is in the log, decides whether there is one. *read is false if that does not come about soon.
 */
static enum status await_log(struct sight *s, bool *read)
{
    char stream[96], filter[SUBJECT_MAX];
    uint32_t partition = id_partition(s->x->id, s->i->subjects->partitions);
    struct bus_stored last;
    struct mono_time start = mono_now();
    stream_name(s->i->subjects, STREAM_EVENTS, stream);
    subject_partition(s->i->subjects, partition, filter);
    enum status status = bus_stream_last(s->i->bus, stream, filter, s->arena, &last, s->err);
    *read = status == STATUS_NOT_FOUND;
    if (status != STATUS_OK)
        return *read ? STATUS_OK : status;
    for (;;) {
        struct timespec pause = {0, LOOK_MS * 1000000L};
        int64_t time_ns;
        TRY(eventlog_checkpoint_time(s->i->log, partition, &time_ns, s->err));
        *read = time_ns >= last.time_ns;
        if (*read || mono_ms_since(start) > READ_WITHIN_MS)
            return STATUS_OK;
        nanosleep(&pause, NULL);
        s->finding->waited_ms += LOOK_MS;
    }
}

/* What was begun since the tasks were looked at is not among them, and is not missing. */
static enum status inspect_tasks(struct sight *s)
{
    struct value subjects;
    struct missing *missing;
    size_t count;
    bool read;
    TRY(tasks_there(s, &subjects));
    TRY(find_missing(s, subjects, &missing, &count));
    if (count == 0)
        return STATUS_OK;
    TRY(await_log(s, &read));
    if (!read)
        return STATUS_OK;
    int64_t id = s->x->id;
    close_sight(s);
    TRY(open_sight(s, id));
    for (size_t i = 0; i < s->work_count; i++) {
        const struct open_work *w = &s->works[i];
        const char *why = why_missing(w, missing, count);
        if (why && (w->state == WORK_TASK || w->state == WORK_LISTING))
            TRY(publish_lost(s, w, why));
    }
    return STATUS_OK;
}

/* ---- other executions --------------------------------------------------------------------------------- */

static enum status is_requested(struct sight *s, int64_t child, bool *out)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    stream_name(s->i->subjects, STREAM_EVENTS, stream);
    subject_event(s->i->subjects, child, EVENT_EXECUTION_REQUESTED, subject);
    enum status status = bus_stream_last(s->i->bus, stream, subject, s->arena, &stored, s->err);
    *out = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* A notice as it is published; the evaluation's memory is gone by then. */
struct telling {
    struct telling *next;
    enum event_type type;
    struct str message_id, text;
};

/* What the decisions say to the execution `to`, in their order, before *out. */
static enum status write_tellings(struct sight *s, const struct decisions *d, int64_t to,
                                  struct telling **out)
{
    struct telling *list = NULL;
    for (uint32_t n = d->notice_count; n-- > 0;) {
        const struct notice *notice = &d->notices[n];
        if (notice->fact.execution_id != to)
            continue;
        struct telling *t = ARENA_NEW(s->arena, struct telling);
        if (!t)
            return arena_error(s->arena, s->err, "a fact");
        *t = (struct telling){
            .next = list, .type = notice->fact.type, .message_id = again(s, notice->message_id)};
        TRY(fact_text(s, &notice->fact, &t->text));
        list = t;
    }
    *out = list ? list : *out;
    return STATUS_OK;
}

/* What the events last led to for the execution `to`; NULL if that is nothing. */
static enum status find_telling(struct sight *s, const struct event_list *events, int64_t to,
                                struct telling **out)
{
    struct arena scratch;
    struct execution *x = NULL;
    *out = NULL;
    arena_init(&scratch, 0);
    enum status status = execution_new(events->items[0].execution_id, &x, s->err);
    for (size_t i = 0; status == STATUS_OK && i < events->count; i++) {
        struct decisions d;
        if (event_type_kind(events->items[i].type) != EVENT_KIND_FACT)
            continue;
        decisions_init(&d, &scratch);
        status = transition(x, &events->items[i], s->i->playbooks, &d, s->err);
        if (status == STATUS_OK)
            status = write_tellings(s, &d, to, out);
        arena_reset(&scratch);
    }
    execution_free(x);
    arena_free(&scratch);
    return status;
}

/* A log that cannot be folded tells nobody anything. */
static bool is_of_log(enum status status)
{
    return status == STATUS_INTERNAL || status == STATUS_INVALID || status == STATUS_LIMIT;
}

/* What led to its end, or to waiting for `to` no more, is evaluated again, for what it says to that one.
 * *told is false if it says nothing. */
static enum status repeat_notices(struct sight *s, const struct event_list *events, int64_t to, bool *told)
{
    struct telling *t;
    enum status status = find_telling(s, events, to, &t);
    *told = status == STATUS_OK && t;
    if (status != STATUS_OK)
        return is_of_log(status) ? STATUS_OK : status;
    for (; t; t = t->next)
        TRY(publish_fact(s, REPAIR_END, to, t->type, t->message_id, t->text));
    return STATUS_OK;
}

static enum status publish_child_failed(struct sight *s, const struct open_work *w,
                                        const struct event_list *events)
{
    struct event fact;
    TRY(untold_end(s->arena, s->x->id, w, events, &fact, s->err));
    return publish_event(s, REPAIR_END, &fact,
                         again(s, arena_printf(s->arena, "%lld.ended", (long long)w->child)));
}

static enum status tell_end(struct sight *s, const struct open_work *w, const struct event_list *events)
{
    bool told;
    LOG(LOG_WARN, "a playbook's end was not heard by who called it, and is told again",
        LOG_ID("execution", s->x->id), LOG_STR("step", w->step), LOG_ID("child", w->child));
    TRY(repeat_notices(s, events, s->x->id, &told));
    return told ? STATUS_OK : publish_child_failed(s, w, events);
}

static enum status inspect_child(struct sight *s, const struct open_work *w)
{
    struct event_list events;
    bool requested;
    TRY(eventlog_events(s->i->log, w->child, 0, 0, s->arena, &events, s->err));
    if (events.count > 0 && event_type_is_final(events.items[events.count - 1].type))
        return tell_end(s, w, &events);
    if (events.count > 0)
        return STATUS_OK;
    TRY(is_requested(s, w->child, &requested));
    return requested ? STATUS_OK : publish_lost(s, w, "its execution is neither in the log nor requested");
}

static enum status publish_cancel(struct sight *s, int64_t parent)
{
    struct event fact;
    TRY(untold_cancel(s->arena, s->x, parent, &fact, s->err));
    return publish_event(s, REPAIR_END, &fact,
                         again(s, arena_printf(s->arena, "%lld.cancel.parent", (long long)s->x->id)));
}

/* Who was called by an execution that is over, and did not hear that nobody waits for it any more, is told
 * again. */
static enum status inspect_parent(struct sight *s)
{
    struct value id = VALUE_GET(s->x->parent, "execution_id");
    struct standing parent = {0};
    struct event_list events;
    bool told;
    if (value_is_absent(VALUE_GET(s->x->parent, "task_id")) || s->x->retries > 0 ||
        id_parse(value_as_str(id), &parent.execution_id, NULL) != STATUS_OK)
        return STATUS_OK;
    s->finding->settled = false;
    TRY(eventlog_standings(s->i->log, &parent, 1, s->err));
    if (!parent.is_over || parent.last_event_id == 0)
        return STATUS_OK;
    TRY(eventlog_events(s->i->log, parent.execution_id, 0, 0, s->arena, &events, s->err));
    LOG(LOG_WARN, "an execution whose caller is over goes on, and is told to end",
        LOG_ID("execution", s->x->id), LOG_ID("parent", parent.execution_id));
    TRY(repeat_notices(s, &events, s->x->id, &told));
    return told ? STATUS_OK : publish_cancel(s, parent.execution_id);
}

/* ---- timers ------------------------------------------------------------------------------------------- */

static enum status inspect_timer(struct sight *s, struct str id, int64_t due_ns)
{
    int64_t late_ns = due_ns + s->i->overdue_ms * INT64_C(1000000);
    struct due_timer timer = {.execution_id = s->x->id, .due_ns = due_ns, .id = id};
    struct timer_fact fact;
    if (wall_now().ns < late_ns) {
        if (s->finding->look_again_ns == 0 || late_ns < s->finding->look_again_ns)
            s->finding->look_again_ns = late_ns;
        return STATUS_OK;
    }
    LOG(LOG_WARN, "a timer is overdue and is fired", LOG_ID("execution", s->x->id), LOG_STR("timer", id));
    TRY(timer_fact(s->arena, s->i->subjects, s->x, &timer, &fact, s->err));
    struct str id_again = again(s, fact.message_id);
    if (!id_again.ptr)
        return arena_error(s->arena, s->err, "a timer's fact");
    return publish(s, REPAIR_TIMER, fact.subject, id_again, fact.payload);
}

/* The execution's deadline counts from its request, or from where it was made to go on. */
static enum status inspect_deadline(struct sight *s)
{
    int64_t began_ns = 0;
    if (!s->x->timeout_ms)
        return STATUS_OK;
    for (size_t i = 0; i < s->events.count; i++) {
        enum event_type type = s->events.items[i].type;
        if (type == EVENT_EXECUTION_REQUESTED || type == EVENT_EXECUTION_RETRIED)
            began_ns = s->events.items[i].time_ns;
    }
    struct str id = execution_deadline_id(s->x, s->arena);
    if (!id.ptr)
        return arena_error(s->arena, s->err, "a timer");
    return inspect_timer(s, id, began_ns + s->x->timeout_ms * INT64_C(1000000));
}

/* ---- one execution ------------------------------------------------------------------------------------ */

static enum status inspect(struct sight *s, int64_t id)
{
    TRY(open_sight(s, id));
    s->finding->settled = true;
    if (execution_is_over(s->x) || !s->x->playbook)
        return STATUS_OK;
    for (size_t i = 0; i < s->work_count; i++) {
        const struct open_work *w = &s->works[i];
        if (w->state == WORK_TASK || w->state == WORK_CHILD || w->state == WORK_LISTING)
            s->finding->settled = false;
        if (w->state == WORK_CHILD)
            TRY(inspect_child(s, w));
        if (w->due_ns)
            TRY(inspect_timer(s, w->timer_id, w->due_ns));
    }
    TRY(inspect_deadline(s));
    TRY(inspect_parent(s));
    return s->finding->settled ? STATUS_OK : inspect_tasks(s);
}

enum status inspect_execution(const struct inspector *i, int64_t execution_id, int64_t astray_ns,
                              struct inspection *out, struct error *err)
{
    struct arena arena;
    struct sight s = {.i = i, .astray_ns = astray_ns, .arena = &arena, .finding = out, .err = err};
    *out = (struct inspection){0};
    arena_init(&arena, 0);
    enum status status = inspect(&s, execution_id);
    close_sight(&s);
    arena_free(&arena);
    return status;
}
