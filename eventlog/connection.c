#include "connection.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pq_error.h"

enum { CONNECT_TIMEOUT_MS = 10000, LOOK_MS = 200 };

/*
 * What a session of ours relies on, whatever defaults the server, the database or the role have. Long values
 * are compressed with lz4 where the server can: several times faster than its default.
 */
static const char SESSION[] =
    "SET client_min_messages = warning; SET statement_timeout = '60s'; SET lock_timeout = 0;"
    "SET idle_in_transaction_session_timeout = 0; SET search_path = pg_catalog; SET TimeZone = 'UTC';"
    "SELECT set_config(name, 'lz4', false) FROM pg_settings"
    " WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";

enum status connection_init(struct connection *c, const char *url, const char *name, struct error *err)
{
    *c = (struct connection){0};
    char *problem = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &problem);
    if (!options) {
        error_set(err, STATUS_INVALID, "the connection string of Postgres is wrong: %.300s",
                  problem ? problem : "no memory");
        PQfreemem(problem);
        error_place(err, "postgres.url");
        return error_hint(err, "It looks like postgresql://user:password@host:5432/database.");
    }
    PQconninfoFree(options);
    c->url = strdup(url);
    c->name = strdup(name);
    return c->url && c->name ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "no memory for a connection");
}

static void disconnect(struct connection *c)
{
    PQfinish(c->pg);
    c->pg = NULL;
    c->prepared = 0;
}

void connection_drop(struct connection *c)
{
    disconnect(c);
}

void connection_close(struct connection *c)
{
    disconnect(c);
    free(c->url);
    free(c->name);
    *c = (struct connection){0};
}

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context, (void)notice; /* warnings are for the server's log, not for our caller's terminal */
}

static void say_waits(const struct connection *c, bool begins)
{
    if (c->waits)
        c->waits(begins);
}

static PGconn *begin_connect(const struct connection *c)
{
    /* What stands before dbname, the string expands over: it may say otherwise. */
    const char *const keywords[] = {
        "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
        "dbname",          "application_name",    "client_encoding",  NULL};
    const char *const values[] = {"10", "5", "3", "25000", c->url, c->name, "UTF8", NULL};
    return PQconnectStartParams(keywords, values, 1);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t connect_within_ms(const struct connection *c)
{
    return c->most_wait_ms && c->most_wait_ms < CONNECT_TIMEOUT_MS ? c->most_wait_ms : CONNECT_TIMEOUT_MS;
}

static enum status no_answer(int64_t waited_ms, struct error *err)
{
    return error_set(err, STATUS_UNAVAILABLE, "Postgres did not answer within %g s",
                     (double)waited_ms / 1000);
}

/* Goes through the handshake, within the time. */
static bool finish_connect(const struct connection *c, int64_t within_ms)
{
    PGconn *pg = c->pg;
    int64_t until = now_ms() + within_ms;
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    while (step != PGRES_POLLING_OK && step != PGRES_POLLING_FAILED) {
        int64_t left = until - now_ms();
        struct pollfd p = {.fd = PQsocket(pg), .events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        if (left <= 0)
            return false;
        say_waits(c, true);
        bool ready = poll(&p, 1, (int)left) != 0;
        say_waits(c, false);
        if (!ready)
            return false;
        step = PQconnectPoll(pg);
    }
    return step == PGRES_POLLING_OK;
}

static enum status connect_now(struct connection *c, struct error *err)
{
    say_waits(c, true); /* also for a name to be looked up */
    PGconn *pg = begin_connect(c);
    say_waits(c, false);
    if (!pg)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a connection to Postgres");
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
    c->pg = pg;
    if (PQstatus(pg) == CONNECTION_BAD || !finish_connect(c, connect_within_ms(c))) {
        enum status s =
            PQstatus(pg) == CONNECTION_BAD ? pq_connect_error(pg, err) : no_answer(connect_within_ms(c), err);
        disconnect(c);
        return s;
    }
    PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
    c->connects++;
    return connection_run(c, SESSION, err);
}

/*
 * Whether a connection that was idle is still there. A server that left has sent a farewell and closed the
 * socket: the first read gets the one, the next sees the other.
 */
static bool is_alive(PGconn *pg)
{
    for (int reads = 0; reads < 8; reads++) {
        struct pollfd p = {.fd = PQsocket(pg), .events = POLLIN};
        if (PQstatus(pg) != CONNECTION_OK || p.fd < 0)
            return false;
        if (poll(&p, 1, 0) == 0)
            return true;
        if (!PQconsumeInput(pg))
            return false;
    }
    return true;
}

enum status connection_ready(struct connection *c, struct error *err)
{
    if (c->pg && is_alive(c->pg))
        return STATUS_OK;
    disconnect(c);
    return connect_now(c, err);
}

void connection_rollback(struct connection *c)
{
    if (!c->pg || PQtransactionStatus(c->pg) == PQTRANS_IDLE)
        return;
    say_waits(c, true);
    PGresult *r = PQexec(c->pg, "ROLLBACK");
    say_waits(c, false);
    bool rolled_back = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    if (!rolled_back)
        disconnect(c); /* the server rolls back what a closed session left open */
}

enum status connection_failed(struct connection *c, const PGresult *result, struct error *err)
{
    enum status s = pq_result_error(c->pg, result, err);
    if (PQstatus(c->pg) == CONNECTION_BAD || pq_result_ends_session(result))
        disconnect(c);
    else
        connection_rollback(c);
    return s;
}

/* Takes the result over: passes it on if it is of the kind that was expected. */
static enum status accept(struct connection *c, PGresult *result, PGresult **out, struct error *err)
{
    ExecStatusType s = PQresultStatus(result);
    if (s == PGRES_TUPLES_OK || s == PGRES_COMMAND_OK) {
        *out = result;
        return STATUS_OK;
    }
    enum status failure = connection_failed(c, result, err);
    PQclear(result);
    return failure;
}

static bool is_over(const struct connection *c)
{
    return c->is_over && c->is_over(c->is_over_context);
}

/* False: nothing came within the time, or within a moment and it is waited for no more. */
static bool await_input(const struct connection *c)
{
    int64_t until = c->most_wait_ms ? now_ms() + c->most_wait_ms : INT64_MAX, left;
    struct pollfd p = {.fd = PQsocket(c->pg), .events = POLLIN};
    int came;
    do {
        left = until - now_ms();
        int64_t most = c->is_over ? LOOK_MS : INT32_MAX;
        say_waits(c, true);
        came = poll(&p, 1, left <= 0 ? 0 : (int)(left < most ? left : most));
        say_waits(c, false);
    } while (came == 0 && left > 0 && !is_over(c));
    return came != 0;
}

/* Until the next result is there, or none will be. False: nothing came. */
static bool await_result(const struct connection *c)
{
    while (PQisBusy(c->pg)) {
        if (!await_input(c))
            return false;
        if (!PQconsumeInput(c->pg))
            return true;
    }
    return true;
}

/* The last result of what was sent, as PQexec() has it. `sent` is what PQsend…() said. */
static enum status answer(struct connection *c, int sent, PGresult **out, struct error *err)
{
    PGresult *last = NULL, *next = NULL;
    do {
        if (sent && !await_result(c)) {
            PQclear(last);
            disconnect(c);
            return is_over(c) ? error_set(err, STATUS_UNAVAILABLE,
                                          "Postgres has not answered, and is waited for no more")
                              : no_answer(c->most_wait_ms, err);
        }
        next = sent ? PQgetResult(c->pg) : NULL;
        if (next) {
            PQclear(last);
            last = next;
        }
    } while (next);
    return accept(c, last, out, err);
}

enum status connection_run(struct connection *c, const char *sql, struct error *err)
{
    PGresult *result = NULL;
    TRY(answer(c, PQsendQuery(c->pg, sql), &result, err));
    PQclear(result);
    return STATUS_OK;
}

enum status connection_query(struct connection *c, const char *sql, const char *const *params, int count,
                             PGresult **out, struct error *err)
{
    return answer(c, PQsendQueryParams(c->pg, sql, count, NULL, params, NULL, NULL, 1), out, err);
}

enum status connection_query_prepared(struct connection *c, const struct statement *s,
                                      const char *const *params, int count, PGresult **out, struct error *err)
{
    char name[16];
    snprintf(name, sizeof name, "noetl_%u", s->number);
    if (!(c->prepared & 1u << s->number)) {
        PGresult *prepared = NULL;
        TRY(answer(c, PQsendPrepare(c->pg, name, s->sql, 0, NULL), &prepared, err));
        PQclear(prepared);
        c->prepared |= 1u << s->number;
    }
    return answer(c, PQsendQueryPrepared(c->pg, name, count, params, NULL, NULL, 1), out, err);
}

PGresult *connection_result(const struct connection *c)
{
    say_waits(c, true);
    PGresult *r = PQgetResult(c->pg);
    say_waits(c, false);
    return r;
}

int connection_put(const struct connection *c, const char *bytes, size_t len)
{
    say_waits(c, true);
    int put = PQputCopyData(c->pg, bytes, (int)len);
    say_waits(c, false);
    return put;
}

int connection_put_end(const struct connection *c, const char *why_not)
{
    say_waits(c, true);
    int put = PQputCopyEnd(c->pg, why_not);
    say_waits(c, false);
    return put;
}

int64_t result_int(const PGresult *r, int row, int column, int64_t otherwise)
{
    if (PQgetisnull(r, row, column))
        return otherwise;
    const unsigned char *bytes = (const unsigned char *)PQgetvalue(r, row, column);
    int len = PQgetlength(r, row, column);
    uint64_t v = bytes[0] & 0x80 ? UINT64_MAX : 0; /* the sign, for those shorter than 8 bytes */
    for (int i = 0; i < len; i++)
        v = v << 8 | bytes[i];
    return (int64_t)v;
}
