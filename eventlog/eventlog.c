#include <stdio.h>
#include <stdlib.h>

#include "eventlog_inner.h"
#include "migration.h"

enum { ROW_MAX_BYTES = 512 << 20 };

enum status eventlog_open(const char *url, const char *name, struct eventlog **out, struct error *err)
{
    *out = NULL;
    struct eventlog *log = calloc(1, sizeof *log);
    if (!log)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the event log");
    buf_init(&log->rows, ROW_MAX_BYTES);
    enum status s = connection_init(&log->connection, url, name, err);
    if (s != STATUS_OK) {
        eventlog_close(&log);
        return s;
    }
    /* A server that is away now is no error: each call connects when it has to, and reports. */
    enum status ignored = connection_ready(&log->connection, NULL);
    (void)ignored;
    *out = log;
    return STATUS_OK;
}

void eventlog_close(struct eventlog **log)
{
    if (!*log)
        return;
    connection_close(&(*log)->connection);
    buf_free(&(*log)->rows);
    free(*log);
    *log = NULL;
}

enum status eventlog_check(struct eventlog *log, struct error *err)
{
    TRY(connection_ready(&log->connection, err));
    PGresult *r;
    TRY(connection_query(&log->connection, "SELECT max(version)::bigint FROM noetl.migration", NULL, 0, &r,
                         err));
    int64_t version = result_int(r, 0, 0, 0);
    PQclear(r);
    if (version == MIGRATION_COUNT)
        return STATUS_OK;
    if (version < MIGRATION_COUNT) {
        error_set(err, STATUS_CONFLICT, "the event log's schema is of version %lld, this program needs %d",
                  (long long)version, MIGRATION_COUNT);
        return error_hint(err, "`noetl setup` of this program brings it to its version.");
    }
    return migration_too_new(version, err);
}

static const struct statement TAKE = {
    STATEMENT_TAKE,
    "INSERT INTO noetl.partition AS p (partition, epoch, owner, taken_at, updated_at)"
    " VALUES ($1::integer, 1, $2::text, now(), now())"
    " ON CONFLICT (partition) DO UPDATE SET epoch = p.epoch + 1, owner = excluded.owner, taken_at = now()"
    " RETURNING epoch, stream_seq, stream_time_ns, stream_created_ns"};

enum status eventlog_take_partition(struct eventlog *log, uint32_t partition, const char *owner,
                                    struct checkpoint *out, struct error *err)
{
    TRY(connection_ready(&log->connection, err));
    char number[16];
    snprintf(number, sizeof number, "%u", partition);
    const char *const params[] = {number, owner};
    PGresult *r;
    TRY(connection_query_prepared(&log->connection, &TAKE, params, 2, &r, err));
    *out = (struct checkpoint){.partition = partition,
                               .epoch = result_int(r, 0, 0, 0),
                               .stream_seq = (uint64_t)result_int(r, 0, 1, 0),
                               .stream_time_ns = result_int(r, 0, 2, 0),
                               .stream_created_ns = result_int(r, 0, 3, 0)};
    PQclear(r);
    return STATUS_OK;
}
