/* A private Postgres for the test program, and a database of its own for each test. */
#ifndef TESTS_EVENTLOG_FIXTURE_H
#define TESTS_EVENTLOG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/event.h"
#include "eventlog/eventlog.h"

/* Group setup and teardown. */
int server_start(void **state);
int server_stop(void **state);
/* kill -9 of the postmaster; and starting the server again on the same port. */
void server_kill(void);
void server_start_again(void);

/* A new, empty database; the connection string lives until the next call. */
const char *database_new(void);
/* The connection string of the last database. */
const char *database_url(void);
/* A log on a new database, migrated. */
struct eventlog *log_new(void);
/* A further connection to the database of the last log_new() or database_new(). */
struct eventlog *log_again(void);
/* The first column of the first row, as text, in the last database; "" for no row and NULL. Valid until the
 * next call. */
const char *query(const char *sql);

/* Fails the test with the error's text. */
void assert_ok(enum status s, const struct error *err);

/* A small event; everything else is zero. */
struct event event_of(int64_t execution_id, uint32_t event_id, enum event_type type);

#define EVENT_TIME INT64_C(1767323045678901234) /* 2026-01-02T03:04:05.678901234Z */

#endif
