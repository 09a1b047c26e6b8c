#include "month.h"

#include <stdio.h>
#include <time.h>

enum { BUFFER = 512, MOST_MONTHS = 4, FIRST_YEAR = 2020, LAST_YEAR = 2099 };

/* A month as a number: year * 12 + month from 0. */
static int month_of(int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000 - (time_ns % 1000000000 < 0));
    struct tm t;
    if (!gmtime_r(&seconds, &t))
        return 0;
    return (t.tm_year + 1900) * 12 + t.tm_mon;
}

static int64_t month_start_ns(int month)
{
    struct tm t = {.tm_year = month / 12 - 1900, .tm_mon = month % 12, .tm_mday = 1};
    return (int64_t)timegm(&t) * 1000000000;
}

static enum status exists(struct connection *c, int month, bool *out, struct error *err)
{
    char name[64];
    snprintf(name, sizeof name, "noetl.event_%04d_%02d", month / 12, month % 12 + 1);
    const char *const params[] = {name};
    PGresult *r;
    TRY(connection_query(c, "SELECT (to_regclass($1) IS NOT NULL)::integer", params, 1, &r, err));
    *out = result_int(r, 0, 0, 0) == 1;
    PQclear(r);
    return STATUS_OK;
}

/* The table's lock waits for its readers, and everybody else behind it: better to give up soon. */
static enum status make_month(struct connection *c, int month, struct error *err)
{
    bool there;
    TRY(exists(c, month, &there, err));
    if (there)
        return STATUS_OK;
    int next = month + 1;
    char sql[BUFFER];
    snprintf(sql, sizeof sql,
             "BEGIN; SET LOCAL lock_timeout = '3s'; SELECT pg_advisory_xact_lock(x'6e6f65746c'::bigint);"
             "CREATE TABLE IF NOT EXISTS noetl.event_%04d_%02d PARTITION OF noetl.event"
             " FOR VALUES FROM ('%04d-%02d-01 00:00:00+00') TO ('%04d-%02d-01 00:00:00+00'); COMMIT",
             month / 12, month % 12 + 1, month / 12, month % 12 + 1, next / 12, next % 12 + 1);
    return connection_run(c, sql, err);
}

enum status months_make_current(struct eventlog *log, struct error *err)
{
    PGresult *r;
    TRY(connection_query(&log->connection, "SELECT (extract(epoch FROM now()))::bigint", NULL, 0, &r, err));
    int month = month_of(result_int(r, 0, 0, 0) * 1000000000);
    PQclear(r);
    TRY(make_month(&log->connection, month, err));
    return make_month(&log->connection, month + 1, err);
}

static void find_range(const struct event *events, size_t count, int64_t *least, int64_t *most)
{
    *least = *most = events[0].time_ns;
    for (size_t i = 1; i < count; i++) {
        *least = events[i].time_ns < *least ? events[i].time_ns : *least;
        *most = events[i].time_ns > *most ? events[i].time_ns : *most;
    }
}

enum status months_make(struct eventlog *log, const struct event *events, size_t count, struct error *err)
{
    if (count == 0)
        return STATUS_OK;
    int64_t least, most;
    find_range(events, count, &least, &most);
    bool known = log->months_connects == log->connection.connects;
    if (known && least >= log->months_from_ns && most < log->months_to_ns)
        return STATUS_OK;
    int first = month_of(least), last = month_of(most);
    /* Clocks that went astray make no thousand tables: such rows go to event_default. */
    if (first < FIRST_YEAR * 12 || last > LAST_YEAR * 12 || last - first >= MOST_MONTHS)
        return STATUS_OK;
    for (int month = first; month <= last + 1; month++) {
        enum status s = make_month(&log->connection, month, err);
        if (s == STATUS_UNAVAILABLE)
            return s;
    }
    log->months_connects = log->connection.connects;
    log->months_from_ns = month_start_ns(first);
    log->months_to_ns = month_start_ns(last + 1);
    return STATUS_OK;
}
