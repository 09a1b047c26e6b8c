/* An attempt that is another playbook's execution, and what a child tells its parent. */
#include "turn.h"

#include "core/id.h"

enum { MAX_DEPTH = 16 }; /* of executions in executions */

struct call {
    struct value path, version, args;
    bool waits;
};

/* All playbooks that were listed get the same args. */
static struct call listed_call(const struct work *w)
{
    struct value playbook = w->parent->loop->items.u.list[w->item];
    struct value args = w->parent->args;
    return (struct call){
        .path = VALUE_GET(playbook, "path"),
        .version = VALUE_GET(playbook, "version"),
        .args = args.type == VALUE_MAP ? args : VALUE_EMPTY_MAP,
        .waits = true,
    };
}

static enum status render_call(struct turn *t, const struct work *w, struct call *out, struct trial *trial)
{
    const struct playbook_call *call = w->action->call;
    struct input in;
    struct value wait;
    if (!call->path) {
        *out = listed_call(w);
        return STATUS_OK;
    }
    TRY(render_input(t, w->visit, w, &in, trial));
    out->args = in.args;
    TRY(render_object(t, call->path, w, in.args, &out->path, trial));
    TRY(render_object(t, call->version, w, in.args, &out->version, trial));
    TRY(render_object(t, call->wait, w, in.args, &wait, trial));
    out->waits = value_is_absent(wait) || condition_is_true(wait);
    return STATUS_OK;
}

static int64_t depth_of(const struct execution *x)
{
    struct value depth = VALUE_GET(x->parent, "depth");
    return depth.type == VALUE_INT ? depth.u.i : 0;
}

/* "latest" and nothing mean the newest. */
static bool read_version(struct value v, int64_t *out)
{
    *out = 0;
    if (value_is_absent(v) || v.type == VALUE_NULL ||
        (v.type == VALUE_STRING && str_is(value_as_str(v), "latest")))
        return true;
    if (v.type == VALUE_INT)
        *out = v.u.i;
    else if (v.type != VALUE_STRING || !str_to_int64(value_as_str(v), out))
        return false;
    return *out > 0;
}

static void check_call(struct turn *t, const struct call *call, int64_t *version, struct trial *trial)
{
    if (!trial->failed && !playbook_path_is_valid(value_as_str(call->path)))
        trial_fail(trial, status_name(STATUS_INVALID), STR("path: what it gives is no path of a playbook"));
    if (!read_version(call->version, version))
        trial_fail(trial, status_name(STATUS_INVALID),
                   STR("version: it has to be a whole number from 1, or \"latest\""));
    if (depth_of(t->x) + 1 > MAX_DEPTH)
        trial_fail(trial, status_name(STATUS_LIMIT), STR("playbooks call playbooks more than 16 deep"));
}

/* What the child is told of the execution that waits for it. */
static enum status parent_of(struct turn *t, const struct work *w, const struct child_order *order,
                             bool waits, struct value *out)
{
    struct map_builder m;
    struct str id;
    TRY(id_text(t, t->x->id, &id));
    map_begin(&m, t->out->arena);
    map_put(&m, STR("execution_id"), value_str(id));
    map_put(&m, STR("step"), value_str(t->x->playbook->steps[w->visit->step].name));
    if (waits)
        map_put(&m, STR("task_id"), value_str(order->task_id));
    if (waits && w->action->call->return_step.len)
        map_put(&m, STR("return_step"), value_str(w->action->call->return_step));
    map_put(&m, STR("depth"), value_int(depth_of(t->x) + 1));
    return map_end(&m, out, t->err);
}

static enum status started_context(struct turn *t, const struct work *w, const struct child_order *order,
                                   struct value *out)
{
    struct map_builder m;
    struct str id;
    TRY(id_text(t, order->execution_id, &id));
    map_begin(&m, t->out->arena);
    if (w->parent)
        map_put(&m, STR("index"), value_int(w->item));
    map_put(&m, STR("type"), value_text("playbook"));
    map_put(&m, STR("path"), value_str(order->path));
    if (order->version)
        map_put(&m, STR("version"), value_int(order->version));
    map_put(&m, STR("child"), value_str(id));
    map_put(&m, STR("args"), order->args);
    return map_end(&m, out, t->err);
}

/* wait: false — the step's data says where to look. */
static enum status go_on_at_once(struct turn *t, struct work *w, const struct child_order *order)
{
    struct map_builder m;
    struct value data;
    struct str id;
    TRY(id_text(t, order->execution_id, &id));
    map_begin(&m, t->out->arena);
    map_put(&m, STR("execution_id"), value_str(id));
    map_put(&m, STR("path"), value_str(order->path));
    TRY(map_end(&m, &data, t->err));
    return attempt_ended(t, w, data, NULL);
}

static int64_t child_id(const struct turn *t, const struct child_order *order)
{
    char key[ID_TEXT + 1 + TASK_ID_TEXT];
    size_t len = id_format(t->x->id, key);
    key[len++] = '.';
    memcpy(key + len, order->task_id.ptr, order->task_id.len);
    return id_from_key(STR("child"), (struct str){key, len + order->task_id.len});
}

static enum status request_child(struct turn *t, struct work *w, const struct call *call, int64_t version)
{
    struct child_order order = {.path = value_as_str(call->path), .version = version, .args = call->args};
    TRY(attempt_begins(t, w, WORK_CHILD));
    TRY(attempt_id(t, w, w->attempt, &order.task_id));
    TRY(span_of_attempt(t, order.task_id, &order.traceparent));
    order.execution_id = child_id(t, &order);
    w->child = call->waits ? order.execution_id : 0;
    TRY(parent_of(t, w, &order, call->waits, &order.parent));
    struct event *e = emit_work_event(t, EVENT_STEP_STARTED, EVENT_ITERATION_STARTED, w, w->attempt);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    TRY(started_context(t, w, &order, &e->context));
    TRY(emit_child(t, &order));
    return call->waits ? STATUS_OK : go_on_at_once(t, w, &order);
}

enum status child_begin(struct turn *t, struct work *w)
{
    struct call call = {0};
    struct trial trial = {0};
    int64_t version;
    TRY(render_call(t, w, &call, &trial));
    check_call(t, &call, &version, &trial);
    if (trial.failed)
        return work_failed(t, w, value_null(), &trial.why);
    return request_child(t, w, &call, version);
}

/* ---- the parent learns how it ended ------------------------------------------------------------------- */

static enum status failure_of_child(struct turn *t, struct failure *out)
{
    const struct event *f = t->fact;
    struct value error = VALUE_GET(f->context, "error");
    struct str why = value_as_str(VALUE_GET(error, "message"));
    *out = (struct failure){.kind = value_as_str(VALUE_GET(error, "kind")), .detail = error};
    if (out->kind.len == 0)
        out->kind = STR("failed");
    if (why.len == 0)
        why = f->error.len ? f->error : STR("no reason was given");
    out->message = arena_printf(t->out->arena, "the playbook %" PRISTR " did not complete: %" PRISTR,
                                ARGSTR(f->node_name), ARGSTR(why));
    if (!out->message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put_all(&m, error);
    map_put(&m, STR("message"), value_str(out->message));
    if (!value_is_absent(VALUE_GET(f->context, "execution_id")))
        map_put(&m, STR("execution_id"), VALUE_GET(f->context, "execution_id"));
    return map_end(&m, &out->detail, t->err);
}

enum status on_child_ended(struct turn *t)
{
    struct task_id id;
    struct work *w = NULL;
    if (task_id_parse(t->fact->task_id, &id, NULL) == STATUS_OK)
        w = work_find(t->x, &id);
    if (!w || w->state != WORK_CHILD || w->attempt != id.places[id.depth].attempt)
        return ignore_fact(t, "nobody waits for that execution");
    TRY(emit_fact(t));
    if (t->fact->type == EVENT_CHILD_COMPLETED) {
        struct value data = t->fact->result;
        return attempt_ended(t, w, value_is_absent(data) ? value_null() : data, NULL);
    }
    struct failure why;
    TRY(failure_of_child(t, &why));
    return attempt_ended(t, w, value_null(), &why);
}
