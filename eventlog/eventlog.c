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

void eventlog_wait_at_most(struct eventlog *log, int64_t ms)
{
    log->connection.most_wait_ms = ms;
}

void eventlog_give_up_when(struct eventlog *log, bool (*is_over)(void *context), void *context)
{
    log->connection.is_over = is_over;
    log->connection.is_over_context = context;
}

void eventlog_errors_last(struct eventlog *log, bool they_last)
{
    log->errors_last = they_last;
}

void eventlog_tell_waits(struct eventlog *log, void (*waits)(bool begins))
{
    log->connection.waits = waits;
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
