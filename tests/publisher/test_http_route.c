#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/json.h"
#include "publisher/http_route.h"

/* What of each request its operation is asked. NULL for the payload: an error. */
static const struct {
    const char *method, *path, *query, *body, *operation, *payload;
} cases[] = {
    {"GET", "/api/executions", "{}", "", "list", "{}"},
    {"GET", "/api/executions", "{\"status\":\"failed\",\"limit\":\"5\"}", "", "list",
     "{\"status\":\"failed\",\"limit\":\"5\"}"},
    {"GET", "/api/executions/42", "{}", "", "status", "{\"execution_id\":\"42\"}"},
    {"GET", "/api/executions/42", "{\"at_least\":\"3\"}", "", "status",
     "{\"at_least\":\"3\",\"execution_id\":\"42\"}"},
    {"GET", "/api/executions/42/events", "{}", "", "events", "{\"execution_id\":\"42\"}"},
    {"GET", "/api/executions/42/tasks", "{\"step\":\"a\"}", "", "tasks",
     "{\"step\":\"a\",\"execution_id\":\"42\"}"},
    {"GET", "/api/executions/42/context", "{\"at\":\"7\"}", "", "context",
     "{\"at\":\"7\",\"execution_id\":\"42\"}"},
    {"POST", "/api/executions/run", "{}", "{\"path\":\"a\"}", "run", "{\"path\":\"a\"}"},
    {"POST", "/api/executions/run", "{}", "", "run", "{}"},
    {"POST", "/api/executions/run", "{}", "{\"path\":", "run", NULL},
    {"POST", "/api/executions/run", "{}", "[]", "run", NULL},
    {"POST", "/api/executions/fork", "{}", "{\"playbook\":\"a\"}", "fork", "{\"playbook\":\"a\"}"},
    {"POST", "/api/executions/42/cancel", "{}", "{\"reason\":\"x\"}", "cancel",
     "{\"reason\":\"x\",\"execution_id\":\"42\"}"},
    {"POST", "/api/executions/42/cancel", "{}", "", "cancel", "{\"execution_id\":\"42\"}"},
    {"POST", "/api/executions/42/cancel", "{}", "{\"execution_id\":\"43\"}", "cancel",
     "{\"execution_id\":\"42\"}"},
    {"POST", "/api/executions/42/pause", "{}", "", "pause", "{\"execution_id\":\"42\"}"},
    {"POST", "/api/executions/42/resume", "{}", "", "resume", "{\"execution_id\":\"42\"}"},
    {"POST", "/api/executions/42/signal", "{}", "{\"name\":\"go\"}", "signal",
     "{\"name\":\"go\",\"execution_id\":\"42\"}"},
    {"POST", "/api/executions/42/retry", "{}", "{\"from\":\"a\"}", "retry",
     "{\"from\":\"a\",\"execution_id\":\"42\"}"},
    {"POST", "/api/context/render", "{}", "{\"template\":\"{{ x }}\"}", "render",
     "{\"template\":\"{{ x }}\"}"},
    {"POST", "/api/catalog/register", "{}", "metadata: {path: a}", "register", "metadata: {path: a}"},
    {"GET", "/api/catalog", "{}", "", "playbooks", "{}"},
    {"GET", "/api/catalog/examples/hello", "{}", "", "playbook", "{\"path\":\"examples/hello\"}"},
    {"GET", "/api/versions/examples/hello", "{}", "", "versions", "{\"path\":\"examples/hello\"}"},
    {"GET", "/api/catalog/a", "{\"version\":\"3\"}", "", "playbook", "{\"version\":\"3\",\"path\":\"a\"}"},
};

static void each_request_asks_its_operation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a;
        struct error err;
        const struct http_route *route = NULL;
        const char *allowed = NULL;
        struct value query;
        struct str payload;
        arena_init(&a, 0);
        assert_int_equal(http_route_find(cases[i].method, cases[i].path, &route, &allowed, &err), STATUS_OK);
        assert_string_equal(route->operation, cases[i].operation);
        assert_int_equal(json_read(&a, str_of(cases[i].query), NULL, &query, &err), STATUS_OK);
        enum status status = http_route_payload(route, cases[i].path, query, str_of(cases[i].body), STR(""),
                                                &a, &payload, &err);
        assert_int_equal(status == STATUS_OK, cases[i].payload != NULL);
        if (status == STATUS_OK && !str_is(payload, cases[i].payload))
            fail_msg("%s %s asks %.*s", cases[i].method, cases[i].path, ARGSTR(payload));
        arena_free(&a);
    }
}

static void head_is_as_get(void **state)
{
    (void)state;
    const struct http_route *route;
    const char *allowed = NULL;
    struct error err;
    assert_int_equal(http_route_find("HEAD", "/api/executions/1", &route, &allowed, &err), STATUS_OK);
    assert_string_equal(route->operation, "status");
    assert_int_equal(http_route_find("HEAD", "/api/executions/run/x", &route, &allowed, &err),
                     STATUS_NOT_FOUND);
}

/* NULL: the header and the body contradict each other. */
static void the_key_in_the_header_is_the_member(void **state)
{
    (void)state;
    static const char *const keys[][3] = {
        {"{}", "k", "{\"idempotency_key\":\"k\"}"},
        {"{\"idempotency_key\":\"k\"}", "k", "{\"idempotency_key\":\"k\"}"},
        {"{\"idempotency_key\":null}", "k", "{\"idempotency_key\":\"k\"}"},
        {"{\"idempotency_key\":\"j\"}", "", "{\"idempotency_key\":\"j\"}"},
        {"{\"idempotency_key\":\"j\"}", "k", NULL},
        {"{\"idempotency_key\":1}", "k", NULL},
    };
    const struct http_route *route;
    const char *allowed = NULL;
    struct error err;
    assert_int_equal(http_route_find("POST", "/api/executions/run", &route, &allowed, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct arena a;
        struct str payload;
        arena_init(&a, 0);
        enum status status = http_route_payload(route, "/api/executions/run", VALUE_EMPTY_MAP,
                                                str_of(keys[i][0]), str_of(keys[i][1]), &a, &payload, &err);
        assert_int_equal(status == STATUS_OK, keys[i][2] != NULL);
        if (status == STATUS_OK && !str_is(payload, keys[i][2]))
            fail_msg("%s and %s: %.*s", keys[i][0], keys[i][1], ARGSTR(payload));
        arena_free(&a);
    }
}

static void a_path_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",
                                        "",
                                        "/api",
                                        "/api/executions/1/2/3",
                                        "/healthy",
                                        "/api/executions/1/events/2",
                                        "//api/executions"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct http_route *route;
        const char *allowed = NULL;
        struct error err;
        assert_int_equal(http_route_find("GET", paths[i], &route, &allowed, &err), STATUS_NOT_FOUND);
    }
}

static void another_method_is_told_the_right_one(void **state)
{
    (void)state;
    const struct http_route *route;
    const char *allowed = NULL;
    struct error err;
    assert_int_equal(http_route_find("DELETE", "/api/executions/1", &route, &allowed, &err),
                     STATUS_UNSUPPORTED);
    assert_string_equal(allowed, "GET, HEAD");
    assert_int_equal(http_route_find("PUT", "/api/context/render", &route, &allowed, &err),
                     STATUS_UNSUPPORTED);
    assert_string_equal(allowed, "POST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_asks_its_operation),
        cmocka_unit_test(head_is_as_get),
        cmocka_unit_test(the_key_in_the_header_is_the_member),
        cmocka_unit_test(a_path_that_is_not_there_is_not_found),
        cmocka_unit_test(another_method_is_told_the_right_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
