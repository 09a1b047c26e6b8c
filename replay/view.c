#include "view.h"

#include "core/id.h"
#include "transition/open_work.h"

const char *view_status(const struct execution *x)
{
    static const char *const names[] = {[PHASE_NEW] = "requested",
                                        [PHASE_RUNNING] = "running",
                                        [PHASE_COMPLETED] = "completed",
                                        [PHASE_FAILED] = "failed",
                                        [PHASE_CANCELLED] = "cancelled"};
    return x->phase == PHASE_RUNNING && x->paused ? "paused" : names[x->phase];
}

/* ---- members ------------------------------------------------------------------------------------------ */

static enum status put_id(struct map_builder *m, const char *key, int64_t id, struct error *err)
{
    char text[ID_TEXT];
    (void)id_format(id, text);
    const char *copy = arena_strdup(m->arena, str_of(text));
    if (!copy)
        return arena_error(m->arena, err, "an id");
    map_put(m, str_of(key), value_text(copy));
    return STATUS_OK;
}

static enum status put_time(struct map_builder *m, const char *key, int64_t time_ns, struct error *err)
{
    char text[32];
    time_format(time_ns, text);
    const char *copy = arena_strdup(m->arena, str_of(text));
    if (!copy)
        return arena_error(m->arena, err, "a time");
    map_put(m, str_of(key), value_text(copy));
    return STATUS_OK;
}

static void put_text(struct map_builder *m, const char *key, struct str text)
{
    if (text.len)
        map_put(m, str_of(key), value_str(text));
}

/* A member that is a list, left out when it is empty. */
static enum status put_list(struct map_builder *m, const char *key, struct list_builder *list,
                            struct error *err)
{
    struct value v;
    TRY(list_end(list, &v, err));
    if (v.len)
        map_put(m, str_of(key), v);
    return STATUS_OK;
}

/* ---- decisions ---------------------------------------------------------------------------------------- */

static enum status put_events(struct map_builder *m, const struct decisions *d, struct error *err)
{
    struct list_builder list;
    list_begin(&list, m->arena);
    for (uint32_t i = 1; i < d->event_count; i++) {
        struct value v;
        TRY(event_to_value(m->arena, &d->events[i], &v, err));
        list_add(&list, v);
    }
    return put_list(m, "decisions", &list, err);
}

static enum status put_tasks(struct map_builder *m, const struct decisions *d, struct error *err)
{
    struct list_builder list;
    list_begin(&list, m->arena);
    for (uint32_t i = 0; i < d->task_count; i++) {
        const struct task_order *order = &d->tasks[i];
        struct map_builder task;
        struct value v;
        map_begin(&task, m->arena);
        put_text(&task, "pool", order->pool);
        put_text(&task, "task_id", order->task.task_id);
        put_text(&task, "step", order->task.step);
        put_text(&task, "type", order->task.type);
        map_put(&task, STR("args"), order->task.args);
        TRY(map_end(&task, &v, err));
        list_add(&list, v);
    }
    return put_list(m, "tasks", &list, err);
}

static enum status put_timers(struct map_builder *m, const struct decisions *d, struct error *err)
{
    struct list_builder list;
    list_begin(&list, m->arena);
    for (uint32_t i = 0; i < d->timer_count; i++) {
        struct map_builder timer;
        struct value v;
        map_begin(&timer, m->arena);
        put_text(&timer, "id", d->timers[i].id);
        if (d->timers[i].cancelled)
            map_put(&timer, STR("cancelled"), value_bool(true));
        else
            TRY(put_time(&timer, "due_at", d->timers[i].due_ns, err));
        TRY(map_end(&timer, &v, err));
        list_add(&list, v);
    }
    return put_list(m, "timers", &list, err);
}

static enum status put_calls(struct map_builder *m, const struct decisions *d, struct error *err)
{
    struct list_builder list;
    list_begin(&list, m->arena);
    for (uint32_t i = 0; i < d->child_count; i++) {
        const struct child_order *order = &d->children[i];
        struct map_builder call;
        struct value v;
        map_begin(&call, m->arena);
        TRY(put_id(&call, "execution_id", order->execution_id, err));
        put_text(&call, "path", order->path);
        if (order->version)
            map_put(&call, STR("version"), value_int(order->version));
        put_text(&call, "task_id", order->task_id);
        TRY(map_end(&call, &v, err));
        list_add(&list, v);
    }
    return put_list(m, "calls", &list, err);
}

static enum status put_notices(struct map_builder *m, const struct decisions *d, struct error *err)
{
    struct list_builder list;
    list_begin(&list, m->arena);
    for (uint32_t i = 0; i < d->notice_count; i++) {
        struct map_builder notice;
        struct value v;
        map_begin(&notice, m->arena);
        TRY(put_id(&notice, "execution_id", d->notices[i].fact.execution_id, err));
        put_text(&notice, "event_type", str_of(event_type_name(d->notices[i].fact.type)));
        TRY(map_end(&notice, &v, err));
        list_add(&list, v);
    }
    return put_list(m, "tells", &list, err);
}

/* ---- the state ---------------------------------------------------------------------------------------- */

static enum status add_gathering(const struct execution *x, struct list_builder *list, struct error *err)
{
    for (const struct visit *v = x->first_gathering; v; v = v->next_gathering) {
        struct map_builder m;
        struct value item;
        map_begin(&m, list->arena);
        map_put(&m, STR("step"), value_str(x->playbook->steps[v->step].name));
        map_put(&m, STR("visit"), value_int(v->number));
        map_put(&m, STR("state"), value_text(visit_state_name(v->state)));
        map_put(&m, STR("waits_for"), value_text("what may still come to it"));
        TRY(map_end(&m, &item, err));
        list_add(list, item);
    }
    return STATUS_OK;
}

static enum status add_work(const struct open_work *w, struct list_builder *list, struct error *err)
{
    struct map_builder m;
    struct value item;
    if (w->step.len == 0)
        return STATUS_OK; /* the deadline of the execution */
    map_begin(&m, list->arena);
    map_put(&m, STR("step"), value_str(w->step));
    map_put(&m, STR("visit"), value_int(w->visit));
    map_put(&m, STR("state"), value_text(work_state_name(w->state)));
    map_put(&m, STR("waits_for"), value_text(work_state_owner(w->state)));
    map_put(&m, STR("attempt"), value_int(w->attempt));
    put_text(&m, "task_id", w->task_id);
    if (w->due_ns)
        TRY(put_time(&m, "due_at", w->due_ns, err));
    if (w->child)
        TRY(put_id(&m, "execution_id", w->child, err));
    TRY(map_end(&m, &item, err));
    list_add(list, item);
    return STATUS_OK;
}

enum status view_of_state(struct arena *a, const struct execution *x, struct value *out, struct error *err)
{
    struct map_builder m;
    struct list_builder list;
    struct open_work *works;
    struct value v;
    size_t count;
    map_begin(&m, a);
    map_put(&m, STR("status"), value_text(view_status(x)));
    list_begin(&list, a);
    for (uint32_t i = 0; i < x->ended_count; i++)
        list_add(&list, value_str(x->playbook->steps[x->ended[i]].name));
    TRY(list_end(&list, &v, err));
    map_put(&m, STR("ended"), v);
    list_begin(&list, a);
    TRY(execution_open_works(x, a, &works, &count, err));
    for (size_t i = 0; i < count; i++)
        TRY(add_work(&works[i], &list, err));
    if (!execution_is_over(x))
        TRY(add_gathering(x, &list, err));
    TRY(list_end(&list, &v, err));
    map_put(&m, STR("open"), v);
    return map_end(&m, out, err);
}

/* ---- the context -------------------------------------------------------------------------------------- */

static bool ends_a_step(enum event_type type)
{
    return type == EVENT_STEP_COMPLETED || type == EVENT_STEP_SKIPPED || type == EVENT_STEP_FAILED;
}

/* The workload, and what was taken over from another execution. */
static void put_beginning(const struct execution *x, struct map_builder *m)
{
    map_put(m, STR("workload"), x->workload);
    if (x->variables.type == VALUE_MAP)
        map_put_all(m, x->variables);
    for (uint32_t i = 0; i < x->ended_count; i++)
        map_put(m, x->playbook->steps[x->ended[i]].name, x->data[x->ended[i]]);
}

enum status view_of_changes(struct arena *a, const struct replay *r, struct value *out, struct error *err)
{
    const struct execution *x = r->x;
    struct map_builder m;
    map_begin(&m, a);
    if (r->fact.type == EVENT_EXECUTION_REQUESTED && !r->decisions.ignored)
        put_beginning(x, &m);
    for (uint32_t i = 0; i < r->decisions.event_count; i++) {
        const struct event *e = &r->decisions.events[i];
        int32_t step = x->playbook ? playbook_find_step(x->playbook, e->node_name) : -1;
        struct value saved = VALUE_GET(e->context, "saved");
        if (step >= 0 && ends_a_step(e->type) && x->steps[step].has_data)
            map_put(&m, e->node_name, x->data[step]);
        if (saved.type == VALUE_MAP)
            map_put_all(&m, saved);
    }
    return map_end(&m, out, err);
}

enum status view_of_context(struct arena *a, const struct execution *x, struct value *out, struct error *err)
{
    struct context_source source = {
        .execution_id = x->id, .workload = x->workload, .variables = x->variables};
    struct map_builder results, errors;
    map_begin(&results, a);
    map_begin(&errors, a);
    for (uint32_t i = 0; i < x->ended_count; i++) {
        struct str name = x->playbook->steps[x->ended[i]].name;
        map_put(&results, name, x->data[x->ended[i]]);
        if (!value_is_absent(x->errors[x->ended[i]]))
            map_put(&errors, name, x->errors[x->ended[i]]);
    }
    TRY(map_end(&results, &source.results, err));
    TRY(map_end(&errors, &source.errors, err));
    return build_rendering_context(a, &source, out, err);
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

enum status view_of_fact(struct arena *a, const struct replay *r, struct value *out, struct error *err)
{
    const struct decisions *d = &r->decisions;
    const struct event *fact = d->event_count ? &d->events[0] : &r->fact;
    struct event shown;
    struct map_builder m;
    struct value v;
    map_begin(&m, a);
    TRY(event_shown(a, fact, &shown, err));
    TRY(event_to_value(a, &shown, &v, err));
    map_put(&m, STR("event"), v);
    if (d->ignored)
        map_put(&m, STR("ignored"), value_text(d->ignored));
    TRY(put_events(&m, d, err));
    TRY(put_tasks(&m, d, err));
    TRY(put_timers(&m, d, err));
    TRY(put_calls(&m, d, err));
    TRY(put_notices(&m, d, err));
    TRY(view_of_state(a, r->x, &v, err));
    map_put(&m, STR("state"), v);
    TRY(view_of_changes(a, r, &v, err));
    map_put(&m, STR("context"), v);
    return map_end(&m, out, err);
}
