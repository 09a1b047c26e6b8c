/* What is seen of one open work: what began it, and where what it waits for is. */
#include "hops.h"

#include <stdio.h>

#include "core/json.h"
#include "publisher/queued_tasks.h"
#include "runtime/clock.h"

enum { ADVISORIES_READ = 500 };

/* ---- since when -----------------------------------------------------------------------------------------
 */

/* The newest event by which the attempt, or the wait, began. */
static void find_decision(const struct folded *f, struct work_evidence *w)
{
    const struct open_work *o = w->work;
    for (size_t i = f->events.count; i > 0 && w->decision_id == 0; i--) {
        const struct event *e = &f->events.items[i - 1];
        bool begins = e->type == EVENT_STEP_STARTED || e->type == EVENT_STEP_RETRIED ||
                      e->type == EVENT_ITERATION_STARTED;
        bool same = e->task_id.len > 0 ? str_equal(e->task_id, o->task_id)
                                       : str_equal(e->node_name, o->step) && e->visit == o->visit;
        if (begins && same) {
            w->decision = e->type;
            w->decision_id = e->event_id;
            w->since_ns = e->time_ns;
        }
    }
}

/* ---- a task ---------------------------------------------------------------------------------------------
 */

static const struct pool_evidence *known_pool(const struct sight_of *s, struct str name)
{
    for (size_t i = 0; i < s->pool_count; i++) {
        if (str_equal(s->pools[i].name, name))
            return &s->pools[i];
    }
    return NULL;
}

static enum status find_pool(struct sight_of *s, struct str name, const struct pool_evidence **out,
                             struct error *err)
{
    static const struct pool_evidence more = {.name = {"", 0}, .because = {"", 0}};
    *out = known_pool(s, name);
    if (*out)
        return STATUS_OK;
    if (s->pool_count == SEEN_POOLS) {
        *out = &more;
        return STATUS_OK;
    }
    TRY(see_pool(s->doctor, name, s->crowd, s->arena, &s->pools[s->pool_count], err));
    *out = &s->pools[s->pool_count++];
    return STATUS_OK;
}

/* Whether the server says that it gave the task up, of the last advisories of its pool. */
static enum status find_dead(struct sight_of *s, struct work_evidence *w, struct error *err)
{
    char stream[96], tasks[96], subject[SUBJECT_MAX];
    struct bus_stored stored = {0};
    struct value v;
    uint64_t from = 1;
    stream_name(&s->doctor->subjects, STREAM_ADVISORIES, stream);
    stream_name(&s->doctor->subjects, STREAM_TASKS, tasks);
    snprintf(subject, sizeof subject, "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.%s.%" PRISTR, tasks,
             ARGSTR(w->pool->name));
    for (int i = 0; i < ADVISORIES_READ && !w->dead; i++, from = stored.sequence + 1) {
        enum status status = bus_stream_next(s->doctor->bus, stream, subject, from, s->arena, &stored, err);
        if (status != STATUS_OK)
            return is_blind(status) ? STATUS_OK : status;
        struct value seq = json_read_map(s->arena, stored.payload, "an advisory", &v, NULL) == STATUS_OK
                               ? VALUE_GET(v, "stream_seq")
                               : (struct value){0};
        w->dead = seq.type == VALUE_INT && (uint64_t)seq.u.i == w->task_sequence;
    }
    return STATUS_OK;
}

static enum status look_at_task(struct sight_of *s, struct work_evidence *w, struct error *err)
{
    char stream[96];
    struct bus_stored stored;
    struct str subject = queued_task_subject(s->tasks, w->work->task_id);
    w->task = SIGHT_ABSENT;
    TRY(find_pool(s, w->work->pool, &w->pool, err));
    if (subject.len == 0)
        return STATUS_OK;
    struct str copy = arena_printf(s->arena, "%" PRISTR, ARGSTR(subject));
    if (!copy.ptr)
        return arena_error(s->arena, err, "a task");
    enum status status =
        bus_stream_last(s->doctor->bus, stream_name(&s->doctor->subjects, STREAM_TASKS, stream), copy.ptr,
                        s->arena, &stored, err);
    if (status != STATUS_OK)
        return is_blind(status) ? STATUS_OK : status; /* it went meanwhile */
    w->task = SIGHT_THERE;
    w->task_sequence = stored.sequence;
    w->task_stored_ns = stored.time_ns;
    TRY(find_holder(s->crowd, s->id, w->work->task_id, s->arena, &w->holder, err));
    bool in_doubt = !w->holder && w->pool->consumer == SIGHT_THERE && w->pool->delivered >= stored.sequence;
    if (!in_doubt)
        return STATUS_OK;
    TRY(find_dead(s, w, err));
    w->left = !w->dead && stored.sequence <= w->pool->settled;
    return STATUS_OK;
}

/* ---- another execution ------------------------------------------------------------------------------------
 */

static enum status look_at_child(struct sight_of *s, struct work_evidence *w, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    struct standing standing = {.execution_id = w->work->child};
    TRY(eventlog_standings(s->doctor->log, &standing, 1, err));
    w->child = standing.last_event_id > 0 ? SIGHT_THERE : SIGHT_ABSENT;
    w->child_over = w->child == SIGHT_THERE && standing.is_over;
    if (w->child == SIGHT_THERE)
        return STATUS_OK;
    stream_name(&s->doctor->subjects, STREAM_EVENTS, stream);
    subject_event(&s->doctor->subjects, w->work->child, EVENT_EXECUTION_REQUESTED, subject);
    enum status status = bus_stream_last(s->doctor->bus, stream, subject, s->arena, &stored, err);
    w->child_requested = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status look_at_work(struct sight_of *s, const struct folded *f, const struct open_work *o,
                         struct work_evidence *out, struct error *err)
{
    *out = (struct work_evidence){.work = o};
    find_decision(f, out);
    if (o->state == WORK_TASK)
        return look_at_task(s, out, err);
    return o->state == WORK_CHILD ? look_at_child(s, out, err) : STATUS_OK;
}
