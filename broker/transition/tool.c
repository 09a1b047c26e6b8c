/* An attempt that a worker runs. */
#include "turn.h"

static enum status started_context(struct turn *t, const struct work *w, const struct input *in,
                                   struct value *out)
{
    struct map_builder m;
    map_begin(&m, t->out->arena);
    if (w->parent)
        map_put(&m, STR("index"), value_int(w->item));
    if (w->action->name.len)
        map_put(&m, STR("task"), value_str(w->action->name));
    map_put(&m, STR("type"), value_text(step_type_name(w->action->type)));
    map_put(&m, STR("pool"), value_str(t->x->playbook->steps[w->visit->step].pool));
    if (w->action->timeout_ms)
        map_put(&m, STR("timeout_ms"), value_int(w->action->timeout_ms));
    map_put(&m, STR("args"), in->args);
    map_put(&m, STR("config"), in->config);
    return map_end(&m, out, t->err);
}

/* Further attempts have the input of the first: a uuid() in it stays what it was. */
static enum status input_of(struct turn *t, struct work *w, struct input *in, struct trial *trial)
{
    *in = (struct input){w->args, w->config};
    if (!value_is_absent(w->args))
        return STATUS_OK;
    TRY(render_input(t, w->visit, w, in, trial));
    if (trial->failed || !w->action->retry)
        return STATUS_OK;
    TRY(value_copy_plain(&t->x->arena, in->args, &w->args, t->err));
    return value_copy_plain(&t->x->arena, in->config, &w->config, t->err);
}

/* ---- what the worker does when the tool has answered -------------------------------------------------- */

static enum status returns_of(struct turn *t, const struct action *action, struct value *out)
{
    const struct assertion *a = action->assertion;
    struct list_builder b;
    if (!a || a->return_count == 0)
        return STATUS_OK;
    list_begin(&b, t->out->arena);
    for (uint32_t i = 0; i < a->return_count; i++)
        list_add(&b, value_str(a->returns[i]));
    return list_end(&b, out, t->err);
}

static enum status saves_of(struct turn *t, const struct action *action, struct value *out)
{
    struct list_builder b;
    struct value all;
    list_begin(&b, t->out->arena);
    for (uint32_t i = 0; i < action->save_count; i++) {
        const struct save_entry *entry = &action->saves[i];
        struct map_builder m;
        struct value v;
        if (entry->target != SAVE_STORAGE)
            continue;
        map_begin(&m, t->out->arena);
        map_put(&m, STR("tool"), value_text(step_type_name(entry->tool)));
        map_put(&m, STR("keys"), entry->keys);
        TRY(map_end(&m, &v, t->err));
        list_add(&b, v);
    }
    TRY(list_end(&b, &all, t->err));
    if (all.len)
        *out = all;
    return STATUS_OK;
}

/* What the templates of the saves name, as far as it is known; what is not is the worker's to complain about.
 */
static enum status names_of(struct turn *t, const struct work *w, struct value *out)
{
    struct step_scope scope;
    struct map_builder m;
    TRY(scope_for(t, w, ABSENT, &scope));
    map_begin(&m, t->out->arena);
    for (uint32_t i = 0; i < w->action->names_for_saves_count; i++) {
        struct value v = scope_find(scope.top, w->action->names_for_saves[i]);
        if (!value_is_absent(v))
            map_put(&m, w->action->names_for_saves[i], v);
    }
    return map_end(&m, out, t->err);
}

static enum status put_afterwards(struct turn *t, const struct work *w, struct task *task)
{
    TRY(returns_of(t, w->action, &task->returns));
    TRY(saves_of(t, w->action, &task->saves));
    if (value_is_absent(task->saves))
        return STATUS_OK;
    return names_of(t, w, &task->names);
}

/* ---- the task ----------------------------------------------------------------------------------------- */

static enum status publish_task(struct turn *t, struct work *w, const struct input *in)
{
    struct execution *x = t->x;
    const struct step *step = &x->playbook->steps[w->visit->step];
    struct task task = {
        .execution_id = x->id,
        .step = step->name,
        .type = str_of(step_type_name(w->action->type)),
        .path = x->playbook->path,
        .visit = w->visit->number,
        .attempt = w->attempt,
        .run = x->retries,
        .timeout_ms = w->action->timeout_ms,
        .args = in->args,
    };
    TRY(attempt_id(t, w, w->attempt, &task.task_id));
    TRY(span_of_attempt(t, task.task_id, &task.traceparent));
    TRY(args_merge(t->out->arena, in->config, w->action->verbatim, &task.config, t->err));
    TRY(put_afterwards(t, w, &task));
    task.token = (struct str){arena_strdup(t->out->arena, task_token(x, w, task.task_id)), 32};
    if (x->playbook->fetches_secrets)
        task.seal = task_seal(t);
    if (!task.token.ptr || (x->playbook->fetches_secrets && !task.seal.ptr))
        return arena_error(t->out->arena, t->err, "a task");
    return emit_task(t, step->pool, &task);
}

enum status tool_begin(struct turn *t, struct work *w)
{
    struct input in;
    struct trial trial = {0};
    TRY(input_of(t, w, &in, &trial));
    if (trial.failed)
        return work_failed(t, w, value_null(), &trial.why);
    TRY(attempt_begins(t, w, WORK_TASK));
    struct event *e = emit_work_event(t, EVENT_STEP_STARTED, EVENT_ITERATION_STARTED, w, w->attempt);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    TRY(started_context(t, w, &in, &e->context));
    return publish_task(t, w, &in);
}
