#include "transition.h"

#include <stdio.h>

#include "core/digest.h"
#include "core/id.h"
#include "turn.h"

/* ---- the end of an execution ------------------------------------------------------------------------- */

/* Nothing may stay open behind an execution's end; tasks that are still queued are withdrawn. */
static enum status drop_open_visits(struct turn *t)
{
    struct execution *x = t->x;
    for (uint32_t s = 0; x->playbook && s < x->playbook->step_count; s++) {
        while (x->steps[s].open) {
            struct visit *v = x->steps[s].open;
            t->out->withdraw = t->out->withdraw || v->state == VISIT_SCHEDULED;
            TRY(visit_move(x, v, VISIT_DROPPED, t->err));
            visit_release(x, v);
        }
    }
    return STATUS_OK;
}

/* The data of `end` if it has any, else of the steps that ended their branches, by name. */
static enum status result_of(struct turn *t, struct value *out)
{
    struct execution *x = t->x;
    const struct playbook *p = x->playbook;
    if (p->end >= 0 && x->steps[p->end].has_data && x->data[p->end].type != VALUE_NULL) {
        *out = x->data[p->end];
        return value_copy(t->out->arena, *out, out, t->err);
    }
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

enum status execution_end_completed(struct turn *t)
{
    struct value result;
    TRY(result_of(t, &result));
    struct event *e = emit_event(t, EVENT_EXECUTION_COMPLETE);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    e->result = result;
    t->x->phase = PHASE_COMPLETED;
    return STATUS_OK;
}

enum status execution_end_failed(struct turn *t, const struct visit *v, const struct failure *why)
{
    struct execution *x = t->x;
    struct map_builder m;
    struct value error, body;
    map_begin(&m, t->out->arena);
    if (v) {
        map_put(&m, STR("step"), value_str(x->playbook->steps[v->step].name));
        map_put(&m, STR("attempt"), value_int(v->attempt));
    }
    TRY(failure_to_value(t, why, &body));
    map_put_all(&m, body);
    TRY(map_end(&m, &error, t->err));

    struct event *e = emit_event(t, EVENT_EXECUTION_FAILED);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    e->error = why->message;
    if (v)
        e->error = arena_printf(t->out->arena, "step %" PRISTR " failed: %" PRISTR,
                                ARGSTR(x->playbook->steps[v->step].name), ARGSTR(why->message));
    if (!e->error.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    map_begin(&m, t->out->arena);
    map_put(&m, STR("error"), error);
    TRY(map_end(&m, &e->context, t->err));
    x->phase = PHASE_FAILED;
    return drop_open_visits(t);
}

enum status execution_end_cancelled(struct turn *t, struct str reason)
{
    struct event *e = emit_event(t, EVENT_EXECUTION_CANCELLED);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    e->error = reason.len ? reason : STR("cancelled");
    t->x->phase = PHASE_CANCELLED;
    return drop_open_visits(t);
}

/* ---- the facts ----------------------------------------------------------------------------------------- */

static enum status ignore(struct turn *t, const char *why)
{
    t->out->ignored = why;
    return STATUS_OK;
}

/* Keeps what the execution needs of its request for as long as it lives. */
static enum status keep_request(struct execution *x, struct value context, struct error *err)
{
    struct value seed, version = VALUE_GET(context, "version");
    TRY(value_copy(&x->arena, VALUE_GET(context, "token_seed"), &seed, err));
    x->token_seed = value_as_str(seed);
    x->version = version.type == VALUE_INT ? version.u.i : 0;
    TRY(value_copy(&x->arena, VALUE_GET(context, "env"), &x->env, err));
    TRY(value_copy(&x->arena, VALUE_GET(context, "workload"), &x->workload, err));
    if (x->workload.type != VALUE_MAP)
        x->workload = VALUE_EMPTY_MAP;
    return STATUS_OK;
}

static enum status emit_start(struct turn *t, struct value context)
{
    struct event *e = emit_event(t, EVENT_EXECUTION_START);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("path"), value_str(t->x->playbook->path));
    map_put(&m, STR("version"), VALUE_GET(context, "version"));
    map_put(&m, STR("digest"), value_text(t->x->playbook->digest));
    return map_end(&m, &e->context, t->err);
}

static enum status on_requested(struct turn *t, struct playbook_cache *playbooks)
{
    struct execution *x = t->x;
    struct value context = t->fact->context;
    struct playbook *playbook = NULL;
    struct error e = {0};
    char name[256];
    snprintf(name, sizeof(name), "%" PRISTR, ARGSTR(t->fact->node_name));

    TRY(emit_fact(t));
    TRY(keep_request(x, context, t->err));
    enum status status =
        playbook_cache_get(playbooks, value_as_str(VALUE_GET(context, "playbook")), name, &playbook, &e);
    if (status == STATUS_NO_MEMORY) {
        *t->err = e;
        return status;
    }
    if (status != STATUS_OK) {
        struct failure why;
        TRY(failure_from_error(t, &e, &why));
        return execution_end_failed(t, NULL, &why);
    }
    TRY(execution_set_playbook(x, playbook, t->err));
    x->phase = PHASE_RUNNING;
    TRY(emit_start(t, context));
    const struct value no_args = {.type = VALUE_UNDEFINED};
    return join_arrive(t, playbook->start, false, no_args);
}

/* The visit whose current attempt the fact is the outcome of, or why it is of none. */
static struct visit *visit_of_outcome(const struct turn *t, const char **why_not)
{
    struct task_id id;
    if (task_id_parse(t->fact->task_id, &id, NULL) != STATUS_OK) {
        *why_not = "its task_id is none";
        return NULL;
    }
    struct visit *v = visit_find(t->x, id.step, id.visit);
    if (!v || v->state != VISIT_SCHEDULED || id.depth > 0 || v->attempt != id.places[0].attempt) {
        *why_not = "the attempt has its outcome already, or never was";
        return NULL;
    }
    char token[33];
    task_token(t->x, t->fact->task_id, token);
    if (!str_is(value_as_str(VALUE_GET(t->fact->meta, "token")), token)) {
        *why_not = "its token is not the task's";
        return NULL;
    }
    return v;
}

/* Why an attempt failed, from the envelope of its outcome. */
static struct failure failure_of(const struct event *outcome)
{
    struct value error = VALUE_GET(outcome->result, "error");
    struct failure why = {
        .kind = value_as_str(VALUE_GET(error, "kind")),
        .message = value_as_str(VALUE_GET(error, "message")),
        .detail = error,
    };
    if (why.kind.len == 0)
        why.kind = STR("failed");
    if (why.message.len == 0)
        why.message = outcome->error.len ? outcome->error : STR("the worker gave no reason");
    return why;
}

static enum status on_outcome(struct turn *t, struct playbook_cache *playbooks)
{
    (void)playbooks;
    const char *why_not = NULL;
    struct visit *v = visit_of_outcome(t, &why_not);
    if (!v)
        return ignore(t, why_not);
    TRY(emit_fact(t));
    struct value data = VALUE_GET(t->fact->result, "data");
    if (value_is_absent(data))
        data = value_null();
    if (t->fact->type == EVENT_ACTION_COMPLETED)
        return step_succeeded(t, v, data);
    struct failure why = failure_of(t->fact);
    return step_failed(t, v, data, &why);
}

static enum status on_cancel(struct turn *t, struct playbook_cache *playbooks)
{
    (void)playbooks;
    TRY(emit_fact(t));
    return execution_end_cancelled(t, value_as_str(VALUE_GET(t->fact->context, "reason")));
}

/* ---- the table --------------------------------------------------------------------------------------------
 */

typedef enum status on_fact(struct turn *t, struct playbook_cache *playbooks);

/* What a running execution does with each fact. A new one takes only its request, one that is over takes
 * nothing. */
static on_fact *const while_running[EVENT_COUNT] = {
    [EVENT_ACTION_COMPLETED] = on_outcome,
    [EVENT_ACTION_ERROR] = on_outcome,
    [EVENT_CANCEL_REQUESTED] = on_cancel,
};

static on_fact *handler_for(const struct execution *x, enum event_type type, const char **why_not)
{
    if (x->phase == PHASE_NEW && type == EVENT_EXECUTION_REQUESTED)
        return on_requested;
    if (x->phase == PHASE_NEW)
        *why_not = "the execution was never requested";
    else if (execution_is_over(x))
        *why_not = "the execution is over";
    else if (!while_running[type])
        *why_not = "it has been taken already";
    else
        return while_running[type];
    return NULL;
}

enum status transition(struct execution *x, const struct event *fact, struct playbook_cache *playbooks,
                       struct decisions *out, struct error *err)
{
    if (event_type_kind(fact->type) != EVENT_KIND_FACT || fact->execution_id != x->id)
        return error_set(err, STATUS_INTERNAL, "%s of execution %lld is no fact of execution %lld",
                         event_type_name(fact->type), (long long)fact->execution_id, (long long)x->id);
    struct turn t = {
        .x = x,
        .fact = fact,
        .out = out,
        .inputs = {.undefined = UNDEFINED_STRICT, .now_ns = fact->time_ns, .env = x->env},
        .err = err,
    };
    t.inputs.seed = (uint64_t)x->id ^ ((uint64_t)fact->time_ns << 1) ^ ((uint64_t)x->next_event_id << 48);
    on_fact *handler = handler_for(x, fact->type, &out->ignored);
    if (!handler)
        return STATUS_OK;
    TRY(handler(&t, playbooks));
    if (out->ignored)
        return STATUS_OK;
    TRY(join_settle(&t));
    TRY(execution_compact(x, out->arena, err));
#ifndef NDEBUG
    TRY(execution_check(x, err));
#endif
    return STATUS_OK;
}

/*
 * A fact's decisions stand behind it in the log, so each is checked against what folding the fact gives now:
 * a log that this program would not have written is noticed before it is continued.
 */
enum status execution_replay(struct execution *x, const struct event *events, size_t count,
                             struct playbook_cache *playbooks, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct event *e = &events[i];
        if (event_type_kind(e->type) != EVENT_KIND_FACT)
            continue;
        if (e->event_id != x->next_event_id) {
            status = error_set(err, STATUS_INTERNAL,
                               "event %u of execution %lld is a %s, but folding the log has come to event %u",
                               e->event_id, (long long)x->id, event_type_name(e->type), x->next_event_id);
            break;
        }
        struct decisions decisions;
        decisions_init(&decisions, &scratch);
        status = transition(x, e, playbooks, &decisions, err);
        if (status == STATUS_OK && decisions.ignored)
            status = error_set(err, STATUS_INTERNAL,
                               "event %u of execution %lld is in the log, but folding it says: %s",
                               e->event_id, (long long)x->id, decisions.ignored);
        arena_reset(&scratch);
    }
    if (status == STATUS_OK && count > 0 && events[count - 1].event_id + 1 != x->next_event_id)
        status = error_set(err, STATUS_INTERNAL,
                           "the log of execution %lld ends at event %u, folding it ends at %u",
                           (long long)x->id, events[count - 1].event_id, x->next_event_id - 1);
    arena_free(&scratch);
    return status;
}
