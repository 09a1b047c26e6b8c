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
#include "http_socket.h"
#include "playbooks.h"
#include "publisher/publisher.h"
#include "servers.h"
#include "test_arena.h"

static struct servers servers;
static pid_t publisher;
static uint16_t port;
static char listen_at[32];
static pid_t start_publisher(const char *nats_url, const char *http)
{
    const char *const settings[] = {"nats.url", nats_url, "publisher.http", http, NULL};
    return daemon_process_start(publisher_serve, settings);
}

/* One with a setting of its own, at a port of its own. */
static pid_t start_with(const char *setting, const char *value, uint16_t *at)
{
    char address[32];
    *at = port_find_free();
    snprintf(address, sizeof address, "127.0.0.1:%u", *at);
    const char *const settings[] = {"nats.url", servers.nats.url, "publisher.http", address, setting, value,
                                    NULL};
    pid_t pid = daemon_process_start(publisher_serve, settings);
    for (int i = 0; i < 600 && !http_is_up(*at); i++)
        usleep(50000);
    return pid;
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
        if (strcmp(text_at(v, "kind"), cases[i].kind) != 0)
            fail_msg("%s %s is %s", cases[i].method, cases[i].path, text_at(v, "kind"));
        /* The members of RFC 9457. */
        assert_string_equal(text_at(v, "type"), "about:blank");
        assert_true(strlen(text_at(v, "title")) > 0);
        assert_int_equal(VALUE_GET(v, "status").u.i, cases[i].code);
        assert_true(strlen(text_at(v, "detail")) > 0);
        assert_true(str_starts_with(str_of(cases[i].path), value_as_str(VALUE_GET(v, "instance"))));
    }
}

static void what_is_wrong_with_a_request_is_in_its_headers_too(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *header, *body;
        long code;
        const char *head;
    } cases[] = {
        {"POST", "/api/executions/run", "Content-Type: text/xml", "<a/>", 415, "application/problem+json"},
        {"POST", "/api/executions/run", "Content-Type: application/yaml", "a: b", 415,
         "application/problem+json"},
        {"POST", "/api/executions/run", "Content-Type: application/json; charset=utf-8", "{}", 400,
         "problem+json"},
        {"POST", "/api/executions/run", "Content-Type: application/vnd.x+json", "{}", 400, "problem+json"},
        {"POST", "/api/catalog/register", "Content-Type: application/yaml", BROKEN, 400, "problem+json"},
        {"POST", "/api/executions/run", "Origin: http://elsewhere.example", "{}", 403, "problem+json"},
        {"POST", "/api/executions/run", "Origin: null", "{}", 403, "problem+json"},
        {"GET", "/api/catalog", "Origin: http://elsewhere.example", NULL, 403, "problem+json"},
        {"POST", "/api/catalog", "X: y", "{}", 405, "Allow: GET, HEAD\r\n"},
        {"GET", "/api/context/render", "X: y", NULL, 405, "Allow: POST\r\n"},
        {"GET", "/api/executions", "X: y", NULL, 503, "Retry-After: 5\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_answer answer;
        http_send_with(port, cases[i].method, cases[i].path, cases[i].header, cases[i].body, &answer);
        if (answer.code != cases[i].code || !strstr(answer.head, cases[i].head))
            fail_msg("%s %s with %s: %ld %s", cases[i].method, cases[i].path, cases[i].header, answer.code,
                     answer.head);
        free(answer.text);
    }
    char own[64];
    struct http_answer answer;
    snprintf(own, sizeof own, "Origin: http://127.0.0.1:%u", port);
    http_send_with(port, "GET", "/api/catalog", own, NULL, &answer);
    assert_int_equal(answer.code, 200);
    free(answer.text);
}

/* ---- limits ------------------------------------------------------------------------------------------- */

static void expect_metric(uint16_t at, const char *line)
{
    struct http_answer answer;
    http_send(at, "GET", "/metrics", NULL, 0, false, &answer);
    if (!strstr(answer.text, line))
        fail_msg("there is no %s", line);
    free(answer.text);
}

static void who_asks_too_often_is_told_to_wait(void **state)
{
    (void)state;
    uint16_t at;
    pid_t pid = start_with("publisher.http_rate", "1", &at);
    int refused = 0;
    for (int i = 0; i < 200 && refused < 3; i++) {
        struct http_answer answer;
        http_send(at, "GET", "/api/catalog", NULL, 0, false, &answer);
        assert_true(answer.code == 200 || answer.code == 429);
        if (answer.code == 429) {
            assert_non_null(strstr(answer.head, "Retry-After: 1\r\n"));
            assert_non_null(strstr(answer.text, "\"kind\":\"limit\""));
            refused++;
        }
        free(answer.text);
    }
    assert_int_equal(refused, 3);
    assert_true(http_is_up(at));
    expect_metric(at, "noetl_publisher_http_refused_total{reason=\"rate\"} 3\n");
    assert_int_equal(daemon_process_stop(pid), 0);
}

static void more_clients_than_there_are_places_for_are_told_so(void **state)
{
    (void)state;
    uint16_t at;
    pid_t pid = start_with("publisher.http_connections", "2", &at);
    struct http_socket taken[2], more;
    for (size_t i = 0; i < 2; i++) {
        http_socket_open(&taken[i], at);
        http_socket_get(&taken[i], "/api/catalog", NULL);
        http_socket_await(&taken[i], "200 OK");
    }
    http_socket_open(&more, at);
    http_socket_get(&more, "/api/catalog", NULL);
    http_socket_await_end(&more);
    assert_non_null(strstr(more.text, "503 Service Unavailable"));
    assert_non_null(strstr(more.text, "Retry-After: 5\r\n"));
    assert_non_null(strstr(more.text, "publisher.http_connections"));
    http_socket_close(&more);
    /* Whoever looks after the daemon is let in. */
    expect_metric(at, "noetl_publisher_http_refused_total{reason=\"connections\"} 1\n");
    for (size_t i = 0; i < 2; i++)
        http_socket_close(&taken[i]);
    assert_int_equal(daemon_process_stop(pid), 0);
}

static void a_client_that_stands_still_is_cut_off(void **state)
{
    (void)state;
    uint16_t at;
    pid_t pid = start_with("publisher.http_idle", "1s", &at);
    struct http_socket s;
    http_socket_open(&s, at);
    http_socket_send(&s, "POST /api/executions/run HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    http_socket_await_end(&s);
    http_socket_close(&s);
    expect_metric(at, "noetl_publisher_http_refused_total{reason=\"slow\"} 1\n");
    assert_int_equal(daemon_process_stop(pid), 0);
}

static void limits_that_are_none_end_the_publisher(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"publisher.http_rate", "-1"},
                                           {"publisher.http_connections", "1"}};
    for (size_t i = 0; i < 2; i++) {
        const char *const settings[] = {
            "nats.url", servers.nats.url, "publisher.http", "127.0.0.1:0", wrong[i][0], wrong[i][1], NULL};
        assert_int_equal(daemon_process_wait(daemon_process_start(publisher_serve, settings)),
                         status_exit_code(STATUS_INVALID));
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

    struct http_answer answer;
    struct value three;
    http_send_with(port, "POST", "/api/executions/run", "Idempotency-Key: \"http\"",
                   "{\"path\":\"" HELLO_PATH "\"}", &answer);
    assert_int_equal(json_read(&arena, (struct str){answer.text, answer.len}, NULL, &three, NULL), STATUS_OK);
    assert_string_equal(text_at(one, "execution_id"), text_at(three, "execution_id"));
    free(answer.text);
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
    servers_start_nats_at(&later, nats_port, NULL);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_begin, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_playbook_is_registered_listed_and_run),
        TEST(health_says_whether_nats_is_connected),
        TEST(errors_have_the_code_of_their_kind),
        TEST(a_body_that_is_too_large_is_refused_however_it_comes),
        TEST(what_is_wrong_with_a_request_is_in_its_headers_too),
        TEST(who_asks_too_often_is_told_to_wait),
        TEST(more_clients_than_there_are_places_for_are_told_so),
        TEST(a_client_that_stands_still_is_cut_off),
        TEST(limits_that_are_none_end_the_publisher),
        TEST(a_key_repeated_over_http_is_one_execution),
        TEST(a_port_that_is_taken_ends_the_publisher_with_the_setting_to_change),
        TEST(a_listening_address_that_is_none_ends_the_publisher),
        TEST(a_publisher_may_be_started_before_its_server),
        TEST(a_publisher_without_a_server_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
