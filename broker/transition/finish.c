/* How an execution ends: its result, what it was failed by, and who is told. */
#include "turn.h"

#include "core/id.h"

/* Nothing goes on behind an execution's end. What was open stays, stopped, for a retry. */
static enum status stop_open_visits(struct turn *t)
{
    struct execution *x = t->x;
    for (uint32_t s = 0; x->playbook && s < x->playbook->step_count; s++) {
        for (struct visit *v = x->steps[s].open; v; v = v->next) {
            if (v->work)
                TRY(work_stop(t, v->work));
        }
    }
    return STATUS_OK;
}

static enum status cancel_deadline(struct turn *t)
{
    struct str id;
    if (!t->x->timeout_ms)
        return STATUS_OK;
    TRY(deadline_id(t, &id));
    return emit_timer_cancelled(t, id);
}

/* ---- the parent --------------------------------------------------------------------------------------- */

/* With a sub-playbook's end, whoever waits for it goes on. `end` is the event that ended this one. */
static enum status tell_parent(struct turn *t, const struct event *end, enum event_type type,
                               struct value result)
{
    struct execution *x = t->x;
    struct task_id id;
    struct str text;
    struct event fact = {
        .type = type,
        .node_name = x->playbook ? x->playbook->path : t->fact->node_name,
        .node_type = STR("playbook"),
        .task_id = value_as_str(VALUE_GET(x->parent, "task_id")),
        .error = end->error,
        .result = result,
    };
    if (fact.task_id.len == 0 || task_id_parse(fact.task_id, &id, NULL) != STATUS_OK ||
        id_parse(value_as_str(VALUE_GET(x->parent, "execution_id")), &fact.execution_id, NULL) != STATUS_OK)
        return STATUS_OK;
    fact.visit = id.visit;
    fact.attempt = id.places[id.depth].attempt;
    TRY(id_text(t, x->id, &text));
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("execution_id"), value_str(text));
    if (type == EVENT_CHILD_FAILED)
        map_put(&m, STR("error"), VALUE_GET(end->context, "error"));
    TRY(map_end(&m, &fact.context, t->err));
    struct str message_id = arena_printf(t->out->arena, "%" PRISTR ".ended.%u", ARGSTR(text), x->retries);
    if (!message_id.ptr)
        return arena_error(t->out->arena, t->err, "an id");
    return emit_notice(t, &fact, message_id);
}

/* ---- completed ---------------------------------------------------------------------------------------- */

/* The data of `end` if it has any, else of the steps that ended their branches, by name. */
static enum status result_of(struct turn *t, struct value *out)
{
    struct execution *x = t->x;
    const struct playbook *p = x->playbook;
    if (p->end >= 0 && x->steps[p->end].has_data && x->data[p->end].type != VALUE_NULL)
        return value_copy(t->out->arena, x->data[p->end], out, t->err);
    struct map_builder m;
    map_begin(&m, t->out->arena);
    for (uint32_t i = 0; i < x->ended_count; i++) {
        uint32_t s = x->ended[i];
        bool has_data = step_type_is_tool(p->steps[s].action.type) || x->data[s].type != VALUE_NULL;
        if (!x->steps[s].is_last || !has_data || (int32_t)s == p->end)
            continue;
        struct value copy;
        TRY(value_copy(t->out->arena, x->data[s], &copy, t->err));
        map_put(&m, p->steps[s].name, copy);
    }
    return map_end(&m, out, t->err);
}

/* What the parent asked for: the whole result, or what one step gave. */
static struct value result_for_parent(const struct execution *x, struct value result)
{
    struct str step = value_as_str(VALUE_GET(x->parent, "return_step"));
    if (step.len == 0)
        return result;
    int32_t s = playbook_find_step(x->playbook, step);
    return s >= 0 && x->steps[s].has_data ? x->data[s] : value_null();
}

enum status execution_end_completed(struct turn *t)
{
    struct value result;
    struct trial trial = {0};
    TRY(result_of(t, &result));
    TRY(check_carried(t, "the result of the execution", result, 2, &trial));
    if (trial.failed)
        return execution_end_failed(t, NULL, &trial.why);
    struct event *e = emit_event(t, EVENT_EXECUTION_COMPLETE);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    e->result = result;
    t->x->phase = PHASE_COMPLETED;
    TRY(cancel_deadline(t));
    return tell_parent(t, e, EVENT_CHILD_COMPLETED, result_for_parent(t->x, result));
}

/* ---- failed, cancelled -------------------------------------------------------------------------------- */

static void put_blame(const struct turn *t, const struct visit *v, struct map_builder *m)
{
    map_put(m, STR("step"), value_str(t->x->playbook->steps[v->step].name));
    map_put(m, STR("attempt"), value_int(v->attempt));
}

static enum status error_of(struct turn *t, const struct visit *v, const struct failure *why,
                            struct value *out)
{
    struct map_builder m;
    struct value body;
    TRY(failure_to_value(t, why, &body));
    map_begin(&m, t->out->arena);
    if (v)
        put_blame(t, v, &m);
    map_put_all(&m, body);
    if (v) /* the error of a sub-playbook has a step of its own */
        put_blame(t, v, &m);
    TRY(map_end(&m, out, t->err));
    map_begin(&m, t->out->arena);
    map_put(&m, STR("error"), *out);
    return map_end(&m, out, t->err);
}

/* Which run ended: workers stop its tasks, and not those of a retry that is there before they hear of the
 * end. */
static enum status put_run(struct turn *t, struct event *e)
{
    struct map_builder m;
    if (t->x->retries == 0)
        return STATUS_OK;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("run"), value_int(t->x->retries));
    return map_end(&m, &e->meta, t->err);
}

static enum status end_early(struct turn *t, const struct event *e, enum execution_phase phase)
{
    struct event end = *e; /* others may come, and move the array that it is in */
    t->x->phase = phase;
    t->x->paused = false;
    TRY(stop_open_visits(t));
    TRY(cancel_deadline(t));
    return tell_parent(t, &end, EVENT_CHILD_FAILED, ABSENT);
}

enum status execution_end_failed(struct turn *t, struct visit *v, const struct failure *why)
{
    struct execution *x = t->x;
    struct event *e = emit_event(t, EVENT_EXECUTION_FAILED);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    e->error = why->message;
    if (v)
        e->error = arena_printf(t->out->arena, "step %" PRISTR " failed: %" PRISTR,
                                ARGSTR(x->playbook->steps[v->step].name), ARGSTR(why->message));
    if (!e->error.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    TRY(error_of(t, v, why, &e->context));
    TRY(put_run(t, e));
    x->failed = v;
    return end_early(t, e, PHASE_FAILED);
}

enum status execution_end_cancelled(struct turn *t, struct str reason)
{
    struct event *e = emit_event(t, EVENT_EXECUTION_CANCELLED);
    struct failure why = {.kind = STR("cancelled"), .message = reason.len ? reason : STR("cancelled")};
    struct value error;
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    e->error = why.message;
    TRY(put_run(t, e));
    struct event end = *e;
    TRY(error_of(t, NULL, &why, &error));
    end.context = error;
    return end_early(t, &end, PHASE_CANCELLED);
}

/* ---- given up ----------------------------------------------------------------------------------------- */

/* Who was called by the work, or by those of its items. */
static enum status cancel_called(struct turn *t, const struct work *w)
{
    const struct loop *loop = w->loop;
    if (w->child)
        TRY(cancel_child(t, w));
    for (uint32_t i = 0; loop && i < loop->items.len; i++) {
        if (loop->active[i])
            TRY(cancel_called(t, loop->active[i]));
    }
    return STATUS_OK;
}

/* Those that the fact has left open, and those that it has called back, which do not know of it yet. */
static enum status cancel_all_called(struct turn *t, const struct decisions *undone)
{
    struct execution *x = t->x;
    for (uint32_t i = 0; i < undone->notice_count; i++) {
        const struct notice *n = &undone->notices[i];
        if (n->fact.type == EVENT_CANCEL_REQUESTED)
            TRY(emit_notice(t, &n->fact, n->message_id));
    }
    for (uint32_t s = 0; x->playbook && s < x->playbook->step_count; s++) {
        for (const struct visit *v = x->steps[s].open; v; v = v->next) {
            if (v->work)
                TRY(cancel_called(t, v->work));
        }
    }
    return STATUS_OK;
}

static enum status emit_given_up(struct turn *t, const struct error *why, struct event *end)
{
    struct failure failure;
    TRY(failure_from_error(t, why, &failure));
    failure.message =
        arena_printf(t->out->arena, "the engine could not go on: %" PRISTR, ARGSTR(failure.message));
    struct event *e = emit_event(t, EVENT_EXECUTION_FAILED);
    if (!e || !failure.message.ptr)
        return arena_error(t->out->arena, t->err, "an event");
    e->error = failure.message;
    TRY(error_of(t, NULL, &failure, &e->context));
    TRY(put_run(t, e));
    *end = *e;
    return STATUS_OK;
}

enum status execution_give_up(struct execution *x, const struct event *fact, uint32_t event_id,
                              const struct error *why, const struct decisions *undone, struct decisions *out,
                              struct error *err)
{
    struct turn t = {.x = x, .fact = fact, .out = out, .err = err};
    struct event end = {0};
    if (fact->type == EVENT_EXECUTION_REQUESTED && value_is_absent(x->parent))
        TRY(value_copy_plain(&x->arena, VALUE_GET(fact->context, "parent"), &x->parent, err));
    x->next_event_id = event_id;
    TRY(emit_given_up(&t, why, &end));
    if (undone)
        TRY(cancel_all_called(&t, undone));
    TRY(tell_parent(&t, &end, EVENT_CHILD_FAILED, ABSENT));
    out->withdraw = true;
    x->phase = PHASE_COMPLETED; /* no retry can go on from a state that is broken */
    return STATUS_OK;
}
