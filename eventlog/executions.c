#include <stdio.h>
#include <string.h>

#include "eventlog_inner.h"

/*
 * Lists of executions, the newest first. An execution is its row execution_requested; how it stands is what
 * the newest of its life's marks says. Pages go by the key (created_at, execution_id), so that a page costs
 * the same at any depth. The indexes of the migrations are for these statements.
 */

enum { DEFAULT_LIMIT = 20, MOST = 1000 };

/* As in the index event_life. */
#define LIFE_MARKS                                                                                           \
    "('execution_paused', 'execution_resumed', 'execution_retried',"                                         \
    " 'execution_complete', 'execution_failed', 'execution_cancelled')"

static const struct {
    const char *status;
    enum event_type mark; /* EVENT_COUNT: any other, or none */
} STATUSES[] = {{"running", EVENT_COUNT},
                {"paused", EVENT_EXECUTION_PAUSED},
                {"completed", EVENT_EXECUTION_COMPLETE},
                {"failed", EVENT_EXECUTION_FAILED},
                {"cancelled", EVENT_EXECUTION_CANCELLED}};
enum { STATUS_KINDS = sizeof STATUSES / sizeof STATUSES[0] };

/*
 * What is taken out of the context is computed for the rows of the page only. Postgres refuses to look into
 * json that has \u0000 anywhere, so another character takes its place there.
 */
#define SELECT_PAGE                                                                                          \
    "SELECT execution_id, node_name, (replace(context::text, '\\u0000', '\\u0001')::json -> "                \
    "'version')::text,"                                                                                      \
    " stream_time_ns, event_type, ended, error, parent_execution_id "

struct query {
    struct buf sql;
    const char *params[8];
    int count;
    char path[256], under[256], since[32], until[32], parent[32], time[32], id[32], limit[16];
};

static const struct statement CURSOR = {
    STATEMENT_CURSOR, "SELECT (extract(epoch FROM created_at) * 1000000)::bigint FROM noetl.event"
                      " WHERE execution_id = $1::bigint AND event_type = 'execution_requested'"
                      " ORDER BY event_id LIMIT 1"};

static void add_param(struct query *q, const char *value, const char *before, const char *after)
{
    q->params[q->count++] = value;
    buf_printf(&q->sql, "%s$%d%s", before, q->count, after);
}

/* The mark f of the execution is its newest. */
#define IS_NEWEST                                                                                            \
    "NOT EXISTS (SELECT FROM noetl.event g WHERE g.execution_id = f.execution_id"                            \
    " AND g.event_id > f.event_id AND g.event_type IN " LIFE_MARKS ") "

/* `status` is one of STATUSES, or STATUS_KINDS for any: with it, the planner may start at the rarer rows. */
static void write_from(struct query *q, size_t status)
{
    bool by_mark = status < STATUS_KINDS && STATUSES[status].mark != EVENT_COUNT;
    buf_add_text(&q->sql, SELECT_PAGE "FROM (SELECT r.execution_id, r.node_name, r.context, r.stream_time_ns,"
                                      " r.created_at, r.parent_execution_id, f.event_type,"
                                      " f.stream_time_ns AS ended, f.error"
                                      " FROM noetl.event r ");
    if (by_mark)
        buf_printf(&q->sql, "JOIN noetl.event f ON f.execution_id = r.execution_id AND f.event_type = '%s' ",
                   event_type_name(STATUSES[status].mark));
    else
        buf_add_text(&q->sql,
                     "LEFT JOIN LATERAL (SELECT e.event_type, e.stream_time_ns, e.error FROM noetl.event e"
                     " WHERE e.execution_id = r.execution_id AND e.event_type IN " LIFE_MARKS
                     " ORDER BY e.event_id DESC LIMIT 1) f ON true ");
    buf_add_text(&q->sql, "WHERE r.event_type = 'execution_requested' ");
    if (by_mark)
        buf_add_text(&q->sql, "AND " IS_NEWEST);
    else if (status < STATUS_KINDS)
        buf_add_text(&q->sql,
                     "AND NOT EXISTS (SELECT FROM noetl.event f WHERE f.execution_id = r.execution_id"
                     " AND f.event_type IN ('execution_paused', 'execution_complete', 'execution_failed',"
                     " 'execution_cancelled') AND " IS_NEWEST ") ");
}

static enum status find_status(struct str name, size_t *out, struct error *err)
{
    *out = STATUS_KINDS;
    if (name.len == 0)
        return STATUS_OK;
    for (size_t i = 0; i < STATUS_KINDS; i++)
        if (str_is(name, STATUSES[i].status))
            *out = i;
    if (*out < STATUS_KINDS)
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "no execution has the status \"%" PRISTR "\"", ARGSTR(name));
    error_place(err, "status");
    return error_hint(err, "It is running, paused, completed, failed or cancelled.");
}

/* When the execution that the page comes after was asked for. */
static enum status find_cursor(struct eventlog *log, int64_t execution_id, struct query *q, struct error *err)
{
    snprintf(q->id, sizeof q->id, "%lld", (long long)execution_id);
    const char *const params[] = {q->id};
    PGresult *r;
    TRY(connection_query_prepared(&log->connection, &CURSOR, params, 1, &r, err));
    bool found = PQntuples(r) == 1;
    if (found)
        snprintf(q->time, sizeof q->time, "%lld", (long long)result_int(r, 0, 0, 0));
    PQclear(r);
    if (found)
        return STATUS_OK;
    error_set(err, STATUS_NOT_FOUND, "there is no execution %s to go on from", q->id);
    return error_place(err, "before");
}

/* Of the path of a playbook, or of a folder of them. */
static enum status copy_path(struct str path, char out[256], struct error *err)
{
    if (path.len >= 255)
        return error_set(err, STATUS_INVALID, "the path of a playbook has fewer than 255 bytes");
    memcpy(out, path.ptr, path.len);
    out[path.len] = '\0';
    return STATUS_OK;
}

static enum status write_paths(const struct execution_filter *filter, struct query *q, struct error *err)
{
    if (filter->path.len > 0) {
        TRY(copy_path(filter->path, q->path, err));
        add_param(q, q->path, "AND r.node_name = ", " ");
    }
    if (filter->under.len > 0) {
        TRY(copy_path(filter->under, q->under, err));
        add_param(q, q->under, "AND starts_with(r.node_name, ", " || '/') ");
    }
    return STATUS_OK;
}

/* created_at has microseconds. */
static void write_time(struct query *q, int64_t time_ns, char out[32], const char *comparison)
{
    if (time_ns == 0)
        return;
    snprintf(out, 32, "%lld", (long long)(time_ns / 1000));
    buf_printf(&q->sql, "AND r.created_at %s", comparison);
    add_param(q, out, " timestamptz 'epoch' + ", "::bigint * interval '1 microsecond' ");
}

static void write_parent(const struct execution_filter *filter, struct query *q)
{
    if (filter->called == CALLED_NOT)
        buf_add_text(&q->sql, "AND r.parent_execution_id IS NULL ");
    if (filter->called != CALLED_BY)
        return;
    snprintf(q->parent, sizeof q->parent, "%lld", (long long)filter->parent);
    add_param(q, q->parent, "AND r.parent_execution_id = ", "::bigint ");
}

static enum status write_query(struct eventlog *log, const struct execution_filter *filter, struct query *q,
                               struct error *err)
{
    size_t status;
    TRY(find_status(filter->status, &status, err));
    write_from(q, status);
    TRY(write_paths(filter, q, err));
    write_time(q, filter->since_ns, q->since, ">=");
    write_time(q, filter->until_ns, q->until, "<");
    write_parent(filter, q);
    if (filter->before != 0) {
        TRY(find_cursor(log, filter->before, q, err));
        add_param(q, q->time, "AND (r.created_at, r.execution_id) < (timestamptz 'epoch' + ",
                  "::bigint * interval '1 microsecond', ");
        add_param(q, q->id, "", "::bigint) ");
    }
    uint32_t limit = filter->limit == 0 ? DEFAULT_LIMIT : filter->limit;
    snprintf(q->limit, sizeof q->limit, "%u", limit > MOST ? MOST : limit);
    add_param(q, q->limit, "ORDER BY r.created_at DESC, r.execution_id DESC LIMIT ",
              "::bigint) page ORDER BY created_at DESC, execution_id DESC");
    return buf_status(&q->sql, err);
}

static enum status copy_text(const PGresult *r, int row, int column, struct arena *a, struct str *out,
                             struct error *err)
{
    struct str s = {PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column)};
    const char *copy = s.len ? arena_strdup(a, s) : "";
    *out = (struct str){copy, s.len};
    return copy ? STATUS_OK : arena_error(a, err, "a list of executions");
}

static const char *status_of(enum event_type mark)
{
    for (size_t i = 0; i < STATUS_KINDS; i++)
        if (STATUSES[i].mark == mark)
            return STATUSES[i].status;
    return STATUSES[0].status;
}

static enum status read_row(const PGresult *r, int row, struct arena *a, struct execution_row *out,
                            struct error *err)
{
    out->execution_id = result_int(r, row, 0, 0);
    TRY(copy_text(r, row, 1, a, &out->path, err));
    /* Absent or no number: 0. */
    if (!str_to_int64((struct str){PQgetvalue(r, row, 2), (size_t)PQgetlength(r, row, 2)}, &out->version))
        out->version = 0;
    out->started_ns = result_int(r, row, 3, 0);
    enum event_type mark =
        event_type_from_name((struct str){PQgetvalue(r, row, 4), (size_t)PQgetlength(r, row, 4)});
    out->status = str_of(status_of(mark));
    out->ended_ns = event_type_is_final(mark) ? result_int(r, row, 5, 0) : 0;
    out->parent = result_int(r, row, 7, 0);
    return copy_text(r, row, 6, a, &out->error, err);
}

static enum status read_rows(const PGresult *r, struct arena *a, struct execution_row **rows, size_t *count,
                             struct error *err)
{
    size_t n = (size_t)PQntuples(r);
    *rows = ARENA_ARRAY(a, struct execution_row, n);
    if (!*rows)
        return arena_error(a, err, "a list of executions");
    for (size_t i = 0; i < n; i++)
        TRY(read_row(r, (int)i, a, &(*rows)[i], err));
    *count = n;
    return STATUS_OK;
}

enum status eventlog_executions(struct eventlog *log, const struct execution_filter *filter, struct arena *a,
                                struct execution_row **rows, size_t *count, struct error *err)
{
    *rows = NULL;
    *count = 0;
    TRY(connection_ready(&log->connection, err));
    struct query q = {0};
    buf_init(&q.sql, 0);
    PGresult *r = NULL;
    enum status s = write_query(log, filter, &q, err);
    if (s == STATUS_OK)
        s = connection_query(&log->connection, q.sql.data, q.params, q.count, &r, err);
    if (s == STATUS_OK)
        s = read_rows(r, a, rows, count, err);
    PQclear(r);
    buf_free(&q.sql);
    return s;
}
