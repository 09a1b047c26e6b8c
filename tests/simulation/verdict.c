/* What must be true when all is quiet: every execution ended, and did what the reference says. */
#include "reference.h"
#include "world.h"

#include "core/json.h"

#include <stdlib.h>

/* A visit, as the log tells it. */
struct told {
    struct str step;
    uint32_t number, attempts;
    struct str task_id; /* of the newest attempt */
    uint32_t retries;   /* of the execution, when that was started */
    enum reference_end end;
    bool has_args;
    struct value args;
};

struct history {
    LIST(struct told) visits;
    LIST(struct lost_task) lost;
    LIST(struct str) started, ended; /* task ids */
    LIST(struct str) skipped;        /* attempts that a retry has followed with others */
    uint32_t retries;
    bool paused, retried_from, passed_limit;
    const struct event *last;
};

/* ---- reading the log ------------------------------------------------------------------------------------
 */

static struct told *told_of(struct history *h, const struct event *e)
{
    for (uint32_t i = 0; i < h->visits.count; i++) {
        struct told *t = &h->visits.items[i];
        if (t->number == e->visit && str_equal(t->step, e->node_name))
            return t;
    }
    LIST_ADD(&h->visits, (struct told){.step = e->node_name, .number = e->visit});
    return &h->visits.items[h->visits.count - 1];
}

static bool is_in(const struct str *items, uint32_t count, struct str s)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_equal(items[i], s))
            return true;
    }
    return false;
}

static void read_started(struct world *w, struct history *h, const struct event *e)
{
    if (e->task_id.len && is_in(h->started.items, h->started.count, e->task_id))
        world_fail(w, "execution %lld: %" PRISTR " is started twice", (long long)e->execution_id,
                   ARGSTR(e->task_id));
    LIST_ADD(&h->started, e->task_id);
    if (e->type == EVENT_ITERATION_STARTED)
        return;
    struct told *t = told_of(h, e);
    if (t->end != REFERENCE_OPEN)
        world_fail(w, "execution %lld: visit %u of %" PRISTR " has ended, and is started again",
                   (long long)e->execution_id, e->visit, ARGSTR(e->node_name));
    if (t->attempts && t->retries < h->retries)
        LIST_ADD(&h->skipped, t->task_id);
    t->task_id = e->task_id;
    t->retries = h->retries;
    t->attempts++;
    t->has_args = true;
    t->args = VALUE_GET(e->context, "args");
    if (e->attempt != t->attempts)
        world_fail(w, "execution %lld: attempt %u of %" PRISTR " comes behind attempt %u",
                   (long long)e->execution_id, e->attempt, ARGSTR(e->node_name), t->attempts - 1);
}

static void read_outcome(struct world *w, struct history *h, const struct event *e)
{
    struct value error = VALUE_GET(e->result, "error");
    if (!is_in(h->started.items, h->started.count, e->task_id))
        world_fail(w, "execution %lld: %" PRISTR " ends without having started", (long long)e->execution_id,
                   ARGSTR(e->task_id));
    if (is_in(h->ended.items, h->ended.count, e->task_id))
        world_fail(w, "execution %lld: %" PRISTR " ends twice", (long long)e->execution_id,
                   ARGSTR(e->task_id));
    LIST_ADD(&h->ended, e->task_id);
    if (str_is(value_as_str(VALUE_GET(error, "kind")), "lost"))
        LIST_ADD(&h->lost, (struct lost_task){e->task_id, error});
}

static void read_end(struct world *w, struct history *h, const struct event *e)
{
    struct told *t = told_of(h, e);
    if (t->end != REFERENCE_OPEN)
        world_fail(w, "execution %lld: visit %u of %" PRISTR " ends twice", (long long)e->execution_id,
                   e->visit, ARGSTR(e->node_name));
    if (e->type == EVENT_STEP_COMPLETED)
        t->end = REFERENCE_COMPLETED;
    else if (e->type == EVENT_STEP_SKIPPED)
        t->end = REFERENCE_SKIPPED;
    else
        t->end = value_is_absent(VALUE_GET(e->context, "handled")) ? REFERENCE_FATAL : REFERENCE_FAILED;
}

/* What failed is open again. */
static void read_retried(struct history *h, const struct event *e)
{
    h->retries++;
    h->retried_from = h->retried_from || !value_is_absent(VALUE_GET(e->context, "from"));
    for (uint32_t i = 0; i < h->visits.count; i++) {
        if (h->visits.items[i].end == REFERENCE_FATAL)
            h->visits.items[i].end = REFERENCE_OPEN;
    }
}

static bool is_limit(const struct event *failed)
{
    struct value error = VALUE_GET(failed->context, "error");
    return str_is(value_as_str(VALUE_GET(error, "kind")), "limit");
}

static void read_life(struct history *h, const struct event *e)
{
    if (e->type == EVENT_EXECUTION_PAUSED)
        h->paused = true;
    if (e->type == EVENT_EXECUTION_RESUMED)
        h->paused = false;
    if (e->type == EVENT_EXECUTION_RETRIED)
        read_retried(h, e);
    if (e->type == EVENT_EXECUTION_FAILED)
        h->passed_limit = h->passed_limit || is_limit(e);
}

static void read_log(struct world *w, const struct record *r, struct history *h)
{
    for (uint32_t i = 0; i < r->rows.count && !w->failed; i++) {
        const struct event *e = &r->rows.items[i];
        h->last = e;
        switch ((int)e->type) {
        case EVENT_STEP_STARTED:
        case EVENT_ITERATION_STARTED: read_started(w, h, e); break;
        case EVENT_ACTION_COMPLETED:
        case EVENT_ACTION_ERROR: read_outcome(w, h, e); break;
        case EVENT_STEP_COMPLETED:
        case EVENT_STEP_SKIPPED:
        case EVENT_STEP_FAILED: read_end(w, h, e); break;
        default: read_life(h, e); break;
        }
    }
}

/* ---- beside the reference
 * ----------------------------------------------------------------------------------- */

struct judgement {
    struct world *w;
    const struct record *record;
    const struct playbook *playbook;
    const struct draft *draft;
    struct history history;
    struct reference reference;
    struct arena arena;
};

static const char *end_name(enum reference_end e)
{
    static const char *const names[] = {"open", "completed", "skipped", "failed and went on", "failed"};
    return names[e];
}

static struct str as_text(struct judgement *j, struct value v)
{
    struct str s = STR("nothing");
    if (!value_is_absent(v) && json_text(&j->arena, v, &s, NULL) != STATUS_OK)
        s = STR("?");
    return str_head(s, 600);
}

static bool is_several(const struct judgement *j, struct str step)
{
    int s = draft_find(j->draft, step);
    return s >= 0 && j->draft->steps[s].several;
}

static bool alike(struct value a, struct value b);

/* In any order. The wording of an error is not the reference's business. */
static bool maps_alike(struct value a, struct value b)
{
    bool is_error = !value_is_absent(VALUE_GET(a, "kind"));
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++) {
        const struct value_entry *e = &a.u.map->entries[i];
        struct value other = value_get_by_value(b, e->key);
        if (is_error && str_is(value_as_str(e->key), "message") && !value_is_absent(other))
            continue;
        if (!alike(e->value, other))
            return false;
    }
    return true;
}

static bool alike(struct value a, struct value b)
{
    if (a.type == VALUE_MAP && b.type == VALUE_MAP)
        return maps_alike(a, b);
    if (a.type != VALUE_LIST || b.type != VALUE_LIST)
        return value_identical(a, b) || (value_is_absent(a) && value_is_absent(b));
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++) {
        if (!alike(a.u.list[i], b.u.list[i]))
            return false;
    }
    return true;
}

/* What was told of a visit, beside what the reference knows. An execution that was cut short did a part. */
static void judge_visit(struct judgement *j, const struct told *t, bool whole)
{
    int32_t step = playbook_find_step(j->playbook, t->step);
    const struct reference_visit *v =
        step < 0 ? NULL : reference_find(&j->reference, (uint32_t)step, t->number);
    long long id = (long long)j->record->id;
    if (!v) {
        world_fail(j->w, "execution %lld: visit %u of %" PRISTR " should not be", id, t->number,
                   ARGSTR(t->step));
        return;
    }
    bool cut = !whole && t->end == REFERENCE_OPEN;
    if (t->end != v->end && !cut)
        world_fail(j->w, "execution %lld: visit %u of %" PRISTR " is %s, and should be %s", id, t->number,
                   ARGSTR(t->step), end_name(t->end), end_name(v->end));
    if (cut ? t->attempts > v->attempts : t->attempts != v->attempts)
        world_fail(j->w, "execution %lld: visit %u of %" PRISTR " had %u attempts, and should have had %u",
                   id, t->number, ARGSTR(t->step), t->attempts, v->attempts);
    if (t->has_args && !is_several(j, t->step) && !alike(t->args, v->args))
        world_fail(j->w,
                   "execution %lld: visit %u of %" PRISTR " got %" PRISTR ", and should have got %" PRISTR,
                   id, t->number, ARGSTR(t->step), ARGSTR(as_text(j, t->args)), ARGSTR(as_text(j, v->args)));
}

static void judge_whole(struct judgement *j)
{
    for (uint32_t i = 0; i < j->reference.count; i++) {
        const struct reference_visit *v = &j->reference.visits[i];
        const struct event e = {.node_name = j->playbook->steps[v->step].name, .visit = v->number};
        if (told_of(&j->history, &e)->end == REFERENCE_OPEN)
            world_fail(j->w, "execution %lld: visit %u of %" PRISTR " is missing", (long long)j->record->id,
                       v->number, ARGSTR(e.node_name));
    }
    if (!alike(j->history.last->result, j->reference.result))
        world_fail(j->w, "execution %lld: the result is %" PRISTR ", and should be %" PRISTR,
                   (long long)j->record->id, ARGSTR(as_text(j, j->history.last->result)),
                   ARGSTR(as_text(j, j->reference.result)));
}

/* The step that is told to have failed is one of those that do. */
static void judge_blame(struct judgement *j)
{
    struct value error = VALUE_GET(j->history.last->context, "error");
    struct str name = value_as_str(VALUE_GET(error, "step"));
    for (uint32_t i = 0; i < j->reference.count; i++) {
        const struct reference_visit *v = &j->reference.visits[i];
        if (v->end == REFERENCE_FATAL && str_equal(j->playbook->steps[v->step].name, name))
            return;
    }
    world_fail(j->w, "execution %lld: it failed by step \"%" PRISTR "\", which does not fail",
               (long long)j->record->id, ARGSTR(name));
}

/* Whether it stopped at a moment that has nothing to do with what its steps do. */
static bool was_cut(const struct history *h)
{
    struct value error = VALUE_GET(h->last->context, "error");
    if (h->last->type == EVENT_EXECUTION_FAILED)
        return str_is(value_as_str(VALUE_GET(error, "kind")), "timeout") &&
               value_is_absent(VALUE_GET(error, "step"));
    return h->last->type == EVENT_EXECUTION_CANCELLED || (h->paused && !event_type_is_final(h->last->type));
}

static void judge_end(struct judgement *j)
{
    enum event_type type = j->history.last->type;
    bool whole = type == EVENT_EXECUTION_COMPLETE, cut = was_cut(&j->history);
    if (!event_type_is_final(type) && !cut) {
        world_fail(j->w, "execution %lld has not ended, and nothing is on its way", (long long)j->record->id);
        return;
    }
    /* A step that is begun anew, or one time too often, is beyond the reference. */
    if (j->history.retried_from || (j->history.passed_limit && j->history.retries))
        return;
    if (!cut && whole == j->reference.fails)
        world_fail(j->w, "execution %lld ended with %s, and should %s", (long long)j->record->id,
                   event_type_name(type), j->reference.fails ? "fail" : "complete");
    if (!cut && type == EVENT_EXECUTION_FAILED)
        judge_blame(j);
    for (uint32_t i = 0; i < j->history.visits.count && !j->w->failed; i++)
        judge_visit(j, &j->history.visits.items[i], whole);
    if (whole && !j->w->failed)
        judge_whole(j);
}

static bool same_reference(const struct reference *a, const struct reference *b)
{
    if (a->fails != b->fails || a->count != b->count || (!a->fails && !alike(a->result, b->result)))
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const struct reference_visit *v = &a->visits[i], *o = reference_find(b, v->step, v->number);
        if (!o || o->end != v->end || o->attempts != v->attempts)
            return false;
    }
    return true;
}

/* Twice, in different orders: where these differ, the draft depends on the order, and nothing can be said. */
static void ask_reference(struct judgement *j)
{
    const struct nature nature = {j->w->scenario->nature, j->draft};
    struct reference_request request = {
        .playbook = j->playbook,
        .nature = &nature,
        .execution_id = j->record->id,
        .workload = j->record->workload,
        .lost = j->history.lost.items,
        .lost_count = j->history.lost.count,
        .skipped = j->history.skipped.items,
        .skipped_count = j->history.skipped.count,
        .order = 1,
    };
    struct reference other;
    struct error err = {0};
    world_must(j->w, reference_run(&request, &j->arena, &j->reference, &err), &err);
    request.order = 2;
    if (!j->w->failed)
        world_must(j->w, reference_run(&request, &j->arena, &other, &err), &err);
    if (!j->w->failed && !same_reference(&j->reference, &other))
        world_fail(j->w, "execution %lld: what the playbook does depends on the order of things",
                   (long long)j->record->id);
}

static void judge(struct world *w, const struct record *r)
{
    struct judgement j = {.w = w, .record = r, .draft = &w->scenario->drafts[r->draft]};
    struct playbook *playbook = NULL;
    struct error err = {0};
    arena_init(&j.arena, 0);
    world_must(w, playbook_cache_get(w->playbooks, w->texts[r->draft], "playbook", &playbook, &err), &err);
    j.playbook = playbook;
    read_log(w, r, &j.history);
    if (!w->failed)
        ask_reference(&j);
    if (!w->failed)
        judge_end(&j);
    free(j.history.visits.items);
    free(j.history.lost.items);
    free(j.history.started.items);
    free(j.history.ended.items);
    free(j.history.skipped.items);
    arena_free(&j.arena);
    if (playbook)
        playbook_unref(playbook);
}

/* ---- tasks
 * ------------------------------------------------------------------------------------------------------ */

/* The row that ordered a task, or NULL. */
static const struct event *order_of(const struct record *r, const struct task *t)
{
    for (uint32_t i = 0; i < r->rows.count; i++) {
        const struct event *e = &r->rows.items[i];
        if ((e->type == EVENT_STEP_STARTED || e->type == EVENT_ITERATION_STARTED) &&
            str_equal(e->task_id, t->task_id))
            return e;
    }
    return NULL;
}

static void judge_tasks(struct world *w)
{
    for (uint32_t i = 0; i < w->queue.tasks.count && !w->failed; i++) {
        const struct task *t = &w->queue.tasks.items[i].task;
        const struct event *e = order_of(&w->records[record_find(w, t->execution_id)], t);
        if (!e)
            world_fail(w, "execution %lld: nothing in the log led to task %" PRISTR,
                       (long long)t->execution_id, ARGSTR(t->task_id));
        else if (!value_equal(VALUE_GET(e->context, "args"), t->args))
            world_fail(w, "execution %lld: task %" PRISTR " has other args than the log says",
                       (long long)t->execution_id, ARGSTR(t->task_id));
    }
}

void verdict_give(struct world *w)
{
    for (uint32_t i = 0; i < w->record_count && !w->failed; i++) {
        if (w->records[i].rows.count == 0)
            world_fail(w, "execution %lld was asked for, and the log has nothing of it",
                       (long long)w->records[i].id);
        else
            judge(w, &w->records[i]);
    }
    judge_tasks(w);
}
