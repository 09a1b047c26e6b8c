/* noop and shell by their cases, and what no text file can say of the shell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tool_cases.h"

static void noop_gives_its_args(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "noop");
    tool_cases_run(&b, "noop.txt", VALUE_EMPTY_MAP, NULL, NULL);
    bench_close(&b);
}

static void shell_runs_commands(void **state)
{
    (void)state;
    struct tool_bench b;
    setenv("PGPASSWORD", "secret", 1);
    setenv("NOETL_POSTGRES_URL", "secret", 1);
    setenv("NATS_PASSWORD", "secret", 1);
    bench_open(&b, "shell");
    tool_cases_run(&b, "shell.txt", VALUE_EMPTY_MAP, NULL, NULL);
    bench_close(&b);
}

static struct value command(struct tool_bench *b, const char *text)
{
    struct map_builder map;
    struct value v;
    struct error err;
    map_begin(&map, &b->arena);
    map_put(&map, STR("command"), value_text(text));
    assert_int_equal(map_end(&map, &v, &err), STATUS_OK);
    return v;
}

static void a_command_is_stopped_with_its_group_and_keeps_what_it_printed(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "shell");
    struct value event = bench_run(&b, command(&b, "echo begun; sleep 1000; echo never"), VALUE_EMPTY_MAP,
                                   (struct bench_stop){300, STATUS_TIMEOUT});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "timeout");
    assert_string_equal(bench_text(&b, event, "result.data.stdout"), "begun\n");
    bench_close(&b);
}

static void a_command_that_ignores_sigterm_is_stopped(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "shell");
    struct value event = bench_run(&b, command(&b, "trap '' TERM INT; while :; do sleep 1; done"),
                                   VALUE_EMPTY_MAP, (struct bench_stop){200, STATUS_CANCELLED});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "cancelled");
    bench_close(&b);
}

static void much_stdin_passes_while_much_output_comes(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "shell");
    bench_set(&b, "worker.result_limit", "8MiB");
    char *text = malloc(3000001);
    assert_non_null(text);
    memset(text, 'x', 3000000);
    text[3000000] = 0;
    struct map_builder map;
    struct value config;
    struct error err;
    map_begin(&map, &b.arena);
    map_put(&map, STR("command"), value_text("cat"));
    map_put(&map, STR("stdin"), value_text(text));
    assert_int_equal(map_end(&map, &config, &err), STATUS_OK);
    struct value event = bench_run(&b, config, VALUE_EMPTY_MAP, (struct bench_stop){0});
    assert_int_equal(value_get_path(event, STR("result.data.stdout")).len, 3000000);
    free(text);
    bench_close(&b);
}

static void an_unknown_tool_is_named_with_those_that_there_are(void **state)
{
    (void)state;
    const struct tool *tool;
    struct error err;
    const struct task cobol = {.type = STR("cobol")}, noop = {.type = STR("noop")};
    assert_int_equal(tool_for(&cobol, false, &tool, &err), STATUS_UNSUPPORTED);
    assert_string_equal(err.message, "this worker has no tool \"cobol\"");
    assert_string_equal(err.hint,
                        "The tools are: noop, python, http, postgres, shell, nats, secrets, duckdb.");
    assert_int_equal(tool_for(&noop, true, &tool, &err), STATUS_UNSUPPORTED);
    assert_string_equal(err.message, "this worker has no storage \"noop\"");
    assert_string_equal(err.hint, "The storages are: python, http, postgres, shell, duckdb.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noop_gives_its_args),
        cmocka_unit_test(shell_runs_commands),
        cmocka_unit_test(a_command_is_stopped_with_its_group_and_keeps_what_it_printed),
        cmocka_unit_test(a_command_that_ignores_sigterm_is_stopped),
        cmocka_unit_test(much_stdin_passes_while_much_output_comes),
        cmocka_unit_test(an_unknown_tool_is_named_with_those_that_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
