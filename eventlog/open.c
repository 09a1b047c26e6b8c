/* Which executions are open, and how they stand. */
#include <stdio.h>

#include "eventlog_inner.h"

/* How an execution stands is what its newest event says: behind its final one comes nothing but what reopens
 * it. */
#define NEWEST                                                                                               \
    " CROSS JOIN LATERAL (SELECT event_id, event_type, stream_time_ns FROM noetl.event e"                    \
    " WHERE e.execution_id = b.execution_id ORDER BY event_id DESC LIMIT 1) l"

static const struct statement BEGUN = {
    STATEMENT_BEGUN,
    "SELECT b.execution_id, l.event_id, l.stream_time_ns, l.event_type,"
    " (extract(epoch FROM b.created_at) * 1000000)::bigint"
    " FROM (SELECT execution_id, created_at FROM noetl.event"
    " WHERE event_type IN ('execution_requested', 'execution_retried') AND (created_at, execution_id) >"
    " (timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2::bigint)"
    " ORDER BY created_at, execution_id LIMIT $3::integer) b" NEWEST
    " ORDER BY b.created_at, b.execution_id"};

static void read_standing(const PGresult *r, int row, struct standing *out)
{
    struct str type = {PQgetvalue(r, row, 3), (size_t)PQgetlength(r, row, 3)};
    *out = (struct standing){.execution_id = result_int(r, row, 0, 0),
                             .last_event_id = (uint32_t)result_int(r, row, 1, 0),
                             .last_time_ns = result_int(r, row, 2, 0),
                             .is_over = event_type_is_final(event_type_from_name(type))};
}

enum status eventlog_begun(struct eventlog *log, struct begun_cursor *cursor, struct standing *out,
                           size_t room, size_t *count, struct error *err)
{
    char time[32], id[32], limit[16];
    PGresult *r;
    *count = 0;
    TRY(connection_ready(&log->connection, err));
    snprintf(time, sizeof time, "%lld", (long long)cursor->time_us);
    snprintf(id, sizeof id, "%lld", (long long)cursor->execution_id);
    snprintf(limit, sizeof limit, "%d", room > 10000 ? 10000 : (int)room);
    const char *const params[] = {time, id, limit};
    TRY(connection_query_prepared(&log->connection, &BEGUN, params, 3, &r, err));
    for (int row = 0; row < PQntuples(r); row++) {
        read_standing(r, row, &out[row]);
        *cursor = (struct begun_cursor){result_int(r, row, 4, 0), out[row].execution_id};
    }
    *count = (size_t)PQntuples(r);
    PQclear(r);
    return STATUS_OK;
}

enum status eventlog_standings(struct eventlog *log, struct standing *executions, size_t count,
                               struct error *err)
{
    struct buf *sql = &log->rows;
    PGresult *r;
    if (count == 0)
        return STATUS_OK;
    buf_clear(sql);
    buf_add_text(sql,
                 "SELECT b.execution_id, l.event_id, l.stream_time_ns, l.event_type, b.place FROM unnest(");
    for (size_t i = 0; i < count; i++) /* only numbers */
        buf_printf(sql, "%s%lld", i ? "," : "ARRAY[", (long long)executions[i].execution_id);
    buf_add_text(sql, "]::bigint[]) WITH ORDINALITY b (execution_id, place)" NEWEST);
    TRY(buf_status(sql, err));
    TRY(connection_ready(&log->connection, err));
    TRY(connection_query(&log->connection, sql->data, NULL, 0, &r, err));
    for (size_t i = 0; i < count; i++)
        executions[i].is_over = true; /* of which the log has nothing any more */
    for (int row = 0; row < PQntuples(r); row++) {
        int64_t place = result_int(r, row, 4, 0);
        if (place >= 1 && (size_t)place <= count)
            read_standing(r, row, &executions[place - 1]);
    }
    PQclear(r);
    return STATUS_OK;
}
