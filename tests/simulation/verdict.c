/* What must be true when all is quiet: every execution ended, and did what the reference says. */
#include "history.h"

#include "core/id.h"
#include "core/json.h"

#include <stdlib.h>

/* ---- beside the reference ----------------------------------------------------------------------------- */

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
    static const char *const names[] = {"open",   "completed", "skipped", "failed and went on",
                                        "failed", "waiting",   "given up"};
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

/* The wording of an error is not the reference's business, and of several that could come, which one came. */
static bool errors_alike(struct value a, struct value b)
{
    bool one_of_several = !value_is_absent(VALUE_GET(a, "index")) || !value_is_absent(VALUE_GET(a, "step"));
    return one_of_several || value_identical(VALUE_GET(a, "kind"), VALUE_GET(b, "kind"));
}

/* In any order. */
static bool maps_alike(struct value a, struct value b)
{
    if (!value_is_absent(VALUE_GET(a, "kind")) && !value_is_absent(VALUE_GET(b, "kind")))
        return errors_alike(a, b);
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++) {
        const struct value_entry *e = &a.u.map->entries[i];
        struct value other = value_get_by_value(b, e->key);
        bool is_id = str_is(value_as_str(e->key), "execution_id");
        if (is_id ? value_is_absent(other) : !alike(e->value, other))
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

static void judge_iterations(struct judgement *j, const struct told *t, const struct reference_visit *v,
                             bool cut)
{
    bool most = cut || v->inexact;
    if (most ? t->iterations > v->iterations : t->iterations != v->iterations)
        world_fail(j->w,
                   "execution %lld: visit %u of %" PRISTR
                   " had %u attempts of items' tasks, and should have had "
                   "%s%u",
                   (long long)j->record->id, t->number, ARGSTR(t->step), t->iterations,
                   most ? "at most " : "", v->iterations);
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
    bool cut = t->end == REFERENCE_OPEN && (!whole || v->end == REFERENCE_DROPPED);
    if (t->end != v->end && !cut)
        world_fail(j->w, "execution %lld: visit %u of %" PRISTR " is %s, and should be %s", id, t->number,
                   ARGSTR(t->step), end_name(t->end), end_name(v->end));
    if (cut ? t->attempts > v->attempts : t->attempts != v->attempts)
        world_fail(j->w, "execution %lld: visit %u of %" PRISTR " had %u attempts, and should have had %u",
                   id, t->number, ARGSTR(t->step), t->attempts, v->attempts);
    judge_iterations(j, t, v, cut);
    if (j->w->losses == 0 && !value_is_absent(t->args) && !is_several(j, t->step) && !alike(t->args, v->args))
        world_fail(j->w,
                   "execution %lld: visit %u of %" PRISTR " got %" PRISTR ", and should have got %" PRISTR,
                   id, t->number, ARGSTR(t->step), ARGSTR(as_text(j, t->args)), ARGSTR(as_text(j, v->args)));
}

static void judge_whole(struct judgement *j)
{
    for (uint32_t i = 0; i < j->reference.count; i++) {
        const struct reference_visit *v = &j->reference.visits[i];
        if (v->end == REFERENCE_DROPPED)
            continue;
        const struct event e = {.node_name = j->playbook->steps[v->step].name, .visit = v->number};
        if (history_visit(&j->history, &e)->end == REFERENCE_OPEN)
            world_fail(j->w, "execution %lld: visit %u of %" PRISTR " is missing", (long long)j->record->id,
                       v->number, ARGSTR(e.node_name));
    }
    /* What came of facts that were lost later may have been told to others, and have come back from there. */
    if (j->w->losses == 0 && !alike(j->history.last->result, j->reference.result))
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
    return h->last->type == EVENT_EXECUTION_CANCELLED;
}

/* Whether an execution that has not ended waits for somebody: a resume, a signal, a child that does. */
static bool waits(const struct judgement *j)
{
    const struct history *h = &j->history;
    if (event_type_is_final(h->last->type))
        return false;
    if (history_waits(h))
        return true;
    for (uint32_t i = 0; i < h->attempts.count; i++) {
        const struct attempt *a = &h->attempts.items[i];
        uint32_t child = a->child ? record_find(j->w, a->child) : RECORDS_MAX;
        if (child != RECORDS_MAX && !record_is_over(&j->w->records[child]) &&
            !history_has_ended(h, a->task_id))
            return true;
    }
    return h->paused;
}

/* ---- the executions around it ------------------------------------------------------------------------- */

static bool was_retried(const struct record *r)
{
    for (uint32_t i = 0; i < r->rows.count; i++) {
        if (r->rows.items[i].type == EVENT_EXECUTION_RETRIED)
            return true;
    }
    return false;
}

/* Nobody waits for a child whose parent is over: it is told to end. */
static void judge_children(struct judgement *j)
{
    const struct history *h = &j->history;
    for (uint32_t i = 0; i < h->attempts.count && event_type_is_final(h->last->type); i++) {
        const struct attempt *a = &h->attempts.items[i];
        uint32_t child = a->child ? record_find(j->w, a->child) : RECORDS_MAX;
        if (child == RECORDS_MAX || history_has_ended(h, a->task_id))
            continue;
        const struct record *r = &j->w->records[child];
        if (r->rows.count == 0)
            continue;
        struct value parent = VALUE_GET(r->rows.items[0].context, "parent");
        bool awaited = !value_is_absent(VALUE_GET(parent, "task_id"));
        if (awaited && !record_is_over(r) && !was_retried(r))
            world_fail(j->w, "execution %lld is over, and %lld, which it waited for, is not",
                       (long long)j->record->id, (long long)r->id);
    }
}

/* The row in which the parent learns how this one ended, or NULL. */
static const struct event *told_to_parent(const struct judgement *j, struct value parent)
{
    int64_t id;
    uint32_t record = RECORDS_MAX;
    if (id_parse(value_as_str(VALUE_GET(parent, "execution_id")), &id, NULL) == STATUS_OK)
        record = record_find(j->w, id);
    for (uint32_t i = 0; record != RECORDS_MAX && i < j->w->records[record].rows.count; i++) {
        const struct event *e = &j->w->records[record].rows.items[i];
        if (e->type == EVENT_CHILD_COMPLETED &&
            id_parse(value_as_str(VALUE_GET(e->context, "execution_id")), &id, NULL) == STATUS_OK &&
            id == j->record->id)
            return e;
    }
    return NULL;
}

/* Its result, or what the one step gave that the parent asked for. */
static void judge_told(struct judgement *j)
{
    struct value parent = VALUE_GET(j->record->rows.items[0].context, "parent");
    struct str step = value_as_str(VALUE_GET(parent, "return_step"));
    const struct event *told = told_to_parent(j, parent);
    if (!told || j->w->losses > 0)
        return; /* it may have been told of an end by a fact that was lost before it was in the log */
    struct value expected = j->reference.result;
    int32_t index = playbook_find_step(j->playbook, step);
    if (step.len)
        expected = index >= 0 && !value_is_absent(j->reference.data[index]) ? j->reference.data[index]
                                                                            : value_null();
    if (!alike(told->result, expected))
        world_fail(j->w, "execution %lld: its parent gets %" PRISTR ", and should get %" PRISTR,
                   (long long)j->record->id, ARGSTR(as_text(j, told->result)), ARGSTR(as_text(j, expected)));
}

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

/*
 * Whether a task was run that the log does not have so: what led to it was lost before it was in the log. Its
 * outcome counts for the attempt of that name, and is of another history.
 */
static bool has_stale_task(const struct judgement *j)
{
    for (uint32_t i = 0; j->w->losses > 0 && i < j->w->queue.tasks.count; i++) {
        const struct task *t = &j->w->queue.tasks.items[i].task;
        if (t->execution_id != j->record->id)
            continue;
        const struct event *e = order_of(j->record, t);
        if (!e || !value_equal(VALUE_GET(e->context, "args"), t->args))
            return true;
    }
    return false;
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static void judge_end(struct judgement *j)
{
    enum event_type type = j->history.last->type;
    bool whole = type == EVENT_EXECUTION_COMPLETE, cut = was_cut(&j->history) || waits(j);
    if (!event_type_is_final(type) && !cut) {
        world_fail(j->w, "execution %lld has not ended, and nothing is on its way", (long long)j->record->id);
        return;
    }
    if (has_stale_task(j)) {
        j->w->tally[TALLY_BEYOND]++;
        return;
    }
    if (j->reference.impossible) {
        world_fail(j->w, "execution %lld cannot have come as far as it had when it was retried",
                   (long long)j->record->id);
        return;
    }
    if (j->reference.overtaken) {
        j->w->tally[TALLY_OVERTAKEN]++;
        return;
    }
    if (j->reference.vague) {
        j->w->tally[TALLY_BEYOND]++;
        return;
    }
    j->w->tally[whole                        ? TALLY_COMPLETED
                : was_cut(&j->history)       ? TALLY_CUT
                : !event_type_is_final(type) ? TALLY_WAITING
                                             : TALLY_FAILED]++;
    if (!cut && whole == j->reference.fails)
        world_fail(j->w, "execution %lld ended with %s, and should %s", (long long)j->record->id,
                   event_type_name(type), j->reference.fails ? "fail" : "complete");
    if (!cut && type == EVENT_EXECUTION_FAILED)
        judge_blame(j);
    for (uint32_t i = 0; i < j->history.visits.count && !j->w->failed; i++)
        judge_visit(j, &j->history.visits.items[i], whole);
    if (whole && !j->w->failed)
        judge_whole(j);
    if (whole && !j->w->failed)
        judge_told(j);
}

static bool same_reference(const struct reference *a, const struct reference *b)
{
    if (a->vague || b->vague || a->overtaken)
        return true;
    if (a->fails != b->fails || a->count != b->count || (!a->fails && !alike(a->result, b->result)))
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const struct reference_visit *v = &a->visits[i], *o = reference_find(b, v->step, v->number);
        if (!o || o->end != v->end || o->attempts != v->attempts || o->iterations != v->iterations)
            return false;
    }
    return true;
}

/* Those that are called alike come to the same, as long as none of them has made an attempt again. */
static bool lost_alike(const struct world *w)
{
    for (uint32_t i = 0; i < w->record_count; i++) {
        const struct record *r = &w->records[i];
        for (uint32_t k = 0; r->alike && k < r->rows.count; k++) {
            if (r->rows.items[k].type == EVENT_ACTION_LOST)
                return true;
        }
    }
    return false;
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
        .given = j->history.given.items,
        .given_count = j->history.given.count,
        .cuts = j->history.cuts.items,
        .cut_count = j->history.cuts.count,
        .skipped = j->history.skipped.items,
        .skipped_count = j->history.skipped.count,
        .lost = j->history.lost.items,
        .lost_count = j->history.lost.count,
        .order = 1,
    };
    struct reference other;
    struct error err = {0};
    world_must(j->w, reference_run(&request, &j->arena, &j->reference, &err), &err);
    request.order = 2;
    if (!j->w->failed)
        world_must(j->w, reference_run(&request, &j->arena, &other, &err), &err);
    if (j->w->failed || same_reference(&j->reference, &other))
        return;
    if (j->history.lost.count > 0 || lost_alike(j->w))
        j->reference.vague = true; /* which of several visits lost an attempt depends on the order */
    else
        world_fail(j->w, "execution %lld: what the playbook does depends on the order of things",
                   (long long)j->record->id);
}

/* ---- delays ------------------------------------------------------------------------------------------- */

/* min(max_delay, initial_delay × multiplier ^ (attempts − 1)), give or take the jitter. */
static bool delay_is_right(const struct retry_policy *p, int64_t next_attempt, int64_t delay_ms)
{
    double delay = (double)p->initial_delay_ms;
    for (int64_t i = 2; i < next_attempt; i++)
        delay *= p->backoff_multiplier;
    if (delay > (double)p->max_delay_ms)
        delay = (double)p->max_delay_ms;
    return (double)delay_ms >= delay * (1 - p->jitter) - 1 && (double)delay_ms <= delay * (1 + p->jitter);
}

static bool is_because_of_loss(const struct event *retried)
{
    return str_is(value_as_str(VALUE_GET(retried->context, "because")), "lost");
}

static void judge_delays(struct judgement *j)
{
    for (uint32_t i = 0; i < j->record->rows.count && !j->w->failed; i++) {
        const struct event *e = &j->record->rows.items[i];
        struct task_id id;
        if (e->type != EVENT_STEP_RETRIED || is_because_of_loss(e) ||
            task_id_parse(e->task_id, &id, NULL) != STATUS_OK || id.depth > 0)
            continue;
        const struct retry_policy *p = j->playbook->steps[id.step].action.retry;
        int64_t delay_ms = VALUE_GET(e->context, "delay_ms").u.i;
        if (!p || !delay_is_right(p, VALUE_GET(e->context, "attempt").u.i, delay_ms))
            world_fail(j->w, "execution %lld: a delay of %lld ms before %" PRISTR " is wrong",
                       (long long)j->record->id, (long long)delay_ms, ARGSTR(e->task_id));
    }
}

/* Each task of an execution that is complete has its outcome, or was withdrawn: nothing runs for nothing. */
static void judge_left(struct judgement *j)
{
    for (uint32_t i = 0; i < j->w->queue.tasks.count && !j->w->failed && j->w->losses == 0; i++) {
        const struct task *t = &j->w->queue.tasks.items[i].task;
        if (t->execution_id != j->record->id || t->run != j->history.retries ||
            j->history.last->type != EVENT_EXECUTION_COMPLETE)
            continue;
        if (!history_has_ended(&j->history, t->task_id) && !history_was_withdrawn(&j->history, t->task_id))
            world_fail(j->w, "execution %lld: nobody waits for %" PRISTR ", and it was not withdrawn",
                       (long long)t->execution_id, ARGSTR(t->task_id));
    }
}

static void judge(struct world *w, const struct record *r)
{
    struct judgement j = {.w = w, .record = r, .draft = &w->scenario->drafts[r->draft]};
    struct playbook *playbook = NULL;
    struct error err = {0};
    arena_init(&j.arena, 0);
    world_must(w, playbook_cache_get(w->playbooks, w->texts[r->draft], "playbook", &playbook, &err), &err);
    j.playbook = playbook;
    history_read(w, r, &j.history);
    if (!w->failed)
        ask_reference(&j);
    if (!w->failed)
        judge_children(&j);
    if (!w->failed)
        judge_delays(&j);
    if (!w->failed)
        judge_left(&j);
    if (!w->failed)
        judge_end(&j);
    history_free(&j.history);
    arena_free(&j.arena);
    if (playbook)
        playbook_unref(playbook);
}

/* ---- tasks -------------------------------------------------------------------------------------------- */

/* A fact that was lost before it was in the log may have led to tasks that the log does not know. */
static void judge_tasks(struct world *w)
{
    for (uint32_t i = 0; i < w->queue.tasks.count && !w->failed && w->losses == 0; i++) {
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
        if (w->records[i].rows.count == 0 && w->losses > 0)
            continue; /* its request was lost before it was in the log, or the fact that led to it was */
        if (w->records[i].rows.count == 0)
            world_fail(w, "execution %lld was asked for, and the log has nothing of it",
                       (long long)w->records[i].id);
        else
            judge(w, &w->records[i]);
    }
    judge_tasks(w);
}
