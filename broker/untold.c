#include "untold.h"

/* Why it gave nothing. */
static enum status error_of_end(struct arena *a, const struct event *end, struct str why, struct value *out,
                                struct error *err)
{
    struct map_builder m;
    bool cancelled = end->type == EVENT_EXECUTION_CANCELLED;
    *out = VALUE_GET(end->context, "error");
    if (out->type == VALUE_MAP)
        return STATUS_OK;
    map_begin(&m, a);
    map_put(&m, STR("kind"), value_text(cancelled ? "cancelled" : "failed"));
    map_put(&m, STR("message"), value_str(why));
    return map_end(&m, out, err);
}

static enum status end_context(struct arena *a, const struct event *end, struct str why, struct value *out,
                               struct error *err)
{
    struct map_builder m;
    struct value error;
    TRY(error_of_end(a, end, why, &error, err));
    struct str id = arena_printf(a, "%lld", (long long)end->execution_id);
    if (!id.ptr)
        return arena_error(a, err, "a fact");
    map_begin(&m, a);
    map_put(&m, STR("execution_id"), value_str(id));
    map_put(&m, STR("error"), error);
    return map_end(&m, out, err);
}

enum status untold_end(struct arena *a, int64_t caller, const struct open_work *w,
                       const struct event_list *events, struct event *fact, struct error *err)
{
    const struct event *first = &events->items[0], *end = &events->items[events->count - 1];
    *fact = (struct event){
        .execution_id = caller,
        .type = EVENT_CHILD_FAILED,
        .node_name = first->node_name.len ? first->node_name : w->step,
        .node_type = STR("playbook"),
        .task_id = w->task_id,
        .visit = w->visit,
        .attempt = w->attempt,
        .error = end->error,
    };
    if (end->type == EVENT_EXECUTION_COMPLETE)
        fact->error = STR("it is complete, but its log cannot be evaluated for what it gave");
    return end_context(a, end, fact->error, &fact->context, err);
}

enum status untold_cancel(struct arena *a, const struct execution *x, int64_t caller, struct event *fact,
                          struct error *err)
{
    struct map_builder m;
    struct str reason = arena_printf(
        a, "execution %lld, which it is a part of, does not wait for it any more", (long long)caller);
    if (!reason.ptr)
        return arena_error(a, err, "a cancel");
    *fact = (struct event){
        .execution_id = x->id,
        .type = EVENT_CANCEL_REQUESTED,
        .node_name = x->playbook->path,
        .node_type = STR("playbook"),
    };
    map_begin(&m, a);
    map_put(&m, STR("reason"), value_str(reason));
    return map_end(&m, &fact->context, err);
}
