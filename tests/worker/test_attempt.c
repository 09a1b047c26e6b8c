/* What belongs to an attempt behind its tool, with the tools that need no server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "tool_cases.h"

static void run_cases(const char *file)
{
    struct tool_bench b;
    bench_open(&b, "noop"); /* its data is its args */
    tool_cases_run(&b, file, VALUE_EMPTY_MAP, NULL, NULL);
    bench_close(&b);
}

static void what_assert_returns_names_has_to_be_there(void **state)
{
    (void)state;
    run_cases("assert.txt");
}

static void what_save_lists_is_written(void **state)
{
    (void)state;
    run_cases("save.txt");
}

static struct value json(struct tool_bench *b, const char *text)
{
    struct value v;
    struct error err;
    assert_int_equal(json_read(&b->arena, str_of(text), NULL, &v, &err), STATUS_OK);
    return v;
}

static void a_save_is_stopped_with_its_attempt(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "noop");
    b.after = json(&b, "{\"saves\": [{\"tool\": \"shell\", \"keys\": {\"command\": \"sleep 1000\"}}]}");
    struct value event =
        bench_run(&b, VALUE_EMPTY_MAP, json(&b, "{\"n\": 1}"), (struct bench_stop){200, STATUS_TIMEOUT});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "timeout");
    assert_non_null(strstr(bench_text(&b, event, "error"), "save to shell: "));
    assert_string_equal(bench_text(&b, event, "result.data"), "{\"n\":1}");
    bench_close(&b);
}

static void data_that_cannot_travel_is_not_saved(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "noop");
    bench_set(&b, "worker.result_limit", "1KiB");
    b.after = json(&b, "{\"saves\": [{\"tool\": \"shell\", \"keys\": {\"command\": \"true\"}}]}");
    struct str text = arena_printf(&b.arena, "{\"x\": \"%0*d\"}", 2000, 0);
    struct value event = bench_run(&b, VALUE_EMPTY_MAP, json(&b, text.ptr), (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "limit");
    assert_string_equal(bench_text(&b, event, "result.meta.saved"), "");
    bench_close(&b);
}

static void what_is_random_in_a_save_is_the_same_when_its_task_comes_again(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "noop");
    b.after = json(
        &b, "{\"saves\": [{\"tool\": \"python\", \"keys\": {\"code\": \"print(data)\", \"data\": \"{{ uuid() "
            "}}\"}},"
            " {\"tool\": \"python\", \"keys\": {\"code\": \"print(data)\", \"data\": \"{{ uuid() }}\"}}]}");
    struct value first = bench_run_json(&b, "{}", "{}"), again = bench_run_json(&b, "{}", "{}");
    const char *log = bench_text(&b, first, "meta.log");
    assert_string_equal(log, bench_text(&b, again, "meta.log"));
    struct str lines = str_of(log), one = str_split(&lines, '\n');
    assert_int_equal(one.len, 36);
    assert_false(str_equal(one, str_split(&lines, '\n')));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_assert_returns_names_has_to_be_there),
        cmocka_unit_test(what_save_lists_is_written),
        cmocka_unit_test(a_save_is_stopped_with_its_attempt),
        cmocka_unit_test(data_that_cannot_travel_is_not_saved),
        cmocka_unit_test(what_is_random_in_a_save_is_the_same_when_its_task_comes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
