/* Who owns a partition, as the log's database says. */
#include "fixture.h"

#include <libpq-fe.h>
#include <string.h>

static const uint32_t THREE[] = {7, 2, 5};

static void taken_partitions_come_in_the_order_asked_for(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    struct checkpoint c[3], again[3];
    struct error err;
    assert_ok(eventlog_take_partitions(log, THREE, NULL, 3, "one", c, &err), &err);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(c[i].partition, THREE[i]);
        assert_int_equal(c[i].stream_seq, 0);
        c[i].stream_seq = 100 + (uint64_t)i;
        assert_ok(eventlog_commit(log, NULL, 0, &c[i], 1, &err), &err);
    }
    assert_ok(eventlog_take_partitions(log, THREE, NULL, 3, "two", again, &err), &err);
    for (int i = 0; i < 3; i++) {
        assert_true(again[i].epoch > c[i].epoch);
        assert_int_equal(again[i].stream_seq, c[i].stream_seq);
    }
    eventlog_close(&log);
}

static void an_owner_sees_what_others_have_taken(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    struct checkpoint c[3], other;
    enum hold holds[3];
    struct error err;
    assert_ok(eventlog_take_partitions(log, THREE, NULL, 3, "one", c, &err), &err);
    assert_ok(eventlog_take_partitions(log, &THREE[1], NULL, 1, "two", &other, &err), &err);
    assert_ok(eventlog_holds(log, c, 3, holds, &err), &err);
    assert_true(holds[0] == HOLD_AS_KNOWN && holds[1] == HOLD_TAKEN && holds[2] == HOLD_AS_KNOWN);
    eventlog_close(&log);
}

/* As a database does that an older copy was made of, or a standby that took over. */
static void an_owner_sees_what_the_log_has_lost(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    struct checkpoint c[3], older;
    enum hold holds[3];
    struct error err;
    assert_ok(eventlog_take_partitions(log, THREE, NULL, 3, "one", c, &err), &err);
    for (int i = 0; i < 3; i++) {
        c[i].stream_seq = 10;
        c[i].stream_time_ns = EVENT_TIME;
    }
    older = c[0];
    assert_ok(eventlog_commit(log, NULL, 0, c, 3, &err), &err);
    c[0].stream_seq = 11;
    c[0].stream_time_ns++;
    assert_ok(eventlog_commit(log, NULL, 0, c, 1, &err), &err);
    assert_ok(eventlog_holds(log, &older, 1, holds, &err), &err);
    assert_int_equal(holds[0], HOLD_AHEAD);
    query("UPDATE noetl.partition SET stream_seq = 10, stream_time_ns = stream_time_ns - 1 WHERE partition = "
          "7");
    query("UPDATE noetl.partition SET epoch = epoch - 1 WHERE partition = 2");
    query("DELETE FROM noetl.partition WHERE partition = 5");
    assert_ok(eventlog_holds(log, c, 3, holds, &err), &err);
    for (int i = 0; i < 3; i++)
        assert_int_equal(holds[i], HOLD_BEHIND);
    c[0].stream_seq = 0; /* nothing is known to be in the log */
    assert_ok(eventlog_holds(log, c, 1, holds, &err), &err);
    assert_int_equal(holds[0], HOLD_AHEAD);
    eventlog_close(&log);
}

static void only_an_owner_gives_back(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    struct checkpoint c[3], other;
    struct arena a;
    struct str owners[8];
    struct error err;
    arena_init(&a, 0);
    assert_ok(eventlog_take_partitions(log, THREE, NULL, 3, "one", c, &err), &err);
    assert_ok(eventlog_take_partitions(log, &THREE[1], NULL, 1, "two", &other, &err), &err);
    assert_ok(eventlog_release_partitions(log, c, 3, &err), &err);
    assert_ok(eventlog_partition_owners(log, &a, owners, 8, &err), &err);
    assert_true(str_is(owners[7], "") && str_is(owners[2], "two") && str_is(owners[5], ""));
    assert_true(str_is(owners[3], ""));
    arena_free(&a);
    eventlog_close(&log);
}

/* A broker that stands still in the middle of a commit holds the lock of its partition. */
static void a_commit_that_stands_still_does_not_keep_a_partition(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    struct checkpoint c, other;
    struct error err;
    assert_ok(eventlog_take_partitions(log, THREE, NULL, 1, "one", &c, &err), &err);
    PGconn *frozen = PQconnectdb(database_url());
    PGresult *r = PQexec(frozen, "UPDATE noetl.partition p SET stream_seq = 9 WHERE partition = 7;"
                                 "COPY noetl.event (execution_id) FROM STDIN");
    assert_int_equal(PQresultStatus(r), PGRES_COPY_IN);
    PQclear(r);
    assert_ok(eventlog_take_partitions(log, THREE, NULL, 1, "two", &other, &err), &err);
    assert_true(other.epoch > c.epoch);
    assert_int_equal(other.stream_seq, 0);
    PQfinish(frozen);
    eventlog_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_partitions_come_in_the_order_asked_for),
        cmocka_unit_test(an_owner_sees_what_others_have_taken),
        cmocka_unit_test(an_owner_sees_what_the_log_has_lost),
        cmocka_unit_test(only_an_owner_gives_back),
        cmocka_unit_test(a_commit_that_stands_still_does_not_keep_a_partition),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
