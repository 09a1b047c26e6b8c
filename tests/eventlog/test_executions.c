/* Lists of executions. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"

enum { EXECUTIONS = 25 };

/* Executions 1–25 by turns running, completed, failed and cancelled; every fifth is of the playbook "other".
 */
static struct eventlog *filled(struct arena *a)
{
    static const enum event_type FINAL[] = {EVENT_COUNT, EVENT_EXECUTION_COMPLETE, EVENT_EXECUTION_FAILED,
                                            EVENT_EXECUTION_CANCELLED};
    struct error err;
    struct value context;
    struct eventlog *log = log_new();
    assert_ok(json_read(a, STR("{\"version\":3,\"playbook\":\"a\\u0000b\"}"), NULL, &context, &err), &err);
    for (int i = 1; i <= EXECUTIONS; i++) {
        struct event e[3] = {event_of(i, 1, EVENT_EXECUTION_REQUESTED), event_of(i, 2, EVENT_EXECUTION_START),
                             event_of(i, 3, FINAL[i % 4])};
        for (int k = 0; k < 3; k++)
            e[k].time_ns = EVENT_TIME + (i / 2) * 1000000000LL + k; /* pairs at the same moment */
        e[0].context = context;
        e[0].node_name = i % 5 == 0 ? STR("other") : STR("main");
        if (e[2].type == EVENT_EXECUTION_FAILED)
            e[2].error = STR("it broke");
        assert_ok(eventlog_commit(log, e, e[2].type == EVENT_COUNT ? 2 : 3, NULL, 0, &err), &err);
    }
    return log;
}

static size_t list(struct eventlog *log, struct arena *a, struct execution_filter filter,
                   struct execution_row **rows)
{
    size_t count;
    struct error err;
    assert_ok(eventlog_executions(log, &filter, a, rows, &count, &err), &err);
    return count;
}

static void the_newest_come_first_with_how_they_ended(void **state)
{
    (void)state;
    struct arena a;
    struct execution_row *rows;
    arena_init(&a, 0);
    struct eventlog *log = filled(&a);
    assert_int_equal(list(log, &a, (struct execution_filter){0}, &rows), 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(rows[i].execution_id, EXECUTIONS - i);
    assert_true(str_is(rows[0].path, "other"));
    assert_int_equal(rows[0].version, 3);
    assert_true(str_is(rows[0].status, "completed"));
    assert_int_equal(rows[0].started_ns, EVENT_TIME + 12 * 1000000000LL);
    assert_int_equal(rows[0].ended_ns, EVENT_TIME + 12 * 1000000000LL + 2);
    assert_true(str_is(rows[1].status, "running"));
    assert_int_equal(rows[1].ended_ns, 0);
    assert_true(str_is(rows[2].status, "cancelled"));
    assert_true(str_is(rows[3].status, "failed"));
    assert_true(str_is(rows[3].error, "it broke"));
    eventlog_close(&log);
    arena_free(&a);
}

static void pages_follow_one_another_without_gap_or_repeat(void **state)
{
    (void)state;
    struct arena a;
    struct execution_row *rows;
    arena_init(&a, 0);
    struct eventlog *log = filled(&a);
    int64_t expected = EXECUTIONS;
    struct execution_filter filter = {.limit = 4};
    for (size_t n; (n = list(log, &a, filter, &rows)) > 0; filter.before = rows[n - 1].execution_id)
        for (size_t i = 0; i < n; i++)
            assert_int_equal(rows[i].execution_id, expected--);
    assert_int_equal(expected, 0);
    eventlog_close(&log);
    arena_free(&a);
}

static void filters_go_together(void **state)
{
    (void)state;
    struct arena a;
    struct execution_row *rows;
    arena_init(&a, 0);
    struct eventlog *log = filled(&a);
    assert_int_equal(list(log, &a, (struct execution_filter){.path = STR("other")}, &rows), 5);
    assert_int_equal(list(log, &a, (struct execution_filter){.status = STR("running")}, &rows), 6);
    assert_int_equal(list(log, &a, (struct execution_filter){.status = STR("completed")}, &rows), 7);
    assert_int_equal(list(log, &a, (struct execution_filter){.status = STR("failed")}, &rows), 6);
    assert_int_equal(
        list(log, &a, (struct execution_filter){.status = STR("failed"), .path = STR("other"), .before = 11},
             &rows),
        1);
    assert_int_equal(rows[0].execution_id, 10);
    assert_int_equal(list(log, &a, (struct execution_filter){.path = STR("none")}, &rows), 0);
    eventlog_close(&log);
    arena_free(&a);
}

/* An execution with these marks behind its start; EVENT_COUNT ends them. */
static void add_execution(struct eventlog *log, int64_t id, const enum event_type *marks)
{
    struct error err;
    struct event e[8] = {event_of(id, 1, EVENT_EXECUTION_REQUESTED), event_of(id, 2, EVENT_EXECUTION_START)};
    size_t count = 2;
    for (; marks[count - 2] != EVENT_COUNT; count++)
        e[count] = event_of(id, (uint32_t)count + 1, marks[count - 2]);
    assert_ok(eventlog_commit(log, e, count, NULL, 0, &err), &err);
}

static void an_execution_stands_as_the_newest_mark_of_its_life_says(void **state)
{
    (void)state;
    static const struct {
        enum event_type marks[6];
        const char *status;
    } cases[] = {
        {{EVENT_EXECUTION_PAUSED, EVENT_COUNT}, "paused"},
        {{EVENT_EXECUTION_PAUSED, EVENT_EXECUTION_RESUMED, EVENT_COUNT}, "running"},
        {{EVENT_EXECUTION_FAILED, EVENT_EXECUTION_RETRIED, EVENT_COUNT}, "running"},
        {{EVENT_EXECUTION_CANCELLED, EVENT_EXECUTION_RETRIED, EVENT_EXECUTION_PAUSED, EVENT_COUNT}, "paused"},
        {{EVENT_EXECUTION_FAILED, EVENT_EXECUTION_RETRIED, EVENT_EXECUTION_FAILED, EVENT_COUNT}, "failed"},
        {{EVENT_EXECUTION_FAILED, EVENT_EXECUTION_RETRIED, EVENT_EXECUTION_COMPLETE, EVENT_COUNT},
         "completed"},
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    struct arena a;
    struct execution_row *rows;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    for (int i = 0; i < CASES; i++)
        add_execution(log, i + 1, cases[i].marks);
    assert_int_equal(list(log, &a, (struct execution_filter){0}, &rows), CASES);
    for (int i = 0; i < CASES; i++) {
        const struct execution_row *row = &rows[CASES - 1 - i];
        bool over = i >= 4;
        assert_int_equal(row->execution_id, i + 1);
        assert_true(str_is(row->status, cases[i].status));
        assert_int_equal(row->ended_ns != 0, over);
    }
    assert_int_equal(list(log, &a, (struct execution_filter){.status = STR("running")}, &rows), 2);
    assert_int_equal(list(log, &a, (struct execution_filter){.status = STR("paused")}, &rows), 2);
    assert_int_equal(list(log, &a, (struct execution_filter){.status = STR("failed")}, &rows), 1);
    assert_int_equal(rows[0].execution_id, 5);
    assert_int_equal(list(log, &a, (struct execution_filter){.status = STR("completed")}, &rows), 1);
    assert_int_equal(list(log, &a, (struct execution_filter){.status = STR("cancelled")}, &rows), 0);
    eventlog_close(&log);
    arena_free(&a);
}

/* Executions 1–5, a second apart, of three playbooks; 4 was called by 3, and 5 by 4. */
static struct eventlog *called(struct arena *a)
{
    static const struct str paths[] = {STR("a/b"), STR("a/b/c"), STR("a/bc"), STR("a/b"), STR("z")};
    struct error err;
    struct eventlog *log = log_new();
    for (int i = 1; i <= 5; i++) {
        struct event e = event_of(i, 1, EVENT_EXECUTION_REQUESTED);
        struct str context = arena_printf(a, "{\"parent\":{\"execution_id\":\"%d\"}}", i - 1);
        e.time_ns = EVENT_TIME + i * 1000000000LL;
        e.node_name = paths[i - 1];
        if (i > 3)
            assert_ok(json_read(a, context, NULL, &e.context, &err), &err);
        assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    }
    return log;
}

static void folders_times_and_callers_are_filters(void **state)
{
    (void)state;
    static const int64_t second = 1000000000LL;
    struct arena a;
    struct execution_row *rows;
    arena_init(&a, 0);
    struct eventlog *log = called(&a);
    assert_int_equal(list(log, &a, (struct execution_filter){.under = STR("a")}, &rows), 4);
    assert_int_equal(list(log, &a, (struct execution_filter){.under = STR("a/b")}, &rows), 1);
    assert_int_equal(rows[0].execution_id, 2);
    assert_int_equal(list(log, &a, (struct execution_filter){.under = STR("a/b"), .path = STR("a/b")}, &rows),
                     0);
    struct execution_filter some = {.since_ns = EVENT_TIME + 2 * second, .until_ns = EVENT_TIME + 4 * second};
    assert_int_equal(list(log, &a, some, &rows), 2);
    assert_int_equal(rows[0].execution_id, 3);
    assert_int_equal(rows[1].execution_id, 2);
    assert_int_equal(list(log, &a, (struct execution_filter){.called = CALLED_NOT}, &rows), 3);
    assert_int_equal(rows[0].execution_id, 3);
    assert_int_equal(rows[0].parent, 0);
    assert_int_equal(list(log, &a, (struct execution_filter){.called = CALLED_BY, .parent = 4}, &rows), 1);
    assert_int_equal(rows[0].execution_id, 5);
    assert_int_equal(rows[0].parent, 4);
    struct execution_filter all = {.path = STR("a/b"),
                                   .under = STR("a"),
                                   .status = STR("running"),
                                   .since_ns = 1,
                                   .until_ns = INT64_MAX,
                                   .called = CALLED_BY,
                                   .parent = 3,
                                   .before = 5,
                                   .limit = 9};
    assert_int_equal(list(log, &a, all, &rows), 1);
    assert_int_equal(rows[0].execution_id, 4);
    eventlog_close(&log);
    arena_free(&a);
}

static void wrong_filters_are_told(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    struct execution_row *rows;
    size_t count;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    struct execution_filter status = {.status = STR("done")}, before = {.before = 77};
    assert_int_equal(eventlog_executions(log, &status, &a, &rows, &count, &err), STATUS_INVALID);
    assert_int_equal(eventlog_executions(log, &before, &a, &rows, &count, &err), STATUS_NOT_FOUND);
    eventlog_close(&log);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_come_first_with_how_they_ended),
        cmocka_unit_test(pages_follow_one_another_without_gap_or_repeat),
        cmocka_unit_test(filters_go_together),
        cmocka_unit_test(an_execution_stands_as_the_newest_mark_of_its_life_says),
        cmocka_unit_test(folders_times_and_callers_are_filters),
        cmocka_unit_test(wrong_filters_are_told),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
