#include "fork.h"

#include "core/id.h"

struct forking {
    struct arena *a;
    const struct playbook *target;
    struct execution *x;
    struct stop stop;
    struct list_builder dropped;
    struct error *err;
};

/* ---- where -------------------------------------------------------------------------------------------- */

/* "fetch#2": the second visit. Without a number, or with none that is one: the newest, 0. */
static struct str split_visit(struct str name, uint32_t *visit)
{
    int64_t number;
    struct str rest = name, step = str_split(&rest, '#');
    *visit = 0;
    if (step.len == name.len || !str_to_int64(rest, &number) || number < 1 || number > UINT32_MAX)
        return name;
    *visit = (uint32_t)number;
    return step;
}

static uint32_t newest_visit(const struct event *events, size_t count, struct str step)
{
    uint32_t newest = 0;
    for (size_t i = 0; i < count; i++) {
        if (events[i].visit > newest && str_equal(events[i].node_name, step))
            newest = events[i].visit;
    }
    return newest;
}

static enum status unknown_step(const struct playbook *p, struct str step, struct arena *a, struct error *err)
{
    struct str *names = ARENA_ARRAY(a, struct str, p->step_count);
    if (!names)
        return arena_error(a, err, "the steps");
    for (uint32_t i = 0; i < p->step_count; i++)
        names[i] = p->steps[i].name;
    struct str near = str_nearest(step, names, p->step_count);
    (void)error_set(err, STATUS_INVALID, "the playbook of the execution has no step \"%" PRISTR "\"",
                    ARGSTR(str_head(step, 60)));
    return near.len ? error_hint(err, "Is it \"%" PRISTR "\"?", ARGSTR(near)) : STATUS_INVALID;
}

static enum status find_stop(struct forking *f, const struct playbook *p, const struct event *events,
                             size_t count, struct str name, struct error *err)
{
    uint32_t wanted, newest;
    struct str step = split_visit(name, &wanted);
    int32_t index = playbook_find_step(p, step);
    if (index < 0)
        return unknown_step(p, step, f->a, err);
    newest = newest_visit(events, count, step);
    if (newest == 0 || wanted > newest) {
        (void)error_set(err, STATUS_INVALID, "the execution has not reached step \"%" PRISTR "\"%s",
                        ARGSTR(step), newest ? " that often" : "");
        if (newest == 1)
            return error_hint(err, "It was there once.");
        return newest ? error_hint(err, "It was there %u times.", newest)
                      : error_hint(err, "`noetl show` has the steps that it did reach.");
    }
    f->stop = (struct stop){.step = (uint32_t)index, .visit = wanted ? wanted : newest};
    return STATUS_OK;
}

/* ---- up to there -------------------------------------------------------------------------------------- */

static enum status evaluate(struct forking *f, const struct event *events, size_t count,
                            struct playbook_cache *playbooks)
{
    struct arena scratch;
    enum status status = STATUS_OK;
    arena_init(&scratch, 0);
    for (size_t i = 0; i < count && !f->stop.reached && status == STATUS_OK; i++) {
        struct decisions d;
        if (event_type_kind(events[i].type) != EVENT_KIND_FACT)
            continue;
        arena_reset(&scratch);
        decisions_init(&d, &scratch);
        status = transition_until(f->x, &events[i], playbooks, &f->stop, &d, f->err);
    }
    arena_free(&scratch);
    TRY(status);
    if (f->stop.reached)
        return STATUS_OK;
    (void)error_set(f->err, STATUS_CONFLICT, "evaluated again, the execution does not come to that step");
    return error_hint(f->err, "`noetl replay --check` says where it is decided otherwise now.");
}

/* ---- what is taken over ------------------------------------------------------------------------------- */

static void put_value(struct map_builder *m, const char *key, struct value v)
{
    if (!value_is_absent(v))
        map_put(m, str_of(key), v);
}

static enum status put_ended(struct forking *f, struct map_builder *fork)
{
    const struct execution *x = f->x;
    struct list_builder list;
    struct value v;
    list_begin(&list, f->a);
    for (uint32_t i = 0; i < x->ended_count; i++) {
        uint32_t step = x->ended[i];
        struct str name = x->playbook->steps[step].name;
        struct map_builder m;
        if ((int32_t)step == x->playbook->end)
            continue;
        if (playbook_find_step(f->target, name) < 0) {
            list_add(&f->dropped, value_str(name));
            continue;
        }
        map_begin(&m, f->a);
        map_put(&m, STR("step"), value_str(name));
        map_put(&m, STR("data"), x->data[step]);
        put_value(&m, "error", x->errors[step]);
        map_put(&m, STR("last"), value_bool(x->steps[step].is_last));
        TRY(map_end(&m, &v, f->err));
        list_add(&list, v);
    }
    TRY(list_end(&list, &v, f->err));
    map_put(fork, STR("ended"), v);
    return STATUS_OK;
}

static enum status add_open(struct forking *f, const struct visit *visit, struct list_builder *list)
{
    struct str name = f->x->playbook->steps[visit->step].name;
    struct map_builder m;
    struct value v;
    if (playbook_find_step(f->target, name) < 0) {
        (void)error_set(f->err, STATUS_INVALID,
                        "the new playbook has no step \"%" PRISTR "\", which was open where the execution is "
                        "forked",
                        ARGSTR(name));
        return error_hint(f->err, "Keep the step, or fork at an earlier one.");
    }
    map_begin(&m, f->a);
    map_put(&m, STR("step"), value_str(name));
    put_value(&m, "args", visit->args);
    map_put(&m, STR("started"), value_bool(visit->state == VISIT_RUNNING));
    TRY(map_end(&m, &v, f->err));
    list_add(list, v);
    return STATUS_OK;
}

/* The oldest visit of each step first; then what gathers, in the order of arrival. */
static enum status put_open(struct forking *f, struct map_builder *fork)
{
    const struct execution *x = f->x;
    struct list_builder list;
    struct value v;
    list_begin(&list, f->a);
    for (uint32_t s = 0; s < x->playbook->step_count; s++) {
        const struct visit *visit = x->steps[s].open;
        while (visit && visit->next)
            visit = visit->next;
        for (; visit; visit = visit->before) {
            if (visit->state == VISIT_RUNNING)
                TRY(add_open(f, visit, &list));
        }
    }
    for (const struct visit *visit = x->first_gathering; visit; visit = visit->next_gathering)
        TRY(add_open(f, visit, &list));
    TRY(list_end(&list, &v, f->err));
    map_put(fork, STR("open"), v);
    return STATUS_OK;
}

static enum status put_any_taken(struct forking *f, struct map_builder *fork)
{
    const struct execution *x = f->x;
    struct list_builder list;
    struct value v;
    list_begin(&list, f->a);
    for (uint32_t s = 0; s < x->playbook->step_count; s++) {
        if (x->steps[s].any_taken && x->playbook->steps[s].join == JOIN_ANY)
            list_add(&list, value_str(x->playbook->steps[s].name));
    }
    TRY(list_end(&list, &v, f->err));
    if (v.len)
        map_put(fork, STR("any_taken"), v);
    return STATUS_OK;
}

static enum status put_origin(struct forking *f, struct map_builder *fork)
{
    char id[ID_TEXT];
    (void)id_format(f->x->id, id);
    const char *copy = arena_strdup(f->a, str_of(id));
    if (!copy)
        return arena_error(f->a, f->err, "an id");
    map_put(fork, STR("execution_id"), value_text(copy));
    map_put(fork, STR("at"), value_str(f->x->playbook->steps[f->stop.step].name));
    map_put(fork, STR("visit"), value_int(f->stop.visit));
    map_put(fork, STR("event_id"), value_int(f->x->next_event_id - 1));
    return STATUS_OK;
}

static enum status describe(struct forking *f, struct value *out, struct value *dropped)
{
    const struct execution *x = f->x;
    struct map_builder fork;
    map_begin(&fork, f->a);
    list_begin(&f->dropped, f->a);
    TRY(put_origin(f, &fork));
    TRY(put_ended(f, &fork));
    TRY(put_open(f, &fork));
    TRY(put_any_taken(f, &fork));
    put_value(&fork, "variables", x->variables);
    if (x->signal_count)
        map_put(&fork, STR("signals"),
                (struct value){.type = VALUE_LIST, .len = x->signal_count, .u.list = x->signals});
    TRY(map_end(&fork, out, f->err));
    TRY(value_copy_plain(f->a, *out, out, f->err)); /* away from the execution, which goes */
    TRY(list_end(&f->dropped, dropped, f->err));
    return value_copy_plain(f->a, *dropped, dropped, f->err);
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static enum status make(struct forking *f, const struct event *events, size_t count, struct str step,
                        struct playbook_cache *playbooks, struct value *out, struct value *dropped)
{
    struct playbook *playbook = NULL;
    struct str text = value_as_str(VALUE_GET(events[0].context, "playbook"));
    TRY(playbook_cache_get(playbooks, text, "the playbook of the execution", &playbook, f->err));
    enum status status = find_stop(f, playbook, events, count, step, f->err);
    if (status == STATUS_OK)
        status = evaluate(f, events, count, playbooks);
    playbook_unref(playbook);
    return status == STATUS_OK ? describe(f, out, dropped) : status;
}

enum status fork_make(struct arena *a, const struct event *events, size_t count, struct str step,
                      const struct playbook *target, struct value *out, struct value *dropped,
                      struct error *err)
{
    struct forking f = {.a = a, .target = target, .err = err};
    struct playbook_cache *playbooks = NULL;
    if (count == 0)
        return error_set(err, STATUS_NOT_FOUND, "the execution has no events");
    TRY(playbook_cache_new(1, &playbooks, err));
    enum status status = execution_new(events[0].execution_id, &f.x, err);
    if (status == STATUS_OK)
        status = make(&f, events, count, step, playbooks, out, dropped);
    execution_free(f.x);
    playbook_cache_free(&playbooks);
    return status;
}
