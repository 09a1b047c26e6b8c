/* http by its cases against a real server, and what no text file can say of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "http_server.h"
#include "tool_cases.h"

static struct http_server server;

static int start(void **state)
{
    (void)state;
    unsetenv("http_proxy");
    unsetenv("HTTP_PROXY");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    http_server_start(&server);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_stop(&server);
    return 0;
}

static void http_sends_requests(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "http");
    tool_cases_run(&b, "http.txt", VALUE_EMPTY_MAP, "$URL", server.url);
    bench_close(&b);
}

static void http_is_a_storage(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "noop");
    tool_cases_run(&b, "http_save.txt", VALUE_EMPTY_MAP, "$URL", server.url);
    bench_close(&b);
}

static struct value request(struct tool_bench *b, const char *path, const char *auth)
{
    struct map_builder map;
    struct value v;
    struct error err;
    map_begin(&map, &b->arena);
    struct str url = arena_printf(&b->arena, "%s%s", server.url, path);
    map_put(&map, STR("endpoint"), value_str(url));
    if (auth)
        map_put(&map, STR("auth"), value_text(auth));
    assert_int_equal(map_end(&map, &v, &err), STATUS_OK);
    return v;
}

static void a_request_is_stopped_while_it_waits(void **state)
{
    (void)state;
    struct tool_bench b;
    bench_open(&b, "http");
    struct value event = bench_run(&b, request(&b, "/slow/60", NULL), VALUE_EMPTY_MAP,
                                   (struct bench_stop){200, STATUS_CANCELLED});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "cancelled");
    event = bench_run(&b, request(&b, "/json", NULL), VALUE_EMPTY_MAP, (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.data.status_code"), "200");
    bench_close(&b);
}

static void a_credential_is_found_by_name_and_never_reported(void **state)
{
    (void)state;
    struct tool_bench b;
    char path[] = "/tmp/noetl-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    const char text[] = "tickets: {type: bearer, token: very-secret-token}\n";
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    bench_open(&b, "http");
    bench_set(&b, "worker.credentials", path);
    struct value event =
        bench_run(&b, request(&b, "/echo", "tickets"), VALUE_EMPTY_MAP, (struct bench_stop){0});
    assert_string_equal(bench_text(&b, event, "result.data.json.headers.authorization"), "Bearer ***");
    struct str json;
    struct error err;
    assert_int_equal(json_text(&b.arena, event, &json, &err), STATUS_OK);
    assert_true(str_find(json, STR("very-secret-token")) < 0);
    bench_close(&b);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_sends_requests),
        cmocka_unit_test(http_is_a_storage),
        cmocka_unit_test(a_request_is_stopped_while_it_waits),
        cmocka_unit_test(a_credential_is_found_by_name_and_never_reported),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
