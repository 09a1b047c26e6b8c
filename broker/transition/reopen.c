/* Retry of an execution that failed or was cancelled: from where it stood, or from a step on. */
#include "turn.h"

static enum status drop(struct turn *t, struct visit *v)
{
    TRY(visit_move(t->x, v, VISIT_DROPPED, t->err));
    visit_release(t->x, v);
    return STATUS_OK;
}

/* `end` comes after everything: where it was at work it begins anew, behind what the retry begins. */
static enum status give_up(struct turn *t, struct visit *v)
{
    uint32_t step = v->step;
    struct value args = v->args;
    TRY(drop(t, v));
    return (int32_t)step == t->x->playbook->end ? join_reopen_end(t, args) : STATUS_OK;
}

/* It did so while the execution was paused, and then that was cancelled. */
static bool end_has_run(const struct execution *x)
{
    const struct step_state *end = x->playbook->end < 0 ? NULL : &x->steps[x->playbook->end];
    return end && end->has_data && end->open_visits == 0;
}

/* What the named step leads to comes again; what failed is left out. */
static enum status drop_behind(struct turn *t, uint32_t from)
{
    struct execution *x = t->x;
    const uint8_t *reached = x->playbook->reach + (size_t)from * x->playbook->step_count;
    for (uint32_t s = 0; s < x->playbook->step_count; s++) {
        struct visit *next;
        for (struct visit *v = x->steps[s].open; v; v = next) {
            bool is_end = (int32_t)s == x->playbook->end;
            next = v->next;
            if (reached[s])
                TRY(drop(t, v));
            else if (v == x->failed || (is_end && v->state == VISIT_RUNNING))
                TRY(give_up(t, v));
        }
    }
    x->failed = NULL;
    return STATUS_OK;
}

/* The oldest visit of each step first. */
static enum status resume_visits(struct turn *t)
{
    struct execution *x = t->x;
    for (uint32_t s = 0; s < x->playbook->step_count; s++) {
        struct visit *v = x->steps[s].open, *newer;
        while (v && v->next)
            v = v->next;
        for (; v && !execution_is_over(x); v = newer) {
            newer = v->before;
            if (v->work)
                TRY(work_resume(t, v->work));
        }
    }
    return STATUS_OK;
}

static enum status emit_retry(struct turn *t, struct str from)
{
    struct event *e = emit_event(t, EVENT_EXECUTION_RETRIED);
    struct map_builder m;
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    if (from.len == 0)
        return STATUS_OK;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("from"), value_str(from));
    return map_end(&m, &e->context, t->err);
}

static enum status go_on(struct turn *t, int32_t from)
{
    struct execution *x = t->x;
    x->phase = PHASE_RUNNING;
    x->retries++;
    x->failed = from < 0 ? NULL : x->failed;
    TRY(set_deadline(t));
    if (from >= 0) {
        TRY(drop_behind(t, (uint32_t)from));
        if (end_has_run(x))
            TRY(join_reopen_end(t, ABSENT));
        TRY(join_arrive(t, (uint32_t)from, true, ABSENT));
    }
    return resume_visits(t);
}

enum status on_retry(struct turn *t)
{
    struct execution *x = t->x;
    struct str name = value_as_str(VALUE_GET(t->fact->context, "from"));
    int32_t from = -1;
    if (!x->playbook)
        return ignore_fact(t, "its playbook cannot be run");
    if (name.len && (from = playbook_find_step(x->playbook, name)) < 0)
        return ignore_fact(t, "the playbook has no step of that name");
    if (from >= 0 && from == x->playbook->end && x->steps[from].visits > 0)
        return ignore_fact(t, "the step end runs once");
    TRY(emit_fact(t));
    TRY(emit_retry(t, from < 0 ? STR("") : name));
    return go_on(t, from);
}
