/* Iterators: which items there are, and what their tasks come to. */
#include "reference_run.h"

static enum status put_loop(struct run *r, uint32_t index, uint32_t count, struct value item,
                            struct map_builder *out)
{
    struct map_builder m;
    struct value loop;
    map_begin(&m, r->a);
    map_put(&m, STR("index"), value_int(index));
    map_put(&m, STR("count"), value_int(count));
    map_put(&m, STR("size"), value_int(count));
    map_put(&m, STR("first"), value_bool(index == 0));
    map_put(&m, STR("last"), value_bool(index + 1 == count));
    map_put(&m, STR("item"), item);
    TRY(map_end(&m, &loop, r->err));
    map_put(out, STR("_loop"), loop);
    return STATUS_OK;
}

/* The names of the item; `earlier`, a map, has what its tasks gave so far. */
static enum status item_names(struct run *r, const struct job *j, struct value args, struct value items,
                              uint32_t index, struct value earlier, struct value *out)
{
    const struct iterator *it = j->action->iterator;
    struct map_builder m;
    struct value item = items.u.list[index];
    map_begin(&m, r->a);
    map_put_all(&m, args);
    TRY(put_loop(r, index, items.len, item, &m));
    if (it->enumerate)
        map_put(&m, STR("index"), value_int(index));
    if (it->chunk)
        map_put(&m, STR("batch"), item);
    if (earlier.type == VALUE_MAP)
        map_put_all(&m, earlier);
    map_put(&m, it->element, item);
    return map_end(&m, out, r->err);
}

/* ---- which items -------------------------------------------------------------------------------------- */

static enum status of_item(struct run *r, const struct job *j, struct value args, struct value items,
                           uint32_t index, const struct template *t, struct value *out, struct outcome *o)
{
    struct value names;
    TRY(item_names(r, j, args, items, index, ABSENT, &names));
    return reference_evaluate(r, t, names, j->around, out, o);
}

static enum status keep_where(struct run *r, const struct job *j, struct value args, struct value *items,
                              struct outcome *o)
{
    struct list_builder kept;
    struct value v;
    list_begin(&kept, r->a);
    for (uint32_t i = 0; i < items->len && !o->failed; i++) {
        TRY(of_item(r, j, args, *items, i, j->action->iterator->where, &v, o));
        if (!o->failed && condition_is_true(v))
            list_add(&kept, items->u.list[i]);
    }
    return list_end(&kept, items, r->err);
}

/* The simulation sorts by whole numbers: pick the smallest that is left, the first among equals. */
static enum status put_in_order(struct run *r, const struct job *j, struct value args, struct value *items,
                                struct outcome *o)
{
    int64_t keys[64];
    bool taken[64] = {false};
    struct list_builder sorted;
    struct value v;
    list_begin(&sorted, r->a);
    for (uint32_t i = 0; i < items->len && !o->failed; i++) {
        TRY(of_item(r, j, args, *items, i, j->action->iterator->order_by, &v, o));
        keys[i] = v.u.i;
    }
    for (uint32_t n = 0; n < items->len; n++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < items->len; i++) {
            if (!taken[i] && (best == UINT32_MAX || keys[i] < keys[best]))
                best = i;
        }
        taken[best] = true;
        list_add(&sorted, items->u.list[best]);
    }
    return list_end(&sorted, items, r->err);
}

static enum status chunks(struct run *r, uint32_t size, struct value *items)
{
    struct list_builder all, one;
    struct value v;
    list_begin(&all, r->a);
    for (uint32_t i = 0; i < items->len; i += size) {
        list_begin(&one, r->a);
        for (uint32_t k = i; k < items->len && k < i + size; k++)
            list_add(&one, items->u.list[k]);
        TRY(list_end(&one, &v, r->err));
        list_add(&all, v);
    }
    return list_end(&all, items, r->err);
}

static enum status collection(struct run *r, const struct job *j, struct value args, struct value *items,
                              struct outcome *o)
{
    struct value v;
    TRY(reference_render(r, j->action->iterator->collection, args, j->around, &v, o));
    if (o->failed)
        return STATUS_OK;
    *items = v;
    if (v.type == VALUE_MAP) {
        struct list_builder one;
        list_begin(&one, r->a);
        list_add(&one, v);
        return list_end(&one, items, r->err);
    }
    return v.type == VALUE_LIST ? STATUS_OK : reference_error(r, "runtime", "that is no list", o);
}

enum status reference_items(struct run *r, const struct job *j, struct value args, struct value *items,
                            struct outcome *o)
{
    const struct iterator *it = j->action->iterator;
    struct value limit, chunk;
    TRY(collection(r, j, args, items, o));
    TRY(reference_render(r, it->limit, args, j->around, &limit, o));
    TRY(reference_render(r, it->chunk, args, j->around, &chunk, o));
    if (it->where && !o->failed)
        TRY(keep_where(r, j, args, items, o));
    if (it->order_by && !o->failed)
        TRY(put_in_order(r, j, args, items, o));
    if (o->failed)
        return STATUS_OK;
    if (it->limit && limit.u.i < items->len)
        items->len = (uint32_t)limit.u.i;
    return it->chunk ? chunks(r, (uint32_t)chunk.u.i, items) : STATUS_OK;
}

/* ---- what they come to -------------------------------------------------------------------------------- */

static enum status remember(struct run *r, const struct action *task, struct value data,
                            struct value *earlier)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, r->a);
    map_put(&m, STR("result"), data);
    if (task->name.len)
        map_put(&m, task->name, data);
    TRY(map_end(&m, &v, r->err));
    return reference_merge(r, *earlier, v, earlier);
}

static enum status run_item(struct run *r, struct job *j, struct value args, struct value items,
                            uint32_t index, struct outcome *o)
{
    const struct iterator *it = j->action->iterator;
    struct value earlier = ABSENT;
    struct around around = {.outer = j->around};
    for (uint32_t t = 0; t < it->task_count; t++) {
        struct job task = {.action = &it->tasks[t],
                           .id = j->id,
                           .edge_args = it->own_tool ? j->edge_args : ABSENT,
                           .around = &around,
                           .visit = j->visit};
        struct task_place place = {.item = index, .task = t};
        task.id.places[++task.id.depth] = place;
        TRY(item_names(r, j, args, items, index, earlier, &around.names));
        TRY(reference_work(r, &task, o));
        if (o->failed || o->stands)
            return STATUS_OK;
        TRY(remember(r, task.action, o->data, &earlier));
    }
    return STATUS_OK;
}

/* What an item that failed gives, if the iterator goes on. */
static enum status after_failure(struct run *r, enum item_error mode, const struct outcome *item,
                                 struct value *out)
{
    struct map_builder m;
    *out = value_null();
    if (mode != ITEM_ERROR_COLLECT)
        return STATUS_OK;
    map_begin(&m, r->a);
    map_put(&m, STR("status"), value_text("error"));
    map_put(&m, STR("error"), item->error);
    return map_end(&m, out, r->err);
}

/* The error of an item, with its place. */
static enum status failed_by(struct run *r, const struct outcome *item, uint32_t index, struct outcome *o)
{
    struct map_builder m;
    map_begin(&m, r->a);
    map_put_all(&m, item->error);
    map_put(&m, STR("index"), value_int(index));
    o->failed = true;
    return map_end(&m, &o->error, r->err);
}

/* Several at once? */
static enum status at_once(struct run *r, const struct job *j, struct value args, bool *out,
                           struct outcome *o)
{
    struct value parallel;
    *out = j->action->iterator->async;
    if (!j->action->listing)
        return STATUS_OK;
    TRY(reference_render(r, j->action->listing->parallel, args, j->around, &parallel, o));
    *out = condition_is_true(parallel);
    return STATUS_OK;
}

/* Of a playbook that was listed: {path, version, result}, or {path, version, status, error}. */
static enum status with_path(struct run *r, const struct job *j, struct value playbook, bool collected,
                             struct value *v)
{
    struct map_builder m;
    if (!j->action->listing)
        return STATUS_OK;
    map_begin(&m, r->a);
    map_put_all(&m, playbook);
    if (collected)
        map_put_all(&m, *v);
    else
        map_put(&m, STR("result"), *v);
    return map_end(&m, v, r->err);
}

/*
 * Where one failure ends it all, items that run at once may have come any way: all of them are run here, so
 * that what is counted is the most that can have been.
 */
enum status reference_loop(struct run *r, struct job *j, struct value args, struct value items,
                           struct outcome *o)
{
    const struct iterator *it = j->action->iterator;
    struct list_builder all;
    bool async;
    TRY(at_once(r, j, args, &async, o));
    list_begin(&all, r->a);
    for (uint32_t i = 0; i < items.len && (async || !o->failed); i++) {
        struct outcome item = {.failed = false};
        struct value v;
        TRY(run_item(r, j, args, items, i, &item));
        v = item.data;
        if (item.stands) {
            o->stands = true;
            r->out->vague = true;
        } else if (item.failed && it->on_error == ITEM_ERROR_FAIL) {
            j->visit->inexact = j->visit->inexact || async;
            TRY(failed_by(r, &item, i, o));
        } else if (item.failed) {
            TRY(after_failure(r, it->on_error, &item, &v));
        }
        TRY(with_path(r, j, items.u.list[i], item.failed && it->on_error == ITEM_ERROR_COLLECT, &v));
        list_add(&all, v);
    }
    if (o->failed) {
        o->stands = false;
        return STATUS_OK;
    }
    return list_end(&all, &o->data, r->err);
}
