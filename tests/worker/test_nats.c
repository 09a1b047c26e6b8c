/* nats by its cases against a real server with users, and what no text file can say of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/json.h"
#include "servers.h"
#include "tool_cases.h"

static const char CONFIGURATION[] =
    "authorization { users = [\n"
    "  { user: worker, password: w, permissions: { publish: { deny: [\"forbidden.>\"] } } }\n"
    "  { user: other, password: other-secret }\n"
    "] }\n";

static struct servers server;
static struct bus *worker, *services;
static struct bus_subscription *subscriptions[8];
static size_t subscription_count;

static void must(enum status s, const struct error *err)
{
    char text[2048];
    if (s != STATUS_OK)
        fail_msg("%s", error_text(err, text, sizeof(text)));
}

static struct bus *connect_as(const char *user, const char *password)
{
    struct bus_options o = {.servers = server.nats.url,
                            .name = "test",
                            .user = user,
                            .password = password,
                            .connect_timeout_ms = 10000};
    struct bus *bus = NULL;
    struct error err;
    must(bus_open(&o, &bus, &err), &err);
    return bus;
}

/* ---- services ------------------------------------------------------------------------------------- */

static void answer(const struct bus_message *m, const struct bus_header *headers, size_t count,
                   struct str payload)
{
    struct error err;
    must(bus_publish(services, m->reply, NULL, headers, count, payload, &err), &err);
}

static void echo(void *context, const struct bus_message *m)
{
    (void)context;
    answer(m, NULL, 0, m->payload);
}

static void text(void *context, const struct bus_message *m)
{
    char reply[128];
    int len = snprintf(reply, sizeof(reply), "%.*s yes: {", ARGSTR(m->payload));
    const struct bus_header header = {"X-From", "text"};
    (void)context;
    answer(m, &header, 1, (struct str){reply, (size_t)len});
}

static void binary(void *context, const struct bus_message *m)
{
    (void)context;
    answer(m, NULL, 0, STR("\xff\0\xfe"));
}

static void broken(void *context, const struct bus_message *m)
{
    const struct bus_header headers[] = {{"Nats-Service-Error-Code", "404"},
                                         {"Nats-Service-Error", "no such order"}};
    (void)context;
    answer(m, headers, 2, m->payload);
}

static void silent(void *context, const struct bus_message *m)
{
    (void)context;
    (void)m;
}

static void serve(const char *subject, bus_handler *handler)
{
    struct error err;
    must(bus_subscribe(services, subject, NULL, handler, NULL, &subscriptions[subscription_count++], &err),
         &err);
}

static int start(void **state)
{
    struct error err;
    const struct bus_stream orders = {.name = "ORDERS", .subjects = {"orders.>"}, .duplicates_ms = 60000};
    (void)state;
    servers_start_nats_with(&server, CONFIGURATION);
    worker = connect_as("worker", "w");
    services = connect_as("other", "other-secret");
    must(bus_stream_ensure(services, &orders, &err), &err);
    must(bus_kv_ensure(services, "stock", 5, 1, &err), &err);
    serve("svc.echo", echo);
    serve("svc.text", text);
    serve("svc.binary", binary);
    serve("svc.broken", broken);
    serve("svc.silent", silent);
    must(bus_flush(services, 10000, &err), &err);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < subscription_count; i++)
        bus_unsubscribe(&subscriptions[i]);
    bus_close(&services);
    bus_close(&worker);
    servers_stop(&server);
    return 0;
}

static void open_bench(struct tool_bench *b)
{
    bench_open(b, "nats");
    b->host.bus = worker;
}

/* ---- tests ---------------------------------------------------------------------------------------- */

static void steps_of_nats_do_what_their_cases_say(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b);
    tool_cases_run(&b, "nats.txt", VALUE_EMPTY_MAP, "@URL@", server.nats.url);
    bench_close(&b);
}

static uint64_t messages_in(const char *stream)
{
    struct bus_stream_info info;
    struct error err;
    must(bus_stream_info(services, stream, &info, &err), &err);
    return info.messages;
}

/* A task that comes again is the same task: so are its messages, whether they waited for the stream or not.
 */
static void a_task_that_is_run_again_publishes_once(void **state)
{
    static const char *const configs[] = {
        "{\"action\": \"publish\", \"subject\": \"again.a\", \"payload\": \"x\", \"stream\": true}",
        "{\"action\": \"publish\", \"subject\": \"again.a\", \"payload\": \"x\"}"};
    const struct bus_stream again = {.name = "AGAIN", .subjects = {"again.>"}, .duplicates_ms = 60000};
    struct tool_bench b;
    struct error err;
    (void)state;
    must(bus_stream_ensure(services, &again, &err), &err);
    open_bench(&b);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++)
            assert_string_equal(bench_text(&b, bench_run_json(&b, configs[k], "{}"), "event_type"),
                                "action_completed");
    assert_int_equal(messages_in("AGAIN"), 1);
    bench_close(&b);
}

static void a_request_that_nobody_answers_ends_with_its_attempt(void **state)
{
    static const char config[] = "{\"action\": \"request\", \"subject\": \"svc.silent\"}";
    struct tool_bench b;
    (void)state;
    open_bench(&b);
    bench_set(&b, "nats.timeout", "1h");
    struct value map, event;
    struct error err;
    must(json_read(&b.arena, str_of(config), NULL, &map, &err), &err);
    event = bench_run(&b, map, VALUE_EMPTY_MAP, (struct bench_stop){100, STATUS_CANCELLED});
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "cancelled");
    bench_close(&b);
}

static void a_request_that_nobody_answers_times_out(void **state)
{
    static const char config[] = "{\"action\": \"request\", \"subject\": \"svc.silent\"}";
    struct tool_bench b;
    (void)state;
    open_bench(&b);
    bench_set(&b, "nats.timeout", "100ms");
    struct value event = bench_run_json(&b, config, "{}");
    assert_string_equal(bench_text(&b, event, "result.error.kind"), "timeout");
    assert_non_null(strstr(bench_text(&b, event, "error"), "svc.silent: no answer within 100 ms"));
    bench_close(&b);
}

static void secrets_of_a_credential_are_not_shown(void **state)
{
    struct tool_bench b;
    (void)state;
    open_bench(&b);
    struct value event = bench_run_json(
        &b,
        "{\"auth\": {\"url\": \"nats://127.0.0.1:1\", \"user\": \"u\", \"password\": \"hidden-word\"}, "
        "\"action\": \"publish\", \"subject\": \"hidden-word.x\"}",
        "{}");
    struct value whole = event;
    assert_string_equal(bench_text(&b, event, "event_type"), "action_error");
    assert_null(strstr(bench_text(&b, whole, "result"), "hidden-word"));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_nats_do_what_their_cases_say),
        cmocka_unit_test(a_task_that_is_run_again_publishes_once),
        cmocka_unit_test(a_request_that_nobody_answers_ends_with_its_attempt),
        cmocka_unit_test(a_request_that_nobody_answers_times_out),
        cmocka_unit_test(secrets_of_a_credential_are_not_shown),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
