/*
 * Where branches meet.
 *
 * A step that is reached gets a visit that gathers. Its gate opens when nothing that is open could still come
 * to it:
 *
 * join: all    No other open visit is at a step from which this one can be reached without a loop edge
 *              (step_state.open_before counts them). The graph without loop edges has no cycle, so of all
 *              gathering visits at least one is behind no other, and its gate opens as soon as the work
 * before it has ended: gates cannot wait for each other. join: any    At once; later arrivals are dropped
 * until a loop edge above the step is passed again. join: each   At once; every arrival has its own visit.
 * `end`        Nothing else is open at all. It runs once, whether or not an edge leads to it.
 */
#include "turn.h"

static bool is_end(const struct execution *x, uint32_t step)
{
    return x->playbook->end >= 0 && (uint32_t)x->playbook->end == step;
}

/* Passing a loop edge begins a new round of the target and of all that follows it. */
static void begin_round(struct execution *x, uint32_t target)
{
    const struct playbook *p = x->playbook;
    for (uint32_t s = 0; s < p->step_count; s++) {
        if (p->reach[(size_t)target * p->step_count + s])
            x->steps[s].any_taken = false;
    }
}

static enum status too_many_visits(struct turn *t, struct visit *v)
{
    const struct step *step = &t->x->playbook->steps[v->step];
    struct failure why = {
        .kind = STR("limit"),
        .message = arena_printf(t->out->arena, "step %" PRISTR " was visited more than %u times (max_visits)",
                                ARGSTR(step->name), step->max_visits),
    };
    if (!why.message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    return execution_end_failed(t, v, &why);
}

/* What a further arrival brings goes over what earlier ones brought. */
static enum status take_args(struct turn *t, struct visit *v, struct value args)
{
    if (value_is_absent(args))
        return STATUS_OK;
    struct value copy;
    TRY(value_copy_plain(&t->x->arena, args, &copy, t->err));
    return args_merge(&t->x->arena, v->args, copy, &v->args, t->err);
}

/* `end` runs once; a visit of it that was given up for a retry did not. */
static bool end_has_its_visit(const struct step_state *end)
{
    return end->open_visits > 0 || end->has_data;
}

/* What arrives behind the one that ends the execution is there for a retry. */
enum status join_arrive(struct turn *t, uint32_t step, bool over_loop_edge, struct value args)
{
    struct execution *x = t->x;
    enum join_mode join = is_end(x, step) ? JOIN_ALL : x->playbook->steps[step].join;
    struct step_state *s = &x->steps[step];
    struct visit *v = NULL;
    bool too_many = false;

    if (over_loop_edge)
        begin_round(x, step);
    if (join == JOIN_ANY && s->any_taken)
        return STATUS_OK;
    if (join == JOIN_ALL && !over_loop_edge)
        v = visit_gathering(x, step);
    if (is_end(x, step) && !v && end_has_its_visit(s))
        return STATUS_OK;
    if (!v) {
        TRY(visit_open(x, step, &v, t->err));
        v->joins = join == JOIN_ALL && !visit_gathering(x, step);
        s->any_taken = true;
        too_many = v->number > x->playbook->steps[step].max_visits;
    }
    TRY(take_args(t, v, args));
    return too_many && !execution_is_over(x) ? too_many_visits(t, v) : STATUS_OK;
}

enum status join_reopen_end(struct turn *t, struct value args)
{
    struct visit *v;
    TRY(visit_open(t->x, (uint32_t)t->x->playbook->end, &v, t->err));
    v->joins = true;
    return take_args(t, v, args);
}

static bool gate_is_open(const struct execution *x, const struct visit *v)
{
    const struct step_state *s = &x->steps[v->step];
    if (is_end(x, v->step))
        return x->open_total == 1;
    return x->playbook->steps[v->step].join != JOIN_ALL || s->open_before == s->open_visits;
}

static bool stops_at(const struct turn *t, const struct visit *v)
{
    if (t->stop && t->stop->step == v->step && t->stop->visit == v->number)
        t->stop->reached = true;
    return t->stop && t->stop->reached;
}

/* Starts what stands behind an open gate, in the order of arrival; what arrives meanwhile has its turn later.
 */
static enum status sweep(struct turn *t, bool *started)
{
    struct visit *next;
    *started = false;
    for (struct visit *v = t->x->first_gathering; v && !execution_is_over(t->x); v = next) {
        next = v->next_gathering;
        if (!gate_is_open(t->x, v))
            continue;
        *started = true;
        if (stops_at(t, v))
            return STATUS_OK;
        TRY(step_start(t, v));
    }
    return STATUS_OK;
}

enum status join_settle(struct turn *t)
{
    struct execution *x = t->x;
    while (!execution_is_over(x) && !x->paused) {
        bool started;
        TRY(sweep(t, &started));
        if (t->stop && t->stop->reached)
            return STATUS_OK;
        if (started)
            continue;
        if (x->open_total > 0)
            return STATUS_OK;
        int32_t end = x->playbook->end;
        if (end < 0 || end_has_its_visit(&x->steps[end]))
            return execution_end_completed(t);
        TRY(join_arrive(t, (uint32_t)end, false, ABSENT));
    }
    return STATUS_OK;
}
