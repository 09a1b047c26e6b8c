/* Lists of executions, the newest first. */
#include "core/id.h"
#include "document.h"
#include "operations.h"
#include "publisher/catalog.h"
#include "publisher/payload.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LIST_DEFAULT = 20, LIST_MAX = 500 };

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

/* A path, or a folder of paths, which may end with "/". */
static enum status read_path(struct value payload, struct str name, struct str *out, struct error *err)
{
    TRY(payload_text(payload, name, out, err));
    if (str_is(name, "under") && str_ends_with(*out, STR("/")))
        out->len--;
    if (out->len == 0 || catalog_check_path(*out, err) == STATUS_OK)
        return STATUS_OK;
    return error_place(err, "%" PRISTR, ARGSTR(name));
}

/* The id of the execution that called them, or "none": those that no playbook asked for. */
static enum status read_parent(struct value payload, struct execution_filter *out, struct error *err)
{
    struct str parent;
    TRY(payload_text(payload, STR("parent"), &parent, err));
    out->called = parent.len == 0 ? CALLED_OR_NOT : str_is(parent, "none") ? CALLED_NOT : CALLED_BY;
    if (out->called != CALLED_BY || id_parse(parent, &out->parent, err) == STATUS_OK)
        return STATUS_OK;
    error_place(err, "parent");
    return error_hint(err, "give the id of an execution, or \"none\" for those that no playbook called");
}

static enum status read_filter(struct value payload, struct execution_filter *out, struct error *err)
{
    static const struct str members[] = {STR("path"),  STR("under"),  STR("status"), STR("since"),
                                         STR("until"), STR("parent"), STR("limit"),  STR("before")};
    int64_t limit;
    struct str before;
    *out = (struct execution_filter){0};
    TRY(payload_known(payload, members, COUNT(members), "a request for a list of executions", err));
    TRY(read_path(payload, STR("path"), &out->path, err));
    TRY(read_path(payload, STR("under"), &out->under, err));
    TRY(payload_text(payload, STR("status"), &out->status, err));
    TRY(check_status_name(out->status, err));
    TRY(payload_time(payload, STR("since"), &out->since_ns, err));
    TRY(payload_time(payload, STR("until"), &out->until_ns, err));
    TRY(read_parent(payload, out, err));
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
                 ended = document_time(a, row->ended_ns),
                 parent = row->parent ? document_id(a, row->parent) : value_null();
    if (value_is_absent(id) || value_is_absent(started) || value_is_absent(ended) || value_is_absent(parent))
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
    map_put(&m, STR("parent"), parent);
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

enum status list_operation(void *context, const struct call *call, struct answer *answer, struct error *err)
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
