#include "operations.h"

#include <inttypes.h>

#include "core/json.h"
#include "document.h"
#include "publisher/payload.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LIST_DEFAULT = 20, LIST_MAX = 500, ENVELOPE_BYTES = 256 };

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

static enum status read_at_least(struct value payload, uint32_t *out, struct error *err)
{
    int64_t number = 0;
    TRY(payload_number(payload, STR("at_least"), UINT32_MAX, &number, err));
    *out = (uint32_t)number;
    return STATUS_OK;
}

static enum status show_status(void *context, const struct call *call, struct answer *answer,
                               struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("at_least")};
    struct value payload;
    struct found_execution found;
    int64_t id;
    uint32_t at_least;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, members, COUNT(members), "a request for a status", err));
    TRY(payload_execution_id(payload, &id, err));
    TRY(read_at_least(payload, &at_least, err));
    TRY(lookup_execution(context, id, at_least, call->arena, &found, err));
    return found_document(&found, call->arena, &answer->body, err);
}

/* ---- show --------------------------------------------------------------------------------------------- */

static enum status json_length(struct arena *a, struct value v, size_t *out, struct error *err)
{
    struct str text;
    TRY(json_text(a, v, &text, err));
    *out = text.len;
    return STATUS_OK;
}

/*
 * The events behind `after` that fit into `room` bytes; *next is the last of them if there are more, else -1.
 * On a page of events only there is at least one, however large, so that the pages come to an end.
 */
static enum status page_of_events(const struct found_execution *found, uint32_t after, size_t room,
                                  bool at_least_one, struct arena *a, struct value *out, int64_t *next,
                                  struct error *err)
{
    const struct event_list *events = &found->events;
    struct list_builder list;
    list_begin(&list, a);
    *next = -1;
    int64_t last = after;
    for (size_t i = 0; i < events->count && *next < 0; i++) {
        struct value v;
        size_t length;
        if (events->items[i].event_id <= after && events->items[i].event_id > 0)
            continue;
        TRY(event_to_value(a, &events->items[i], &v, err));
        TRY(json_length(a, v, &length, err));
        if (length + 1 > room && !(at_least_one && list.len == 0)) {
            *next = last;
            break;
        }
        room -= length + 1 < room ? length + 1 : room;
        last = events->items[i].event_id;
        list_add(&list, v);
    }
    if (found->cut && *next < 0)
        *next = last;
    return list_end(&list, out, err);
}

static enum status show_page(struct render_service *s, const struct found_execution *found, bool first_page,
                             uint32_t after, struct arena *a, struct value *out, struct error *err)
{
    struct value document = {0}, events;
    size_t used = 0;
    int64_t next;
    if (first_page) {
        TRY(found_document(found, a, &document, err));
        TRY(json_length(a, document, &used, err));
    }
    size_t room = used + ENVELOPE_BYTES < s->answer_max ? s->answer_max - used - ENVELOPE_BYTES : 0;
    TRY(page_of_events(found, after, room, !first_page, a, &events, &next, err));
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
    TRY(read_at_least(payload, &at_least, err));
    TRY(payload_number(payload, STR("after"), UINT32_MAX, &after, err));
    bool first_page = value_is_absent(VALUE_GET(payload, "after"));
    if (first_page || at_least > 0)
        TRY(lookup_execution(context, id, at_least, call->arena, &found, err));
    else
        TRY(lookup_rest(context, id, (uint32_t)after, call->arena, &found, err));
    return show_page(context, &found, first_page, (uint32_t)after, call->arena, &answer->body, err);
}

/* ---- list --------------------------------------------------------------------------------------------- */

static enum status check_status_name(struct str name, struct error *err)
{
    static const struct str names[] = {STR("running"), STR("paused"), STR("completed"), STR("failed"),
                                       STR("cancelled")};
    for (size_t i = 0; i < COUNT(names); i++)
        if (name.len == 0 || str_equal(name, names[i]))
            return STATUS_OK;
    error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is not a status that executions are listed by",
              ARGSTR(name));
    error_place(err, "status");
    return error_hint(err, "give running, paused, completed, failed or cancelled");
}

static enum status read_filter(struct value payload, struct execution_filter *out, struct error *err)
{
    static const struct str members[] = {STR("path"), STR("status"), STR("limit"), STR("before")};
    int64_t limit;
    struct str before;
    *out = (struct execution_filter){0};
    TRY(payload_known(payload, members, COUNT(members), "a request for a list of executions", err));
    TRY(payload_text(payload, STR("path"), &out->path, err));
    TRY(payload_text(payload, STR("status"), &out->status, err));
    TRY(check_status_name(out->status, err));
    TRY(payload_number(payload, STR("limit"), LIST_MAX, &limit, err));
    TRY(payload_text(payload, STR("before"), &before, err));
    out->limit = limit > 0 ? (uint32_t)limit : LIST_DEFAULT;
    if (before.len > 0 && id_parse(before, &out->before, err) != STATUS_OK)
        return error_place(err, "before");
    return STATUS_OK;
}

static enum status row_value(struct arena *a, const struct execution_row *row, struct value *out,
                             struct error *err)
{
    struct value id = document_id(a, row->execution_id), started = document_time(a, row->started_ns),
                 ended = document_time(a, row->ended_ns);
    if (value_is_absent(id) || value_is_absent(started) || value_is_absent(ended))
        return arena_error(a, err, "the list of executions");
    bool over = row->ended_ns != 0;
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("execution_id"), id);
    map_put(&m, STR("path"), value_str(row->path));
    map_put(&m, STR("version"), value_int(row->version));
    map_put(&m, STR("status"), value_str(row->status));
    map_put(&m, STR("started_at"), started);
    map_put(&m, STR("ended_at"), ended);
    map_put(&m, STR("duration_ms"),
            over ? value_int((row->ended_ns - row->started_ns) / 1000000) : value_null());
    map_put(&m, STR("error"), row->error.len > 0 ? value_str(row->error) : value_null());
    return map_end(&m, out, err);
}

static enum status rows_value(struct arena *a, const struct execution_row *rows, size_t count,
                              struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (size_t i = 0; i < count; i++) {
        struct value v = {0};
        TRY(row_value(a, &rows[i], &v, err));
        list_add(&list, v);
    }
    return list_end(&list, out, err);
}

static enum status list_executions(void *context, const struct call *call, struct answer *answer,
                                   struct error *err)
{
    struct render_service *s = context;
    struct value payload, list;
    struct execution_filter filter;
    struct execution_row *rows;
    size_t count;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(read_filter(payload, &filter, err));
    uint32_t limit = filter.limit++; /* one more tells whether there are more */
    TRY(log_pool_executions(s->log, &filter, call->arena, &rows, &count, err));
    bool more = count > limit;
    if (more)
        count = limit;
    TRY(rows_value(call->arena, rows, count, &list, err));
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("executions"), list);
    if (more)
        map_put(&m, STR("next"), VALUE_GET(list.u.list[count - 1], "execution_id"));
    return map_end(&m, &answer->body, err);
}

struct operation_table render_service_operations(struct render_service *service)
{
    static const struct operation table[] = {
        {"status", show_status, "tells how an execution stands, step by step"},
        {"show", show_events, "tells how an execution stands, with its events"},
        {"list", list_executions, "lists executions, the newest first"},
        {"resolve", resolve_operation,
         "tells which execution is meant: the newest, or by the beginning of its id"},
        {"render", render_operation, "renders a template against the context of an execution"},
    };
    static const struct operation_metrics metrics = {METRIC_RENDER_REQUESTS, METRIC_RENDER_DURATION,
                                                     METRIC_RENDER_QUEUED, METRIC_RENDER_TURNED_AWAY};
    return (struct operation_table){table, COUNT(table), service, &metrics};
}
