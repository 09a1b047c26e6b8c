/* A visit's life between the opening of its gate and its end. */
#include "turn.h"

/* A step that runs nothing: its data is its `result`, or its args. */
static enum status complete_at_once(struct turn *t, struct visit *v)
{
    const struct step *step = &t->x->playbook->steps[v->step];
    struct input in;
    struct trial trial = {0};
    struct value data = value_null(), saved = ABSENT;
    TRY(render_input(t, v, NULL, &in, &trial));
    if (step->result)
        TRY(render_object(t, step->result, NULL, in.args, &data, &trial));
    else if (in.args.len)
        data = in.args;
    if (!trial.failed && save_is_wanted(&step->action)) {
        struct step_scope scope;
        TRY(scope_of_outcome(t, v, data, ABSENT, &scope));
        TRY(save_apply(t, &step->action, &scope, &saved, &trial));
    }
    if (trial.failed)
        return step_failed(t, v, value_null(), &trial.why);
    return step_succeeded(t, v, data, saved);
}

enum status step_start(struct turn *t, struct visit *v)
{
    const struct step *step = &t->x->playbook->steps[v->step];
    if (step->pass)
        return step_succeeded(t, v, value_null(), ABSENT);
    if (!step_type_has_attempts(step->action.type))
        return complete_at_once(t, v);
    TRY(visit_move(t->x, v, VISIT_RUNNING, t->err));
    TRY(work_new(t->x, v, NULL, &step->action, &v->work, t->err));
    return work_begin(t, v->work);
}

/* ---- the end ------------------------------------------------------------------------------------------ */

/* Adds {"next": …} and what else is told of a step's end. */
static enum status ended_context(struct turn *t, const struct routed *r, struct value error,
                                 const char *handled, struct value saved, struct value *out)
{
    struct map_builder m;
    map_begin(&m, t->out->arena);
    if (!value_is_absent(error))
        map_put(&m, STR("error"), error);
    if (handled)
        map_put(&m, STR("handled"), value_text(handled));
    if (r && r->explanation.len)
        map_put(&m, STR("next"), r->explanation);
    map_put_all(&m, saved);
    TRY(map_end(&m, out, t->err));
    if (out->len == 0)
        out->type = VALUE_UNDEFINED;
    return STATUS_OK;
}

static enum status emit_failed(struct turn *t, const struct visit *v, const struct failure *why,
                               struct value error, const struct routed *r, const char *handled)
{
    struct event *e = emit_visit_event(t, EVENT_STEP_FAILED, v);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    e->error = why->message;
    return ended_context(t, r, error, handled, ABSENT, &e->context);
}

/* The visit is over, and what fired arrives. */
static enum status leave(struct turn *t, struct visit *v, enum visit_state to, const struct routed *r)
{
    t->x->steps[v->step].is_last = r->ends_branch;
    TRY(visit_move(t->x, v, to, t->err));
    visit_release(t->x, v);
    return route_fire(t, r);
}

/* The visit stays open: a retry of the execution begins with it. */
static enum status fail_execution(struct turn *t, struct visit *v, const struct failure *why,
                                  struct value error)
{
    TRY(emit_failed(t, v, why, error, NULL, NULL));
    return execution_end_failed(t, v, why);
}

/* `on_error: {step: NAME}`: only that fires. */
static enum status go_to_handler(struct turn *t, struct visit *v, const struct failure *why,
                                 struct value error)
{
    const struct playbook *p = t->x->playbook;
    const struct step *step = &p->steps[v->step];
    uint32_t target = step->on_error_step;
    const struct edge edge = {
        .target = target,
        .is_loop = p->reach[(size_t)target * p->step_count + v->step] != 0,
    };
    struct firing firing = {.edge = &edge};
    struct routed r = {
        .firings = &firing, .count = 1, .capacity = 1, .ends_branch = (int32_t)target == p->end};
    TRY(emit_failed(t, v, why, error, NULL, "step"));
    return leave(t, v, VISIT_FAILED, &r);
}

enum status step_succeeded(struct turn *t, struct visit *v, struct value data, struct value saved)
{
    struct execution *x = t->x;
    const struct step *step = &x->playbook->steps[v->step];
    struct routed r;
    struct trial trial = {0};
    struct value error;
    TRY(execution_keep_data(x, v->step, data, ABSENT, t->out->arena, t->err));
    TRY(route_decide(t, v, data, ABSENT, &r, &trial));
    if (trial.failed) {
        TRY(failure_to_value(t, &trial.why, &error));
        if (step->on_error == ON_ERROR_STEP) {
            TRY(execution_keep_data(x, v->step, data, error, t->out->arena, t->err));
            return go_to_handler(t, v, &trial.why, error);
        }
        return fail_execution(t, v, &trial.why, error);
    }
    struct event *e = emit_visit_event(t, step->pass ? EVENT_STEP_SKIPPED : EVENT_STEP_COMPLETED, v);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    /* The data of a tool is in the row of its outcome, the row before this one. */
    if (!(v->work && step_type_is_tool(v->work->action->type)) && data.type != VALUE_NULL)
        e->result = data;
    TRY(ended_context(t, &r, ABSENT, step->pass ? "pass" : NULL, saved, &e->context));
    return leave(t, v, VISIT_COMPLETED, &r);
}

enum status step_failed(struct turn *t, struct visit *v, struct value data, const struct failure *why)
{
    struct execution *x = t->x;
    const struct step *step = &x->playbook->steps[v->step];
    struct value error;
    struct routed r;
    struct trial trial = {0};
    TRY(failure_to_value(t, why, &error));
    if (step->on_error == ON_ERROR_FAIL)
        return fail_execution(t, v, why, error);
    TRY(execution_keep_data(x, v->step, data, error, t->out->arena, t->err));
    if (step->on_error == ON_ERROR_STEP)
        return go_to_handler(t, v, why, error);
    TRY(route_decide(t, v, data, error, &r, &trial));
    if (trial.failed) {
        TRY(failure_to_value(t, &trial.why, &error));
        return fail_execution(t, v, &trial.why, error);
    }
    TRY(emit_failed(t, v, why, error, &r, "continue"));
    return leave(t, v, VISIT_FAILED, &r);
}
