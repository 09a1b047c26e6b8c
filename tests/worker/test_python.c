/* python by its cases, and what no text file can say of it. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "gone.h"
#include "tool_cases.h"

static void python_runs_code(void **state)
{
    (void)state;
    struct tool_bench b;
    setenv("PGPASSWORD", "secret", 1);
    bench_open(&b, "python");
    tool_cases_run(&b, "python.txt", VALUE_EMPTY_MAP, NULL, NULL);
    bench_close(&b);
}

static struct value code(struct tool_bench *b, const char *key, const char *text)
{
    struct map_builder map;
    struct value v;
    struct error err;
    map_begin(&map, &b->arena);
    map_put(&map, str_of(key), value_text(text));
    assert_int_equal(map_end(&map, &v, &err), STATUS_OK);
    return v;
}

static struct value run(struct tool_bench *b, const char *text, struct bench_stop stop)
{
    return bench_run(b, code(b, "code", text), VALUE_EMPTY_MAP, stop);
}

static void endless_code_is_killed_and_the_next_task_runs(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    run(&b, "result = 1", (struct bench_stop){0}); /* on a busy machine Python is slow to start */
    struct value event =
        run(&b, "print('begun')\nwhile True: pass", (struct bench_stop){3000, STATUS_TIMEOUT});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "timeout");
    assert_string_equal(bench_text(&b, event, "meta.log"), "begun\n");
    event = run(&b, "result = 1", (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.data"), "1");
    bench_close(&b);
}

static void processes_that_code_started_are_killed_with_it(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    run(&b, "import subprocess", (struct bench_stop){0}); /* on a busy machine Python is slow to start */
    struct value event = run(
        &b, "import subprocess\np = subprocess.Popen(['sleep', '1000'])\nprint(p.pid, flush=True)\np.wait()",
        (struct bench_stop){3000, STATUS_CANCELLED});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "cancelled");
    char pid[32];
    snprintf(pid, sizeof(pid), "%ld", strtol(bench_text(&b, event, "meta.log"), NULL, 10));
    assert_int_not_equal(atoi(pid), 0);
    assert_true(process_is_gone((pid_t)atoi(pid)));
    bench_close(&b);
}

static void a_child_left_behind_is_gone_after_the_task(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    struct value event = run(&b, "import subprocess\nresult = str(subprocess.Popen(['sleep', '1000']).pid)",
                             (struct bench_stop){0});
    assert_true(process_is_gone((pid_t)atoi(bench_text(&b, event, "result.data"))));
    bench_close(&b);
}

static void the_process_stays_warm(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    const char *text = "import os\nresult = os.getpid()";
    const char *first = bench_text(&b, run(&b, text, (struct bench_stop){0}), "result.data");
    const char *second = bench_text(&b, run(&b, text, (struct bench_stop){0}), "result.data");
    assert_string_equal(first, second);
    bench_close(&b);
}

static void closing_ends_the_process(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    struct value event = run(&b, "import os\nresult = str(os.getpid())", (struct bench_stop){0});
    char pid[32];
    snprintf(pid, sizeof(pid), "%s", bench_text(&b, event, "result.data"));
    bench_close(&b);
    assert_true(process_is_gone((pid_t)atoi(pid)));
}

static void a_missing_python_is_told_with_the_setting(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    bench_set(&b, "worker.python", "no-such-python");
    struct value event = run(&b, "result = 1", (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "not_found");
    assert_non_null(strstr(bench_text(&b, event, "result.error.hint"), "worker.python"));
    bench_close(&b);
}

static void a_program_that_is_no_python_is_told(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    bench_set(&b, "worker.python", "false");
    struct value event = run(&b, "result = 1", (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "runtime");
    assert_non_null(strstr(bench_text(&b, event, "error"), "starting false"));
    bench_close(&b);
}

static void a_file_runs_and_shows_in_tracebacks(void **state)
{
    (void)state;
    struct tool_bench b;
    char path[] = "/tmp/noetl-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    const char text[] = "def main(n):\n    return 1 // n\n";
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    bench_open(&b, "python");
    struct value config = code(&b, "file", path), args;
    struct map_builder map;
    struct error err;
    map_begin(&map, &b.arena);
    map_put(&map, STR("n"), value_int(0));
    assert_int_equal(map_end(&map, &args, &err), STATUS_OK);
    struct value event = bench_run(&b, config, args, (struct bench_stop){0});
    assert_non_null(strstr(bench_text(&b, event, "result.error.traceback"), path));
    assert_string_equal(bench_text(&b, event, "result.error.line"), "2");
    bench_close(&b);
    unlink(path);
}

static void tracebacks_show_only_the_steps_code(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    struct value event = run(&b,
                             "def main():\n    try:\n        1 // 0\n    except ZeroDivisionError as e:\n"
                             "        raise RuntimeError('outer') from e\n",
                             (struct bench_stop){0});
    const char *traceback = bench_text(&b, event, "result.error.traceback");
    assert_non_null(strstr(traceback, "File \"<step probe>\", line 3, in main\n    1 // 0"));
    assert_non_null(strstr(traceback, "RuntimeError: outer"));
    assert_null(strstr(traceback, "<noetl>"));
    bench_close(&b);
}

static void large_args_reach_the_code(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "python");
    char *text = malloc(5000001);
    assert_non_null(text);
    memset(text, 'x', 5000000);
    text[5000000] = 0;
    struct map_builder map;
    struct value args;
    struct error err;
    map_begin(&map, &b.arena);
    map_put(&map, STR("text"), value_text(text));
    assert_int_equal(map_end(&map, &args, &err), STATUS_OK);
    struct value event =
        bench_run(&b, code(&b, "code", "def main(text): return len(text)"), args, (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.data"), "5000000");
    free(text);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(python_runs_code),
        cmocka_unit_test(endless_code_is_killed_and_the_next_task_runs),
        cmocka_unit_test(processes_that_code_started_are_killed_with_it),
        cmocka_unit_test(a_child_left_behind_is_gone_after_the_task),
        cmocka_unit_test(the_process_stays_warm),
        cmocka_unit_test(closing_ends_the_process),
        cmocka_unit_test(a_missing_python_is_told_with_the_setting),
        cmocka_unit_test(a_program_that_is_no_python_is_told),
        cmocka_unit_test(a_file_runs_and_shows_in_tracebacks),
        cmocka_unit_test(tracebacks_show_only_the_steps_code),
        cmocka_unit_test(large_args_reach_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
