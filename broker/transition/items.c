/* The items of an iterator: what its collection gives, after where, order_by, limit and chunk, in this order.
 */
#include "turn.h"

enum { MAX_ITEMS = 100000 };

static enum status too_many(struct turn *t, uint32_t count, struct trial *trial)
{
    struct str message = arena_printf(
        t->out->arena, "collection: it has %u items, and an iterator takes %d at most", count, MAX_ITEMS);
    if (!message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    trial_fail(trial, "limit", message);
    return STATUS_OK;
}

static enum status collection_of(struct turn *t, const struct work *w, struct value args, struct value *out,
                                 struct trial *trial)
{
    struct value v;
    TRY(render_object(t, w->action->iterator->collection, w, args, &v, trial));
    if (trial->failed)
        return STATUS_OK;
    *out = v;
    if (v.type == VALUE_LIST)
        return v.len > MAX_ITEMS ? too_many(t, v.len, trial) : STATUS_OK;
    if (v.type == VALUE_MAP) {
        struct list_builder one;
        list_begin(&one, t->out->arena);
        list_add(&one, v);
        return list_end(&one, out, t->err);
    }
    struct str message =
        arena_printf(t->out->arena, "collection: it has to be a list, and is of type %s", value_type_name(v));
    if (!message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    trial_fail(trial, "runtime", message);
    return STATUS_OK;
}

/* A template of one item. */
static enum status of_item(struct turn *t, const struct work *w, struct value items, uint32_t index,
                           const struct template *template, const char *what, struct value *out,
                           struct trial *trial)
{
    struct item item = {.iterator = w, .value = items.u.list[index], .index = index, .count = items.len};
    struct step_scope scope;
    struct value names;
    TRY(item_names(t, &item, &names));
    TRY(scope_for(t, w, names, &scope));
    return render_template(t, template, what, &scope, out, trial);
}

static enum status keep_where(struct turn *t, const struct work *w, struct value *items, struct trial *trial)
{
    const struct template *where = w->action->iterator->where;
    struct list_builder kept;
    struct value v;
    if (!where || trial->failed)
        return STATUS_OK;
    list_begin(&kept, t->out->arena);
    for (uint32_t i = 0; i < items->len && !trial->failed; i++) {
        TRY(of_item(t, w, *items, i, where, "where", &v, trial));
        if (!trial->failed && condition_is_true(v))
            list_add(&kept, items->u.list[i]);
    }
    return list_end(&kept, items, t->err);
}

/* [[key, item], …] for the template that sorts. */
static enum status pairs_of(struct turn *t, const struct work *w, struct value items, struct value *out,
                            struct trial *trial)
{
    struct list_builder all;
    list_begin(&all, t->out->arena);
    for (uint32_t i = 0; i < items.len && !trial->failed; i++) {
        struct list_builder pair;
        struct value key, v;
        TRY(of_item(t, w, items, i, w->action->iterator->order_by, "order_by", &key, trial));
        list_begin(&pair, t->out->arena);
        list_add(&pair, key);
        list_add(&pair, items.u.list[i]);
        TRY(list_end(&pair, &v, t->err));
        list_add(&all, v);
    }
    return list_end(&all, out, t->err);
}

/* What sorts is the template language's own sort: stable, and it says which values have no order. */
static enum status sort_pairs(struct turn *t, struct value *pairs, struct trial *trial)
{
    struct template *sort;
    struct map_builder m;
    struct value names;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("pairs"), *pairs);
    TRY(map_end(&m, &names, t->err));
    struct step_scope scope = {.frames = {{.names = names}}};
    scope.top = &scope.frames[0];
    TRY(template_compile(STR("pairs | sort(attribute=0, case_sensitive=true)"), TEMPLATE_EXPRESSION,
                         "order_by", &sort, t->err));
    enum status s = render_template(t, sort, "order_by", &scope, pairs, trial);
    template_free(sort);
    return s;
}

static enum status put_in_order(struct turn *t, const struct work *w, struct value *items,
                                struct trial *trial)
{
    struct value pairs;
    struct list_builder sorted;
    if (!w->action->iterator->order_by || trial->failed)
        return STATUS_OK;
    TRY(pairs_of(t, w, *items, &pairs, trial));
    if (!trial->failed)
        TRY(sort_pairs(t, &pairs, trial));
    if (trial->failed)
        return STATUS_OK;
    list_begin(&sorted, t->out->arena);
    for (uint32_t i = 0; i < pairs.len; i++)
        list_add(&sorted, pairs.u.list[i].u.list[1]);
    return list_end(&sorted, items, t->err);
}

static enum status cut_into_chunks(struct turn *t, uint32_t size, struct value *items)
{
    struct list_builder all;
    list_begin(&all, t->out->arena);
    for (uint32_t i = 0; i < items->len; i += size) {
        uint32_t len = items->len - i < size ? items->len - i : size;
        list_add(&all, (struct value){.type = VALUE_LIST, .len = len, .u.list = items->u.list + i});
    }
    return list_end(&all, items, t->err);
}

enum status whole_number(struct turn *t, const struct object_template *template, const char *what,
                         const struct whole_number *wanted, int64_t *out, struct trial *trial)
{
    struct value v;
    int64_t least = wanted->least;
    *out = wanted->otherwise;
    TRY(render_object(t, template, wanted->of, wanted->args, &v, trial));
    if (!template || trial->failed)
        return STATUS_OK;
    if (v.type == VALUE_INT && v.u.i >= least) {
        *out = v.u.i;
        return STATUS_OK;
    }
    struct str message =
        arena_printf(t->out->arena, "%s: it has to be a whole number from %lld", what, (long long)least);
    if (!message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    trial_fail(trial, "runtime", message);
    return STATUS_OK;
}

enum status items_collect(struct turn *t, const struct work *w, struct value args, struct value *out,
                          struct trial *trial)
{
    const struct iterator *it = w->action->iterator;
    struct whole_number of_limit = {w, args, 0, MAX_ITEMS}, of_chunk = {w, args, 1, 0};
    int64_t limit, chunk;
    TRY(collection_of(t, w, args, out, trial));
    TRY(whole_number(t, it->limit, "limit", &of_limit, &limit, trial));
    TRY(whole_number(t, it->chunk, "chunk", &of_chunk, &chunk, trial));
    TRY(keep_where(t, w, out, trial));
    TRY(put_in_order(t, w, out, trial));
    if (trial->failed)
        return STATUS_OK;
    if (out->len > limit)
        out->len = (uint32_t)limit;
    return chunk ? cut_into_chunks(t, chunk > MAX_ITEMS ? MAX_ITEMS : (uint32_t)chunk, out) : STATUS_OK;
}
