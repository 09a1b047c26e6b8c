/* What was written is read back exactly. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"

static struct value json(struct arena *a, const char *text)
{
    struct value v;
    struct error err;
    assert_ok(json_read(a, str_of(text), NULL, &v, &err), &err);
    return v;
}

static struct event_list events_of(struct eventlog *log, struct arena *a, int64_t id, uint32_t after,
                                   uint32_t to)
{
    struct event_list list;
    struct error err;
    assert_ok(eventlog_events(log, id, after, to, a, &list, &err), &err);
    return list;
}

/* The event's JSON form has all that an event has; event times and sequences are compared beside it. */
static void assert_same(struct arena *a, const struct event *left, const struct event *right)
{
    struct value l, r;
    struct error err;
    assert_ok(event_to_value(a, left, &l, &err), &err);
    assert_ok(event_to_value(a, right, &r, &err), &err);
    assert_true(value_identical(l, r));
    assert_int_equal(left->time_ns, right->time_ns);
    assert_int_equal(left->stream_seq, right->stream_seq);
}

static void every_member_comes_back_exactly(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    struct event e = {
        .execution_id = INT64_MAX,
        .event_id = UINT32_MAX,
        .type = EVENT_ACTION_ERROR,
        .time_ns = EVENT_TIME,
        .stream_seq = INT64_MAX,
        .node_name = STR("schritt_ä"),
        .node_type = STR("http"),
        .task_id = STR("s1v2i3a4"),
        .visit = 2,
        .attempt = 4,
        .context = json(&a, "{\"z\":1,\"a\":{\"nested\":[null,true,{}]},\"m\":[]}"),
        .result = json(
            &a,
            "{\"big\":123456789012345678901234567890,\"int\":9007199254740993,\"min\":-9223372036854775808,"
            "\"float\":1e-7,\"half\":0.1,\"nul\":\"a\\u0000b\",\"uni\":\"\\ud83d\\ude00 é \\\"\\\\\\n\"}"),
        .meta = json(&a, "{\"worker\":\"w-1\",\"duration_ms\":12.5}"),
        .error = STR("no answer: ‘refused’"),
    };
    assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    struct event_list list = events_of(log, &a, INT64_MAX, 0, 0);
    assert_int_equal(list.count, 1);
    assert_same(&a, &e, &list.items[0]);
    assert_string_equal(query("SELECT concat_ws('|', status, worker_id, duration, created_at at time"
                              " zone 'UTC') FROM noetl.event"),
                        "FAILED|w-1|12.5|2026-01-02 03:04:05.678901");
    eventlog_close(&log);
    arena_free(&a);
}

static void members_that_an_event_lacks_are_null_and_a_json_null_is_not(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    struct event e = {.execution_id = 1, .event_id = 1, .type = EVENT_STEP_COMPLETED, .result = value_null()};
    e.time_ns = -1; /* just before 1970, for the rounding of created_at */
    assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    struct event_list list = events_of(log, &a, 1, 0, 0);
    assert_int_equal(list.items[0].result.type, VALUE_NULL);
    assert_true(value_is_absent(list.items[0].context));
    assert_same(&a, &e, &list.items[0]);
    assert_string_equal(
        query("SELECT num_nulls(node_name, node_type, task_id, visit, attempt, context, meta, error,"
              " parent_execution_id, duration, worker_id) || ' ' || result FROM noetl.event"),
        "11 null");
    assert_string_equal(query("SELECT created_at at time zone 'UTC' FROM noetl.event"),
                        "1969-12-31 23:59:59.999999");
    eventlog_close(&log);
    arena_free(&a);
}

static void the_request_of_a_sub_playbook_names_its_parent(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    struct event e[2] = {event_of(1, 1, EVENT_EXECUTION_REQUESTED), event_of(1, 2, EVENT_EXECUTION_START)};
    e[0].context = e[1].context = json(&a, "{\"parent\":{\"execution_id\":\"42\",\"task_id\":\"s1v1a1\"}}");
    assert_ok(eventlog_commit(log, e, 2, NULL, 0, &err), &err);
    assert_string_equal(
        query("SELECT string_agg(coalesce(parent_execution_id::text, '-'), ',' ORDER BY event_id)"
              " FROM noetl.event"),
        "42,-");
    eventlog_close(&log);
    arena_free(&a);
}

static void text_that_a_column_cannot_hold_is_mended_rather_than_refused(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    struct event e = event_of(1, 1, EVENT_STEP_FAILED);
    e.error = STR("a\0b \xff\xfe end\0");
    assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    struct event_list list = events_of(log, &a, 1, 0, 0);
    assert_true(str_is(list.items[0].error, "a\xEF\xBF\xBD"
                                            "b \xEF\xBF\xBD\xEF\xBF\xBD end\xEF\xBF\xBD"));
    eventlog_close(&log);
    arena_free(&a);
}

static void a_part_of_an_execution_can_be_read(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    struct event e[9];
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    for (uint32_t i = 0; i < 9; i++)
        e[i] = event_of(1, i + 1, EVENT_STEP_STARTED);
    assert_ok(eventlog_commit(log, e, 9, NULL, 0, &err), &err);
    struct event_list list = events_of(log, &a, 1, 3, 6);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.items[0].event_id, 4);
    assert_int_equal(list.items[2].event_id, 6);
    assert_int_equal(events_of(log, &a, 1, 3, 0).count, 6);
    assert_int_equal(events_of(log, &a, 1, 9, 0).count, 0);
    assert_int_equal(events_of(log, &a, 2, 0, 0).count, 0);
    eventlog_close(&log);
    arena_free(&a);
}

static void an_execution_over_the_end_of_a_month_is_read_in_order(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    for (uint32_t i = 1; i <= 4; i++) {
        struct event e = event_of(1, i, EVENT_STEP_STARTED);
        e.time_ns = EVENT_TIME + (int64_t)i * 20 * 86400 * 1000000000;
        assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    }
    struct event_list list = events_of(log, &a, 1, 0, 0);
    assert_int_equal(list.count, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(list.items[i].event_id, i + 1);
    assert_string_equal(query("SELECT count(DISTINCT tableoid) FROM noetl.event"), "3");
    eventlog_close(&log);
    arena_free(&a);
}

static void an_arena_that_is_too_small_is_a_limit_and_the_log_goes_on(void **state)
{
    (void)state;
    struct error err;
    struct arena small, a;
    struct event_list list;
    arena_init(&small, 4096);
    arena_init(&a, 0);
    static char text[20000];
    memset(text, 'x', sizeof text);
    struct eventlog *log = log_new();
    struct event e = event_of(1, 1, EVENT_STEP_COMPLETED);
    e.result = value_str((struct str){text, sizeof text});
    assert_ok(eventlog_commit(log, &e, 1, NULL, 0, &err), &err);
    assert_int_equal(eventlog_events(log, 1, 0, 0, &small, &list, &err), STATUS_LIMIT);
    assert_int_equal(events_of(log, &a, 1, 0, 0).count, 1);
    eventlog_close(&log);
    arena_free(&a);
    arena_free(&small);
}

static void an_event_of_a_newer_program_is_told(void **state)
{
    (void)state;
    struct error err;
    struct arena a;
    struct event_list list;
    arena_init(&a, 0);
    struct eventlog *log = log_new();
    query("INSERT INTO noetl.event (execution_id, event_id, event_type, status, created_at, stream_seq, "
          "stream_time_ns)"
          " VALUES (1, 1, 'step_teleported', 'X', now(), 1, 1)");
    assert_int_equal(eventlog_events(log, 1, 0, 0, &a, &list, &err), STATUS_UNSUPPORTED);
    assert_non_null(strstr(err.message, "step_teleported"));
    eventlog_close(&log);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_comes_back_exactly),
        cmocka_unit_test(members_that_an_event_lacks_are_null_and_a_json_null_is_not),
        cmocka_unit_test(the_request_of_a_sub_playbook_names_its_parent),
        cmocka_unit_test(text_that_a_column_cannot_hold_is_mended_rather_than_refused),
        cmocka_unit_test(a_part_of_an_execution_can_be_read),
        cmocka_unit_test(an_execution_over_the_end_of_a_month_is_read_in_order),
        cmocka_unit_test(an_arena_that_is_too_small_is_a_limit_and_the_log_goes_on),
        cmocka_unit_test(an_event_of_a_newer_program_is_told),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
