/*
 * A work's attempts: when one begins, what its end leads to, and whether there is another one. What an
 * attempt is depends on the type: tool.c, iterate.c, child.c, listing.c, control.c (signals).
 */
#include "turn.h"

#include <math.h>
#include <stdio.h>

#include "core/digest.h"

/* ---- the beginning ------------------------------------------------------------------------------------ */

/* What is not told here is a tool's, if its type is one. */
static enum status (*const beginnings[STEP_TYPE_COUNT])(struct turn *t, struct work *w) = {
    [STEP_ITERATOR] = loop_begin,
    [STEP_PLAYBOOK] = child_begin,
    [STEP_PLAYBOOKS] = listing_begin,
    [STEP_SIGNAL] = signal_begin,
};

enum status work_begin(struct turn *t, struct work *w)
{
    if (t->x->paused) {
        work_append(&t->x->queue, w);
        return STATUS_OK;
    }
    return beginnings[w->action->type] ? beginnings[w->action->type](t, w) : tool_begin(t, w);
}

enum status attempt_begins(struct turn *t, struct work *w, enum work_state to)
{
    w->attempt++;
    w->token[0] = '\0';
    if (!w->parent)
        w->visit->attempt = w->attempt;
    return work_move(t->x, w, to, t->err);
}

/* ---- another attempt ---------------------------------------------------------------------------------- */

/* What follows from an attempt that ended. */
struct verdict {
    enum { VERDICT_SUCCESS, VERDICT_FAILURE, VERDICT_AGAIN } what;
    const struct retry_policy *policy; /* VERDICT_AGAIN: whose; NULL: nobody's, it was lost */
    const char *because;               /* and which rule of it says so */
};

/*
 * How long to wait before the next attempt: exponential backoff, spread by up to `jitter` of it either way.
 * What is random about it is a function of the attempt's id.
 */
static int64_t delay_before(const struct work *w, const struct retry_policy *r, int64_t execution_id,
                            struct str next_id)
{
    uint32_t ended = w->attempt - w->attempts_before;
    double delay = (double)r->initial_delay_ms * pow(r->backoff_multiplier, (double)ended - 1);
    if (!(delay < (double)r->max_delay_ms))
        delay = (double)r->max_delay_ms;
    uint32_t hash = fnv1a32(next_id) ^ (uint32_t)execution_id ^ (uint32_t)((uint64_t)execution_id >> 32);
    double u = (double)(hash * UINT32_C(2654435761)) / 4294967296.0; /* Knuth, multiplicative */
    return (int64_t)(delay * (1 - r->jitter + 2 * r->jitter * u));
}

static enum status emit_retried(struct turn *t, const struct work *w, int64_t delay_ms, struct value error,
                                const struct verdict *verdict)
{
    uint32_t next = w->attempt + 1;
    struct event *e = emit_work_event(t, EVENT_STEP_RETRIED, EVENT_STEP_RETRIED, w, next);
    struct map_builder m;
    struct value due;
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    map_begin(&m, t->out->arena);
    map_put(&m, STR("attempt"), value_int(next - w->attempts_before));
    if (verdict->policy)
        map_put(&m, STR("max_attempts"), value_int(verdict->policy->max_attempts));
    map_put(&m, STR("delay_ms"), value_int(delay_ms));
    if (delay_ms) {
        TRY(time_text(t, t->fact->time_ns + delay_ms * 1000000, &due));
        map_put(&m, STR("due_at"), due);
    }
    map_put(&m, STR("because"), value_text(verdict->because));
    if (!value_is_absent(error)) {
        map_put(&m, STR("error"), error);
        e->error = value_as_str(VALUE_GET(error, "message"));
    }
    return map_end(&m, &e->context, t->err);
}

static enum status try_again(struct turn *t, struct work *w, struct value error,
                             const struct verdict *verdict)
{
    struct str next_id;
    TRY(attempt_id(t, w, w->attempt + 1, &next_id));
    int64_t delay_ms = delay_before(w, verdict->policy, t->x->id, next_id);
    TRY(emit_retried(t, w, delay_ms, error, verdict));
    if (delay_ms == 0)
        return work_begin(t, w);
    TRY(work_move(t->x, w, WORK_DELAYED, t->err));
    w->due_ns = t->fact->time_ns + delay_ms * 1000000;
    return emit_timer(t, next_id, w->due_ns);
}

/* What is lost again and again is lost to something that another attempt does not mend. */
enum { LOST_MOST = 5 };

enum status attempt_lost(struct turn *t, struct work *w, const struct failure *why)
{
    static const struct verdict LOST = {.what = VERDICT_AGAIN, .because = "lost"};
    struct value error;
    if (w->lost == LOST_MOST)
        return attempt_ended(t, w, value_null(), why);
    TRY(work_move(t->x, w, WORK_READY, t->err));
    w->lost++;
    w->attempts_before++;
    TRY(failure_to_value(t, why, &error));
    TRY(emit_retried(t, w, 0, error, &LOST));
    return work_begin(t, w);
}

/* ---- the end ------------------------------------------------------------------------------------------ */

static enum status condition(struct turn *t, const struct template *template, struct str text,
                             const char *key, const struct step_scope *scope, bool *holds,
                             struct trial *trial)
{
    struct value v;
    char what[512];
    *holds = false;
    if (!template)
        return STATUS_OK;
    snprintf(what, sizeof(what), "%s: %" PRISTR, key, ARGSTR(text));
    TRY(render_template(t, template, what, scope, &v, trial));
    *holds = !trial->failed && condition_is_true(v);
    return STATUS_OK;
}

/* `retry`, in its order: stop_when, then retry_when or that there was an error, as long as there are attempts
 * left. */
static enum status judge(struct turn *t, const struct work *w, const struct step_scope *scope, bool success,
                         struct verdict *out, struct trial *trial)
{
    const struct retry_policy *r = w->action->retry;
    bool stop, again;
    *out = (struct verdict){.what = success ? VERDICT_SUCCESS : VERDICT_FAILURE};
    if (!r)
        return STATUS_OK;
    TRY(condition(t, r->stop_when, r->stop_when_text, "stop_when", scope, &stop, trial));
    if (trial->failed || stop) {
        out->what = VERDICT_SUCCESS;
        return STATUS_OK;
    }
    again = !r->retry_when && !success;
    if (r->retry_when)
        TRY(condition(t, r->retry_when, r->retry_when_text, "retry_when", scope, &again, trial));
    if (again && w->attempt - w->attempts_before < r->max_attempts)
        *out = (struct verdict){VERDICT_AGAIN, r, r->retry_when ? "retry_when" : "error"};
    return STATUS_OK;
}

/* What assert.returns of an attempt without a worker says. */
static enum status look_for_returned(struct turn *t, const struct work *w, const struct step_scope *scope,
                                     struct value data, struct trial *trial)
{
    const struct assertion *a = w->action->assertion;
    if (!a || a->return_count == 0 || step_type_is_tool(w->action->type))
        return STATUS_OK;
    return look_for_paths(t, a->returns, a->return_count, scope->top->names, data, trial);
}

static enum status emit_item_saved(struct turn *t, const struct work *w, struct value saved)
{
    struct event *e = emit_work_event(t, EVENT_ITERATION_SAVED, EVENT_ITERATION_SAVED, w, w->attempt);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    e->context = saved;
    return STATUS_OK;
}

static enum status work_succeeded(struct turn *t, struct work *w, struct value data,
                                  const struct step_scope *scope)
{
    struct value saved;
    struct trial trial = {0};
    TRY(save_apply(t, w->action, scope, &saved, &trial));
    if (trial.failed)
        return work_failed(t, w, data, &trial.why);
    if (!w->parent)
        return step_succeeded(t, w->visit, data, saved);
    if (!value_is_absent(saved))
        TRY(emit_item_saved(t, w, saved));
    return item_succeeded(t, w, data);
}

enum status work_failed(struct turn *t, struct work *w, struct value data, const struct failure *why)
{
    return w->parent ? item_failed(t, w, data, why) : step_failed(t, w->visit, data, why);
}

static enum status act_on(struct turn *t, struct work *w, const struct verdict *verdict, struct value data,
                          struct value error, const struct failure *why, const struct step_scope *scope)
{
    if (verdict->what == VERDICT_AGAIN)
        return try_again(t, w, error, verdict);
    return verdict->what == VERDICT_SUCCESS ? work_succeeded(t, w, data, scope)
                                            : work_failed(t, w, data, why);
}

enum status attempt_ended(struct turn *t, struct work *w, struct value data, const struct failure *why)
{
    struct step_scope scope;
    struct value error = ABSENT;
    struct verdict verdict = {.what = why ? VERDICT_FAILURE : VERDICT_SUCCESS};
    struct trial assertion = {0}, conditions = {0};
    bool simple = !w->action->retry && w->action->save_count == 0 && !w->action->assertion;
    if (w->state != WORK_READY)
        TRY(work_move(t->x, w, WORK_READY, t->err));
    if (simple)
        return act_on(t, w, &verdict, data, error, why, NULL);
    if (why)
        TRY(failure_to_value(t, why, &error));
    TRY(scope_of_attempt(t, w, data, error, &scope));
    if (!why) {
        TRY(look_for_returned(t, w, &scope, data, &assertion));
        if (assertion.failed)
            return attempt_ended(t, w, data, &assertion.why);
    }
    TRY(judge(t, w, &scope, !why, &verdict, &conditions));
    if (conditions.failed)
        return work_failed(t, w, data, &conditions.why);
    return act_on(t, w, &verdict, data, error, why, &scope);
}

/* ---- an execution that ends before its works, and goes on --------------------------------------------- */

enum status cancel_child(struct turn *t, const struct work *w)
{
    struct map_builder m;
    struct str parent, id;
    struct event fact = {
        .execution_id = w->child,
        .type = EVENT_CANCEL_REQUESTED,
        .node_name = t->x->playbook->path,
        .node_type = STR("playbook"),
    };
    TRY(id_text(t, t->x->id, &parent));
    TRY(id_text(t, w->child, &id));
    struct str reason = arena_printf(
        t->out->arena, "execution %" PRISTR ", which it is a part of, does not wait for it any more",
        ARGSTR(parent));
    struct str message_id = arena_printf(t->out->arena, "%" PRISTR ".cancel.parent", ARGSTR(id));
    if (!reason.ptr || !message_id.ptr)
        return arena_error(t->out->arena, t->err, "a cancel");
    map_begin(&m, t->out->arena);
    map_put(&m, STR("reason"), value_str(reason));
    TRY(map_end(&m, &fact.context, t->err));
    return emit_notice(t, &fact, message_id);
}

static enum status cancel_timer(struct turn *t, const struct work *w)
{
    struct str id;
    TRY(attempt_id(t, w, w->state == WORK_DELAYED ? w->attempt + 1 : w->attempt, &id));
    return emit_timer_cancelled(t, id);
}

static enum status withdraw_task(struct turn *t, const struct work *w)
{
    struct withdrawal withdrawal = {.pool = t->x->playbook->steps[w->visit->step].pool};
    if (execution_is_over(t->x)) {
        t->out->withdraw = true;
        return STATUS_OK;
    }
    TRY(attempt_id(t, w, w->attempt, &withdrawal.task_id));
    return emit_withdrawal(t, &withdrawal);
}

enum status work_stop(struct turn *t, struct work *w)
{
    struct loop *loop = w->loop;
    if (w->state == WORK_STOPPED)
        return STATUS_OK;
    if (w->state == WORK_TASK)
        TRY(withdraw_task(t, w));
    if (w->child)
        TRY(cancel_child(t, w));
    if (w->due_ns)
        TRY(cancel_timer(t, w));
    for (uint32_t i = 0; loop && i < loop->items.len; i++) {
        if (loop->active[i])
            TRY(work_stop(t, loop->active[i]));
    }
    return work_move(t->x, w, WORK_STOPPED, t->err);
}

enum status work_resume(struct turn *t, struct work *w)
{
    struct loop *loop = w->loop;
    if (w->state != WORK_STOPPED)
        return STATUS_OK;
    if (!loop) {
        w->attempts_before = w->attempt;
        w->lost = 0;
        TRY(work_move(t->x, w, WORK_READY, t->err));
        return work_begin(t, w);
    }
    TRY(work_move(t->x, w, WORK_LOOP, t->err));
    for (uint32_t i = 0; w->loop == loop && i < loop->items.len; i++) {
        if (loop->active[i])
            TRY(work_resume(t, loop->active[i]));
    }
    return w->loop == loop ? loop_pump(t, w) : STATUS_OK;
}
