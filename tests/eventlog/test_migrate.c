/* The schema and its versions. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void migrating_twice_changes_nothing(void **state)
{
    (void)state;
    struct error err;
    int applied;
    database_new();
    struct eventlog *log = log_again();
    assert_ok(eventlog_migrate(log, &applied, &err), &err);
    assert_true(applied >= 1);
    assert_ok(eventlog_migrate(log, &applied, &err), &err);
    assert_int_equal(applied, 0);
    assert_ok(eventlog_check(log, &err), &err);
    eventlog_close(&log);
}

static void *migrate_in_thread(void *total)
{
    struct eventlog *log = log_again();
    struct error err;
    int applied;
    assert_ok(eventlog_migrate(log, &applied, &err), &err);
    __atomic_add_fetch((int *)total, applied, __ATOMIC_RELAXED);
    eventlog_close(&log);
    return NULL;
}

static void of_many_that_migrate_at_once_each_version_is_applied_once(void **state)
{
    (void)state;
    pthread_t threads[6];
    int total = 0;
    database_new();
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_in_thread, &total), 0);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(total, atoi(query("SELECT count(*) FROM noetl.migration")));
}

struct claimant {
    char prefix[16];
    enum status status;
    struct error err;
};

static void *claim_in_thread(void *context)
{
    struct claimant *c = context;
    struct eventlog *log = log_again();
    c->status = eventlog_claim(log, c->prefix, &c->err);
    eventlog_close(&log);
    return NULL;
}

static void of_several_installations_one_has_the_log(void **state)
{
    (void)state;
    enum { MANY = 6 };
    pthread_t threads[MANY];
    struct claimant claimants[MANY];
    struct error err;
    int won = 0;
    struct eventlog *log = log_new();
    assert_ok(eventlog_check_prefix(log, "anybody", &err), &err); /* it is nobody's, and stays so */
    for (int i = 0; i < MANY; i++) {
        snprintf(claimants[i].prefix, sizeof claimants[i].prefix, "p%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, claim_in_thread, &claimants[i]), 0);
    }
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    const char *winner = query("SELECT prefix FROM noetl.installation");
    for (int i = 0; i < MANY; i++) {
        bool is_winner = strcmp(claimants[i].prefix, winner) == 0;
        assert_int_equal(claimants[i].status, is_winner ? STATUS_OK : STATUS_CONFLICT);
        assert_int_equal(eventlog_check_prefix(log, claimants[i].prefix, &err), claimants[i].status);
        won += is_winner;
        if (!is_winner) {
            assert_non_null(strstr(claimants[i].err.message, winner));
            assert_non_null(strstr(claimants[i].err.message, claimants[i].prefix));
        }
    }
    assert_int_equal(won, 1);
    eventlog_close(&log);
}

/* As docs/SECURITY.md has it: what the setup wrote, brokers compare. */
static void who_may_only_read_whose_log_it_is_compares(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    query("DROP ROLE IF EXISTS reader");
    query("CREATE ROLE reader LOGIN PASSWORD 'reader'");
    query("GRANT USAGE ON SCHEMA noetl TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA noetl TO reader");
    char url[256];
    snprintf(url, sizeof url, "postgresql://reader:reader%s", strchr(database_url(), '@'));
    struct eventlog *readers;
    assert_ok(eventlog_open(url, "test", &readers, &err), &err);
    assert_int_equal(eventlog_claim(readers, "mine", &err), STATUS_DENIED);
    assert_non_null(strstr(err.hint, "noetl setup"));
    assert_ok(eventlog_claim(log, "mine", &err), &err);
    assert_ok(eventlog_claim(readers, "mine", &err), &err);
    assert_int_equal(eventlog_claim(readers, "another", &err), STATUS_CONFLICT);
    eventlog_close(&readers);
    eventlog_close(&log);
}

static void an_empty_database_is_told_from_one_with_the_schema(void **state)
{
    (void)state;
    struct error err;
    database_new();
    struct eventlog *log = log_again();
    assert_int_equal(eventlog_check(log, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.hint, "noetl setup"));
    eventlog_close(&log);
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    struct error err;
    int applied;
    struct eventlog *log = log_new();
    query("INSERT INTO noetl.migration VALUES (999, 'future', 'x')");
    assert_int_equal(eventlog_check(log, &err), STATUS_UNSUPPORTED);
    assert_int_equal(eventlog_migrate(log, &applied, &err), STATUS_UNSUPPORTED);
    assert_non_null(strstr(err.message, "999"));
    eventlog_close(&log);
}

static void a_schema_of_another_build_is_refused(void **state)
{
    (void)state;
    struct error err;
    int applied;
    struct eventlog *log = log_new();
    query("UPDATE noetl.migration SET digest = 'other' WHERE version = 1");
    assert_int_equal(eventlog_migrate(log, &applied, &err), STATUS_CONFLICT);
    eventlog_close(&log);
}

static void a_wrong_connection_string_is_told_at_once(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log;
    assert_int_equal(eventlog_open("host=x nonsense=y", "test", &log, &err), STATUS_INVALID);
    assert_null(log);
}

static void the_present_month_and_the_next_have_partitions(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    eventlog_close(&log);
    assert_string_equal(query("SELECT count(*) FROM pg_inherits WHERE inhparent = 'noetl.event'::regclass"),
                        "3");
    assert_string_equal(
        query(
            "SELECT to_regclass('noetl.event_' || to_char(now() at time zone 'UTC', 'YYYY_MM')) IS NOT NULL"),
        "t");
}

static void a_user_that_may_only_use_an_up_to_date_schema_can_ask_for_its_migration(void **state)
{
    (void)state;
    struct error err;
    int applied;
    struct eventlog *log = log_new();
    eventlog_close(&log);
    query("DROP ROLE IF EXISTS modest");
    query("CREATE ROLE modest LOGIN PASSWORD 'modest'");
    query("GRANT USAGE ON SCHEMA noetl TO modest; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA noetl "
          "TO modest");
    char url[256];
    snprintf(url, sizeof url, "postgresql://modest:modest%s", strchr(database_url(), '@'));
    assert_ok(eventlog_open(url, "test", &log, &err), &err);
    assert_ok(eventlog_migrate(log, &applied, &err), &err);
    assert_int_equal(applied, 0);
    eventlog_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrating_twice_changes_nothing),
        cmocka_unit_test(of_many_that_migrate_at_once_each_version_is_applied_once),
        cmocka_unit_test(of_several_installations_one_has_the_log),
        cmocka_unit_test(who_may_only_read_whose_log_it_is_compares),
        cmocka_unit_test(an_empty_database_is_told_from_one_with_the_schema),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(a_schema_of_another_build_is_refused),
        cmocka_unit_test(a_wrong_connection_string_is_told_at_once),
        cmocka_unit_test(the_present_month_and_the_next_have_partitions),
        cmocka_unit_test(a_user_that_may_only_use_an_up_to_date_schema_can_ask_for_its_migration),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
