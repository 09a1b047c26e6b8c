/* The attempts of an execution, page by page. */
#include "attempts.h"
#include "core/id.h"
#include "document.h"
#include "operations.h"
#include "publisher/payload.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000 };

struct tasks_request {
    int64_t execution_id, after, limit;
    uint32_t at_least;
    struct str step, status;
};

static enum status check_status_name(struct str name, struct error *err)
{
    if (name.len == 0)
        return STATUS_OK;
    for (int s = 0; s < ATTEMPT_STATUS_COUNT; s++)
        if (str_is(name, attempt_status_name((enum attempt_status)s)))
            return STATUS_OK;
    error_set(err, STATUS_INVALID, "no task has the status \"%" PRISTR "\"", ARGSTR(name));
    error_place(err, "status");
    return error_hint(err, "give scheduled, completed, failed, lost or cancelled");
}

static enum status read_request(struct value payload, struct tasks_request *out, struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("after"),  STR("limit"),
                                         STR("step"),         STR("status"), STR("at_least")};
    *out = (struct tasks_request){0};
    TRY(payload_known(payload, members, COUNT(members), "a request for tasks", err));
    TRY(payload_execution_id(payload, &out->execution_id, err));
    TRY(payload_number(payload, STR("after"), UINT32_MAX, &out->after, err));
    TRY(payload_number(payload, STR("limit"), LIMIT_MAX, &out->limit, err));
    TRY(operation_at_least(payload, &out->at_least, err));
    TRY(payload_text(payload, STR("step"), &out->step, err));
    TRY(payload_text(payload, STR("status"), &out->status, err));
    if (out->limit == 0)
        out->limit = LIMIT_DEFAULT;
    return check_status_name(out->status, err);
}

static bool is_wanted(const struct tasks_request *r, const struct attempt *t)
{
    return t->event_id > r->after && (r->step.len == 0 || str_equal(r->step, t->step)) &&
           (r->status.len == 0 || str_is(r->status, attempt_status_name(t->status)));
}

/* The place of an item in each iterator around the attempt, from the outermost. */
static enum status items_value(struct arena *a, const struct attempt *t, struct value *out, struct error *err)
{
    struct task_id id;
    struct list_builder list;
    list_begin(&list, a);
    if (task_id_parse(t->task_id, &id, NULL) == STATUS_OK)
        for (uint32_t i = 1; i <= id.depth; i++)
            list_add(&list, value_int(id.places[i].item));
    return list_end(&list, out, err);
}

static struct value or_null(struct value v)
{
    return value_is_absent(v) ? value_null() : v;
}

static enum status attempt_value(struct arena *a, const struct attempt *t, struct value *out,
                                 struct error *err)
{
    struct value items, scheduled = document_time(a, t->scheduled_ns), ended = document_time(a, t->ended_ns);
    struct value child = VALUE_GET(t->scheduled, "child"), named = VALUE_GET(t->scheduled, "task");
    if (value_is_absent(scheduled) || value_is_absent(ended))
        return arena_error(a, err, "the attempts of an execution");
    TRY(items_value(a, t, &items, err));
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("task_id"), value_str(t->task_id));
    map_put(&m, STR("step"), value_str(t->step));
    map_put(&m, STR("type"), value_str(t->type));
    map_put(&m, STR("visit"), value_int(t->visit));
    map_put(&m, STR("items"), items);
    map_put(&m, STR("attempt"), value_int(t->attempt));
    map_put(&m, STR("status"), value_text(attempt_status_name(t->status)));
    map_put(&m, STR("pool"), or_null(VALUE_GET(t->scheduled, "pool")));
    map_put(&m, STR("worker"), or_null(VALUE_GET(t->outcome, "worker")));
    map_put(&m, STR("delivery"), or_null(VALUE_GET(t->outcome, "delivery")));
    map_put(&m, STR("scheduled_at"), scheduled);
    map_put(&m, STR("started_at"), or_null(VALUE_GET(t->outcome, "started_at")));
    map_put(&m, STR("ended_at"), ended);
    map_put(&m, STR("duration_ms"), or_null(VALUE_GET(t->outcome, "duration_ms")));
    map_put(&m, STR("error"), t->error.len > 0 ? value_str(t->error) : value_null());
    if (!value_is_absent(named))
        map_put(&m, STR("task"), named);
    if (!value_is_absent(child))
        map_put(&m, STR("child"), child);
    return map_end(&m, out, err);
}

enum status tasks_operation(void *context, const struct call *call, struct answer *answer, struct error *err)
{
    struct arena *a = call->arena;
    struct value payload, v = {0};
    struct tasks_request r;
    struct found_execution found;
    struct attempt *attempts;
    struct list_builder list;
    size_t count;
    int64_t last = 0, next = -1;
    TRY(payload_read(a, call->payload, "the request", &payload, err));
    TRY(read_request(payload, &r, err));
    TRY(lookup_execution(context, r.execution_id, r.at_least, a, &found, err));
    TRY(attempts_build(a, found.events.items, found.events.count, &attempts, &count, err));
    list_begin(&list, a);
    for (size_t i = 0; i < count && next < 0; i++) {
        if (!is_wanted(&r, &attempts[i]))
            continue;
        if (list.len == r.limit) {
            next = last;
            break;
        }
        TRY(attempt_value(a, &attempts[i], &v, err));
        list_add(&list, v);
        last = attempts[i].event_id;
    }
    TRY(list_end(&list, &v, err));
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("tasks"), v);
    if (next >= 0)
        map_put(&m, STR("next"), value_int(next));
    return map_end(&m, &answer->body, err);
}
