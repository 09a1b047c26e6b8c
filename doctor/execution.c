/* One execution, and those that it called. */
#include <stdio.h>

#include "core/id.h"
#include "core/json.h"
#include "hops.h"
#include "publisher/queued_tasks.h"
#include "runtime/clock.h"
#include "verdict/judge.h"

enum {
    DEEPEST = 16, /* calls within calls */
    MOST_EXECUTIONS = 200,
    MOST_WORKS = 200,  /* of one execution: an iterator may have thousands alike */
    MOST_UNREAD = 500, /* facts behind the checkpoint */
    MOST_NEAR = 3,
};

struct visit_of {
    struct doctor *doctor;
    struct crowd crowd;
    bool has_crowd;
    struct report *report;
    struct arena *arena;
    size_t left; /* executions that may still be looked at */
};

/* ---- facts that the log does not have
 * ------------------------------------------------------------------------ */

static bool read_unread(const struct doctor *d, const struct bus_stored *stored, struct arena *a,
                        struct unread_fact *out)
{
    struct event_subject at;
    struct value v;
    struct str subject = arena_printf(a, "%" PRISTR, ARGSTR(stored->subject));
    if (!subject.ptr || subject_parse_event(&d->subjects, subject.ptr, &at, NULL) != STATUS_OK ||
        event_type_kind(at.type) != EVENT_KIND_FACT)
        return false;
    *out = (struct unread_fact){
        .type = at.type, .task_id = STR(""), .sequence = stored->sequence, .time_ns = stored->time_ns};
    if (json_read_map(a, stored->payload, "a fact", &v, NULL) == STATUS_OK)
        out->task_id = value_as_str(VALUE_GET(v, "task_id"));
    return true;
}

static enum status find_unread(const struct doctor *d, struct execution_evidence *x, struct arena *a,
                               struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct unread_fact *facts = ARENA_ARRAY(a, struct unread_fact, MOST_UNREAD);
    uint64_t from = x->partition.committed + 1;
    if (!facts)
        return arena_error(a, err, "facts that are unread");
    x->unread = facts;
    stream_name(&d->subjects, STREAM_EVENTS, stream);
    snprintf(subject, sizeof subject, "%s.events.%u.%lld.*", d->subjects.prefix, x->partition.partition,
             (long long)x->id);
    while (x->partition.log == SIGHT_THERE && x->unread_count < MOST_UNREAD) {
        struct bus_stored stored;
        enum status status = bus_stream_next(d->bus, stream, subject, from, a, &stored, err);
        if (status != STATUS_OK)
            return is_blind(status) ? STATUS_OK : status;
        x->unread_count += read_unread(d, &stored, a, &facts[x->unread_count]);
        from = stored.sequence + 1;
    }
    return STATUS_OK;
}

static enum status find_request(const struct doctor *d, struct execution_evidence *x, struct arena *a,
                                struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    stream_name(&d->subjects, STREAM_EVENTS, stream);
    subject_event(&d->subjects, x->id, EVENT_EXECUTION_REQUESTED, subject);
    enum status status = bus_stream_last(d->bus, stream, subject, a, &stored, err);
    if (status == STATUS_OK) {
        x->request_sequence = stored.sequence;
        x->request_ns = stored.time_ns;
    }
    return status == STATUS_OK || is_blind(status) ? STATUS_OK : status;
}

/* ---- one that is not there
 * ------------------------------------------------------------------------------------- */

/* Those that begin as it does, as far as any do. */
static enum status find_near(const struct doctor *d, struct execution_evidence *x, struct arena *a,
                             struct error *err)
{
    int64_t *near = ARENA_ARRAY(a, int64_t, MOST_NEAR);
    if (!near)
        return arena_error(a, err, "ids");
    x->near = near;
    for (int64_t beginning = x->id / 10; beginning >= 1000 && x->near_count == 0; beginning /= 10)
        TRY(eventlog_ids(d->log, beginning, near, MOST_NEAR, &x->near_count, err));
    return STATUS_OK;
}

/* ---- evidence
 * ---------------------------------------------------------------------------------------------------- */

static enum status look_at_works(struct visit_of *v, const struct folded *f, struct execution_evidence *x,
                                 struct error *err)
{
    struct sight_of *s = ARENA_NEW(v->arena, struct sight_of);
    size_t count = f->work_count < MOST_WORKS ? f->work_count : MOST_WORKS;
    struct work_evidence *works = ARENA_ARRAY(v->arena, struct work_evidence, count + 1);
    if (!s || !works)
        return arena_error(v->arena, err, "what an execution waits for");
    *s = (struct sight_of){.doctor = v->doctor, .crowd = &v->crowd, .arena = v->arena, .id = x->id};
    if (count > 0) {
        enum status status =
            queued_tasks(v->doctor->bus, &v->doctor->subjects, x->id, v->arena, &s->tasks, err);
        if (status != STATUS_OK && !is_blind(status))
            return status;
    }
    for (size_t i = 0; i < count; i++)
        TRY(look_at_work(s, f, &f->works[i], &works[i], err));
    x->works = works;
    x->work_count = count;
    x->joins = f->joins;
    x->join_count = f->join_count;
    return STATUS_OK;
}

static enum status see_carriers(struct visit_of *v, struct execution_evidence *x, struct error *err)
{
    struct doctor *d = v->doctor;
    uint32_t p = id_partition(x->id, d->subjects.partitions);
    struct partition_row *row;
    TRY(read_partition_row(d, p, v->arena, &row, err));
    if (!v->has_crowd)
        TRY(hear_crowd(d, row ? &row->owner : NULL, row ? 1 : 0, v->arena, &v->crowd, err));
    v->has_crowd = true;
    enum status status = see_stream(d, STREAM_EVENTS, v->arena, &x->events_fill, NULL, err);
    if (status == STATUS_OK || is_blind(status))
        status = see_stream(d, STREAM_TASKS, v->arena, &x->tasks_fill, NULL, err);
    if (status != STATUS_OK && !is_blind(status))
        return status;
    x->events_stream = x->events_fill.name;
    x->tasks_stream = x->tasks_fill.name;
    return see_partition(d, p, &v->crowd, row, v->arena, &x->partition, err);
}

static void see_standing(const struct folded *f, struct execution_evidence *x)
{
    x->events = (uint32_t)f->events.count;
    x->final = STR("");
    x->unfoldable = f->trouble;
    x->paused = f->x->paused;
    if (x->events == 0)
        return;
    x->imported = event_is_imported(&f->events.items[0]);
    const struct event *last = &f->events.items[x->events - 1];
    x->last_event_ns = last->time_ns;
    if (event_type_is_final(last->type))
        x->final = str_of(event_type_name(last->type));
}

static enum status follow(struct visit_of *v, int64_t id, uint32_t depth, struct error *err);

static enum status look(struct visit_of *v, const struct folded *f, struct execution_evidence *x,
                        struct error *err)
{
    struct doctor *d = v->doctor;
    TRY(see_carriers(v, x, err));
    see_standing(f, x);
    TRY(find_request(d, x, v->arena, err));
    TRY(find_unread(d, x, v->arena, err));
    if (x->events == 0 && x->request_sequence == 0 && x->partition.log == SIGHT_THERE)
        TRY(find_near(d, x, v->arena, err));
    TRY(look_at_works(v, f, x, err));
    x->now_ns = wall_now().ns;
    x->ack_wait_ms = settings_int(d->settings, SETTING_WORKER_ACK_WAIT);
    judge_execution(v->report, x);
    for (size_t i = 0; i < x->work_count; i++) {
        const struct work_evidence *w = &x->works[i];
        if (w->work->state == WORK_CHILD && (w->child == SIGHT_THERE || w->child_requested) && !w->child_over)
            TRY(follow(v, w->work->child, x->depth + 1, err));
    }
    return STATUS_OK;
}

static enum status follow(struct visit_of *v, int64_t id, uint32_t depth, struct error *err)
{
    struct folded f;
    struct execution_evidence x = {.id = id, .depth = depth};
    if (v->left == 0 || depth > DEEPEST)
        return STATUS_OK;
    v->left--;
    TRY(fold_back(v->doctor, id, v->arena, &f, err));
    enum status status = look(v, &f, &x, err);
    folded_free(&f);
    return status;
}

enum status doctor_look(struct doctor *d, const struct crowd *crowd, int64_t execution_id, struct report *r,
                        struct error *err)
{
    struct visit_of v = {.doctor = d, .report = r, .arena = r->arena, .left = MOST_EXECUTIONS};
    v.has_crowd = crowd != NULL;
    if (crowd)
        v.crowd = *crowd;
    TRY(follow(&v, execution_id, 0, err));
    return report_status(r, err);
}

enum status doctor_execution(struct doctor *d, int64_t execution_id, struct report *r, struct error *err)
{
    return doctor_look(d, NULL, execution_id, r, err);
}
