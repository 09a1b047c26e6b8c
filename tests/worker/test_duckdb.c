/* duckdb by its cases on the real library (scripts/duckdb), and what no text file can say of it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "runtime/process.h"
#include "tool_cases.h"
#include "worker/tools/duckdb_child.h"

static char folder[] = "/tmp/noetl-test-XXXXXX";

static const char *path(const char *name)
{
    static char text[4][160];
    static unsigned next;
    char *out = text[next++ % 4];
    snprintf(out, sizeof(text[0]), "%s/%s", folder, name);
    return out;
}

static int start(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    FILE *f = fopen(path("credentials.yaml"), "we");
    assert_non_null(f);
    fprintf(f, "lake: {type: duckdb, path: %s}\n", path("shared.duckdb"));
    fprintf(f,
            "far: {type: postgres, db_host: 127.0.0.1, db_name: x, db_user: u, db_password: hidden-word}\n");
    assert_int_equal(fclose(f), 0);
    return 0;
}

static int stop(void **state)
{
    static const char *const names[] = {"credentials.yaml", "shared.duckdb", "squares.csv",
                                        "save.duckdb",      "lock.duckdb",   "held"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(path(names[i]));
    return rmdir(folder);
}

static void open_bench(struct tool_bench *b, const char *tool)
{
    bench_open(b, tool);
    bench_set(b, "worker.credentials", path("credentials.yaml"));
}

static struct value config(struct tool_bench *b, const char *database, const char *command)
{
    struct map_builder map;
    struct value v;
    struct error err;
    map_begin(&map, &b->arena);
    if (database)
        map_put(&map, STR("database"), value_text(database));
    map_put(&map, STR("command"), value_text(command));
    assert_int_equal(map_end(&map, &v, &err), STATUS_OK);
    return v;
}

static struct value run(struct tool_bench *b, const char *database, const char *command,
                        struct bench_stop stop_at)
{
    return bench_run(b, config(b, database, command), VALUE_EMPTY_MAP, stop_at);
}

static void steps_of_duckdb_do_what_their_cases_say(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "duckdb");
    tool_cases_run(&b, "duckdb.txt", VALUE_EMPTY_MAP, "@FOLDER@", folder);
    bench_close(&b);
}

static void rows_are_saved(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "noop");
    tool_cases_run(&b, "duckdb_save.txt", VALUE_EMPTY_MAP, "@FILE@", path("save.duckdb"));
    bench_close(&b);
}

#define ENDLESS "SELECT max(sin(a.range * b.range)) FROM range(1000000000) a, range(1000000000) b"

static void a_query_is_interrupted_and_leaves_nothing(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "duckdb");
    run(&b, path("lock.duckdb"), "CREATE TABLE t (a INTEGER)", (struct bench_stop){0});
    struct value event = run(&b, path("lock.duckdb"), "INSERT INTO t VALUES (1); " ENDLESS,
                             (struct bench_stop){300, STATUS_TIMEOUT});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "timeout");
    event = run(&b, path("lock.duckdb"), "SELECT count(*) AS n FROM t", (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.data.rows"), "[{\"n\":0}]");
    bench_close(&b);
}

/* Another process locks the file as one of DuckDB does, for that long. */
static struct process hold_file(const char *seconds)
{
    static const char script[] = "import fcntl, sys, time\n"
                                 "f = open(sys.argv[1], 'r+b')\n"
                                 "fcntl.lockf(f, fcntl.LOCK_EX)\n"
                                 "open(sys.argv[2], 'w').close()\n"
                                 "time.sleep(float(sys.argv[3]))\n";
    const char *const argv[] = {"python3", "-c", script, path("lock.duckdb"), path("held"), seconds, NULL};
    const struct process_options options = {
        .argv = argv, .in = -1, .out = -1, .error = 2, .die_with_parent = true};
    struct process holder;
    struct error err;
    int code;
    unlink(path("held"));
    assert_int_equal(process_start(&options, &holder, &err), STATUS_OK);
    while (access(path("held"), F_OK) != 0)
        if (process_wait(&holder, 1, &code))
            fail_msg("the holder of the file ended with %d", code);
    return holder;
}

static void a_file_that_another_process_has_is_waited_for(void **state)
{
    struct tool_bench b;
    int code;
    (void)state;
    open_bench(&b, "duckdb");
    run(&b, path("lock.duckdb"), "SELECT 1", (struct bench_stop){0});
    struct process holder = hold_file("0.4");
    struct value event = run(&b, path("lock.duckdb"), "SELECT 1 AS one", (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.data.rows"), "[{\"one\":1}]");
    assert_true(process_wait(&holder, -1, &code));
    bench_close(&b);
}

static void a_wait_for_a_file_ends_with_its_attempt(void **state)
{
    struct tool_bench b;
    int code;
    (void)state;
    open_bench(&b, "duckdb");
    struct process holder = hold_file("600");
    struct value event = run(&b, path("lock.duckdb"), "SELECT 1", (struct bench_stop){300, STATUS_CANCELLED});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "cancelled");
    process_signal(&holder, SIGKILL);
    assert_true(process_wait(&holder, -1, &code));
    bench_close(&b);
}

static void a_process_that_dies_fails_its_attempt_alone(void **state)
{
    /* What a fault in the library does, done from outside to the child that this process starts. */
    static const char script[] =
        "import os, signal, sys\n"
        "def child_of(parent):\n"
        "    for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "        try:\n"
        "            stat = open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()\n"
        "            if stat[1] == parent and open(f'/proc/{pid}/cmdline').read().split('\\0') == "
        "['/proc/self/exe', sys.argv[2], '']:\n"
        "                return int(pid)\n"
        "        except OSError:\n"
        "            pass\n"
        "while not (pid := child_of(sys.argv[1])):\n"
        "    pass\n"
        "os.kill(pid, signal.SIGABRT)\n";
    struct tool_bench b;
    struct process killer;
    struct error err;
    char own[32];
    int code;
    (void)state;
    open_bench(&b, "duckdb");
    snprintf(own, sizeof(own), "%d", (int)getpid());
    const char *const argv[] = {"python3", "-c", script, own, DUCKDB_CHILD, NULL};
    const struct process_options options = {
        .argv = argv, .in = -1, .out = -1, .error = 2, .die_with_parent = true};
    assert_int_equal(process_start(&options, &killer, &err), STATUS_OK);
    struct value event = run(&b, NULL, ENDLESS, (struct bench_stop){60000, STATUS_TIMEOUT});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "runtime");
    assert_non_null(strstr(bench_text(&b, event, "error"), "the process of DuckDB was ended by signal 6"));
    assert_true(process_wait(&killer, -1, &code));
    event = run(&b, NULL, "SELECT 1 AS one", (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.data.rows"), "[{\"one\":1}]");
    bench_close(&b);
}

static void memory_is_bounded(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "duckdb");
    bench_set(&b, "worker.duckdb.memory", "64MiB");
    struct value event = run(&b, NULL,
                             "SET max_temp_directory_size = '0B'; "
                             "SELECT length(list(repeat('x', 1000) || range)) FROM range(1000000)",
                             (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "sql");
    assert_non_null(strstr(bench_text(&b, event, "error"), "Out of Memory Error"));
    bench_close(&b);
}

static void without_the_library_it_is_said_how_to_get_it(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "duckdb");
    bench_set(&b, "worker.duckdb.library", path("libduckdb.so"));
    struct value event = run(&b, NULL, "SELECT 1", (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "unsupported");
    assert_non_null(strstr(bench_text(&b, event, "error"), "the worker has no DuckDB: "));
    assert_non_null(strstr(bench_text(&b, event, "result.error.hint"), "worker.duckdb.library"));
    bench_close(&b);
}

static void another_library_is_none(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "duckdb");
    bench_set(&b, "worker.duckdb.library", "libm.so.6");
    struct value event = run(&b, NULL, "SELECT 1", (struct bench_stop){0});
    assert_non_null(
        strstr(bench_text(&b, event, "error"), "the worker has no DuckDB: its library has no duckdb_"));
    bench_close(&b);
}

/* Whether the extension is there or not: the password of the source is nowhere. */
static void the_password_of_a_source_is_not_shown(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b, "duckdb");
    struct value event =
        bench_run_json(&b, "{\"auth\": {\"pg\": \"far\"}, \"command\": \"SELECT * FROM pg.x\"}", "{}");
    struct str text;
    struct error err;
    assert_string_equal(bench_text(&b, event, "event_type"), "action_error");
    assert_non_null(strstr(bench_text(&b, event, "error"), "auth.pg: "));
    assert_int_equal(json_text(&b.arena, event, &text, &err), STATUS_OK);
    assert_int_equal(str_find(text, STR("hidden-word")), -1);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    if (duckdb_child_wanted(argc, argv))
        return duckdb_child_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_duckdb_do_what_their_cases_say),
        cmocka_unit_test(rows_are_saved),
        cmocka_unit_test(a_query_is_interrupted_and_leaves_nothing),
        cmocka_unit_test(a_file_that_another_process_has_is_waited_for),
        cmocka_unit_test(a_wait_for_a_file_ends_with_its_attempt),
        cmocka_unit_test(a_process_that_dies_fails_its_attempt_alone),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(without_the_library_it_is_said_how_to_get_it),
        cmocka_unit_test(another_library_is_none),
        cmocka_unit_test(the_password_of_a_source_is_not_shown),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
