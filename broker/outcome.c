#include "outcome.h"

#include "core/event.h"
#include "core/json.h"

static enum status envelope(struct arena *a, enum status kind, struct str message, struct value *out,
                            struct error *err)
{
    struct map_builder m;
    struct value error;
    map_begin(&m, a);
    map_put(&m, STR("kind"), value_text(status_name(kind)));
    map_put(&m, STR("message"), value_str(message));
    TRY(map_end(&m, &error, err));
    map_begin(&m, a);
    map_put(&m, STR("status"), value_text("error"));
    map_put(&m, STR("error"), error);
    return map_end(&m, out, err);
}

enum status failed_outcome(struct arena *a, const struct subjects *s, const struct task *task,
                           enum status kind, struct str message, struct value context,
                           struct failed_outcome *out, struct error *err)
{
    struct map_builder m;
    struct value v;
    struct event e = {
        .execution_id = task->execution_id,
        .type = EVENT_ACTION_ERROR,
        .node_name = task->step,
        .node_type = task->type,
        .task_id = task->task_id,
        .visit = task->visit,
        .attempt = task->attempt,
        .error = message,
        .context = context,
    };
    TRY(envelope(a, kind, message, &e.result, err));
    map_begin(&m, a);
    map_put(&m, STR("token"), value_str(task->token));
    map_put(&m, STR("worker"), value_text("broker"));
    TRY(map_end(&m, &e.meta, err));
    TRY(event_to_value(a, &e, &v, err));
    TRY(json_text(a, v, &out->payload, err));
    out->message_id =
        arena_printf(a, "%lld.%" PRISTR ".outcome", (long long)task->execution_id, ARGSTR(task->task_id));
    if (!out->message_id.ptr)
        return arena_error(a, err, "an outcome");
    subject_event(s, task->execution_id, EVENT_ACTION_ERROR, out->subject);
    return STATUS_OK;
}
