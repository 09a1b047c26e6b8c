/*
 * All that a client with nothing but the NATS protocol can do with the publisher: it has no library of ours
 * and none of NATS. The daemon runs in a process of its own.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/event.h"
#include "core/id.h"
#include "core/json.h"
#include "plain_client.h"
#include "daemon_process.h"
#include "playbooks.h"
#include "publisher/publisher.h"
#include "servers.h"
#include "test_arena.h"

static struct servers servers;
static pid_t publisher;
static struct plain_client client;
static struct value parse(const char *text)
{
    struct value v;
    struct error err;
    if (json_read(&arena, str_of(text), NULL, &v, &err) != STATUS_OK)
        fail_msg("%s is no JSON: %s", text, err.message);
    return v;
}

static struct value ask(const char *subject, const char *payload)
{
    char *answer = plain_request(&client, subject, payload);
    struct value v = parse(answer);
    free(answer);
    return v;
}

static const char *text_at(struct value v, const char *path)
{
    return arena_strdup(&arena, value_as_str(value_get_path(v, str_of(path))));
}

/* JSON of a map with one member of text. */
static const char *wrapped(const char *name, const char *text)
{
    struct map_builder m;
    struct value v;
    struct str json;
    struct error err;
    map_begin(&m, &arena);
    map_put(&m, str_of(name), value_text(text));
    assert_int_equal(map_end(&m, &v, &err), STATUS_OK);
    assert_int_equal(json_text(&arena, v, &json, &err), STATUS_OK);
    return json.ptr;
}

/* The daemon is there when it answers; until then the server says that nobody does (status 503, no payload).
 */
static void wait_for_publisher(void)
{
    for (int i = 0; i < 600; i++) {
        struct plain_message m;
        plain_request_message(&client, "noetl.api.playbooks", "{}", &m);
        bool answered = m.len > 0;
        free(m.payload);
        if (answered)
            return;
        usleep(50000);
    }
    fail_msg("the publisher did not start");
}

static int start(void **state)
{
    (void)state;
    servers_start_nats(&servers);
    const char *const settings[] = {"nats.url", servers.nats.url, "publisher.http", "", NULL};
    publisher = daemon_process_start(publisher_serve, settings);
    plain_connect(&client, servers.nats.port);
    wait_for_publisher();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    plain_close(&client);
    int code = daemon_process_stop(publisher);
    servers_stop(&servers);
    assert_int_equal(code, 0);
    return 0;
}

/* Puts a key into the bucket as `nats kv put` does, and returns the revision. */
static int64_t kv_put(const char *key, const char *text)
{
    char subject[256];
    snprintf(subject, sizeof subject, "$KV.noetl_catalog.%s", key);
    return VALUE_GET(ask(subject, text), "seq").u.i;
}

static void a_playbook_in_the_bucket_can_be_run(void **state)
{
    (void)state;
    int64_t revision = kv_put("tests/by-kv", PLAYBOOK("tests/by-kv", "hello"));
    struct value answer =
        ask("noetl.api.run", "{\"path\":\"tests/by-kv\",\"workload\":{\"greeting\":\"hi\"}}");
    assert_string_equal(text_at(answer, "path"), "tests/by-kv");
    assert_true(value_equal(VALUE_GET(answer, "version"), value_int(revision)));
    assert_true(value_equal(VALUE_GET(answer, "duplicate"), value_bool(false)));
    assert_string_equal(text_at(answer, "status"), "requested");

    int64_t id;
    struct error err;
    assert_int_equal(id_parse(value_as_str(VALUE_GET(answer, "execution_id")), &id, &err), STATUS_OK);
    assert_true(id > 0);
}

static void a_subscriber_sees_the_fact(void **state)
{
    (void)state;
    struct plain_client watcher;
    struct plain_message fact;
    ask("noetl.api.register", HELLO);
    plain_connect(&watcher, servers.nats.port);
    plain_subscribe(&watcher, "noetl.events.>");
    free(plain_request(&watcher, "noetl.api.playbooks", "{}")); /* the server has the subscription now */
    struct value answer =
        ask("noetl.api.run", "{\"path\":\"" HELLO_PATH "\",\"idempotency_key\":\"watched\"}");
    const char *id = text_at(answer, "execution_id");

    plain_next(&watcher, &fact);
    char expected[256];
    int64_t number;
    assert_int_equal(id_parse(str_of(id), &number, NULL), STATUS_OK);
    snprintf(expected, sizeof expected, "noetl.events.%" PRIu32 ".%s.execution_requested",
             id_partition(number, 32), id);
    assert_string_equal(fact.subject, expected);
    snprintf(expected, sizeof expected, "Nats-Msg-Id: %s.requested", id);
    assert_non_null(strstr(fact.headers, expected));
    struct value event = parse(fact.payload);
    assert_string_equal(text_at(event, "execution_id"), id);
    assert_string_equal(text_at(event, "event_type"), "execution_requested");
    assert_string_equal(text_at(event, "context.playbook"), HELLO);
    assert_string_equal(text_at(event, "context.workload.greeting"), "hello");
    assert_string_equal(text_at(event, "meta.idempotency_key"), "watched");
    free(fact.payload);
    plain_close(&watcher);
}

static void a_playbook_can_be_registered_as_it_is_or_wrapped(void **state)
{
    (void)state;
    struct value raw = ask("noetl.api.register", PLAYBOOK("tests/registered", "one"));
    struct value same = ask("noetl.api.register", wrapped("playbook", PLAYBOOK("tests/registered", "one")));
    struct value changed =
        ask("noetl.api.register", wrapped("playbook", PLAYBOOK("tests/registered", "two")));
    assert_string_equal(text_at(raw, "path"), "tests/registered");
    assert_true(value_equal(VALUE_GET(raw, "unchanged"), value_bool(false)));
    assert_int_equal(VALUE_GET(raw, "warnings").type, VALUE_LIST);
    assert_true(value_equal(VALUE_GET(same, "unchanged"), value_bool(true)));
    assert_true(value_equal(VALUE_GET(same, "version"), VALUE_GET(raw, "version")));
    assert_true(value_equal(VALUE_GET(changed, "unchanged"), value_bool(false)));

    struct value newest = ask("noetl.api.playbook", "{\"path\":\"tests/registered\"}");
    assert_string_equal(text_at(newest, "text"), PLAYBOOK("tests/registered", "two"));
    char request[128];
    snprintf(request, sizeof request, "{\"path\":\"tests/registered\",\"version\":%" PRId64 "}",
             VALUE_GET(raw, "version").u.i);
    assert_string_equal(text_at(ask("noetl.api.playbook", request), "text"),
                        PLAYBOOK("tests/registered", "one"));
    struct value list = VALUE_GET(ask("noetl.api.playbooks", ""), "playbooks");
    uint32_t found = 0;
    for (uint32_t i = 0; i < list.len; i++)
        found += strcmp(text_at(list.u.list[i], "path"), "tests/registered") == 0;
    assert_int_equal(found, 1);
}

static void a_broken_playbook_is_answered_with_all_its_diagnostics(void **state)
{
    (void)state;
    struct value answer = ask("noetl.api.register", BROKEN);
    assert_string_equal(text_at(answer, "error.kind"), "invalid");
    struct value diagnostics = value_get_path(answer, STR("error.diagnostics"));
    assert_int_equal(diagnostics.type, VALUE_LIST);
    assert_true(diagnostics.len > 0);
    assert_int_equal(VALUE_GET(diagnostics.u.list[0], "line").u.i, 6);
}

static void a_broken_playbook_in_the_bucket_is_refused_when_it_is_run(void **state)
{
    (void)state;
    kv_put("tests/broken-kv", BROKEN);
    struct value answer = ask("noetl.api.run", "{\"path\":\"tests/broken-kv\"}");
    assert_string_equal(text_at(answer, "error.kind"), "invalid");
    assert_non_null(strstr(text_at(answer, "error.message"), "nowhere"));
}

static void wrong_requests_are_answered_with_what_is_wrong(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"noetl.api.run", "{\"path\":", "syntax", "1:9"},
        {"noetl.api.run", "not JSON", "syntax", "1:1"},
        {"noetl.api.run", "[1]", "invalid", ""},
        {"noetl.api.run", "", "invalid", "path"},
        {"noetl.api.run", "{\"path\":\"tests/nothing-like-it\"}", "not_found", "path"},
        {"noetl.api.run", "{\"path\":\"" HELLO_PATH "\",\"version\":99999}", "not_found", "version"},
        {"noetl.api.run", "{\"path\":\"" HELLO_PATH "\",\"workload\":[1]}", "invalid", "workload"},
        {"noetl.api.run", "{\"path\":\"" HELLO_PATH "\",\"wrkload\":{}}", "invalid", "wrkload"},
        {"noetl.api.run", "{\"path\":\"no such path\"}", "invalid", "path"},
        {"noetl.api.register", "", "invalid", ""},
        {"noetl.api.register", "{\"playbok\":\"x\"}", "invalid", "playbok"},
        {"noetl.api.register", "workflow: [", "syntax", NULL},
        {"noetl.api.playbook", "{}", "invalid", "path"},
        {"noetl.api.playbooks", "{\"x\":1}", "invalid", "x"},
        {"noetl.api.cancel", "{\"execution_id\":17}", "invalid", "execution_id"},
        {"noetl.api.cancel", "{}", "invalid", "execution_id"},
        {"noetl.api.run", "{\"path\":\"" HELLO_PATH "\",\"timeout\":0}", "invalid", "timeout"},
        {"noetl.api.pause", "{\"execution_id\":\"x\"}", "invalid", "execution_id"},
        {"noetl.api.resume", "{\"execution_id\":\"1\",\"reasn\":\"\"}", "invalid", "reasn"},
        {"noetl.api.signal", "{\"execution_id\":\"1\"}", "invalid", "name"},
        {"noetl.api.signal", "{\"execution_id\":", "syntax", NULL},
        {"noetl.api.retry", "{\"execution_id\":\"1\",\"from\":1}", "invalid", "from"},
    };
    ask("noetl.api.register", HELLO);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value answer = ask(cases[i][0], cases[i][1]);
        if (strcmp(text_at(answer, "error.kind"), cases[i][2]) != 0)
            fail_msg("%s %s: %s (%s)", cases[i][0], cases[i][1], text_at(answer, "error.kind"),
                     text_at(answer, "error.message"));
        if (cases[i][3])
            assert_string_equal(text_at(answer, "error.place"), cases[i][3]);
        assert_true(strlen(text_at(answer, "error.message")) > 0);
    }
}

static void an_error_is_in_the_headers_of_services_too(void **state)
{
    (void)state;
    struct plain_message m;
    plain_request_message(&client, "noetl.api.run", "{\"path\":\"tests/nothing-like-it\"}", &m);
    assert_non_null(strstr(m.headers, "Nats-Service-Error: "));
    assert_non_null(strstr(m.headers, "Nats-Service-Error-Code: 404"));
    free(m.payload);
}

static void a_running_execution_can_be_cancelled_and_an_ended_one_not(void **state)
{
    (void)state;
    char request[256], subject[256];
    ask("noetl.api.register", HELLO);
    struct value run =
        ask("noetl.api.run", "{\"path\":\"" HELLO_PATH "\",\"idempotency_key\":\"to cancel\"}");
    const char *id = text_at(run, "execution_id");
    snprintf(request, sizeof request, "{\"execution_id\":\"%s\",\"reason\":\"test\"}", id);
    struct value cancelled = ask("noetl.api.cancel", request);
    assert_string_equal(text_at(cancelled, "execution_id"), id);
    assert_true(value_equal(VALUE_GET(cancelled, "requested"), value_bool(true)));

    int64_t number;
    assert_int_equal(id_parse(str_of(id), &number, NULL), STATUS_OK);
    snprintf(subject, sizeof subject, "noetl.events.%" PRIu32 ".%s.execution_cancelled",
             id_partition(number, 32), id);
    ask(subject, "{}"); /* as the broker would say; the answer is the stream's */
    assert_string_equal(text_at(ask("noetl.api.cancel", request), "error.kind"), "conflict");
}

/* A mark of an execution's life, as the broker would publish it. */
static void mark(const char *id, const char *type)
{
    char subject[256];
    int64_t number;
    assert_int_equal(id_parse(str_of(id), &number, NULL), STATUS_OK);
    snprintf(subject, sizeof subject, "noetl.events.%" PRIu32 ".%s.%s", id_partition(number, 32), id, type);
    ask(subject, "{}");
}

static const char *kind_of_answer(const char *operation, const char *id, const char *more)
{
    char subject[64], request[256];
    snprintf(subject, sizeof subject, "noetl.api.%s", operation);
    snprintf(request, sizeof request, "{\"execution_id\":\"%s\"%s}", id, more);
    struct value answer = ask(subject, request);
    return value_is_absent(VALUE_GET(answer, "error")) ? "ok" : text_at(answer, "error.kind");
}

static void what_may_be_asked_goes_by_the_newest_mark_of_the_life(void **state)
{
    (void)state;
    ask("noetl.api.register", HELLO);
    const char *id = text_at(ask("noetl.api.run", "{\"path\":\"" HELLO_PATH "\"}"), "execution_id");
    assert_string_equal(kind_of_answer("pause", id, ""), "ok");
    assert_string_equal(kind_of_answer("signal", id, ",\"name\":\"go\",\"payload\":{\"n\":1}"), "ok");
    assert_string_equal(kind_of_answer("retry", id, ""), "conflict");
    mark(id, "execution_failed");
    assert_string_equal(kind_of_answer("pause", id, ""), "conflict");
    assert_string_equal(kind_of_answer("signal", id, ",\"name\":\"go\""), "conflict");
    assert_string_equal(kind_of_answer("retry", id, ",\"from\":\"nowhere\""), "invalid");
    assert_string_equal(kind_of_answer("retry", id, ""), "ok");
    mark(id, "execution_retried");
    assert_string_equal(kind_of_answer("resume", id, ""), "ok");
    assert_string_equal(kind_of_answer("retry", id, ""), "conflict");
    mark(id, "execution_complete");
    assert_string_equal(kind_of_answer("retry", id, ""), "conflict");
    assert_string_equal(kind_of_answer("cancel", id, ""), "conflict");
}

/* There is no render service here, which could say whether its log knows the execution. */
static void an_execution_that_the_stream_does_not_know_is_not_cancelled(void **state)
{
    (void)state;
    struct value answer = ask("noetl.api.cancel", "{\"execution_id\":\"12345\"}");
    assert_string_equal(text_at(answer, "error.kind"), "unavailable");
}

static void services_discovery_finds_the_operations(void **state)
{
    (void)state;
    struct value ping = ask("$SRV.PING", "");
    assert_string_equal(text_at(ping, "type"), "io.nats.micro.v1.ping_response");
    assert_string_equal(text_at(ping, "name"), "noetl-publisher");
    struct value info = ask("$SRV.INFO.noetl-publisher", "");
    assert_int_equal(VALUE_GET(info, "endpoints").len, 11);
    assert_string_equal(text_at(VALUE_GET(info, "endpoints").u.list[0], "subject"), "noetl.api.run");
    ask("noetl.api.run", "{\"path\":\"tests/nothing-like-it\"}");
    char subject[128];
    snprintf(subject, sizeof subject, "$SRV.STATS.noetl-publisher.%s", text_at(ping, "id"));
    struct value stats = ask(subject, "");
    struct value run = VALUE_GET(stats, "endpoints").u.list[0];
    assert_true(VALUE_GET(run, "num_requests").u.i > 0);
    assert_true(VALUE_GET(run, "num_errors").u.i > 0);
    assert_non_null(strstr(text_at(run, "last_error"), "404:"));
    int64_t started_ns;
    assert_int_equal(time_parse(value_as_str(VALUE_GET(stats, "started")), &started_ns, NULL), STATUS_OK);
}

static void many_requests_at_once_are_all_answered(void **state)
{
    (void)state;
    enum { REQUESTS = 300 };
    bool seen[REQUESTS] = {false};
    ask("noetl.api.register", HELLO);
    plain_subscribe(&client, "_INBOX.many.*");
    for (int i = 0; i < REQUESTS; i++) {
        char inbox[64];
        snprintf(inbox, sizeof inbox, "_INBOX.many.%d", i);
        plain_publish(&client, "noetl.api.run", inbox, "{\"path\":\"" HELLO_PATH "\"}");
    }
    for (int i = 0; i < REQUESTS;) {
        struct plain_message m;
        int number;
        plain_next(&client, &m);
        if (sscanf(m.subject, "_INBOX.many.%d", &number) == 1) {
            assert_non_null(strstr(m.payload, "\"execution_id\""));
            assert_false(seen[number]);
            seen[number] = true;
            i++;
        }
        free(m.payload);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_begin, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_playbook_in_the_bucket_can_be_run),
        TEST(a_subscriber_sees_the_fact),
        TEST(a_playbook_can_be_registered_as_it_is_or_wrapped),
        TEST(a_broken_playbook_is_answered_with_all_its_diagnostics),
        TEST(a_broken_playbook_in_the_bucket_is_refused_when_it_is_run),
        TEST(wrong_requests_are_answered_with_what_is_wrong),
        TEST(an_error_is_in_the_headers_of_services_too),
        TEST(a_running_execution_can_be_cancelled_and_an_ended_one_not),
        TEST(what_may_be_asked_goes_by_the_newest_mark_of_the_life),
        TEST(an_execution_that_the_stream_does_not_know_is_not_cancelled),
        TEST(services_discovery_finds_the_operations),
        TEST(many_requests_at_once_are_all_answered),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
