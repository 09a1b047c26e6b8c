/* What somebody who looks at the whole wants to know of the log. */
#include <stdio.h>

#include "eventlog_inner.h"

static enum status copy_text(const PGresult *r, int row, int column, struct arena *a, struct str *out,
                             struct error *err)
{
    struct str s = {PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column)};
    *out = (struct str){arena_strdup(a, s), s.len};
    return out->ptr ? STATUS_OK : arena_error(a, err, "what the log says");
}

/* ---- partitions --------------------------------------------------------------------------------------- */

static enum status read_partition(const PGresult *r, int row, struct arena *a, struct partition_row *out,
                                  struct error *err)
{
    *out = (struct partition_row){
        .at = {.partition = (uint32_t)result_int(r, row, 0, 0),
               .epoch = result_int(r, row, 1, 0),
               .stream_seq = (uint64_t)result_int(r, row, 3, 0),
               .stream_time_ns = result_int(r, row, 4, 0),
               .stream_created_ns = result_int(r, row, 5, 0),
               .stream_lost_ns = result_int(r, row, 6, 0)},
        .updated_ns = result_int(r, row, 7, 0) * 1000,
    };
    return copy_text(r, row, 2, a, &out->owner, err);
}

enum status eventlog_partitions(struct eventlog *log, uint32_t first, uint32_t end, struct arena *a,
                                struct partition_row **out, size_t *count, struct error *err)
{
    char sql[320];
    PGresult *r;
    snprintf(sql, sizeof sql,
             "SELECT partition, epoch, owner, stream_seq, stream_time_ns, stream_created_ns, stream_lost_ns,"
             " (extract(epoch FROM updated_at) * 1000000)::bigint FROM noetl.partition"
             " WHERE partition >= %u AND partition < %u ORDER BY partition",
             first, end);
    *count = 0;
    TRY(connection_ready(&log->connection, err));
    TRY(connection_query(&log->connection, sql, NULL, 0, &r, err));
    size_t rows = (size_t)PQntuples(r);
    *out = ARENA_ARRAY(a, struct partition_row, rows + 1);
    enum status status = *out ? STATUS_OK : arena_error(a, err, "the partitions of the log");
    for (size_t i = 0; *out && i < rows && status == STATUS_OK; i++)
        status = read_partition(r, (int)i, a, &(*out)[(*count)++], err);
    PQclear(r);
    return status;
}

/* ---- the database ------------------------------------------------------------------------------------- */

static const char SURVEY[] =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, split_part(version(), ' ', 2),"
    " pg_database_size(current_database()),"
    " has_table_privilege('noetl.event', 'SELECT')::integer,"
    " (has_table_privilege('noetl.event', 'INSERT')"
    "  AND has_table_privilege('noetl.partition', 'UPDATE'))::integer,"
    " pg_is_in_recovery()::integer";

enum status eventlog_survey(struct eventlog *log, struct arena *a, struct log_survey *out, struct error *err)
{
    PGresult *r;
    TRY(connection_ready(&log->connection, err));
    TRY(connection_query(&log->connection, SURVEY, NULL, 0, &r, err));
    *out = (struct log_survey){.now_ns = result_int(r, 0, 0, 0) * 1000,
                               .size_bytes = result_int(r, 0, 2, 0),
                               .may_read = result_int(r, 0, 3, 0) != 0,
                               .may_write = result_int(r, 0, 4, 0) != 0,
                               .is_standby = result_int(r, 0, 5, 0) != 0};
    enum status status = copy_text(r, 0, 1, a, &out->version, err);
    PQclear(r);
    return status;
}
