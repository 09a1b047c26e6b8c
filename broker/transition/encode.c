/*
 * A state as JSON. What can be derived (counts, tables, what templates see) is left out; works are numbered
 * in the order in which they are written, so that lists can name them.
 *
 *   {"version":1,"id":"…","digest":…,"phase":1,…,"steps":[[visits,has_data,any_taken,is_last],…],
 *    "ended":[{"step":0,"data":…,"error":…},…],"gathering":[visit,…],"running":[visit,…],"failed":[step,number],
 *    "queue":[work number,…],"waiting":[…],"signals":[…]}
 */
#include "execution.h"

#include "core/json.h"

struct encoder {
    const struct execution *x;
    struct arena *a;
    struct error *err;
    const struct work **works; /* by their numbers */
    uint32_t work_count, work_capacity;
};

static void put_value(struct map_builder *m, const char *key, struct value v)
{
    if (!value_is_absent(v))
        map_put(m, str_of(key), v);
}

static void put_number(struct map_builder *m, const char *key, int64_t n)
{
    if (n)
        map_put(m, str_of(key), value_int(n));
}

static void put_flag(struct map_builder *m, const char *key, bool b)
{
    if (b)
        map_put(m, str_of(key), value_bool(true));
}

static enum status put_id(struct encoder *e, struct map_builder *m, const char *key, int64_t id)
{
    char text[ID_TEXT];
    struct value copy;
    if (!id)
        return STATUS_OK;
    id_format(id, text);
    TRY(value_copy(e->a, value_text(text), &copy, e->err));
    map_put(m, str_of(key), copy);
    return STATUS_OK;
}

/* ---- works -------------------------------------------------------------------------------------------- */

static enum status number_work(struct encoder *e, const struct work *w)
{
    const struct work **works =
        arena_grow(e->a, (void *)e->works, sizeof(struct work *), e->work_count, &e->work_capacity);
    if (!works)
        return arena_error(e->a, e->err, "a state");
    e->works = works;
    e->works[e->work_count++] = w;
    return STATUS_OK;
}

static enum status encode_work(struct encoder *e, const struct work *w, struct value *out);

/* A list of values that may be absent: [] or [value] for each. */
static enum status encode_array(struct encoder *e, const struct value *items, uint32_t count,
                                struct value *out)
{
    struct list_builder all;
    list_begin(&all, e->a);
    for (uint32_t i = 0; i < count; i++) {
        struct list_builder one;
        struct value v;
        list_begin(&one, e->a);
        if (!value_is_absent(items[i]))
            list_add(&one, items[i]);
        TRY(list_end(&one, &v, e->err));
        list_add(&all, v);
    }
    return list_end(&all, out, e->err);
}

static enum status encode_active(struct encoder *e, const struct loop *loop, struct value *out)
{
    struct list_builder b;
    list_begin(&b, e->a);
    for (uint32_t i = 0; i < loop->items.len; i++) {
        struct value v;
        if (!loop->active[i])
            continue;
        TRY(encode_work(e, loop->active[i], &v));
        list_add(&b, v);
    }
    return list_end(&b, out, e->err);
}

static enum status encode_loop(struct encoder *e, const struct loop *loop, struct value *out)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, e->a);
    map_put(&m, STR("items"), loop->items);
    map_put(&m, STR("concurrency"), value_int(loop->concurrency));
    TRY(encode_array(e, loop->results, loop->next, &v));
    map_put(&m, STR("results"), v);
    TRY(encode_active(e, loop, &v));
    map_put(&m, STR("active"), v);
    if (loop->earlier) {
        TRY(encode_array(e, loop->earlier, loop->next, &v));
        map_put(&m, STR("earlier"), v);
    }
    return map_end(&m, out, e->err);
}

static enum status encode_work(struct encoder *e, const struct work *w, struct value *out)
{
    struct map_builder m;
    struct value v;
    TRY(number_work(e, w));
    map_begin(&m, e->a);
    map_put(&m, STR("state"), value_text(work_state_name(w->state)));
    put_number(&m, "item", w->item);
    put_number(&m, "task", w->task);
    put_number(&m, "attempt", w->attempt);
    put_number(&m, "attempts_before", w->attempts_before);
    put_number(&m, "lost", w->lost);
    put_number(&m, "due_ns", w->due_ns);
    TRY(put_id(e, &m, "child", w->child));
    put_value(&m, "args", w->args);
    put_value(&m, "config", w->config);
    put_value(&m, "signal", w->signal);
    if (w->loop) {
        TRY(encode_loop(e, w->loop, &v));
        map_put(&m, STR("loop"), v);
    }
    return map_end(&m, out, e->err);
}

/* ---- visits ------------------------------------------------------------------------------------------- */

static enum status encode_visit(struct encoder *e, const struct visit *v, struct value *out)
{
    struct map_builder m;
    struct value work;
    map_begin(&m, e->a);
    map_put(&m, STR("step"), value_int(v->step));
    map_put(&m, STR("number"), value_int(v->number));
    put_number(&m, "attempt", v->attempt);
    put_flag(&m, "joins", v->joins);
    put_value(&m, "args", v->args);
    if (v->work) {
        TRY(encode_work(e, v->work, &work));
        map_put(&m, STR("work"), work);
    }
    return map_end(&m, out, e->err);
}

static enum status encode_gathering(struct encoder *e, struct value *out)
{
    struct list_builder b;
    list_begin(&b, e->a);
    for (const struct visit *v = e->x->first_gathering; v; v = v->next_gathering) {
        struct value item;
        TRY(encode_visit(e, v, &item));
        list_add(&b, item);
    }
    return list_end(&b, out, e->err);
}

static enum status encode_running(struct encoder *e, struct value *out)
{
    struct list_builder b;
    list_begin(&b, e->a);
    for (uint32_t s = 0; s < e->x->playbook->step_count; s++) {
        for (const struct visit *v = e->x->steps[s].open; v; v = v->next) {
            struct value item;
            if (v->state != VISIT_RUNNING)
                continue;
            TRY(encode_visit(e, v, &item));
            list_add(&b, item);
        }
    }
    return list_end(&b, out, e->err);
}

static enum status encode_list(struct encoder *e, const struct work_list *list, struct value *out)
{
    struct list_builder b;
    list_begin(&b, e->a);
    for (const struct work *w = list->first; w; w = w->next) {
        uint32_t number = 0;
        while (number < e->work_count && e->works[number] != w)
            number++;
        list_add(&b, value_int(number));
    }
    return list_end(&b, out, e->err);
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static enum status encode_steps(struct encoder *e, struct value *out)
{
    struct list_builder all;
    list_begin(&all, e->a);
    for (uint32_t i = 0; i < e->x->playbook->step_count; i++) {
        const struct step_state *s = &e->x->steps[i];
        struct list_builder one;
        struct value v;
        list_begin(&one, e->a);
        list_add(&one, value_int(s->visits));
        list_add(&one, value_bool(s->has_data));
        list_add(&one, value_bool(s->any_taken));
        list_add(&one, value_bool(s->is_last));
        TRY(list_end(&one, &v, e->err));
        list_add(&all, v);
    }
    return list_end(&all, out, e->err);
}

static enum status encode_ended(struct encoder *e, struct value *out)
{
    struct list_builder b;
    list_begin(&b, e->a);
    for (uint32_t i = 0; i < e->x->ended_count; i++) {
        uint32_t step = e->x->ended[i];
        struct map_builder m;
        struct value v;
        map_begin(&m, e->a);
        map_put(&m, STR("step"), value_int(step));
        put_value(&m, "data", e->x->data[step]);
        put_value(&m, "error", e->x->errors[step]);
        TRY(map_end(&m, &v, e->err));
        list_add(&b, v);
    }
    return list_end(&b, out, e->err);
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static enum status put_playbook(struct encoder *e, struct map_builder *m)
{
    struct value v;
    map_put(m, STR("digest"), value_text(e->x->playbook->digest));
    TRY(encode_steps(e, &v));
    map_put(m, STR("steps"), v);
    TRY(encode_ended(e, &v));
    map_put(m, STR("ended"), v);
    TRY(encode_gathering(e, &v));
    map_put(m, STR("gathering"), v);
    TRY(encode_running(e, &v));
    map_put(m, STR("running"), v);
    TRY(encode_list(e, &e->x->queue, &v));
    map_put(m, STR("queue"), v);
    TRY(encode_list(e, &e->x->waiting, &v));
    map_put(m, STR("waiting"), v);
    if (e->x->failed) {
        struct list_builder b;
        list_begin(&b, e->a);
        list_add(&b, value_int(e->x->failed->step));
        list_add(&b, value_int(e->x->failed->number));
        TRY(list_end(&b, &v, e->err));
        map_put(m, STR("failed"), v);
    }
    return STATUS_OK;
}

static enum status put_execution(struct encoder *e, struct map_builder *m)
{
    const struct execution *x = e->x;
    map_put(m, STR("version"), value_int(EXECUTION_STATE_VERSION));
    TRY(put_id(e, m, "id", x->id));
    map_put(m, STR("phase"), value_int(x->phase));
    put_flag(m, "paused", x->paused);
    put_number(m, "next_event_id", x->next_event_id);
    put_number(m, "last_seq", (int64_t)x->last_seq);
    put_number(m, "last_time_ns", x->last_time_ns);
    put_number(m, "playbook_version", x->version);
    map_put(m, STR("token_seed"), value_str(x->token_seed));
    if (x->traceparent[0])
        map_put(m, STR("traceparent"), value_text(x->traceparent));
    put_value(m, "workload", x->workload);
    put_value(m, "env", x->env);
    put_number(m, "timeout_ms", x->timeout_ms);
    put_number(m, "retries", x->retries);
    put_value(m, "parent", x->parent);
    put_value(m, "variables", x->variables);
    struct value signals = {.type = VALUE_LIST, .len = x->signal_count, .u.list = x->signals};
    map_put(m, STR("signals"), signals);
    return x->playbook ? put_playbook(e, m) : STATUS_OK;
}

enum status execution_encode(const struct execution *x, struct arena *a, struct str *out, struct error *err)
{
    struct encoder e = {.x = x, .a = a, .err = err};
    struct map_builder m;
    struct value v;
    map_begin(&m, a);
    TRY(put_execution(&e, &m));
    TRY(map_end(&m, &v, err));
    return json_text(a, v, out, err);
}
