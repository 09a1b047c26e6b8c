/* A visit's life between the opening of its gate and its end. */
#include "turn.h"

/* What a step is started with. */
struct input {
    struct value args;   /* the step's, with those of the edges over them; a map */
    struct value config; /* the tool's keys, rendered; a map */
};

/* Renders an object in a scope; a template's error becomes a failure of the step. */
static enum status render_or_fail(struct turn *t, const struct object_template *o, struct value extra,
                                  struct value *out, bool *failed, struct failure *why)
{
    struct step_scope scope = {.inner = {.names = VALUE_EMPTY_MAP}};
    struct error e = {0};
    if (!object_is_constant(o))
        TRY(scope_for(t, extra, &scope));
    if (object_render(o, &scope.inner, &t->inputs, t->out->arena, out, &e) == STATUS_OK)
        return STATUS_OK;
    if (e.status == STATUS_NO_MEMORY) {
        *t->err = e;
        return e.status;
    }
    *failed = true;
    return failure_from_error(t, &e, why);
}

static enum status render_input(struct turn *t, const struct visit *v, struct input *out, bool *failed,
                                struct failure *why)
{
    const struct action *action = &t->x->playbook->steps[v->step].action;
    struct value own = {.type = VALUE_UNDEFINED};
    if (action->args)
        TRY(render_or_fail(t, action->args, v->args, &own, failed, why));
    if (*failed)
        return STATUS_OK;
    TRY(args_merge(t->out->arena, own, v->args, &out->args, t->err));
    if (out->args.type != VALUE_MAP)
        out->args = VALUE_EMPTY_MAP;
    out->config = VALUE_EMPTY_MAP;
    if (action->config)
        TRY(render_or_fail(t, action->config, out->args, &out->config, failed, why));
    return STATUS_OK;
}

static enum status started_context(struct turn *t, const struct step *step, const struct input *in,
                                   struct value *out)
{
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("type"), value_text(step_type_name(step->action.type)));
    map_put(&m, STR("pool"), value_str(step->pool));
    if (step->action.timeout_ms)
        map_put(&m, STR("timeout_ms"), value_int(step->action.timeout_ms));
    map_put(&m, STR("args"), in->args);
    map_put(&m, STR("config"), in->config);
    return map_end(&m, out, t->err);
}

static enum status schedule(struct turn *t, struct visit *v, const struct input *in)
{
    struct execution *x = t->x;
    const struct step *step = &x->playbook->steps[v->step];
    struct task task = {
        .execution_id = x->id,
        .step = step->name,
        .type = str_of(step_type_name(step->action.type)),
        .path = x->playbook->path,
        .visit = v->number,
        .attempt = ++v->attempt,
        .timeout_ms = step->action.timeout_ms,
        .args = in->args,
    };
    TRY(visit_move(x, v, VISIT_SCHEDULED, t->err));
    TRY(visit_task_id(t, v, &task.task_id));
    TRY(args_merge(t->out->arena, in->config, step->action.verbatim, &task.config, t->err));
    char token[33];
    task_token(x, task.task_id, token);
    task.token = (struct str){arena_strdup(t->out->arena, str_of(token)), 32};

    struct event *e = emit_visit_event(t, EVENT_STEP_STARTED, v);
    if (!e || !task.token.ptr)
        return arena_error(t->out->arena, t->err, "a task");
    e->task_id = task.task_id;
    TRY(started_context(t, step, in, &e->context));
    return emit_task(t, step->pool, &task);
}

/* A step without a tool: its data is its `result`, or its args. */
static enum status complete_at_once(struct turn *t, struct visit *v)
{
    const struct step *step = &t->x->playbook->steps[v->step];
    struct input in;
    struct failure why;
    bool failed = false;
    TRY(render_input(t, v, &in, &failed, &why));
    struct value data = value_null();
    if (!failed && step->result)
        TRY(render_or_fail(t, step->result, in.args, &data, &failed, &why));
    else if (!failed && in.args.len)
        data = in.args;
    if (failed)
        return step_failed(t, v, value_null(), &why);
    return step_succeeded(t, v, data);
}

enum status step_start(struct turn *t, struct visit *v)
{
    const struct step *step = &t->x->playbook->steps[v->step];
    if (step->pass)
        return step_succeeded(t, v, value_null());
    if (!step_type_is_tool(step->action.type))
        return complete_at_once(t, v);
    struct input in;
    struct failure why;
    bool failed = false;
    TRY(render_input(t, v, &in, &failed, &why));
    if (failed)
        return step_failed(t, v, value_null(), &why);
    return schedule(t, v, &in);
}

/* Adds {"next": …} and what else is told of a step's end. */
static enum status ended_context(struct turn *t, const struct routed *r, struct value error,
                                 const char *handled, struct value *out)
{
    struct map_builder m;
    map_begin(&m, t->out->arena);
    if (!value_is_absent(error))
        map_put(&m, STR("error"), error);
    if (handled)
        map_put(&m, STR("handled"), value_text(handled));
    if (r && r->explanation.len)
        map_put(&m, STR("next"), r->explanation);
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
    return ended_context(t, r, error, handled, &e->context);
}

/* The visit is over, and what fired arrives. */
static enum status leave(struct turn *t, struct visit *v, enum visit_state to, const struct routed *r)
{
    t->x->steps[v->step].is_last = r->ends_branch;
    TRY(visit_move(t->x, v, to, t->err));
    visit_release(t->x, v);
    return route_fire(t, r);
}

static enum status fail_execution(struct turn *t, struct visit *v, const struct failure *why,
                                  struct value error)
{
    TRY(emit_failed(t, v, why, error, NULL, NULL));
    TRY(visit_move(t->x, v, VISIT_FAILED, t->err));
    TRY(execution_end_failed(t, v, why));
    visit_release(t->x, v);
    return STATUS_OK;
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

enum status step_succeeded(struct turn *t, struct visit *v, struct value data)
{
    struct execution *x = t->x;
    const struct step *step = &x->playbook->steps[v->step];
    const struct value none = {.type = VALUE_UNDEFINED};
    struct routed r;
    struct failure why;
    struct value error;
    bool failed;
    TRY(execution_keep_data(x, v->step, data, none, t->out->arena, t->err));
    TRY(route_decide(t, v, data, none, &r, &failed, &why));
    if (failed) {
        TRY(failure_to_value(t, &why, &error));
        if (step->on_error == ON_ERROR_STEP) {
            TRY(execution_keep_data(x, v->step, data, error, t->out->arena, t->err));
            return go_to_handler(t, v, &why, error);
        }
        return fail_execution(t, v, &why, error);
    }
    struct event *e = emit_visit_event(t, step->pass ? EVENT_STEP_SKIPPED : EVENT_STEP_COMPLETED, v);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    /* The data of a tool is in the row of its outcome, the row before this one. */
    if (v->attempt == 0 && data.type != VALUE_NULL)
        e->result = data;
    TRY(ended_context(t, &r, none, step->pass ? "pass" : NULL, &e->context));
    return leave(t, v, VISIT_COMPLETED, &r);
}

enum status step_failed(struct turn *t, struct visit *v, struct value data, const struct failure *why)
{
    struct execution *x = t->x;
    const struct step *step = &x->playbook->steps[v->step];
    struct value error;
    struct routed r;
    struct failure routing;
    bool failed;
    TRY(failure_to_value(t, why, &error));
    if (step->on_error == ON_ERROR_FAIL)
        return fail_execution(t, v, why, error);
    TRY(execution_keep_data(x, v->step, data, error, t->out->arena, t->err));
    if (step->on_error == ON_ERROR_STEP)
        return go_to_handler(t, v, why, error);
    TRY(route_decide(t, v, data, error, &r, &failed, &routing));
    if (failed) {
        TRY(failure_to_value(t, &routing, &error));
        return fail_execution(t, v, &routing, error);
    }
    TRY(emit_failed(t, v, why, error, &r, "continue"));
    return leave(t, v, VISIT_FAILED, &r);
}
