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

/* The log's version is asked for in vain, with an error of that SQLSTATE. */
static enum status checked(struct eventlog *log, const char *sqlstate)
{
    char sql[512];
    struct error err;
    snprintf(sql, sizeof sql,
             "CREATE OR REPLACE FUNCTION noetl.version() RETURNS integer LANGUAGE plpgsql AS"
             " $$ BEGIN RAISE 'trouble' USING ERRCODE = '%s'; END $$",
             sqlstate);
    query(sql);
    return eventlog_check(log, &err);
}

static void only_what_is_the_datas_fault_is_not_tried_again(void **state)
{
    static const char *const passing[] = {"08P01", "25P02", "26000", "40001", "42P05", "53100", "53200",
                                          "53400", "55P03", "57014", "57P01", "58030", "58P01", "XX000"};
    static const char *const lasting[] = {"22021", "23502", "42703", "42501", "54000", "XX001", "XX002"};
    (void)state;
    struct eventlog *log = log_new();
    query("ALTER TABLE noetl.migration RENAME TO kept");
    query("CREATE FUNCTION noetl.version() RETURNS integer LANGUAGE sql AS 'SELECT 1'");
    query("CREATE VIEW noetl.migration AS SELECT noetl.version()");
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (!status_may_retry(checked(log, passing[i])))
            fail_msg("%s is not to be tried again", passing[i]);
    }
    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
        if (status_may_retry(checked(log, lasting[i])))
            fail_msg("%s is to be tried again", lasting[i]);
    }
    eventlog_close(&log);
}

/* The rows of execution 1 are always an error of that SQLSTATE; "": no longer. */
static void rows_of_one_are_trouble(const char *sqlstate)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "CREATE OR REPLACE FUNCTION noetl.trouble(id bigint) RETURNS boolean LANGUAGE plpgsql AS"
             " $$ BEGIN IF id = 1 AND '%s' <> '' THEN RAISE 'trouble' USING ERRCODE = '%s'; END IF;"
             " RETURN true; END $$",
             sqlstate, *sqlstate ? sqlstate : "XX000");
    query(sql);
}

static void errors_that_pass_last_where_they_are_said_to_and_the_session_goes_on(void **state)
{
    static const char *const codes[] = {"53200", "57014", "58030", "XX000"};
    (void)state;
    struct error err;
    struct arena a;
    struct event_list list;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    struct event e[2] = {event_of(1, 1, EVENT_EXECUTION_REQUESTED),
                         event_of(2, 1, EVENT_EXECUTION_REQUESTED)};
    assert_ok(eventlog_commit(log, e, 2, NULL, 0, &err), &err);
    query("ALTER TABLE noetl.event RENAME TO kept");
    rows_of_one_are_trouble("");
    query("CREATE VIEW noetl.event AS SELECT * FROM noetl.kept WHERE noetl.trouble(execution_id)");
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        rows_of_one_are_trouble(codes[i]);
        assert_true(status_may_retry(eventlog_events(log, 1, 0, 0, &a, &list, &err)));
        eventlog_errors_last(log, true);
        assert_int_equal(eventlog_events(log, 1, 0, 0, &a, &list, &err), STATUS_INTERNAL);
        assert_int_equal(err.status, STATUS_INTERNAL);
        assert_ok(eventlog_events(log, 2, 0, 0, &a, &list, &err), &err);
        eventlog_errors_last(log, false);
    }
    eventlog_errors_last(log, true);
    rows_of_one_are_trouble("26000"); /* of the session */
    assert_int_equal(eventlog_events(log, 1, 0, 0, &a, &list, &err), STATUS_UNAVAILABLE);
    query("CREATE OR REPLACE FUNCTION noetl.trouble(id bigint) RETURNS boolean LANGUAGE sql VOLATILE AS"
          " 'SELECT pg_terminate_backend(pg_backend_pid())'");
    assert_int_equal(eventlog_events(log, 1, 0, 0, &a, &list, &err), STATUS_UNAVAILABLE);
    rows_of_one_are_trouble("");
    assert_ok(eventlog_events(log, 1, 0, 0, &a, &list, &err), &err);
    eventlog_close(&log);
    arena_free(&a);
}

static bool is_third_time(void *times)
{
    return ++*(int *)times > 2;
}

static void an_answer_that_nobody_wants_any_more_is_not_waited_for(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    struct event_list list;
    int times = 0;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    struct event e = event_of(1, 1, EVENT_EXECUTION_REQUESTED);
    assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    query("ALTER TABLE noetl.event RENAME TO kept");
    query("CREATE VIEW noetl.event AS SELECT * FROM noetl.kept WHERE pg_sleep(20) IS NOT NULL");
    eventlog_give_up_when(log, is_third_time, &times);
    assert_int_equal(eventlog_events(log, 1, 0, 0, &a, &list, &err), STATUS_UNAVAILABLE);
    assert_non_null(strstr(err.message, "is waited for no more"));
    eventlog_close(&log);
    arena_free(&a);
}

/* A pooler gives a client another session than the one that it prepared statements in. */
static void a_session_without_its_statements_is_left_for_another(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    struct event_list list;
    int64_t id, time_ns;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    assert_ok(eventlog_events(log, 1, 0, 0, &a, &list, &err), &err);
    query("ALTER TABLE noetl.migration RENAME TO kept");
    query("CREATE FUNCTION noetl.version() RETURNS integer LANGUAGE plpgsql AS"
          " $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN 0; END $$");
    query("CREATE VIEW noetl.migration AS SELECT noetl.version()");
    assert_int_equal(eventlog_check(log, &err), STATUS_CONFLICT);
    assert_int_equal(eventlog_events(log, 1, 0, 0, &a, &list, &err), STATUS_UNAVAILABLE);
    assert_ok(eventlog_events(log, 1, 0, 0, &a, &list, &err), &err);
    /* And one that has a statement of that name already. */
    query("CREATE OR REPLACE FUNCTION noetl.version() RETURNS integer LANGUAGE plpgsql AS"
          " $$ BEGIN EXECUTE 'PREPARE noetl_5 AS SELECT 1'; RETURN 0; END $$");
    assert_int_equal(eventlog_check(log, &err), STATUS_CONFLICT);
    assert_int_equal(eventlog_newest(log, STR(""), &id, &time_ns, &err), STATUS_UNAVAILABLE);
    assert_ok(eventlog_newest(log, STR(""), &id, &time_ns, &err), &err);
    eventlog_close(&log);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_without_a_server_opens_and_says_unavailable),
        cmocka_unit_test(after_a_crash_of_the_server_the_log_goes_on),
        cmocka_unit_test(a_connection_that_was_ended_while_idle_is_not_noticed),
        cmocka_unit_test(a_wrong_password_is_denied_and_a_missing_database_not_found),
        cmocka_unit_test(a_user_without_privileges_is_denied),
        cmocka_unit_test(only_what_is_the_datas_fault_is_not_tried_again),
        cmocka_unit_test(errors_that_pass_last_where_they_are_said_to_and_the_session_goes_on),
        cmocka_unit_test(an_answer_that_nobody_wants_any_more_is_not_waited_for),
        cmocka_unit_test(a_session_without_its_statements_is_left_for_another),
        cmocka_unit_test(a_short_statement_timeout_of_the_role_does_not_matter),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
