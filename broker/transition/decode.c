/* A state from its JSON: encode.c has the form. */
#include "execution.h"

#include <stdio.h>

#include "core/json.h"

struct decoder {
    struct execution *x;
    struct arena scratch; /* of the document */
    struct error *err;
    struct work **works; /* by their numbers */
    uint32_t work_count, work_capacity;
};

static enum status wrong(struct decoder *d, const char *what)
{
    return error_set(d->err, STATUS_INVALID, "this is no state of an execution: %s", what);
}

/* A whole number from 0, or 0 if it is absent. */
static enum status take_number(struct decoder *d, struct value map, const char *key, int64_t most,
                               int64_t *out)
{
    struct value v = value_get(map, str_of(key));
    *out = v.type == VALUE_INT ? v.u.i : 0;
    if (!value_is_absent(v) && v.type != VALUE_INT)
        return wrong(d, key);
    return *out >= 0 && *out <= most ? STATUS_OK : wrong(d, key);
}

static enum status take_uint32(struct decoder *d, struct value map, const char *key, uint32_t *out)
{
    int64_t n;
    TRY(take_number(d, map, key, UINT32_MAX, &n));
    *out = (uint32_t)n;
    return STATUS_OK;
}

static enum status take_list(struct decoder *d, struct value map, const char *key, struct value *out)
{
    *out = value_get(map, str_of(key));
    return out->type == VALUE_LIST ? STATUS_OK : wrong(d, key);
}

static enum status take_value(struct decoder *d, struct value map, const char *key, struct value *out)
{
    return value_copy_plain(&d->x->arena, value_get(map, str_of(key)), out, d->err);
}

static enum status take_id(struct decoder *d, struct value map, const char *key, int64_t *out)
{
    struct value v = value_get(map, str_of(key));
    *out = 0;
    return value_is_absent(v) ? STATUS_OK : id_parse(value_as_str(v), out, d->err);
}

static bool is_true(struct value v)
{
    return v.type == VALUE_BOOL && v.u.b;
}

static bool take_flag(struct value map, const char *key)
{
    return is_true(value_get(map, str_of(key)));
}

/* ---- works -------------------------------------------------------------------------------------------- */

static enum status number_work(struct decoder *d, struct work *w)
{
    struct work **works =
        arena_grow(&d->scratch, (void *)d->works, sizeof(struct work *), d->work_count, &d->work_capacity);
    if (!works)
        return arena_error(&d->scratch, d->err, "a state");
    d->works = works;
    d->works[d->work_count++] = w;
    return STATUS_OK;
}

static enum status decode_work(struct decoder *d, struct value from, struct visit *v, struct work *parent,
                               const struct action *action, struct work **out);

static enum status decode_array(struct decoder *d, struct value from, uint32_t most, struct value *items)
{
    if (from.len > most)
        return wrong(d, "a loop has more items than items");
    for (uint32_t i = 0; i < from.len; i++) {
        struct value one = from.u.list[i];
        if (one.type != VALUE_LIST || one.len > 1)
            return wrong(d, "an item of a loop");
        if (one.len)
            TRY(value_copy_plain(&d->x->arena, one.u.list[0], &items[i], d->err));
    }
    return STATUS_OK;
}

static enum status decode_active(struct decoder *d, struct value from, struct work *w)
{
    const struct iterator *it = w->action->iterator;
    struct loop *loop = w->loop;
    struct value active;
    TRY(take_list(d, from, "active", &active));
    for (uint32_t i = 0; i < active.len; i++) {
        uint32_t item, task;
        TRY(take_uint32(d, active.u.list[i], "item", &item));
        TRY(take_uint32(d, active.u.list[i], "task", &task));
        if (item >= loop->items.len || task >= it->task_count || loop->active[item])
            return wrong(d, "active");
        TRY(decode_work(d, active.u.list[i], w->visit, w, &it->tasks[task], &loop->active[item]));
        loop->running++;
    }
    return STATUS_OK;
}

/* Those that are there, and how long they are. */
static enum status count_results(const struct decoder *d, struct loop *loop)
{
    static const struct json_bounds ANY = {0};
    for (uint32_t i = 0; i < loop->next; i++) {
        size_t bytes;
        if (value_is_absent(loop->results[i]))
            continue;
        TRY(json_check(loop->results[i], &ANY, &bytes, d->err));
        loop->done++;
        loop->bytes += bytes;
    }
    return STATUS_OK;
}

static enum status decode_loop(struct decoder *d, struct value from, struct work *w)
{
    struct arena *a = &d->x->arena;
    struct value results, earlier = VALUE_GET(from, "earlier");
    struct loop *loop = w->loop = ARENA_NEW(a, struct loop);
    if (!w->action->iterator)
        return wrong(d, "a loop of what is no iterator");
    if (!loop)
        return arena_error(a, d->err, "a loop");
    TRY(take_list(d, from, "items", &loop->items));
    TRY(value_copy_plain(a, loop->items, &loop->items, d->err));
    TRY(take_uint32(d, from, "concurrency", &loop->concurrency));
    TRY(take_list(d, from, "results", &results));
    loop->next = results.len;
    loop->results = ARENA_ARRAY(a, struct value, loop->items.len);
    loop->active = ARENA_ARRAY(a, struct work *, loop->items.len);
    loop->earlier = earlier.type == VALUE_LIST ? ARENA_ARRAY(a, struct value, loop->items.len) : NULL;
    if (!loop->results || !loop->active || (earlier.type == VALUE_LIST && !loop->earlier))
        return arena_error(a, d->err, "a loop");
    TRY(decode_array(d, results, loop->items.len, loop->results));
    if (loop->earlier)
        TRY(decode_array(d, earlier, loop->items.len, loop->earlier));
    TRY(count_results(d, loop));
    return decode_active(d, from, w);
}

static enum status decode_state(struct decoder *d, struct value from, enum work_state *out)
{
    struct str name = value_as_str(VALUE_GET(from, "state"));
    for (int s = 0; s < WORK_STATE_COUNT; s++) {
        *out = (enum work_state)s;
        if (str_is(name, work_state_name(*out)))
            return STATUS_OK;
    }
    return wrong(d, "state");
}

static enum status decode_work(struct decoder *d, struct value from, struct visit *v, struct work *parent,
                               const struct action *action, struct work **out)
{
    struct work *w;
    struct value loop = VALUE_GET(from, "loop");
    TRY(work_new(d->x, v, parent, action, &w, d->err));
    *out = w;
    TRY(number_work(d, w));
    TRY(decode_state(d, from, &w->state));
    TRY(take_uint32(d, from, "item", &w->item));
    TRY(take_uint32(d, from, "task", &w->task));
    TRY(take_uint32(d, from, "attempt", &w->attempt));
    TRY(take_uint32(d, from, "attempts_before", &w->attempts_before));
    TRY(take_uint32(d, from, "lost", &w->lost));
    TRY(take_number(d, from, "due_ns", INT64_MAX, &w->due_ns));
    TRY(take_id(d, from, "child", &w->child));
    TRY(take_value(d, from, "args", &w->args));
    TRY(take_value(d, from, "config", &w->config));
    TRY(take_value(d, from, "signal", &w->signal));
    return value_is_absent(loop) ? STATUS_OK : decode_loop(d, loop, w);
}

/* ---- visits ------------------------------------------------------------------------------------------- */

static enum status decode_visit(struct decoder *d, struct value from, enum visit_state state)
{
    struct execution *x = d->x;
    struct value work = VALUE_GET(from, "work");
    struct visit *v = visit_alloc(x);
    if (!v)
        return arena_error(&x->arena, d->err, "a visit of a step");
    TRY(take_uint32(d, from, "step", &v->step));
    TRY(take_uint32(d, from, "number", &v->number));
    TRY(take_uint32(d, from, "attempt", &v->attempt));
    if (v->step >= x->playbook->step_count || visit_find(x, v->step, v->number))
        return wrong(d, "step");
    v->state = state;
    v->joins = take_flag(from, "joins");
    TRY(take_value(d, from, "args", &v->args));
    if (!value_is_absent(work))
        TRY(decode_work(d, work, v, NULL, &x->playbook->steps[v->step].action, &v->work));
    return visit_link(x, v, d->err);
}

static enum status decode_visits(struct decoder *d, struct value from, const char *key,
                                 enum visit_state state)
{
    struct value list;
    TRY(take_list(d, from, key, &list));
    for (uint32_t i = 0; i < list.len; i++)
        TRY(decode_visit(d, list.u.list[i], state));
    return STATUS_OK;
}

static enum status decode_list(struct decoder *d, struct value from, const char *key, struct work_list *out)
{
    struct value list;
    TRY(take_list(d, from, key, &list));
    for (uint32_t i = 0; i < list.len; i++) {
        struct value n = list.u.list[i];
        if (n.type != VALUE_INT || n.u.i < 0 || n.u.i >= d->work_count || d->works[n.u.i]->list)
            return wrong(d, key);
        work_append(out, d->works[n.u.i]);
    }
    return STATUS_OK;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static enum status decode_steps(struct decoder *d, struct value from)
{
    struct value list;
    TRY(take_list(d, from, "steps", &list));
    if (list.len != d->x->playbook->step_count)
        return wrong(d, "it has not as many steps as the playbook");
    for (uint32_t i = 0; i < list.len; i++) {
        struct value one = list.u.list[i];
        if (one.type != VALUE_LIST || one.len != 4 || one.u.list[0].type != VALUE_INT ||
            one.u.list[0].u.i < 0 || one.u.list[0].u.i > UINT32_MAX)
            return wrong(d, "steps");
        struct step_state *s = &d->x->steps[i];
        s->visits = (uint32_t)one.u.list[0].u.i;
        s->has_data = is_true(one.u.list[1]);
        s->any_taken = is_true(one.u.list[2]);
        s->is_last = is_true(one.u.list[3]);
    }
    return STATUS_OK;
}

static enum status decode_ended(struct decoder *d, struct value from)
{
    struct execution *x = d->x;
    struct value list;
    TRY(take_list(d, from, "ended", &list));
    if (list.len > x->playbook->step_count)
        return wrong(d, "ended");
    for (uint32_t i = 0; i < list.len; i++) {
        uint32_t step;
        TRY(take_uint32(d, list.u.list[i], "step", &step));
        if (step >= x->playbook->step_count || !x->steps[step].has_data || !value_is_absent(x->data[step]) ||
            value_is_absent(VALUE_GET(list.u.list[i], "data")))
            return wrong(d, "ended");
        x->ended[x->ended_count++] = step;
        TRY(take_value(d, list.u.list[i], "data", &x->data[step]));
        TRY(take_value(d, list.u.list[i], "error", &x->errors[step]));
    }
    return STATUS_OK;
}

static enum status decode_failed(struct decoder *d, struct value from)
{
    struct value v = VALUE_GET(from, "failed");
    if (value_is_absent(v))
        return STATUS_OK;
    if (v.type != VALUE_LIST || v.len != 2 || v.u.list[0].type != VALUE_INT || v.u.list[1].type != VALUE_INT)
        return wrong(d, "failed");
    d->x->failed = visit_find(d->x, (uint32_t)v.u.list[0].u.i, (uint32_t)v.u.list[1].u.i);
    return d->x->failed ? STATUS_OK : wrong(d, "failed");
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static enum status decode_playbook(struct decoder *d, struct value from, struct playbook *p)
{
    struct str digest = value_as_str(VALUE_GET(from, "digest"));
    if (digest.len == 0)
        return STATUS_OK;
    if (!str_is(digest, p->digest))
        return wrong(d, "it is of another playbook");
    TRY(execution_set_playbook(d->x, playbook_ref(p), d->err));
    TRY(decode_steps(d, from));
    TRY(decode_ended(d, from));
    TRY(decode_visits(d, from, "gathering", VISIT_GATHERING));
    TRY(decode_visits(d, from, "running", VISIT_RUNNING));
    TRY(decode_list(d, from, "queue", &d->x->queue));
    TRY(decode_list(d, from, "waiting", &d->x->waiting));
    return decode_failed(d, from);
}

static enum status decode_signals(struct decoder *d, struct value from)
{
    struct execution *x = d->x;
    struct value list;
    TRY(take_list(d, from, "signals", &list));
    if (list.len > SIGNALS_KEPT)
        return wrong(d, "signals");
    if (list.len && !(x->signals = ARENA_ARRAY(&x->arena, struct value, SIGNALS_KEPT)))
        return arena_error(&x->arena, d->err, "signals");
    for (; x->signal_count < list.len; x->signal_count++)
        TRY(value_copy_plain(&x->arena, list.u.list[x->signal_count], &x->signals[x->signal_count], d->err));
    return STATUS_OK;
}

static enum status decode_execution(struct decoder *d, struct value from)
{
    struct execution *x = d->x;
    struct value seed;
    int64_t phase, last_seq;
    TRY(take_number(d, from, "phase", PHASE_CANCELLED, &phase));
    x->phase = (enum execution_phase)phase;
    x->paused = take_flag(from, "paused");
    TRY(take_uint32(d, from, "next_event_id", &x->next_event_id));
    TRY(take_number(d, from, "last_seq", INT64_MAX, &last_seq));
    x->last_seq = (uint64_t)last_seq;
    TRY(take_number(d, from, "last_time_ns", INT64_MAX, &x->last_time_ns));
    TRY(take_number(d, from, "playbook_version", INT64_MAX, &x->version));
    TRY(take_value(d, from, "token_seed", &seed));
    x->token_seed = value_as_str(seed);
    struct str trace = value_as_str(VALUE_GET(from, "traceparent"));
    if (traceparent_is_valid(trace))
        snprintf(x->traceparent, sizeof(x->traceparent), "%" PRISTR, ARGSTR(trace));
    TRY(take_value(d, from, "workload", &x->workload));
    TRY(take_value(d, from, "env", &x->env));
    TRY(take_number(d, from, "timeout_ms", INT64_MAX / 1000000, &x->timeout_ms));
    TRY(take_uint32(d, from, "retries", &x->retries));
    TRY(take_value(d, from, "parent", &x->parent));
    TRY(take_value(d, from, "variables", &x->variables));
    return decode_signals(d, from);
}

static enum status decode(struct decoder *d, struct str text, struct playbook *playbook)
{
    struct value from;
    int64_t version, id;
    const struct json_limits limits = {.max_depth = VALUE_MAX_DEPTH};
    TRY(json_read(&d->scratch, text, &limits, &from, d->err));
    TRY(take_number(d, from, "version", INT64_MAX, &version));
    if (version != EXECUTION_STATE_VERSION)
        return wrong(d, "it has another version");
    TRY(take_id(d, from, "id", &id));
    TRY(execution_new(id, &d->x, d->err));
    TRY(decode_execution(d, from));
    TRY(decode_playbook(d, from, playbook));
    return execution_check(d->x, d->err) == STATUS_OK ? STATUS_OK : wrong(d, d->err->message);
}

enum status execution_decode(struct str text, struct playbook *playbook, struct execution **out,
                             struct error *err)
{
    struct error own = {0};
    struct decoder d = {.err = err ? err : &own};
    arena_init(&d.scratch, 0);
    enum status status = decode(&d, text, playbook);
    arena_free(&d.scratch);
    *out = status == STATUS_OK ? d.x : NULL;
    if (status != STATUS_OK)
        execution_free(d.x);
    return status;
}
