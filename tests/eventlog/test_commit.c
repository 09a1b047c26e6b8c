/* Rows and checkpoints are written together or not at all, by the owner of the partition. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"

static struct checkpoint take(struct eventlog *log, uint32_t partition)
{
    struct checkpoint c;
    struct error err;
    assert_ok(eventlog_take_partitions(log, &partition, NULL, 1, "test", &c, &err), &err);
    return c;
}

static void a_partition_remembers_its_checkpoint_and_each_taking_raises_its_epoch(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    struct checkpoint c = take(log, 7);
    assert_true(c.epoch > 0);
    assert_int_equal(c.stream_seq, 0);
    c.stream_seq = 41;
    c.stream_time_ns = EVENT_TIME;
    c.stream_created_ns = EVENT_TIME - 1;
    assert_ok(eventlog_commit(log, NULL, 0, &c, 1, &err), &err);
    struct checkpoint again = take(log, 7);
    assert_true(again.epoch > c.epoch);
    assert_int_equal(again.stream_seq, 41);
    assert_int_equal(again.stream_time_ns, EVENT_TIME);
    assert_int_equal(again.stream_created_ns, EVENT_TIME - 1);
    eventlog_close(&log);
}

/* Nor does it help that its clock is set back, so that its newest epochs are of times to come. */
static void a_log_that_lost_a_taking_does_not_give_its_epoch_again(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    take(log, 7);
    query("UPDATE noetl.partition SET epoch = epoch + 1000000000000");
    query("CREATE TABLE kept AS SELECT * FROM noetl.partition");
    int64_t lost = take(log, 7).epoch;
    query("DELETE FROM noetl.partition");
    query("INSERT INTO noetl.partition SELECT * FROM kept");
    assert_int_not_equal(take(log, 7).epoch, lost);
    query("DELETE FROM noetl.partition");
    assert_int_not_equal(take(log, 7).epoch, lost);
    eventlog_close(&log);
}

/* A database that lost commits has the epoch still. */
static void a_commit_follows_upon_the_one_before_or_is_refused(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    const struct checkpoint taken = take(log, 7);
    struct checkpoint first = taken, second = taken;
    const struct event e[] = {event_of(1, 1, EVENT_EXECUTION_REQUESTED),
                              event_of(1, 2, EVENT_EXECUTION_START)};
    first.stream_seq = 1;
    first.stream_time_ns = EVENT_TIME;
    second.stream_seq = 2;
    second.stream_time_ns = EVENT_TIME + 1;
    struct commit c = {
        .events = e, .event_count = 1, .checkpoints = &first, .before = &taken, .checkpoint_count = 1};
    assert_ok(eventlog_write(log, &c, &err), &err);
    assert_ok(eventlog_write(log, &c, &err), &err); /* its answer was lost, and it is made again */
    c = (struct commit){.checkpoints = &second, .before = &first, .checkpoint_count = 1};
    assert_ok(eventlog_write(log, &c, &err), &err);
    assert_ok(eventlog_write(log, &c, &err), &err); /* the same without rows */
    query("UPDATE noetl.partition SET stream_seq = 0, stream_time_ns = 0");
    assert_int_equal(eventlog_write(log, &c, &err), STATUS_CONFLICT);
    query("UPDATE noetl.partition SET stream_seq = 1"); /* of another stream */
    assert_int_equal(eventlog_write(log, &c, &err), STATUS_CONFLICT);
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "1");
    eventlog_close(&log);
}

static void rows_and_checkpoints_of_several_partitions_are_one_commit(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    struct checkpoint c[2] = {take(log, 0), take(log, 1)};
    c[0].stream_seq = 5;
    c[1].stream_seq = 6;
    struct event e[3] = {event_of(1, 1, EVENT_EXECUTION_REQUESTED), event_of(1, 2, EVENT_EXECUTION_START),
                         event_of(2, 1, EVENT_EXECUTION_REQUESTED)};
    assert_ok(eventlog_commit(log, e, 3, c, 2, &err), &err);
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "3");
    assert_string_equal(
        query("SELECT string_agg(stream_seq::text, ',' ORDER BY partition) FROM noetl.partition"), "5,6");
    eventlog_close(&log);
}

static void an_execution_from_elsewhere_is_written_once(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    struct event e[3] = {event_of(1, 1, EVENT_EXECUTION_REQUESTED), event_of(1, 2, EVENT_EXECUTION_START),
                         event_of(1, 3, EVENT_EXECUTION_COMPLETE)};
    assert_ok(eventlog_import(log, e, 3, &err), &err);
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "3");
    e[1].time_ns += INT64_C(1000000000); /* rows of their own, by their key */
    e[0].time_ns += INT64_C(1000000000);
    assert_int_equal(eventlog_import(log, e, 2, &err), STATUS_CONFLICT);
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "3");
    e[0].execution_id = e[1].execution_id = 2;
    assert_ok(eventlog_import(log, e, 2, &err), &err);
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "5");
    eventlog_close(&log);
}

static void a_former_owner_writes_nothing(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new(), *other = log_again();
    struct checkpoint mine[2] = {take(log, 0), take(log, 1)};
    take(other, 1);
    mine[0].stream_seq = mine[1].stream_seq = 9;
    struct event e = event_of(1, 1, EVENT_EXECUTION_REQUESTED);
    assert_int_equal(eventlog_commit(log, &e, 1, mine, 2, &err), STATUS_CONFLICT);
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "0");
    assert_string_equal(query("SELECT max(stream_seq) FROM noetl.partition"), "0");
    assert_int_equal(eventlog_commit(log, NULL, 0, &mine[1], 1, &err), STATUS_CONFLICT);
    /* And the connection is as good as before. */
    assert_ok(eventlog_commit(log, &e, 1, mine, 1, &err), &err);
    eventlog_close(&log);
    eventlog_close(&other);
}

/* The commit's own look at its checkpoints fails, or does no longer. */
static void checkpoints_can_be_seen(bool they_can)
{
    if (they_can)
        query(
            "CREATE OR REPLACE FUNCTION noetl.gate() RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT true'");
    else
        query("CREATE OR REPLACE FUNCTION noetl.gate() RETURNS boolean LANGUAGE plpgsql VOLATILE AS"
              " $$ BEGIN IF current_query() LIKE 'SELECT count%' THEN"
              " RAISE 'going down' USING ERRCODE = '57P01'; END IF; RETURN true; END $$");
}

static void a_commit_of_which_nobody_can_say_whether_it_went_through_is_no_conflict(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    struct checkpoint before = take(log, 7), after = before;
    struct event e = event_of(1, 1, EVENT_EXECUTION_REQUESTED);
    after.stream_seq = before.stream_seq + 1;
    struct commit c = {
        .events = &e, .event_count = 1, .checkpoints = &after, .before = &before, .checkpoint_count = 1};
    assert_ok(eventlog_write(log, &c, &err), &err);
    query("ALTER TABLE noetl.partition RENAME TO kept");
    checkpoints_can_be_seen(false);
    query("CREATE VIEW noetl.partition AS SELECT * FROM noetl.kept WHERE noetl.gate()");
    assert_int_equal(eventlog_write(log, &c, &err), STATUS_UNAVAILABLE);
    assert_non_null(strstr(err.message, "going down"));
    checkpoints_can_be_seen(true);
    assert_ok(eventlog_write(log, &c, &err), &err);
    eventlog_close(&log);
}

static void the_same_commit_again_is_recognised(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    struct checkpoint c = take(log, 3);
    c.stream_seq = 12;
    c.stream_time_ns = EVENT_TIME;
    struct event e[2] = {event_of(1, 1, EVENT_EXECUTION_REQUESTED), event_of(1, 2, EVENT_EXECUTION_START)};
    assert_ok(eventlog_commit(log, e, 2, &c, 1, &err), &err);
    assert_ok(eventlog_commit(log, e, 2, &c, 1, &err), &err);
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "2");
    eventlog_close(&log);
}

static void a_row_that_is_there_already_with_another_checkpoint_is_a_conflict(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    struct checkpoint c = take(log, 3);
    struct event e = event_of(1, 1, EVENT_EXECUTION_REQUESTED);
    c.stream_seq = 12;
    assert_ok(eventlog_commit(log, &e, 1, &c, 1, &err), &err);
    c.stream_seq = 13;
    assert_int_equal(eventlog_commit(log, &e, 1, &c, 1, &err), STATUS_CONFLICT);
    assert_string_equal(query("SELECT stream_seq FROM noetl.partition"), "12");
    eventlog_close(&log);
}

static void a_value_that_json_cannot_carry_undoes_the_commit(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    struct checkpoint c = take(log, 0);
    c.stream_seq = 1;
    struct event e[2] = {event_of(1, 1, EVENT_EXECUTION_REQUESTED), event_of(1, 2, EVENT_STEP_COMPLETED)};
    e[1].result = value_float(__builtin_nan(""));
    assert_int_equal(eventlog_commit(log, e, 2, &c, 1, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "result of the event"));
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "0");
    e[1].result = value_float(0.5);
    assert_ok(eventlog_commit(log, e, 2, &c, 1, &err), &err);
    eventlog_close(&log);
}

static void a_big_batch_goes_in_whole(void **state)
{
    (void)state;
    enum { ROWS = 5000 };
    static struct event events[ROWS];
    static char text[200001];
    struct error err;
    struct eventlog *log = log_new();
    struct checkpoint c = take(log, 0);
    memset(text, 'x', sizeof text - 1);
    for (uint32_t i = 0; i < ROWS; i++)
        events[i] = event_of(1 + i / 10, 1 + i % 10, EVENT_STEP_STARTED);
    events[77].result = value_text(text); /* larger than what is sent at a time */
    c.stream_seq = 5000;
    assert_ok(eventlog_commit(log, events, ROWS, &c, 1, &err), &err);
    assert_string_equal(query("SELECT count(*) FROM noetl.event"), "5000");
    assert_string_equal(
        query("SELECT length(result::text) FROM noetl.event WHERE execution_id = 8 AND event_id = 8"),
        "200002");
    eventlog_close(&log);
}

static void the_first_row_of_a_month_makes_its_partition_and_the_next(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    struct event e = event_of(1, 1, EVENT_EXECUTION_REQUESTED);
    assert_ok(time_parse(STR("2031-12-31T23:59:59.999999999Z"), &e.time_ns, &err), &err);
    assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    assert_string_equal(query("SELECT relname FROM noetl.event e JOIN pg_class c ON c.oid = e.tableoid"),
                        "event_2031_12");
    assert_string_equal(query("SELECT to_regclass('noetl.event_2032_01') IS NOT NULL"), "t");
    /* What belongs to no sensible month is kept all the same. */
    e.execution_id = 2;
    e.time_ns = 5;
    assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    assert_string_equal(
        query(
            "SELECT relname FROM noetl.event e JOIN pg_class c ON c.oid = e.tableoid WHERE execution_id = 2"),
        "event_default");
    eventlog_close(&log);
}

static void without_the_privilege_to_make_partitions_rows_go_to_the_default_one(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    eventlog_close(&log);
    query("DROP ROLE IF EXISTS writer");
    query("CREATE ROLE writer LOGIN PASSWORD 'writer'");
    query("GRANT USAGE ON SCHEMA noetl TO writer; GRANT SELECT, INSERT ON noetl.event TO writer");
    char url[256];
    snprintf(url, sizeof url, "postgresql://writer:writer%s", strchr(database_url(), '@'));
    assert_ok(eventlog_open(url, "test", &log, &err), &err);
    for (uint32_t i = 1; i <= 2; i++) {
        struct event e = event_of(1, i, EVENT_STEP_STARTED); /* of a month that has none */
        assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    }
    assert_string_equal(query("SELECT count(*) FROM noetl.event_default"), "2");
    eventlog_close(&log);
}

static void rows_come_in_order_without_being_asked_to(void **state)
{
    (void)state;
    struct error err;
    struct eventlog *log = log_new();
    for (uint32_t i = 1; i <= 50; i++) {
        struct event e[2] = {event_of(1, i, EVENT_STEP_STARTED), event_of(2, i, EVENT_STEP_STARTED)};
        assert_ok(eventlog_commit(log, e, 2, NULL, 0, &err), &err);
    }
    assert_string_equal(
        query("SELECT array_agg(event_id) = (SELECT array_agg(i) FROM generate_series(1::bigint, 50) i)"
              " FROM (SELECT event_id FROM noetl.event WHERE execution_id = 2) e"),
        "t");
    eventlog_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partition_remembers_its_checkpoint_and_each_taking_raises_its_epoch),
        cmocka_unit_test(a_log_that_lost_a_taking_does_not_give_its_epoch_again),
        cmocka_unit_test(a_commit_follows_upon_the_one_before_or_is_refused),
        cmocka_unit_test(rows_and_checkpoints_of_several_partitions_are_one_commit),
        cmocka_unit_test(an_execution_from_elsewhere_is_written_once),
        cmocka_unit_test(a_former_owner_writes_nothing),
        cmocka_unit_test(the_same_commit_again_is_recognised),
        cmocka_unit_test(a_commit_of_which_nobody_can_say_whether_it_went_through_is_no_conflict),
        cmocka_unit_test(a_row_that_is_there_already_with_another_checkpoint_is_a_conflict),
        cmocka_unit_test(a_value_that_json_cannot_carry_undoes_the_commit),
        cmocka_unit_test(a_big_batch_goes_in_whole),
        cmocka_unit_test(the_first_row_of_a_month_makes_its_partition_and_the_next),
        cmocka_unit_test(without_the_privilege_to_make_partitions_rows_go_to_the_default_one),
        cmocka_unit_test(rows_come_in_order_without_being_asked_to),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
