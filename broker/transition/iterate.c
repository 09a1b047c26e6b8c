/*
 * An attempt that runs an action, or several, for each item of a collection.
 *
 *   items:    done │ done │ at work │ done │ at work │ not begun …
 *                            └── at most `concurrency` of them ──┘   ▲ next
 *
 * An item's tasks are run one after the other; its data is that of the last. The loop's data is the list of
 * these, in the order of the items, whatever the order in which they ended.
 */
#include "core/json.h"
#include "turn.h"

enum { CONCURRENCY = 8 };

/* ---- the beginning ------------------------------------------------------------------------------------ */

/* Room for so many items; NULL: no memory. */
static struct loop *new_loop(struct arena *a, uint32_t count, bool several_tasks, uint32_t concurrency)
{
    struct loop *loop = ARENA_NEW(a, struct loop);
    if (!loop)
        return NULL;
    loop->concurrency = concurrency;
    loop->results = ARENA_ARRAY(a, struct value, count);
    loop->active = ARENA_ARRAY(a, struct work *, count);
    loop->earlier = several_tasks ? ARENA_ARRAY(a, struct value, count) : NULL;
    return loop->results && loop->active && (loop->earlier || !several_tasks) ? loop : NULL;
}

static enum status started_context(struct turn *t, const struct work *w, const struct loop *loop,
                                   struct value *out)
{
    struct map_builder m;
    map_begin(&m, t->out->arena);
    if (w->parent)
        map_put(&m, STR("index"), value_int(w->item));
    map_put(&m, STR("type"), value_text("iterator"));
    map_put(&m, STR("count"), value_int(loop->items.len));
    map_put(&m, STR("mode"), value_text(w->action->iterator->async ? "async" : "sequential"));
    map_put(&m, STR("concurrency"), value_int(loop->concurrency));
    if (w->args.len)
        map_put(&m, STR("args"), w->args);
    return map_end(&m, out, t->err);
}

static enum status concurrency_of(struct turn *t, const struct work *w, struct value args, uint32_t *out,
                                  struct trial *trial)
{
    const struct iterator *it = w->action->iterator;
    struct whole_number wanted = {w, args, 1, CONCURRENCY};
    int64_t n;
    *out = 1;
    if (!it->async)
        return STATUS_OK;
    TRY(whole_number(t, it->concurrency, "concurrency", &wanted, &n, trial));
    *out = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return STATUS_OK;
}

enum status loop_make(struct turn *t, struct work *w, struct value items, uint32_t concurrency)
{
    struct loop *loop = new_loop(&t->x->arena, items.len, w->action->iterator->task_count > 1, concurrency);
    if (!loop)
        return arena_error(&t->x->arena, t->err, "a loop");
    w->loop = loop;
    return value_copy_plain(&t->x->arena, items, &loop->items, t->err);
}

enum status loop_begin(struct turn *t, struct work *w)
{
    struct input in;
    struct value items;
    uint32_t concurrency;
    struct trial trial = {0};
    TRY(render_input(t, w->visit, w, &in, &trial));
    t->x->garbage += value_size(w->args);
    TRY(value_copy_plain(&t->x->arena, in.args, &w->args, t->err));
    TRY(items_collect(t, w, in.args, &items, &trial));
    TRY(concurrency_of(t, w, in.args, &concurrency, &trial));
    if (trial.failed)
        return work_failed(t, w, value_null(), &trial.why);
    TRY(attempt_begins(t, w, WORK_LOOP));
    TRY(loop_make(t, w, items, concurrency));
    struct event *e = emit_work_event(t, EVENT_STEP_STARTED, EVENT_ITERATION_STARTED, w, w->attempt);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    TRY(started_context(t, w, w->loop, &e->context));
    return loop_pump(t, w);
}

/* ---- items -------------------------------------------------------------------------------------------- */

static enum status start_task(struct turn *t, struct work *w, uint32_t item, uint32_t task)
{
    struct work *of_item;
    TRY(work_new(t->x, w->visit, w, &w->action->iterator->tasks[task], &of_item, t->err));
    of_item->item = item;
    of_item->task = task;
    w->loop->active[item] = of_item;
    return work_begin(t, of_item);
}

static enum status end_loop(struct turn *t, struct work *w)
{
    struct loop *loop = w->loop;
    struct value data = {.type = VALUE_LIST, .len = loop->items.len, .u.list = loop->results};
    return attempt_ended(t, w, data, NULL);
}

/*
 * What an item does at once, before this returns, comes back here while `pumping` is set, and goes on in the
 * loop below instead of ever deeper calls. It may also end the whole attempt, and with it the execution: then
 * the loop is no longer the work's.
 */
enum status loop_pump(struct turn *t, struct work *w)
{
    struct loop *loop = w->loop;
    if (loop->pumping)
        return STATUS_OK;
    loop->pumping = true;
    while (w->loop == loop && loop->next < loop->items.len && loop->running < loop->concurrency) {
        if (t->x->paused) {
            if (!w->list)
                work_append(&t->x->queue, w);
            break;
        }
        loop->running++;
        TRY(start_task(t, w, loop->next++, 0));
    }
    loop->pumping = false;
    bool ended = w->loop == loop && loop->done == loop->items.len;
    return ended ? end_loop(t, w) : STATUS_OK;
}

static enum status fail_loop(struct turn *t, struct work *w, const struct failure *why);

/* What all items gave is one value, of the step. Counts the item's data to it. */
static enum status count_data(struct turn *t, struct loop *loop, struct value data, struct trial *trial)
{
    static const struct json_bounds BOUNDS = {JSON_VALUE_BYTES, JSON_VALUE_DEPTH + 1};
    struct error e = {0};
    size_t bytes;
    enum status status = json_check(data, &BOUNDS, &bytes, &e);
    if (status == STATUS_OK && loop->bytes + bytes > JSON_VALUE_BYTES)
        status = error_set(&e, STATUS_LIMIT,
                           "what the items give has more than %d MiB as JSON, which is the most that a step "
                           "collects",
                           JSON_VALUE_BYTES >> 20);
    if (status != STATUS_OK)
        return trial_failed(t, trial, &e);
    loop->bytes += bytes;
    return STATUS_OK;
}

static enum status end_item(struct turn *t, struct work *w, struct value data)
{
    struct work *iterator = w->parent;
    struct loop *loop = iterator->loop;
    uint32_t item = w->item;
    struct trial trial = {0};
    TRY(count_data(t, loop, data, &trial));
    if (trial.failed)
        return fail_loop(t, w, &trial.why);
    TRY(value_copy_plain(&t->x->arena, data, &loop->results[item], t->err));
    if (loop->earlier) {
        t->x->garbage += value_size(loop->earlier[item]);
        loop->earlier[item] = ABSENT;
    }
    loop->active[item] = NULL;
    work_release(t->x, w);
    loop->running--;
    loop->done++;
    return loop_pump(t, iterator);
}

static enum status give_item(struct turn *t, struct work *w, struct value data)
{
    if (w->parent->action->listing)
        TRY(listing_result(t, w, "result", data, &data));
    return end_item(t, w, data);
}

/* What the next task of the item sees: the data of this one, as `result` and by its name. */
static enum status remember_task(struct turn *t, const struct work *w, struct value data)
{
    struct value *earlier = &w->parent->loop->earlier[w->item], all;
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put_all(&m, *earlier);
    map_put(&m, STR("result"), data);
    if (w->action->name.len)
        map_put(&m, w->action->name, data);
    TRY(map_end(&m, &all, t->err));
    t->x->garbage += value_size(*earlier);
    return value_copy_plain(&t->x->arena, all, earlier, t->err);
}

enum status item_succeeded(struct turn *t, struct work *w, struct value data)
{
    struct work *iterator = w->parent;
    uint32_t item = w->item, next = w->task + 1;
    if (next == iterator->action->iterator->task_count)
        return give_item(t, w, data);
    TRY(remember_task(t, w, data));
    work_release(t->x, w);
    return start_task(t, iterator, item, next);
}

/* ---- an item that failed ------------------------------------------------------------------------------ */

static enum status collected_error(struct turn *t, const struct work *w, const struct failure *why,
                                   struct value *out)
{
    struct map_builder m;
    struct value error;
    TRY(failure_to_value(t, why, &error));
    map_begin(&m, t->out->arena);
    map_put(&m, STR("status"), value_text("error"));
    map_put(&m, STR("error"), error);
    TRY(map_end(&m, out, t->err));
    return w->parent->action->listing ? listing_result(t, w, NULL, *out, out) : STATUS_OK;
}

static enum status failure_with_index(struct turn *t, const struct work *w, const struct failure *why,
                                      struct failure *out)
{
    struct map_builder m;
    *out = *why;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("kind"), value_str(why->kind));
    map_put(&m, STR("message"), value_str(why->message));
    map_put_all(&m, why->detail);
    map_put(&m, STR("index"), value_int(w->item));
    out->message = arena_printf(t->out->arena, "item %u: %" PRISTR, w->item, ARGSTR(why->message));
    if (!out->message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    map_put(&m, STR("message"), value_str(out->message));
    return map_end(&m, &out->detail, t->err);
}

/* The log says which tasks run for nothing; workers that have one of them stop it when they hear of that. */
static enum status emit_withdrawn(struct turn *t, const struct work *iterator, uint32_t first)
{
    struct list_builder ids;
    struct map_builder m;
    struct value v;
    if (first == t->out->withdrawal_count)
        return STATUS_OK;
    struct event *e =
        emit_work_event(t, EVENT_TASKS_WITHDRAWN, EVENT_TASKS_WITHDRAWN, iterator, iterator->attempt);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    list_begin(&ids, t->out->arena);
    for (uint32_t i = first; i < t->out->withdrawal_count; i++)
        list_add(&ids, value_str(t->out->withdrawals[i].task_id));
    TRY(list_end(&ids, &v, t->err));
    map_begin(&m, t->out->arena);
    map_put(&m, STR("tasks"), v);
    return map_end(&m, &e->context, t->err);
}

/* The others are given up, and with them the attempt. */
static enum status fail_loop(struct turn *t, struct work *w, const struct failure *why)
{
    struct work *iterator = w->parent;
    struct failure of_loop;
    uint32_t withdrawn = t->out->withdrawal_count;
    TRY(failure_with_index(t, w, why, &of_loop));
    TRY(work_stop(t, iterator));
    TRY(emit_withdrawn(t, iterator, withdrawn));
    loop_release(t->x, iterator);
    TRY(work_move(t->x, iterator, WORK_READY, t->err));
    return attempt_ended(t, iterator, value_null(), &of_loop);
}

enum status item_failed(struct turn *t, struct work *w, struct value data, const struct failure *why)
{
    (void)data;
    struct value collected;
    enum item_error on_error = w->parent->action->iterator->on_error;
    if (on_error == ITEM_ERROR_FAIL)
        return fail_loop(t, w, why);
    if (on_error == ITEM_ERROR_CONTINUE)
        return give_item(t, w, value_null());
    TRY(collected_error(t, w, why, &collected));
    return end_item(t, w, collected);
}
