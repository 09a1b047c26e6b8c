#include <stdio.h>
#include <string.h>

#include "copy_row.h"
#include "eventlog_inner.h"
#include "month.h"
#include "pq_error.h"
#include "timer.h"

/*
 * One simple query, UPDATE, statements for timers if there are any, and COPY, which the server runs as one
 * transaction: two round trips (COPY's data follow when the server asks for them), and one flush to disk at
 * its end. The count that UPDATE reports before COPY asks is the fence: if it falls short, COPY is ended with
 * an error, which undoes all.
 */

enum { SEND_BYTES = 64 << 10 };

/*
 * Only numbers are put into the text. A database that lost commits, as a standby does that took over, has the
 * epoch still, but not the checkpoint that the rows to be written follow upon.
 */
static void write_update(struct buf *sql, const struct commit *c)
{
    const struct checkpoint *checkpoints = c->checkpoints;
    buf_add_text(
        sql, "UPDATE noetl.partition p SET stream_seq = n.s, stream_time_ns = n.t, stream_created_ns = n.c,"
             " updated_at = now() FROM (VALUES ");
    for (size_t i = 0; i < c->checkpoint_count; i++) {
        struct checkpoint before = c->before ? c->before[i] : (struct checkpoint){0};
        buf_printf(sql,
                   "%s(%u,%lld::bigint,%lld::bigint,%lld::bigint,%lld::bigint,%lld::bigint,%lld::bigint)",
                   i ? "," : "", checkpoints[i].partition, (long long)checkpoints[i].epoch,
                   (long long)checkpoints[i].stream_seq, (long long)checkpoints[i].stream_time_ns,
                   (long long)checkpoints[i].stream_created_ns, (long long)before.stream_seq,
                   (long long)before.stream_time_ns);
    }
    buf_add_text(sql, ") n (p, e, s, t, c, bs, bt) WHERE p.partition = n.p AND p.epoch = n.e");
    if (c->before)
        buf_add_text(sql, " AND p.stream_seq = n.bs AND p.stream_time_ns = n.bt");
    buf_add_text(sql, ";");
}

/* Two that import the same execution wait for each other; a broker does not write to one from elsewhere. */
static void write_guard(struct buf *sql, int64_t id)
{
    buf_printf(sql,
               "DO $$ BEGIN PERFORM pg_advisory_xact_lock(%lld::bigint);"
               " IF EXISTS (SELECT FROM noetl.event WHERE execution_id = %lld::bigint) THEN"
               "  RAISE unique_violation USING MESSAGE = 'the log has execution %lld already';"
               " END IF; END $$;",
               (long long)id, (long long)id, (long long)id);
}

static enum status send_statements(struct eventlog *log, const struct commit *c, struct error *err)
{
    struct buf *sql = &log->rows;
    buf_clear(sql);
    if (c->checkpoint_count > 0)
        write_update(sql, c);
    if (c->only_new)
        write_guard(sql, c->only_new);
    TRY(timer_statements(sql, c->timers, c->timer_count, err));
    buf_add_text(sql, "COPY noetl.event (" COPY_COLUMNS ") FROM STDIN (FORMAT binary)");
    TRY(buf_status(sql, err));
    return PQsendQuery(log->connection.pg, sql->data) ? STATUS_OK
                                                      : connection_failed(&log->connection, NULL, err);
}

/* Reads up to the server's asking for rows; *updated: how many rows the first statement changed. */
static enum status await_copy(struct eventlog *log, size_t *updated, struct error *err)
{
    PGconn *pg = log->connection.pg;
    for (bool first = true;; first = false) {
        PGresult *r = connection_result(&log->connection);
        ExecStatusType kind = PQresultStatus(r);
        if (kind == PGRES_COMMAND_OK) {
            int64_t count;
            if (first)
                *updated = str_to_int64(str_of(PQcmdTuples(r)), &count) ? (size_t)count : 0;
            PQclear(r);
            continue;
        }
        if (kind == PGRES_COPY_IN) {
            PQclear(r);
            return STATUS_OK;
        }
        PGresult *rest;
        while (PQstatus(pg) == CONNECTION_OK && (rest = connection_result(&log->connection)) != NULL)
            PQclear(rest);
        enum status s = connection_failed(&log->connection, r, err);
        PQclear(r);
        return s;
    }
}

static enum status send_rows(struct eventlog *log, const struct event *events, size_t count,
                             struct error *err)
{
    struct buf *rows = &log->rows;
    buf_clear(rows);
    copy_begin(rows);
    for (size_t i = 0; i < count; i++) {
        if (copy_row(rows, &events[i], err) != STATUS_OK)
            return error_wrap(err, "execution %lld, event %u", (long long)events[i].execution_id,
                              events[i].event_id);
        if (rows->len < SEND_BYTES)
            continue;
        if (connection_put(&log->connection, rows->data, rows->len) != 1)
            return connection_failed(&log->connection, NULL, err);
        buf_clear(rows);
    }
    copy_end(rows);
    TRY(buf_status(rows, err));
    return connection_put(&log->connection, rows->data, rows->len) == 1
               ? STATUS_OK
               : connection_failed(&log->connection, NULL, err);
}

/* The answer to the whole transaction. */
static enum status await_end(struct eventlog *log, bool *duplicate, struct error *err)
{
    PGconn *pg = log->connection.pg;
    enum status s = STATUS_OK;
    PGresult *r, *failed = NULL;
    while ((r = connection_result(&log->connection)) != NULL) {
        bool bad = PQresultStatus(r) != PGRES_COMMAND_OK;
        if (bad && !failed)
            failed = r;
        else
            PQclear(r);
        if (bad && PQstatus(pg) == CONNECTION_BAD)
            break;
    }
    if (failed || PQstatus(pg) == CONNECTION_BAD) {
        *duplicate = failed && pq_result_is(failed, SQLSTATE_UNIQUE_VIOLATION);
        s = connection_failed(&log->connection, failed, err);
    }
    PQclear(failed);
    return s;
}

/* Ends COPY with an error, so that the server undoes the transaction. */
static void undo(struct eventlog *log)
{
    bool duplicate;
    if (!log->connection.pg)
        return; /* and so did the loss of the connection */
    if (connection_put_end(&log->connection, "given up") == 1) {
        enum status expected = await_end(log, &duplicate, NULL);
        (void)expected;
    } else {
        connection_rollback(&log->connection);
    }
}

static enum status lost(const struct checkpoint *checkpoints, size_t count, struct error *err)
{
    error_set(err, STATUS_CONFLICT, "another broker took over partition %u%s, or the log lost what it had",
              checkpoints[0].partition, count > 1 ? ", or another of this commit" : "");
    return error_place(err, "noetl.partition");
}

/* One attempt. *refused: a row of that key, or another checkpoint than the one before, is in the log already.
 */
static enum status commit_once(struct eventlog *log, const struct commit *c, bool *refused, struct error *err)
{
    size_t updated = 0;
    TRY(send_statements(log, c, err));
    TRY(await_copy(log, &updated, err));
    *refused = c->checkpoint_count > 0 && updated != c->checkpoint_count;
    enum status s = !*refused ? send_rows(log, c->events, c->event_count, err)
                              : lost(c->checkpoints, c->checkpoint_count, err);
    if (s != STATUS_OK) {
        undo(log);
        return s;
    }
    if (connection_put_end(&log->connection, NULL) != 1)
        return connection_failed(&log->connection, NULL, err);
    return await_end(log, refused, err);
}

static enum status is_checkpoint_there(struct eventlog *log, const struct checkpoint *c, bool *out,
                                       struct error *err)
{
    char sql[320];
    snprintf(
        sql, sizeof sql,
        "SELECT count(*) FROM noetl.partition WHERE partition = %u AND epoch = %lld AND stream_seq = %lld"
        " AND stream_time_ns = %lld AND stream_created_ns = %lld",
        c->partition, (long long)c->epoch, (long long)c->stream_seq, (long long)c->stream_time_ns,
        (long long)c->stream_created_ns);
    PGresult *r;
    TRY(connection_query(&log->connection, sql, NULL, 0, &r, err));
    *out = result_int(r, 0, 0, 0) == 1;
    PQclear(r);
    return STATUS_OK;
}

/*
 * A commit whose answer was lost with the connection is made again by its caller, and then finds its own
 * checkpoints, or rows. It is that one, and no collision, if all its checkpoints stand exactly as it would
 * leave them.
 */
static enum status was_committed(struct eventlog *log, const struct checkpoint *checkpoints, size_t count,
                                 bool *out, struct error *err)
{
    *out = true;
    TRY(connection_ready(&log->connection, err));
    for (size_t i = 0; *out && i < count; i++)
        TRY(is_checkpoint_there(log, &checkpoints[i], out, err));
    return STATUS_OK;
}

/* A refusal that nobody can explain now is none: the commit may have gone through. */
enum status eventlog_write(struct eventlog *log, const struct commit *c, struct error *err)
{
    TRY(connection_ready(&log->connection, err));
    TRY(months_make(log, c->events, c->event_count, err));
    bool refused = false, there = false;
    enum status s = commit_once(log, c, &refused, err);
    if (refused && c->checkpoint_count > 0) {
        struct error why;
        if (was_committed(log, c->checkpoints, c->checkpoint_count, &there, &why) != STATUS_OK) {
            *err = why;
            return why.status;
        }
    }
    return there ? STATUS_OK : s;
}

enum status eventlog_commit(struct eventlog *log, const struct event *events, size_t event_count,
                            const struct checkpoint *checkpoints, size_t checkpoint_count, struct error *err)
{
    return eventlog_write(log,
                          &(struct commit){.events = events,
                                           .event_count = event_count,
                                           .checkpoints = checkpoints,
                                           .checkpoint_count = checkpoint_count},
                          err);
}
