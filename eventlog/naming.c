/* Finding executions by what people call them: the beginning of an id, or "the newest". */
#include <stdio.h>
#include <string.h>

#include "eventlog_inner.h"

/* Steps from one execution to the next in the primary key, however many events each has. */
static const struct statement IDS = {
    STATEMENT_IDS,
    "WITH RECURSIVE found (id) AS ("
    "(SELECT execution_id FROM noetl.event WHERE execution_id BETWEEN $1::bigint AND $2::bigint"
    " ORDER BY execution_id LIMIT 1)"
    " UNION ALL SELECT (SELECT e.execution_id FROM noetl.event e"
    " WHERE e.execution_id > f.id AND e.execution_id <= $2::bigint"
    " ORDER BY e.execution_id LIMIT 1) FROM found f WHERE f.id IS NOT NULL)"
    " SELECT id FROM found WHERE id IS NOT NULL LIMIT $3::bigint"};

/* Served by the indexes of lists of executions. */
#define NEWEST(condition)                                                                                    \
    "SELECT execution_id, stream_time_ns FROM noetl.event"                                                   \
    " WHERE event_type = 'execution_requested' AND parent_execution_id IS NULL " condition                   \
    " ORDER BY created_at DESC, execution_id DESC LIMIT 1"
static const struct statement NEWEST_OF_ALL = {STATEMENT_NEWEST, NEWEST("")};
static const struct statement NEWEST_OF_PATH = {STATEMENT_NEWEST_OF_PATH, NEWEST("AND node_name = $1::text")};

/* Ids between two, both included, behind what `out` has already. */
static enum status add_ids(struct eventlog *log, int64_t from, int64_t to, int64_t *out, size_t room,
                           size_t *count, struct error *err)
{
    char texts[3][24];
    PGresult *r;
    snprintf(texts[0], sizeof texts[0], "%lld", (long long)from);
    snprintf(texts[1], sizeof texts[1], "%lld", (long long)to);
    snprintf(texts[2], sizeof texts[2], "%zu", room - *count);
    const char *const params[] = {texts[0], texts[1], texts[2]};
    TRY(connection_query_prepared(&log->connection, &IDS, params, 3, &r, err));
    for (int row = 0; row < PQntuples(r) && *count < room; row++)
        out[(*count)++] = result_int(r, row, 0, 0);
    PQclear(r);
    return STATUS_OK;
}

enum status eventlog_ids(struct eventlog *log, int64_t beginning, int64_t *out, size_t room, size_t *count,
                         struct error *err)
{
    int64_t from = beginning, to = beginning;
    *count = 0;
    TRY(connection_ready(&log->connection, err));
    while (*count < room) {
        TRY(add_ids(log, from, to, out, room, count, err));
        if (from > INT64_MAX / 10)
            break;
        from *= 10;
        to = to > (INT64_MAX - 9) / 10 ? INT64_MAX : to * 10 + 9;
    }
    return STATUS_OK;
}

enum status eventlog_newest(struct eventlog *log, struct str path, int64_t *id, int64_t *time_ns,
                            struct error *err)
{
    char name[256];
    PGresult *r;
    *id = *time_ns = 0;
    if (path.len >= sizeof name)
        return error_set(err, STATUS_INVALID, "the path of a playbook has fewer than %zu bytes", sizeof name);
    snprintf(name, sizeof name, "%" PRISTR, ARGSTR(path));
    const char *const params[] = {name};
    TRY(connection_ready(&log->connection, err));
    if (path.len > 0)
        TRY(connection_query_prepared(&log->connection, &NEWEST_OF_PATH, params, 1, &r, err));
    else
        TRY(connection_query_prepared(&log->connection, &NEWEST_OF_ALL, NULL, 0, &r, err));
    if (PQntuples(r) == 1) {
        *id = result_int(r, 0, 0, 0);
        *time_ns = result_int(r, 0, 1, 0);
    }
    PQclear(r);
    return STATUS_OK;
}
