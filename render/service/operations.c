#include "operations.h"

#include <inttypes.h>

#include "document.h"
#include "event_page.h"
#include "publisher/payload.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- status ------------------------------------------------------------------------------------------- */

/* The document, and where the execution is while the log does not know of it. */
static enum status found_document(const struct found_execution *found, struct arena *a, struct value *out,
                                  struct error *err)
{
    TRY(document_build(a, found->events.items, found->events.count, out, err));
    if (found->hop.len == 0)
        return STATUS_OK;
    struct map_builder m;
    map_begin(&m, a);
    map_put_all(&m, *out);
    map_put(&m, STR("hop"), value_str(found->hop));
    return map_end(&m, out, err);
}

enum status operation_at(struct value payload, struct lookup_moment *out, struct error *err)
{
    struct value at = VALUE_GET(payload, "at");
    int64_t number;
    *out = (struct lookup_moment){0};
    if (at.type == VALUE_STRING && at.len > 0 &&
        time_parse(value_as_str(at), &out->time_ns, NULL) == STATUS_OK)
        return STATUS_OK;
    if (payload_number(payload, STR("at"), UINT32_MAX, &number, err) != STATUS_OK)
        return error_hint(err, "give the number of an event, or a time as \"2026-01-02T03:04:05Z\"");
    out->event_id = (uint32_t)number;
    return STATUS_OK;
}

enum status operation_at_least(struct value payload, uint32_t *out, struct error *err)
{
    int64_t number = 0;
    TRY(payload_number(payload, STR("at_least"), UINT32_MAX, &number, err));
    *out = (uint32_t)number;
    return STATUS_OK;
}

static enum status show_status(void *context, const struct call *call, struct answer *answer,
                               struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("at_least"), STR("at")};
    struct value payload;
    struct found_execution found;
    int64_t id;
    uint32_t at_least;
    struct lookup_moment at;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, members, COUNT(members), "a request for a status", err));
    TRY(payload_execution_id(payload, &id, err));
    TRY(operation_at_least(payload, &at_least, err));
    TRY(operation_at(payload, &at, err));
    TRY(lookup_execution(context, id, at_least, call->arena, &found, err));
    TRY(lookup_cut(&found.events, &at, err));
    return found_document(&found, call->arena, &answer->body, err);
}

/* ---- show --------------------------------------------------------------------------------------------- */

static enum status show_page(struct render_service *s, const struct found_execution *found, bool first_page,
                             uint32_t after, struct arena *a, struct value *out, struct error *err)
{
    struct value document = {0}, events;
    size_t used = 0;
    int64_t next;
    if (first_page) {
        TRY(found_document(found, a, &document, err));
        TRY(event_page_length(a, document, &used, err));
    }
    size_t room = event_page_room(s->answer_max, used);
    TRY(event_page(found, after, room, !first_page, a, &events, &next, err));
    struct map_builder m;
    map_begin(&m, a);
    if (first_page)
        map_put(&m, STR("execution"), document);
    map_put(&m, STR("events"), events);
    if (next >= 0)
        map_put(&m, STR("next"), value_int(next));
    return map_end(&m, out, err);
}

static enum status show_events(void *context, const struct call *call, struct answer *answer,
                               struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("at_least"), STR("after")};
    struct value payload;
    struct found_execution found;
    int64_t id, after;
    uint32_t at_least;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, members, COUNT(members), "a request for events", err));
    TRY(payload_execution_id(payload, &id, err));
    TRY(operation_at_least(payload, &at_least, err));
    TRY(payload_number(payload, STR("after"), UINT32_MAX, &after, err));
    bool first_page = value_is_absent(VALUE_GET(payload, "after"));
    if (first_page || at_least > 0)
        TRY(lookup_execution(context, id, at_least, call->arena, &found, err));
    else
        TRY(lookup_rest(context, id, (uint32_t)after, call->arena, &found, err));
    return show_page(context, &found, first_page, (uint32_t)after, call->arena, &answer->body, err);
}

struct operation_table render_service_operations(struct render_service *service)
{
    static const struct operation table[] = {
        {"status", show_status, "tells how an execution stands, step by step"},
        {"show", show_events, "tells how an execution stands, with its events"},
        {"events", events_operation, "gives the events of an execution, page by page"},
        {"tasks", tasks_operation,
         "lists what workers were asked to do for an execution, attempt by attempt"},
        {"context", context_operation, "gives the names that templates of an execution see"},
        {"list", list_operation, "lists executions, the newest first"},
        {"resolve", resolve_operation,
         "tells which execution is meant: the newest, or by the beginning of its id"},
        {"render", render_operation, "renders a template against the context of an execution"},
    };
    static const struct operation_metrics metrics = {METRIC_RENDER_REQUESTS, METRIC_RENDER_DURATION,
                                                     METRIC_RENDER_QUEUED, METRIC_RENDER_TURNED_AWAY};
    return (struct operation_table){table, COUNT(table), service, &metrics};
}
