#include "turn.h"

#include "render/context.h"

/* Everything that is in scope for the whole execution. */
static enum status open_names(struct execution *x, struct error *err)
{
    struct context_source source = {
        .execution_id = x->id, .workload = x->workload, .variables = x->variables};
    TRY(context_open(&x->names_arena, &source, &x->names, err));
    for (uint32_t i = 0; i < x->ended_count; i++) {
        uint32_t step = x->ended[i];
        TRY(context_add(&x->names, x->playbook->steps[step].name, x->data[step], x->errors[step], err));
    }
    return STATUS_OK;
}

static enum status put_loop(struct turn *t, const struct item *item, struct map_builder *names)
{
    struct map_builder m;
    struct value loop;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("index"), value_int(item->index));
    map_put(&m, STR("count"), value_int(item->count));
    map_put(&m, STR("size"), value_int(item->count));
    map_put(&m, STR("first"), value_bool(item->index == 0));
    map_put(&m, STR("last"), value_bool(item->index + 1 == item->count));
    map_put(&m, STR("item"), item->value);
    TRY(map_end(&m, &loop, t->err));
    map_put(names, STR("_loop"), loop);
    return STATUS_OK;
}

/* The step's own name gives, to the tasks of its items, which item they are of. */
static enum status put_result_index(struct turn *t, const struct item *item, struct map_builder *names)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("result_index"), value_int(item->index));
    TRY(map_end(&m, &v, t->err));
    map_put(names, t->x->playbook->steps[item->iterator->visit->step].name, v);
    return STATUS_OK;
}

static enum status put_earlier(struct turn *t, struct value earlier, struct map_builder *names)
{
    for (uint32_t i = 0; i < earlier.len; i++) {
        const struct value_entry *e = &earlier.u.map->entries[i];
        struct value own;
        TRY(context_step_value(t->out->arena, e->value, ABSENT, &own, t->err));
        map_put_value(names, e->key, own);
    }
    return STATUS_OK;
}

enum status item_names(struct turn *t, const struct item *item, struct value *out)
{
    const struct iterator *it = item->iterator->action->iterator;
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put_all(&m, item->iterator->args);
    if (!item->iterator->parent)
        TRY(put_result_index(t, item, &m));
    TRY(put_loop(t, item, &m));
    if (it->enumerate)
        map_put(&m, STR("index"), value_int(item->index));
    if (it->chunk)
        map_put(&m, STR("batch"), item->value);
    TRY(put_earlier(t, item->earlier, &m));
    map_put(&m, it->element, item->value);
    return map_end(&m, out, t->err);
}

/* Frames from the innermost item to the outermost, behind `count` that are there. */
static enum status add_items(struct turn *t, const struct work *w, struct step_scope *s, uint32_t *count)
{
    for (; w && w->parent; w = w->parent) {
        const struct loop *loop = w->parent->loop;
        struct item item = {
            .iterator = w->parent,
            .value = loop->items.u.list[w->item],
            .index = w->item,
            .count = loop->items.len,
            .earlier = loop->earlier ? loop->earlier[w->item] : ABSENT,
        };
        TRY(item_names(t, &item, &s->frames[(*count)++].names));
    }
    return STATUS_OK;
}

enum status scope_for(struct turn *t, const struct work *w, struct value extra, struct step_scope *out)
{
    uint32_t count = 0;
    if (!t->x->names.is_open)
        TRY(open_names(t->x, t->err));
    if (extra.type == VALUE_MAP && extra.len)
        out->frames[count++].names = extra;
    TRY(add_items(t, w, out, &count));
    for (uint32_t i = 0; i < count; i++)
        out->frames[i].outer = &out->frames[i + 1];
    out->top = &out->frames[0];
    return context_scopes(&t->x->names, &out->frames[count], t->err);
}

enum status scope_flatten(struct turn *t, const struct scope *scope, struct value *out)
{
    struct map_builder m;
    map_begin(&m, t->out->arena);
    for (; scope; scope = scope->outer) {
        for (uint32_t i = 0; i < scope->names.len; i++) {
            const struct value_entry *e = &scope->names.u.map->entries[i];
            if (value_is_absent(map_peek(&m, value_as_str(e->key))))
                map_put_value(&m, e->key, e->value);
        }
    }
    return map_end(&m, out, t->err);
}

struct value scope_find(const struct scope *scope, struct str name)
{
    struct value v = ABSENT;
    for (; scope && value_is_absent(v); scope = scope->outer)
        v = value_get(scope->names, name);
    return v;
}

/* The names of an outcome, for a map that may get more of them. */
static enum status put_outcome(struct turn *t, struct map_builder *m, struct value data, struct value error)
{
    struct value own;
    bool success = value_is_absent(error);
    TRY(context_step_value(t->out->arena, data, error, &own, t->err));
    map_put(m, STR("result"), own);
    map_put(m, STR("this"), own);
    map_put(m, STR("data"), own);
    map_put(m, STR("error"), success ? value_null() : error);
    map_put(m, STR("success"), value_bool(success));
    map_put(m, STR("status"), value_text(success ? "success" : "error"));
    return STATUS_OK;
}

enum status scope_of_outcome(struct turn *t, const struct visit *v, struct value data, struct value error,
                             struct step_scope *out)
{
    struct map_builder m;
    struct value names;
    uint32_t before = v->work ? v->work->attempts_before : 0;
    map_begin(&m, t->out->arena);
    TRY(put_outcome(t, &m, data, error));
    map_put(&m, STR("attempt"), value_int(v->attempt - before));
    TRY(map_end(&m, &names, t->err));
    return scope_for(t, NULL, names, out);
}

enum status scope_of_attempt(struct turn *t, const struct work *w, struct value data, struct value error,
                             struct step_scope *out)
{
    struct map_builder m;
    struct value names, code = VALUE_GET(error, "status_code");
    const struct retry_policy *retry = w->action->retry;
    if (value_is_absent(code))
        code = VALUE_GET(data, "status_code");
    map_begin(&m, t->out->arena);
    TRY(put_outcome(t, &m, data, error));
    map_put(&m, STR("attempt"), value_int(w->attempt - w->attempts_before));
    map_put(&m, STR("max_attempts"), value_int(retry ? retry->max_attempts : 1));
    map_put(&m, STR("status_code"), value_is_absent(code) ? value_null() : code);
    TRY(map_end(&m, &names, t->err));
    return scope_for(t, w, names, out);
}
