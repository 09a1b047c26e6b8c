/* From what a tool gave back to the event, as JSON. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "worker/outcome.h"
#include "worker/task_log.h"
#include "worker/text.h"
#include "test_arena.h"

static struct value json(const char *text)
{
    struct value v;
    struct error err;
    assert_int_equal(json_read(&arena, str_of(text), NULL, &v, &err), STATUS_OK);
    return v;
}

/* The event's JSON. */
static const char *written(enum status s, const struct outcome *out, const struct error *failure,
                           size_t limit)
{
    struct task task = {.execution_id = 7,
                        .task_id = STR("s1v2a3"),
                        .step = STR("fetch"),
                        .type = STR("http"),
                        .visit = 2,
                        .attempt = 3,
                        .token = STR("t"),
                        .args = VALUE_EMPTY_MAP,
                        .config = VALUE_EMPTY_MAP};
    struct attempt_report attempt = {.task = &task, .worker = "w", .duration_ms = 5, .delivery = 1};
    struct event event;
    struct value v;
    struct str text;
    struct outcome settled = *out;
    struct error why = failure ? *failure : (struct error){0}, err;
    s = outcome_settle(&settled, limit, &arena, s, &why);
    assert_int_equal(outcome_event(&attempt, s, &settled, &why, &arena, &event, &err), STATUS_OK);
    assert_int_equal(event_to_value(&arena, &event, &v, &err), STATUS_OK);
    assert_int_equal(json_text(&arena, v, &text, &err), STATUS_OK);
    return text.ptr;
}

static void success_is_an_action_completed(void **state)
{
    (void)state;
    struct outcome out = {.data = json("{\"a\": 1}"), .meta = json("{\"m\": true}")};
    assert_string_equal(
        written(STATUS_OK, &out, NULL, 100),
        "{\"execution_id\":\"7\",\"event_type\":\"action_completed\",\"node_name\":\"fetch\","
        "\"node_type\":\"http\",\"status\":\"COMPLETED\",\"task_id\":\"s1v2a3\",\"visit\":2,\"attempt\":3,"
        "\"result\":{\"status\":\"success\",\"data\":{\"a\":1},\"meta\":{\"m\":true}},\"meta\":{\"token\":"
        "\"t\",\"worker\":\"w\",\"started_at\":\"1970-01-01T00:00:00.000000000Z\",\"duration_ms\":5,"
        "\"delivery\":1}}");
}

static struct value event(const char *text)
{
    return json(text);
}

static void failure_keeps_the_data_and_tells_kind_message_place_and_hint(void **state)
{
    (void)state;
    struct error failure;
    struct outcome out = {.data = json("[1]"), .error = json("{\"status_code\": 503}")};
    error_set(&failure, STATUS_UNAVAILABLE, "no answer");
    error_place(&failure, "command_0");
    error_at(&failure, 2, 3);
    error_hint(&failure, "Try later.");
    struct value e = event(written(STATUS_UNAVAILABLE, &out, &failure, 100));
    assert_true(str_is(value_as_str(VALUE_GET(e, "event_type")), "action_error"));
    assert_true(value_equal(
        VALUE_GET(e, "result"),
        json("{\"status\": \"error\", \"data\": [1], \"error\": {\"kind\": \"unavailable\", \"message\": "
             "\"command_0:2:3: no answer\", \"place\": \"command_0\", \"line\": 2, \"column\": 3, \"hint\": "
             "\"Try "
             "later.\", \"status_code\": 503}}")));
    assert_true(str_is(value_as_str(VALUE_GET(e, "error")), "command_0:2:3: no answer (Try later.)"));
}

static void a_tool_may_name_its_own_kind(void **state)
{
    (void)state;
    struct error failure;
    struct outcome out = {.error = json("{\"kind\": \"exception\"}")};
    error_set(&failure, STATUS_RUNTIME, "ValueError: x");
    struct value e = event(written(STATUS_RUNTIME, &out, &failure, 100));
    assert_true(str_is(value_as_str(value_get_path(e, STR("result.error.kind"))), "exception"));
}

static void data_over_the_limit_fail_with_size_and_limit(void **state)
{
    (void)state;
    struct outcome out = {.data = json("\"12345678\"")};
    struct value e = event(written(STATUS_OK, &out, NULL, 10));
    assert_true(str_is(value_as_str(value_get_path(e, STR("result.status"))), "success"));
    e = event(written(STATUS_OK, &out, NULL, 9));
    assert_true(str_is(value_as_str(value_get_path(e, STR("result.error.kind"))), "limit"));
    assert_true(str_find(value_as_str(VALUE_GET(e, "error")), STR("10 bytes")) >= 0);
    assert_int_equal(value_get_path(e, STR("result.data")).type, VALUE_NULL);
}

static void data_that_json_cannot_carry_fail(void **state)
{
    (void)state;
    struct outcome out = {.data = value_float(NAN)};
    struct value e = event(written(STATUS_OK, &out, NULL, 100));
    assert_true(str_is(value_as_str(value_get_path(e, STR("result.error.kind"))), "invalid"));
}

static void absent_data_are_null(void **state)
{
    (void)state;
    struct outcome out = {.data = {.type = VALUE_UNDEFINED}};
    struct value e = event(written(STATUS_OK, &out, NULL, 100));
    assert_int_equal(value_get_path(e, STR("result.data")).type, VALUE_NULL);
    assert_true(value_is_absent(value_get_path(e, STR("result.meta"))));
}

static void the_log_is_cut_and_says_so(void **state)
{
    (void)state;
    struct buf log;
    task_log_init(&log, 8);
    assert_int_equal(task_log_limit(&log), 8);
    buf_add_text(&log, "12345678");
    task_log_end(&log, 20);
    struct outcome out = {.log = &log};
    struct value e = event(written(STATUS_OK, &out, NULL, 100));
    assert_true(str_is(value_as_str(value_get_path(e, STR("meta.log"))),
                       "12345678\n[cut: 8 of 20 bytes kept, see worker.log_limit]\n"));
    buf_free(&log);
}

static void text_is_cleaned_of_what_json_and_postgres_cannot_hold(void **state)
{
    (void)state;
    assert_true(is_text(STR("a\xc3\xa9")));
    assert_false(is_text((struct str){"a\0b", 3}));
    assert_false(is_text(STR("\xff")));
    assert_true(str_is(text_clean(&arena, (struct str){"a\0\xff\xc3\xa9\xc3", 6}),
                       "a\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd"));
    assert_true(str_is(text_clean(&arena, STR("")), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_an_action_completed),
        cmocka_unit_test(failure_keeps_the_data_and_tells_kind_message_place_and_hint),
        cmocka_unit_test(a_tool_may_name_its_own_kind),
        cmocka_unit_test(data_over_the_limit_fail_with_size_and_limit),
        cmocka_unit_test(data_that_json_cannot_carry_fail),
        cmocka_unit_test(absent_data_are_null),
        cmocka_unit_test(the_log_is_cut_and_says_so),
        cmocka_unit_test(text_is_cleaned_of_what_json_and_postgres_cannot_hold),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
