/* The HTTP API of a publisher that runs in a process of its own. */
#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "daemon_process.h"
#include "http_client.h"
#include "playbooks.h"
#include "publisher/publisher.h"
#include "servers.h"

static struct servers servers;
static pid_t publisher;
static uint16_t port;
static char listen_at[32];
static struct arena arena; /* of the test that runs */

static pid_t start_publisher(const char *nats_url, const char *http)
{
    const char *const settings[] = {"nats.url", nats_url, "publisher.http", http, NULL};
    return daemon_process_start(publisher_serve, settings);
}

static int start(void **state)
{
    (void)state;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    servers_start_nats(&servers);
    port = port_find_free();
    snprintf(listen_at, sizeof listen_at, "127.0.0.1:%u", port);
    publisher = start_publisher(servers.nats.url, listen_at);
    for (int i = 0; i < 600; i++) {
        if (http_is_up(port))
            return 0;
        usleep(50000);
    }
    return -1;
}

static int stop(void **state)
{
    (void)state;
    int code = daemon_process_stop(publisher);
    servers_stop(&servers);
    curl_global_cleanup();
    assert_int_equal(code, 0);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct value call(const char *method, const char *path, const char *body, long code)
{
    struct http_answer answer;
    struct value v;
    struct error err;
    http_send(port, method, path, body, body ? strlen(body) : 0, false, &answer);
    if (answer.code != code)
        fail_msg("%s %s: %ld %s", method, path, answer.code, answer.text);
    assert_int_equal(json_read(&arena, (struct str){answer.text, answer.len}, NULL, &v, &err), STATUS_OK);
    free(answer.text);
    return v;
}

static const char *text_at(struct value v, const char *path)
{
    return arena_strdup(&arena, value_as_str(value_get_path(v, str_of(path))));
}

static void a_playbook_is_registered_listed_and_run(void **state)
{
    (void)state;
    struct value registered = call("POST", "/api/catalog/register", HELLO, 200);
    assert_string_equal(text_at(registered, "path"), HELLO_PATH);
    struct value list = VALUE_GET(call("GET", "/api/catalog", NULL, 200), "playbooks");
    assert_true(list.len >= 1);
    assert_string_equal(text_at(call("GET", "/api/catalog/" HELLO_PATH, NULL, 200), "text"), HELLO);

    static const char *const bodies[] = {
        "{\"path\":\"" HELLO_PATH "\"}",
        "{\"path\":\"" HELLO_PATH "\",\"parameters\":{\"greeting\":\"hi\"}}",
        "{\"path\":\"" HELLO_PATH "\",\"version\":\"latest\",\"workload\":{\"greeting\":\"hi\"}}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct value run = call("POST", "/api/executions/run", bodies[i], 200);
        assert_true(strlen(text_at(run, "execution_id")) > 0);
        assert_true(value_equal(VALUE_GET(run, "version"), VALUE_GET(registered, "version")));
    }
}

static void health_says_whether_nats_is_connected(void **state)
{
    (void)state;
    assert_string_equal(text_at(call("GET", "/health", NULL, 200), "status"), "ok");
}

static void errors_have_the_code_of_their_kind(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *body;
        long code;
        const char *kind;
    } cases[] = {
        {"POST", "/api/executions/run", "{\"path\":", 400, "syntax"},
        {"POST", "/api/executions/run", "{}", 400, "invalid"},
        {"POST", "/api/executions/run", "", 400, "invalid"},
        {"POST", "/api/executions/run", "{\"path\":\"a\",\"x\":1}", 400, "invalid"},
        {"POST", "/api/executions/run", "{\"path\":\"tests/nothing\"}", 404, "not_found"},
        {"POST", "/api/catalog/register", BROKEN, 400, "invalid"},
        {"POST", "/api/catalog/register", "workflow: [", 400, "syntax"},
        {"POST", "/api/context/render", "{\"execution_id\":", 400, "syntax"},
        {"POST", "/api/executions/7/cancel", "{\"reasn\":\"x\"}", 400, "invalid"},
        {"POST", "/api/executions/abc/cancel", "", 400, "invalid"},
        {"POST", "/api/executions/7/pause", "{\"why\":\"x\"}", 400, "invalid"},
        {"POST", "/api/executions/7/signal", "{}", 400, "invalid"},
        {"POST", "/api/executions/7/retry", "{\"from\":7}", 400, "invalid"},
        {"GET", "/api/executions/7/resume", NULL, 405, "unsupported"},
        {"GET", "/api/catalog/tests/nothing", NULL, 404, "not_found"},
        {"GET", "/api/catalog?x=1", NULL, 400, "invalid"},
        {"GET", "/nothing/here", NULL, 404, "not_found"},
        {"DELETE", "/api/executions/run", NULL, 405, "unsupported"},
        /* Nobody reads the log here. */
        {"GET", "/api/executions/42", NULL, 503, "unavailable"},
        {"GET", "/api/executions", NULL, 503, "unavailable"},
        {"POST", "/api/context/render", "{\"execution_id\":\"42\",\"template\":1}", 503, "unavailable"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value v = call(cases[i].method, cases[i].path, cases[i].body, cases[i].code);
        if (strcmp(text_at(v, "error.kind"), cases[i].kind) != 0)
            fail_msg("%s %s is %s", cases[i].method, cases[i].path, text_at(v, "error.kind"));
        assert_true(strlen(text_at(v, "error.message")) > 0);
    }
}

static void a_body_that_is_too_large_is_refused_however_it_comes(void **state)
{
    (void)state;
    size_t size = 65 << 20;
    char *body = malloc(size);
    memset(body, ' ', size);
    for (int chunked = 0; chunked < 2; chunked++) {
        struct http_answer answer;
        http_send(port, "POST", "/api/executions/run", body, size, chunked, &answer);
        assert_int_equal(answer.code, 413);
        assert_non_null(strstr(answer.text, "\"limit\""));
        free(answer.text);
    }
    free(body);
    call("GET", "/health", NULL, 200);
}

static void a_key_repeated_over_http_is_one_execution(void **state)
{
    (void)state;
    static const char request[] = "{\"path\":\"" HELLO_PATH "\",\"idempotency_key\":\"http\"}";
    call("POST", "/api/catalog/register", HELLO, 200);
    struct value one = call("POST", "/api/executions/run", request, 200);
    struct value two = call("POST", "/api/executions/run", request, 200);
    assert_string_equal(text_at(one, "execution_id"), text_at(two, "execution_id"));
    assert_true(value_equal(VALUE_GET(two, "duplicate"), value_bool(true)));
}

static void a_port_that_is_taken_ends_the_publisher_with_the_setting_to_change(void **state)
{
    (void)state;
    int code = daemon_process_wait(start_publisher(servers.nats.url, listen_at));
    assert_int_equal(code, status_exit_code(STATUS_CONFLICT));
}

static void a_listening_address_that_is_none_ends_the_publisher(void **state)
{
    (void)state;
    static const char *const wrong[] = {"8082", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(daemon_process_wait(start_publisher(servers.nats.url, wrong[i])),
                         status_exit_code(STATUS_INVALID));
}

/* The server is away first: another that is started later, where the first one was. */
static void a_publisher_may_be_started_before_its_server(void **state)
{
    (void)state;
    struct servers later = {0};
    uint16_t nats_port = port_find_free(), http = port_find_free();
    char address[32];
    char url[64];
    snprintf(url, sizeof url, "nats://127.0.0.1:%u", nats_port);
    snprintf(address, sizeof address, "127.0.0.1:%u", http);
    pid_t pid = start_publisher(url, address);
    usleep(300000); /* so that it most likely met nobody */
    servers_start_nats_at(&later, nats_port);
    bool up = false;
    for (int i = 0; i < 600 && !up; i++) {
        usleep(50000);
        up = http_is_up(http);
    }
    int code = daemon_process_stop(pid);
    servers_stop(&later);
    assert_true(up);
    assert_int_equal(code, 0);
}

static void a_publisher_without_a_server_can_be_stopped(void **state)
{
    (void)state;
    char url[64];
    snprintf(url, sizeof url, "nats://127.0.0.1:%u", port_find_free());
    pid_t pid = start_publisher(url, "");
    usleep(100000);
    assert_int_equal(daemon_process_stop(pid), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_playbook_is_registered_listed_and_run),
        TEST(health_says_whether_nats_is_connected),
        TEST(errors_have_the_code_of_their_kind),
        TEST(a_body_that_is_too_large_is_refused_however_it_comes),
        TEST(a_key_repeated_over_http_is_one_execution),
        TEST(a_port_that_is_taken_ends_the_publisher_with_the_setting_to_change),
        TEST(a_listening_address_that_is_none_ends_the_publisher),
        TEST(a_publisher_may_be_started_before_its_server),
        TEST(a_publisher_without_a_server_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
