/* event.h and task.h: the JSON forms, and times as text. */
#include "check.h"
#include "core/event.h"
#include "core/json.h"
#include "core/task.h"
#include "test_arena.h"

static struct value json(const char *text)
{
    struct value v = {0};
    struct error err;
    assert_ok(json_read(&arena, str_of(text), NULL, &v, &err), &err);
    return v;
}

static void assert_json(struct value v, const char *expected)
{
    struct str text;
    struct error err;
    assert_ok(json_text(&arena, v, &text, &err), &err);
    assert_string_equal(text.ptr, expected);
}

static const char EVENT[] = "{\"execution_id\":\"7330114218393600\",\"event_id\":7,\"event_type\":\"action_"
                            "error\",\"node_name\":\"fetch\","
                            "\"node_type\":\"http\",\"status\":\"FAILED\",\"created_at\":\"2026-01-02T03:04:"
                            "05.678901234Z\",\"task_id\":\"s1v2a3\","
                            "\"visit\":2,\"attempt\":3,\"context\":{\"a\":1},\"result\":null,\"error\":\"It "
                            "broke.\",\"meta\":{\"token\":\"t\"}}";

static void an_event_is_read_as_it_is_written(void **state)
{
    (void)state;
    struct event e;
    struct value v;
    struct error err;
    assert_ok(event_from_value(json(EVENT), &e, &err), &err);
    assert_true(e.execution_id == 7330114218393600);
    assert_int_equal(e.event_id, 7);
    assert_int_equal(e.type, EVENT_ACTION_ERROR);
    assert_true(e.time_ns == 1767323045678901234);
    assert_str(e.node_name, "fetch");
    assert_str(e.node_type, "http");
    assert_str(e.task_id, "s1v2a3");
    assert_int_equal(e.visit, 2);
    assert_int_equal(e.attempt, 3);
    assert_str(e.error, "It broke.");
    assert_int_equal(e.result.type, VALUE_NULL);
    assert_ok(event_to_value(&arena, &e, &v, &err), &err);
    assert_json(v, EVENT);
}

static void members_without_a_value_are_left_out(void **state)
{
    (void)state;
    struct event e = {.execution_id = 5, .type = EVENT_EXECUTION_START};
    struct value v;
    struct error err;
    assert_ok(event_to_value(&arena, &e, &v, &err), &err);
    assert_json(v, "{\"execution_id\":\"5\",\"event_type\":\"execution_start\",\"status\":\"STARTED\"}");
    struct event back = {.visit = 99};
    assert_ok(event_from_value(v, &back, &err), &err);
    assert_int_equal(back.visit, 0);
    assert_int_equal(back.time_ns, 0);
    assert_str(back.task_id, "");
    assert_true(value_is_absent(back.context));
}

static void what_is_shown_of_an_event_has_no_tokens(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"execution_id\":\"5\",\"event_type\":\"action_completed\",\"status\":\"COMPLETED\","
         "\"context\":{\"token_seed\":\"a\"},\"result\":{\"token\":\"b\"},\"meta\":{\"worker\":\"w\","
         "\"token\":"
         "\"t\",\"delivery\":1}}",
         "{\"execution_id\":\"5\",\"event_type\":\"action_completed\",\"status\":\"COMPLETED\","
         "\"context\":{\"token_seed\":\"a\"},\"result\":{\"token\":\"b\"},\"meta\":{\"worker\":\"w\","
         "\"delivery\":1}}"},
        {"{\"execution_id\":\"5\",\"event_type\":\"execution_requested\",\"status\":\"PENDING\","
         "\"context\":{\"path\":\"p\",\"token_seed\":\"s\",\"workload\":{\"token_seed\":\"mine\"}}}",
         "{\"execution_id\":\"5\",\"event_type\":\"execution_requested\",\"status\":\"PENDING\","
         "\"context\":{\"path\":\"p\",\"workload\":{\"token_seed\":\"mine\"}}}"},
        {"{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"status\":\"RUNNING\"}",
         "{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"status\":\"RUNNING\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event e, shown;
        struct value v;
        struct error err;
        assert_ok(event_from_value(json(cases[i][0]), &e, &err), &err);
        assert_ok(event_shown(&arena, &e, &shown, &err), &err);
        assert_ok(event_to_value(&arena, &shown, &v, &err), &err);
        assert_json(v, cases[i][1]);
        assert_ok(event_to_value(&arena, &e, &v, &err), &err);
        assert_json(v, cases[i][0]);
    }
}

static void a_wrong_event_is_refused_with_the_name_of_the_member(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"[]", "has to be a map"},
        {"{}", "execution_id"},
        {"{\"execution_id\":5}", "execution_id"},
        {"{\"execution_id\":\"-5\"}", "execution_id"},
        {"{\"execution_id\":\"5\"}", "event_type"},
        {"{\"execution_id\":\"5\",\"event_type\":\"\"}", "event_type"},
        {"{\"execution_id\":\"5\",\"event_type\":\"unheard_of\"}", "unheard_of"},
        {"{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"visit\":\"1\"}", "visit"},
        {"{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"visit\":-1}", "visit"},
        {"{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"event_id\":4294967296}", "event_id"},
        {"{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"event_id\":1.5}", "event_id"},
        {"{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"node_name\":7}", "node_name"},
        {"{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"error\":{}}", "error"},
        {"{\"execution_id\":\"5\",\"event_type\":\"step_started\",\"created_at\":\"today\"}", "created_at"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event e;
        struct error err;
        assert_status(event_from_value(json(cases[i][0]), &e, &err), STATUS_INVALID);
        if (strstr(err.message, cases[i][1]) == NULL)
            fail_msg("\"%s\" says nothing about %s", err.message, cases[i][1]);
        assert_status(event_from_value(json(cases[i][0]), &e, NULL), STATUS_INVALID);
    }
}

static void types_are_found_by_their_names(void **state)
{
    (void)state;
    for (int t = 0; t < EVENT_COUNT; t++) {
        enum event_type type = (enum event_type)t;
        assert_int_equal(event_type_from_name(str_of(event_type_name(type))), t);
        assert_true(strlen(event_type_doc(type)) > 10);
        assert_true(strlen(event_type_status(type)) > 3);
        assert_int_equal(event_type_is_final(type), t >= EVENT_EXECUTION_COMPLETE);
    }
    assert_int_equal(event_type_from_name(STR("other")), EVENT_COUNT);
    assert_int_equal(event_type_kind(EVENT_ACTION_ERROR), EVENT_KIND_FACT);
    assert_int_equal(event_type_kind(EVENT_STEP_STARTED), EVENT_KIND_DECISION);
    assert_int_equal(event_type_kind(EVENT_EXECUTION_FAILED), EVENT_KIND_LIFECYCLE);
}

static const char TASK[] =
    "{\"execution_id\":\"5\",\"task_id\":\"s3v1a1\",\"step\":\"fetch\",\"type\":\"http\","
    "\"path\":\"examples/hello\",\"visit\":1,\"attempt\":1,\"timeout_ms\":300000,\"token\":\"t\","
    "\"args\":{\"a\":1},\"config\":{\"url\":\"u\"}}";

static void a_task_is_read_as_it_is_written(void **state)
{
    (void)state;
    struct task t;
    struct value v;
    struct error err;
    assert_ok(task_from_value(json(TASK), &t, &err), &err);
    assert_str(t.step, "fetch");
    assert_true(t.timeout_ms == 300000);
    assert_ok(task_to_value(&arena, &t, &v, &err), &err);
    assert_json(v, TASK);
}

static void a_task_without_arguments_has_empty_ones(void **state)
{
    (void)state;
    struct task t;
    struct error err;
    assert_ok(task_from_value(
                  json("{\"execution_id\":\"5\",\"task_id\":\"s3v1a1\",\"step\":\"fetch\",\"type\":\"http\","
                       "\"path\":\"p\",\"visit\":1,\"attempt\":1}"),
                  &t, &err),
              &err);
    assert_int_equal(t.args.type, VALUE_MAP);
    assert_int_equal(t.args.len, 0);
    assert_int_equal(t.timeout_ms, 0);
}

static void a_wrong_task_is_refused_with_the_name_of_the_member(void **state)
{
    (void)state;
    static const char *const required[] = {"execution_id", "task_id", "step",   "type",
                                           "path",         "visit",   "attempt"};
    static const char *const typed[] = {"timeout_ms", "token", "args", "config"};
    struct task t;
    struct error err;
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        struct value without = json(TASK);
        struct map_builder b;
        map_begin(&b, &arena);
        for (uint32_t n = 0; n < without.len; n++) {
            if (!str_is(value_as_str(without.u.map->entries[n].key), required[i]))
                map_put_value(&b, without.u.map->entries[n].key, without.u.map->entries[n].value);
        }
        assert_ok(map_end(&b, &without, &err), &err);
        assert_status(task_from_value(without, &t, &err), STATUS_INVALID);
        assert_non_null(strstr(err.message, required[i]));
    }
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        struct map_builder b;
        struct value wrong;
        map_begin(&b, &arena);
        map_put_all(&b, json(TASK));
        map_put(&b, str_of(typed[i]), value_bool(true));
        assert_ok(map_end(&b, &wrong, &err), &err);
        assert_status(task_from_value(wrong, &t, &err), STATUS_INVALID);
        assert_non_null(strstr(err.message, typed[i]));
    }
}

static void times_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
        const char *written;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000000000Z"},
        {"2026-01-02T03:04:05.678901234Z", 1767323045678901234, "2026-01-02T03:04:05.678901234Z"},
        {"2026-01-02 03:04:05.5+02:00", 1767315845500000000, "2026-01-02T01:04:05.500000000Z"},
        {"2026-01-01T23:04:05-05:30", 1767328445000000000, "2026-01-02T04:34:05.000000000Z"},
        {"2024-02-29T23:59:59.999999999z", 1709251199999999999, "2024-02-29T23:59:59.999999999Z"},
        {"2000-02-29t00:00:00Z", 951782400000000000, "2000-02-29T00:00:00.000000000Z"},
        {"1969-12-31T23:59:59.9Z", -100000000, "1969-12-31T23:59:59.900000000Z"},
        {"2016-12-31T23:59:60Z", 1483228800000000000, "2017-01-01T00:00:00.000000000Z"},
        {"2026-01-02T03:04:05.6789012345678Z", 1767323045678901234, "2026-01-02T03:04:05.678901234Z"},
        {"2262-04-11T23:47:16.854775807Z", INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns = -1;
        char text[32];
        struct error err;
        assert_ok(time_parse(str_of(cases[i].text), &ns, &err), &err);
        assert_true(ns == cases[i].ns);
        time_format(ns, text);
        assert_string_equal(text, cases[i].written);
    }
    char earliest[32];
    time_format(INT64_MIN, earliest);
    assert_string_equal(earliest, "1677-09-21T00:12:43.145224192Z");
}

static void every_day_of_a_century_comes_back(void **state)
{
    (void)state;
    for (int64_t day = -20000; day < 100000; day++) {
        int64_t ns = day * 86400 * 1000000000 + 12345, back;
        char text[32];
        time_format(ns, text);
        assert_ok(time_parse(str_of(text), &back, NULL), NULL);
        assert_true(back == ns);
    }
}

static void other_texts_are_no_times(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-13-02T03:04:05Z",
        "2026-00-02T03:04:05Z",
        "2026-02-29T03:04:05Z",
        "1900-02-29T03:04:05Z",
        "2026-01-32T03:04:05Z",
        "2026-01-00T03:04:05Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:00Z",
        "2026-01-02T03:04:61Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05Zx",
        "2026-01-02T03:04:05+2:00",
        "2026-01-02T03:04:05+24:00",
        "26-01-02T03:04:05Z",
        " 2026-01-02T03:04:05Z",
        "9999-01-02T03:04:05Z",
        "0000-01-01T00:00:00Z",
        "2262-04-11T23:47:16.854775808Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ns;
        struct error err;
        assert_status(time_parse(str_of(bad[i]), &ns, &err), STATUS_INVALID);
        assert_non_null(strstr(err.message, bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_read_as_it_is_written, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(members_without_a_value_are_left_out, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(what_is_shown_of_an_event_has_no_tokens, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_wrong_event_is_refused_with_the_name_of_the_member, arena_begin,
                                        arena_end),
        cmocka_unit_test(types_are_found_by_their_names),
        cmocka_unit_test_setup_teardown(a_task_is_read_as_it_is_written, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_task_without_arguments_has_empty_ones, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_wrong_task_is_refused_with_the_name_of_the_member, arena_begin,
                                        arena_end),
        cmocka_unit_test(times_are_read_and_written),
        cmocka_unit_test(every_day_of_a_century_comes_back),
        cmocka_unit_test(other_texts_are_no_times),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
