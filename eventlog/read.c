#include <stdio.h>

#include "core/json.h"
#include "eventlog_inner.h"

enum column {
    EVENT_ID,
    EVENT_TYPE,
    NODE_NAME,
    NODE_TYPE,
    TASK_ID,
    VISIT,
    ATTEMPT,
    CONTEXT,
    RESULT,
    META,
    ERROR_TEXT,
    STREAM_SEQ,
    STREAM_TIME_NS
};

#define SELECT_EVENTS                                                                                        \
    "SELECT event_id, event_type, node_name, node_type, task_id, visit, attempt, context, result, meta,"     \
    " error, stream_seq, stream_time_ns FROM noetl.event"                                                    \
    " WHERE execution_id = $1::bigint AND event_id > $2::bigint "

static const struct statement EVENTS = {STATEMENT_EVENTS,
                                        SELECT_EVENTS "AND event_id <= $3::bigint ORDER BY event_id"};

static struct str borrow(const PGresult *r, int row, int column)
{
    return (struct str){PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column)};
}

static enum status copy_text(const PGresult *r, int row, int column, struct arena *a, struct str *out,
                             struct error *err)
{
    struct str s = borrow(r, row, column);
    const char *copy = s.len ? arena_strdup(a, s) : "";
    *out = (struct str){copy, s.len};
    return copy ? STATUS_OK : arena_error(a, err, "an event of the log");
}

/* What the log has was bounded when it came in: here only the arena bounds it. */
static enum status copy_json(const PGresult *r, int row, int column, struct arena *a, struct value *out,
                             struct error *err)
{
    static const struct json_limits LIMITS = {.max_bytes = 1 << 30, .max_depth = 1024};
    *out = (struct value){0};
    return PQgetisnull(r, row, column) ? STATUS_OK : json_read(a, borrow(r, row, column), &LIMITS, out, err);
}

static enum status read_event(const PGresult *r, int row, struct arena *a, struct event *e, struct error *err)
{
    struct str type = borrow(r, row, EVENT_TYPE);
    e->event_id = (uint32_t)result_int(r, row, EVENT_ID, 0);
    e->type = event_type_from_name(type);
    if (e->type == EVENT_COUNT) {
        error_set(err, STATUS_UNSUPPORTED, "the log has an event of the type \"%" PRISTR "\"", ARGSTR(type));
        return error_hint(err, "A newer version of this program wrote it; run that one.");
    }
    e->time_ns = result_int(r, row, STREAM_TIME_NS, 0);
    e->stream_seq = (uint64_t)result_int(r, row, STREAM_SEQ, 0);
    e->visit = (uint32_t)result_int(r, row, VISIT, 0);
    e->attempt = (uint32_t)result_int(r, row, ATTEMPT, 0);
    TRY(copy_text(r, row, NODE_NAME, a, &e->node_name, err));
    TRY(copy_text(r, row, NODE_TYPE, a, &e->node_type, err));
    TRY(copy_text(r, row, TASK_ID, a, &e->task_id, err));
    TRY(copy_text(r, row, ERROR_TEXT, a, &e->error, err));
    TRY(copy_json(r, row, CONTEXT, a, &e->context, err));
    TRY(copy_json(r, row, RESULT, a, &e->result, err));
    return copy_json(r, row, META, a, &e->meta, err);
}

static enum status read_events(const PGresult *r, int64_t execution_id, struct arena *a,
                               struct event_list *out, struct error *err)
{
    size_t count = (size_t)PQntuples(r);
    out->items = ARENA_ARRAY(a, struct event, count);
    if (!out->items)
        return arena_error(a, err, "the events of an execution");
    for (size_t i = 0; i < count; i++) {
        out->items[i].execution_id = execution_id;
        if (read_event(r, (int)i, a, &out->items[i], err) != STATUS_OK)
            return error_wrap(err, "execution %lld, event %u", (long long)execution_id,
                              out->items[i].event_id);
    }
    out->count = count;
    return STATUS_OK;
}

/* A session that is gone says nothing about the rows. */
static enum status not_read(const struct eventlog *log, enum status status, struct error *err)
{
    bool passes = status == STATUS_UNAVAILABLE || status == STATUS_TIMEOUT;
    if (!log->errors_last || !passes || !log->connection.pg)
        return status;
    if (err)
        err->status = STATUS_INTERNAL;
    return STATUS_INTERNAL;
}

enum status eventlog_events(struct eventlog *log, int64_t execution_id, uint32_t after_event_id,
                            uint32_t to_event_id, struct arena *a, struct event_list *out, struct error *err)
{
    *out = (struct event_list){0};
    TRY(connection_ready(&log->connection, err));
    char id[32], after[16], to[16];
    snprintf(id, sizeof id, "%lld", (long long)execution_id);
    snprintf(after, sizeof after, "%u", after_event_id);
    snprintf(to, sizeof to, "%u", to_event_id ? to_event_id : UINT32_MAX);
    const char *const params[] = {id, after, to};
    PGresult *r;
    enum status s = connection_query_prepared(&log->connection, &EVENTS, params, 3, &r, err);
    if (s != STATUS_OK)
        return not_read(log, s, err);
    s = read_events(r, execution_id, a, out, err);
    PQclear(r);
    return s;
}

/* ---- some of them ------------------------------------------------------------------------------------- */

/* The names of types are of the program, and need no quoting. */
static void write_types(const struct event_choice *choice, struct buf *sql)
{
    const char *before = "AND event_type IN (";
    if (!choice->by_type)
        return;
    for (int t = 0; t < EVENT_COUNT; t++) {
        if (!choice->types[t])
            continue;
        buf_printf(sql, "%s'%s'", before, event_type_name((enum event_type)t));
        before = ", ";
    }
    buf_add_text(sql, ") ");
}

static enum status query_choice(struct eventlog *log, int64_t execution_id, const struct event_choice *choice,
                                struct buf *sql, PGresult **out, struct error *err)
{
    char id[32], after[16], limit[16], step[512];
    snprintf(id, sizeof id, "%lld", (long long)execution_id);
    snprintf(after, sizeof after, "%u", choice->after);
    snprintf(limit, sizeof limit, "%u", choice->limit);
    const char *params[] = {id, after, limit, step};
    int count = 3;
    buf_add_text(sql, SELECT_EVENTS);
    write_types(choice, sql);
    if (choice->step.len >= sizeof step || str_find(choice->step, (struct str){"", 1}) >= 0)
        return error_set(err, STATUS_INVALID, "no step has such a name");
    if (choice->step.len > 0) {
        snprintf(step, sizeof step, "%" PRISTR, ARGSTR(choice->step));
        buf_add_text(sql, "AND node_name = $4 ");
        count++;
    }
    buf_add_text(sql, "ORDER BY event_id LIMIT $3::bigint");
    TRY(buf_status(sql, err));
    return connection_query(&log->connection, sql->data, params, count, out, err);
}

enum status eventlog_chosen_events(struct eventlog *log, int64_t execution_id,
                                   const struct event_choice *choice, struct arena *a, struct event_list *out,
                                   struct error *err)
{
    struct buf sql;
    PGresult *r = NULL;
    *out = (struct event_list){0};
    TRY(connection_ready(&log->connection, err));
    buf_init(&sql, 0);
    enum status s = query_choice(log, execution_id, choice, &sql, &r, err);
    if (s == STATUS_OK)
        s = read_events(r, execution_id, a, out, err);
    PQclear(r);
    buf_free(&sql);
    return s;
}
