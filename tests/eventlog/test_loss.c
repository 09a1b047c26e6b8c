/* What happens when the server goes away, refuses, or is slow. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static void a_log_without_a_server_opens_and_says_unavailable(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log;
    assert_ok(eventlog_open("postgresql://u:p@127.0.0.1:1/x", "test", &log, &err), &err);
    assert_int_equal(eventlog_check(log, &err), STATUS_UNAVAILABLE);
    assert_non_null(strstr(err.message, "refused"));
    eventlog_close(&log);
}

static void after_a_crash_of_the_server_the_log_goes_on(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    struct event_list list;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    struct checkpoint c;
    assert_ok(eventlog_take_partitions(log, &(uint32_t){0}, NULL, 1, "test", &c, &err), &err);
    struct event e[2] = {event_of(1, 1, EVENT_EXECUTION_REQUESTED), event_of(1, 2, EVENT_EXECUTION_START)};
    c.stream_seq = 1;
    assert_ok(eventlog_commit(log, e, 1, &c, 1, &err), &err);
    assert_ok(eventlog_events(log, 1, 0, 0, &a, &list, &err), &err);
    server_kill();
    c.stream_seq = 2;
    assert_int_equal(eventlog_commit(log, e + 1, 1, &c, 1, &err), STATUS_UNAVAILABLE);
    assert_int_equal(eventlog_events(log, 1, 0, 0, &a, &list, &err), STATUS_UNAVAILABLE);
    server_start_again();
    assert_ok(eventlog_commit(log, e + 1, 1, &c, 1, &err), &err);
    assert_ok(eventlog_events(log, 1, 0, 0, &a, &list, &err), &err); /* prepares its statement anew */
    assert_int_equal(list.count, 2);
    eventlog_close(&log);
    arena_free(&a);
}

static void a_connection_that_was_ended_while_idle_is_not_noticed(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    query("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = "
          "'test'");
    assert_ok(eventlog_check(log, &err), &err);
    eventlog_close(&log);
}

static void a_wrong_password_is_denied_and_a_missing_database_not_found(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log;
    char url[256];
    database_new();
    snprintf(url, sizeof url, "postgresql://noetl:wrong%s", strchr(database_url(), '@'));
    assert_ok(eventlog_open(url, "test", &log, &err), &err);
    assert_int_equal(eventlog_check(log, &err), STATUS_DENIED);
    assert_null(strstr(err.message, "28P01"));
    eventlog_close(&log);
    snprintf(url, sizeof url, "%s_not", database_url());
    assert_ok(eventlog_open(url, "test", &log, &err), &err);
    assert_int_equal(eventlog_check(log, &err), STATUS_NOT_FOUND);
    eventlog_close(&log);
}

static void a_user_without_privileges_is_denied(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    eventlog_close(&log);
    query("DROP ROLE IF EXISTS stranger");
    query("CREATE ROLE stranger LOGIN PASSWORD 'stranger'");
    char url[256];
    snprintf(url, sizeof url, "postgresql://stranger:stranger%s", strchr(database_url(), '@'));
    assert_ok(eventlog_open(url, "test", &log, &err), &err);
    struct event e = event_of(1, 1, EVENT_EXECUTION_REQUESTED);
    assert_int_equal(eventlog_commit(log, &e, 1, NULL, 0, &err), STATUS_DENIED);
    assert_non_null(strstr(err.place, "postgres 127.0.0.1:"));
    eventlog_close(&log);
}

static void a_short_statement_timeout_of_the_role_does_not_matter(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    eventlog_close(&log);
    query("ALTER ROLE noetl SET statement_timeout = '1ms'");
    log = log_again();
    struct event e = event_of(1, 1, EVENT_EXECUTION_REQUESTED);
    enum status s = eventlog_commit(log, &e, 1, NULL, 0, &err);
    query("ALTER ROLE noetl RESET statement_timeout");
    assert_ok(s, &err);
    eventlog_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_without_a_server_opens_and_says_unavailable),
        cmocka_unit_test(after_a_crash_of_the_server_the_log_goes_on),
        cmocka_unit_test(a_connection_that_was_ended_while_idle_is_not_noticed),
        cmocka_unit_test(a_wrong_password_is_denied_and_a_missing_database_not_found),
        cmocka_unit_test(a_user_without_privileges_is_denied),
        cmocka_unit_test(a_short_statement_timeout_of_the_role_does_not_matter),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
