#include "storage.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <time.h>

#include "core/str.h"

enum { MOST_OPEN_FOLDERS = 16, MOST_LOOKS = 5, PATIENCE_S = 120, EVENTS_EACH = 10, FILL_AT_ONCE = 1000000 };

/* ---- Postgres ----------------------------------------------------------------------------------------- */

/* Runs a statement; *out, if not NULL: the number in its first field. */
static enum status ask(const struct installation *i, const char *sql, int64_t *out, struct error *err)
{
    PGconn *pg = PQconnectdb(i->postgres.url);
    PGresult *r = PQexec(pg, sql);
    enum status status = STATUS_OK;
    bool has_row = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1;
    if (!has_row && PQresultStatus(r) != PGRES_COMMAND_OK)
        status = error_set(err, STATUS_UNAVAILABLE, "Postgres: %s", PQerrorMessage(pg));
    else if (out && (!has_row || !str_to_int64(str_of(PQgetvalue(r, 0, 0)), out)))
        status = error_set(err, STATUS_INTERNAL, "no number comes from: %s", sql);
    PQclear(r);
    PQfinish(pg);
    return status;
}

enum status storage_await_timers(const struct installation *i, int64_t timers, struct error *err)
{
    int64_t count = 0, before = 0;
    for (int quiet = 0; quiet<PATIENCE_S * 5; quiet = count> before ? 0 : quiet + 1) {
        before = count;
        TRY(ask(i, "SELECT count(*) FROM noetl.timer", &count, err));
        if (count >= timers)
            return STATUS_OK;
        nanosleep(&(struct timespec){0, 200 * 1000000L}, NULL);
    }
    return error_set(err, STATUS_TIMEOUT, "%lld of %lld executions wait, and no more come", (long long)count,
                     (long long)timers);
}

/* Ids from 1 on are below all that are made from time. */
static const char FILL[] =
    "INSERT INTO noetl.event (execution_id, event_id, event_type, node_name, node_type, status, created_at,"
    " task_id, visit, attempt, result, meta, stream_seq, stream_time_ns)"
    " SELECT n / 10 + 1, n %% 10 + 1,"
    " (ARRAY['execution_requested', 'execution_start', 'step_completed', 'step_started', 'action_completed',"
    " 'step_completed', 'step_started', 'action_completed', 'step_completed', 'execution_complete'])[n %% 10 "
    "+ 1],"
    " 'step_1', 'noop', 'COMPLETED', now(), 's1v1a1', 1, 1, '{\"status\":\"success\",\"data\":{\"n\":1}}',"
    " '{\"token\":\"00112233445566778899aabbccddeeff\",\"worker\":\"bench-1\"}', n + 1,"
    " (extract(epoch FROM now()) * 1e9)::bigint FROM generate_series(%lld::bigint, %lld) n";

enum status storage_fill_log(const struct installation *i, int64_t events, struct error *err)
{
    char sql[2048];
    for (int64_t at = 0; at < events; at += FILL_AT_ONCE) {
        int64_t end = at + FILL_AT_ONCE < events ? at + FILL_AT_ONCE : events;
        snprintf(sql, sizeof(sql), FILL, (long long)at, (long long)(end - end % EVENTS_EACH - 1));
        TRY(ask(i, sql, NULL, err));
    }
    TRY(ask(i, "VACUUM ANALYZE noetl.event", NULL, err));
    return ask(i, "CHECKPOINT", NULL, err);
}

/* ---- sizes -------------------------------------------------------------------------------------------- */

static int64_t folder_bytes; /* nftw() passes no context */

static int add_file(const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
    (void)path;
    (void)ftw;
    if (kind == FTW_F)
        folder_bytes += (int64_t)s->st_blocks * 512;
    return 0;
}

enum status storage_of(const struct installation *i, struct storage *out, struct error *err)
{
    char nats[96];
    TRY(ask(i,
            "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'noetl'::regnamespace",
            &out->log_bytes, err));
    TRY(ask(i, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint", &out->wal_bytes, err));
    snprintf(nats, sizeof(nats), "%s/nats", i->folder);
    for (int tries = 0; tries < MOST_LOOKS; tries++) { /* a folder may vanish while it is looked at */
        folder_bytes = 0;
        if (nftw(nats, add_file, MOST_OPEN_FOLDERS, FTW_PHYS) == 0) {
            out->stream_bytes = folder_bytes;
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_IO, "the folder %s cannot be read", nats);
}
