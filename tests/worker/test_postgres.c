/* postgres by its cases against a real server, and what no text file can say of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <libpq-fe.h>

#include "core/json.h"
#include "servers.h"
#include "tool_cases.h"

static struct servers servers;

static int start(void **state)
{
    (void)state;
    servers_start_postgres(&servers);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    servers_stop(&servers);
    return 0;
}

static struct value step(struct tool_bench *b, const char *url, const char *command)
{
    struct map_builder map;
    struct value v;
    struct error err;
    map_begin(&map, &b->arena);
    if (url)
        map_put(&map, STR("url"), value_text(url));
    if (command)
        map_put(&map, STR("command"), value_text(command));
    assert_int_equal(map_end(&map, &v, &err), STATUS_OK);
    return v;
}

static struct value run(struct tool_bench *b, const char *command)
{
    return bench_run(b, step(b, servers.postgres.playbook_url, command), VALUE_EMPTY_MAP,
                     (struct bench_stop){0});
}

static void postgres_runs_statements(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "postgres");
    tool_cases_run(&b, "postgres.txt", step(&b, servers.postgres.playbook_url, NULL), NULL, NULL);
    bench_close(&b);
}

static void rows_are_saved(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "noop");
    tool_cases_run(&b, "postgres_save.txt", VALUE_EMPTY_MAP, "@URL@", servers.postgres.playbook_url);
    bench_close(&b);
}

static struct value json(struct tool_bench *b, struct str text)
{
    struct value v;
    struct error err;
    assert_int_equal(json_read(&b->arena, text, NULL, &v, &err), STATUS_OK);
    return v;
}

/* Runs noop with `args`, and one entry of save with `keys` (JSON without its braces). */
static struct value save(struct tool_bench *b, const char *keys, const char *args, struct bench_stop stop)
{
    b->after = json(
        b, arena_printf(&b->arena, "{\"saves\": [{\"tool\": \"postgres\", \"keys\": {\"url\": \"%s\", %s}}]}",
                        servers.postgres.playbook_url, keys));
    return bench_run(b, VALUE_EMPTY_MAP, json(b, str_of(args)), stop);
}

static void a_save_that_waits_for_a_lock_is_stopped_and_leaves_nothing(void **state)
{
    (void)state;
    struct tool_bench b, holder;
    bench_open(&b, "noop");
    bench_open(&holder, "postgres");
    run(&holder, "CREATE TABLE held (id int PRIMARY KEY)");
    PGconn *other = PQconnectdb(servers.postgres.playbook_url);
    PQclear(PQexec(other, "BEGIN; INSERT INTO held VALUES (2)"));
    struct value event =
        save(&b, "\"table\": \"held\", \"data\": \"{{ result.rows }}\"",
             "{\"rows\": [{\"id\": 1}, {\"id\": 2}]}", (struct bench_stop){300, STATUS_TIMEOUT});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "timeout");
    assert_non_null(strstr(bench_text(&b, event, "error"), "save to postgres: table held, data[1]"));
    PQclear(PQexec(other, "ROLLBACK"));
    PQfinish(other);
    event = run(&holder, "SELECT count(*) AS n FROM held");
    assert_string_equal(bench_text(&holder, event, "result.data.rows"), "[{\"n\":0}]");
    bench_close(&holder);
    bench_close(&b);
}

static void many_rows_are_saved(void **state)
{
    (void)state;
    struct tool_bench b;
    struct buf rows;
    bench_open(&b, "noop");
    buf_init(&rows, 0);
    for (int i = 0; i < 5000; i++)
        buf_printf(&rows, "%s{\"id\": %d, \"tags\": [%d]}", i ? ", " : "{\"rows\": [", i, i);
    buf_add_text(&rows, "]}");
    save(&b, "\"statement\": \"CREATE TABLE many (id int PRIMARY KEY, tags int[])\"", "{}",
         (struct bench_stop){0});
    struct value event = save(
        &b, "\"table\": \"many\", \"mode\": \"upsert\", \"key\": \"id\", \"data\": \"{{ result.rows }}\"",
        rows.data, (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.meta.saved"),
                        "[{\"storage\":\"postgres\",\"rowcount\":5000}]");
    buf_free(&rows);
    bench_close(&b);
}

static void the_row_that_fails_is_found_among_many(void **state)
{
    (void)state;
    struct tool_bench b, other;
    struct buf rows;
    bench_open(&b, "noop");
    bench_open(&other, "postgres");
    run(&other, "CREATE TABLE several (id int PRIMARY KEY)");
    buf_init(&rows, 0);
    for (int i = 0; i < 1000; i++)
        buf_printf(&rows, "%s{\"id\": %d}", i ? ", " : "{\"rows\": [", i == 700 ? 3 : i);
    buf_add_text(&rows, "]}");
    const char *keys = "\"table\": \"several\", \"data\": \"{{ result.rows }}\"";
    struct value event = save(&b, keys, rows.data, (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.constraint"), "several_pkey");
    assert_non_null(strstr(bench_text(&b, event, "error"), "save to postgres: table several, data[700]: "));
    event = save(&b, keys, "{\"rows\": [{\"id\": 1}]}", (struct bench_stop){0}); /* on the same connection */
    assert_string_equal(bench_text(&b, event, "event_type"), "action_completed");
    event = run(&other, "SELECT count(*) AS n FROM several");
    assert_string_equal(bench_text(&other, event, "result.data.rows"), "[{\"n\":1}]");
    buf_free(&rows);
    bench_close(&other);
    bench_close(&b);
}

static void a_password_in_the_keys_of_a_save_is_not_told(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "noop");
    struct value event =
        save(&b, "\"db_password\": \"sehr-geheim\", \"table\": \"t\"", "{\"id\": 1}", (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "denied");
    assert_null(strstr(bench_text(&b, event, "error"), "sehr-geheim"));
    bench_close(&b);
}

static void a_statement_is_cancelled_on_the_server(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "postgres");
    struct value event =
        bench_run(&b, step(&b, servers.postgres.playbook_url, "SELECT pg_sleep(1000), 'marker of the test'"),
                  VALUE_EMPTY_MAP, (struct bench_stop){300, STATUS_TIMEOUT});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "timeout");
    const char *left = NULL;
    for (int i = 0; i < 100; i++) { /* the server needs a moment to see it */
        event = run(&b, "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND "
                        "query LIKE '%marker of the test%' AND pid <> pg_backend_pid()");
        struct value rows = value_get_path(event, STR("result.data.rows"));
        assert_int_equal(rows.len, 1);
        left = VALUE_GET(rows.u.list[0], "n").u.i == 0 ? "none" : "some";
        if (strcmp(left, "none") == 0)
            break;
        usleep(50000);
    }
    assert_string_equal(left, "none");
    bench_close(&b);
}

static int64_t backend(struct tool_bench *b)
{
    struct value rows = value_get_path(run(b, "SELECT pg_backend_pid() AS pid"), STR("result.data.rows"));
    assert_int_equal(rows.len, 1);
    return VALUE_GET(rows.u.list[0], "pid").u.i;
}

static void the_connection_is_kept_and_replaced_when_it_was_lost(void **state)
{
    (void)state;
    struct tool_bench b, other;
    char command[64];
    bench_open(&b, "postgres");
    bench_open(&other, "postgres");
    int64_t first = backend(&b);
    assert_int_equal(backend(&b), first);
    snprintf(command, sizeof(command), "SELECT pg_terminate_backend(%ld) AS ended", (long)first);
    run(&other, command);
    assert_int_not_equal(backend(&b), first);
    bench_close(&other);
    bench_close(&b);
}

static void a_connection_that_ends_in_a_statement_is_told(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "postgres");
    struct value event = run(&b, "SELECT pg_terminate_backend(pg_backend_pid())");
    assert_string_equal(bench_text(&b, event, "event_type"), "action_error");
    event = run(&b, "SELECT 1 AS one");
    assert_string_equal(bench_text(&b, event, "event_type"), "action_completed");
    bench_close(&b);
}

static void a_server_that_is_not_there_is_told_without_the_password(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "postgres");
    struct value event = bench_run(&b, step(&b, "postgresql://ann:sehr-geheim@127.0.0.1:1/db", "SELECT 1"),
                                   VALUE_EMPTY_MAP, (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "unavailable");
    assert_non_null(strstr(bench_text(&b, event, "error"), "127.0.0.1"));
    assert_null(strstr(bench_text(&b, event, "error"), "sehr-geheim"));
    bench_close(&b);
}

static void a_wrong_password_is_denied(void **state)
{
    (void)state;
    struct tool_bench b;
    char url[160];
    bench_open(&b, "postgres");
    snprintf(url, sizeof(url), "postgresql://playbook:wrong-password@127.0.0.1:%u/noetl",
             servers.postgres.port);
    struct value event = bench_run(&b, step(&b, url, "SELECT 1"), VALUE_EMPTY_MAP, (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "denied");
    assert_null(strstr(bench_text(&b, event, "error"), "wrong-password"));
    bench_close(&b);
}

static void a_step_without_a_database_is_told_what_to_give(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "postgres");
    struct value event = bench_run_json(&b, "{\"command\": \"SELECT 1\"}", "{}");
    assert_string_equal(bench_text(&b, event, "result.error.message"), "the step names no database");
    bench_close(&b);
}

/* user:password@host:port/db of the private server, taken apart */
static void fields_of(const char *url, char user[64], char password[64])
{
    struct str rest = str_of(url);
    rest.ptr += strlen("postgresql://");
    rest.len -= strlen("postgresql://");
    struct str login = str_split(&rest, '@'), name = str_split(&login, ':');
    snprintf(user, 64, "%.*s", ARGSTR(name));
    snprintf(password, 64, "%.*s", ARGSTR(login));
}

static void a_credential_gives_the_connection_and_the_step_may_override_it(void **state)
{
    (void)state;
    struct tool_bench b;
    char user[64], password[64], path[] = "/tmp/noetl-test-XXXXXX";
    fields_of(servers.postgres.playbook_url, user, password);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd,
            "warehouse:\n  type: postgres\n  db_host: 127.0.0.1\n  db_port: %u\n  db_name: no_such_db\n  "
            "db_user: %s\n"
            "  db_password: '%s'\n",
            servers.postgres.port, user, password);
    close(fd);
    bench_open(&b, "postgres");
    bench_set(&b, "worker.credentials", path);
    struct value event = bench_run_json(
        &b,
        "{\"auth\": \"warehouse\", \"db_name\": \"noetl\", \"command\": \"SELECT current_database() AS d\"}",
        "{}");
    struct value rows = value_get_path(event, STR("result.data.rows"));
    assert_int_equal(rows.len, 1);
    assert_true(str_is(value_as_str(VALUE_GET(rows.u.list[0], "d")), "noetl"));
    event = bench_run_json(&b, "{\"auth\": \"warehouse\", \"command\": \"SELECT 1\"}", "{}");
    assert_non_null(strstr(bench_text(&b, event, "error"), "no_such_db"));
    event = bench_run_json(&b,
                           "{\"auth\": {\"pg\": {\"credential\": \"warehouse\", \"db_name\": \"noetl\"}}, "
                           "\"command\": \"SELECT 1\"}",
                           "{}");
    assert_string_equal(bench_text(&b, event, "event_type"), "action_completed");
    bench_close(&b);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postgres_runs_statements),
        cmocka_unit_test(rows_are_saved),
        cmocka_unit_test(a_save_that_waits_for_a_lock_is_stopped_and_leaves_nothing),
        cmocka_unit_test(many_rows_are_saved),
        cmocka_unit_test(the_row_that_fails_is_found_among_many),
        cmocka_unit_test(a_password_in_the_keys_of_a_save_is_not_told),
        cmocka_unit_test(a_statement_is_cancelled_on_the_server),
        cmocka_unit_test(the_connection_is_kept_and_replaced_when_it_was_lost),
        cmocka_unit_test(a_connection_that_ends_in_a_statement_is_told),
        cmocka_unit_test(a_server_that_is_not_there_is_told_without_the_password),
        cmocka_unit_test(a_wrong_password_is_denied),
        cmocka_unit_test(a_step_without_a_database_is_told_what_to_give),
        cmocka_unit_test(a_credential_gives_the_connection_and_the_step_may_override_it),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
