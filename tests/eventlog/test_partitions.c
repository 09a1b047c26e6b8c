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
        assert_int_equal(again[i].epoch, c[i].epoch + 1);
        assert_int_equal(again[i].stream_seq, c[i].stream_seq);
    }
    eventlog_close(&log);
}

static void an_owner_sees_what_others_have_taken(void **state)
{
    (void)state;
    struct eventlog *log = log_new();
    struct checkpoint c[3], other;
    bool lost[3];
    struct error err;
    assert_ok(eventlog_take_partitions(log, THREE, NULL, 3, "one", c, &err), &err);
    assert_ok(eventlog_take_partitions(log, &THREE[1], NULL, 1, "two", &other, &err), &err);
    assert_ok(eventlog_lost_partitions(log, c, 3, lost, &err), &err);
    assert_true(!lost[0] && lost[1] && !lost[2]);
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
    assert_int_equal(other.epoch, c.epoch + 1);
    assert_int_equal(other.stream_seq, 0);
    PQfinish(frozen);
    eventlog_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_partitions_come_in_the_order_asked_for),
        cmocka_unit_test(an_owner_sees_what_others_have_taken),
        cmocka_unit_test(only_an_owner_gives_back),
        cmocka_unit_test(a_commit_that_stands_still_does_not_keep_a_partition),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
