/* What a server with users and permissions refuses, and how it is told. */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

/* The seed of a key made for this test; its public half is in the configuration. */
static const char SEED[] = "SUAB4IOIBL4JW42RLDYOYONXPDEC3PCDIEBO7ILCD2Z4EWYZP2HOUEJJHE\n";

static const char CONFIGURATION[] =
    "authorization { users = [\n"
    "  { user: admin, password: a }\n"
    "  { user: worker, password: w, permissions: {\n"
    "      publish: { allow: [\"ok.>\", \"$JS.API.STREAM.INFO.ok\"] }\n"
    "      subscribe: { allow: [\"_INBOX_worker.>\", \"ok.>\"] } } }\n"
    "  { user: deaf, password: d, permissions: {\n"
    "      publish: { allow: [\">\"] }, subscribe: { allow: [\"ok.>\"] } } }\n"
    "] }\n";

static struct servers server;

static int start_server(void **state)
{
    (void)state;
    servers_start_nats_with(&server, CONFIGURATION);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    servers_stop(&server);
    return 0;
}

static struct bus *connect_to(const struct servers *to, const char *user, const char *password,
                              const char *inbox)
{
    struct bus_options o = {.servers = to->nats.url,
                            .name = "test",
                            .user = user,
                            .password = password,
                            .inbox_prefix = inbox,
                            .connect_timeout_ms = 10000};
    struct bus *bus = NULL;
    struct error err;
    must(bus_open(&o, &bus, &err), &err);
    return bus;
}

static struct bus *connect_as(const char *user, const char *password, const char *inbox)
{
    return connect_to(&server, user, password, inbox);
}

static enum status ask(struct bus *bus, const char *subject, struct error *err)
{
    struct arena a;
    struct str reply;
    arena_init(&a, 0);
    enum status status = bus_request(bus, subject, NULL, 0, STR("x"), 600000, &a, &reply, err);
    arena_free(&a);
    return status;
}

static void a_wrong_password_is_refused(void **state)
{
    (void)state;
    struct bus_options o = {.servers = server.nats.url,
                            .name = "test",
                            .user = "worker",
                            .password = "wrong",
                            .connect_timeout_ms = 10000};
    struct bus *bus = NULL;
    struct error err;
    assert_int_equal(STATUS_DENIED, bus_open(&o, &bus, &err));
    assert_null(bus);
    assert_null(strstr(err.message, "wrong"));
}

static void a_forbidden_request_is_denied_at_once(void **state)
{
    (void)state;
    struct bus *bus = connect_as("worker", "w", "_INBOX_worker");
    struct error err;
    assert_int_equal(STATUS_DENIED, ask(bus, "secret.thing", &err));
    assert_string_equal("secret.thing", err.place);
    bus_close(&bus);
}

static void a_forbidden_publish_is_denied_and_not_repeated(void **state)
{
    (void)state;
    struct bus *bus = connect_as("worker", "w", "_INBOX_worker");
    struct error err;
    struct bus_ack ack;
    struct bus_publication p = {.subject = "secret.thing", .message_id = "x", .payload = STR("x")};
    assert_int_equal(STATUS_DENIED, bus_publish_wait(bus, &p, &ack, &err));
    EVENTUALLY(bus_open_publishes(bus) == 0); /* it is counted until its end was told */
    bus_close(&bus);
}

static void a_forbidden_pull_is_told_as_trouble(void **state)
{
    (void)state;
    struct bus *bus = connect_as("worker", "w", "_INBOX_worker");
    struct bus_pull *pull = NULL;
    struct record r;
    struct error err;
    record_init(&r, bus);
    must(bus_pull_start(bus, "s", "c", record_deliver, record_troubled, &r, &pull, &err), &err);
    bus_pull_want(pull, 1);
    EVENTUALLY(record_trouble(&r) == STATUS_DENIED);
    bus_pull_stop(&pull);
    bus_close(&bus);
    record_free(&r);
}

static void a_forbidden_reader_is_told_as_trouble(void **state)
{
    (void)state;
    struct bus *bus = connect_as("worker", "w", "_INBOX_worker");
    struct bus_reader *reader = NULL;
    struct record r;
    struct error err;
    record_init(&r, bus);
    must(bus_reader_start(bus, "s", NULL, (struct bus_place){0}, record_deliver, record_troubled, &r, &reader,
                          &err),
         &err);
    EVENTUALLY(record_trouble(&r) == STATUS_DENIED);
    bus_reader_stop(&reader);
    bus_close(&bus);
    record_free(&r);
}

static void a_user_without_its_inbox_is_told(void **state)
{
    (void)state;
    struct error err;
    struct bus *bus = connect_as("deaf", "d", "_INBOX_worker");
    assert_int_equal(STATUS_DENIED, ask(bus, "ok.thing", &err));
    bus_close(&bus);
}

/* The refusal comes before, while or after the request is sent. */
static void a_refused_inbox_is_told_whenever_one_asks(void **state)
{
    (void)state;
    struct error err;
    for (int delay_us = 0; delay_us < 400; delay_us += 4) {
        struct bus *bus = connect_as("deaf", "d", "_INBOX_worker");
        usleep((useconds_t)delay_us);
        assert_int_equal(STATUS_DENIED, ask(bus, "ok.thing", &err));
        bus_close(&bus);
    }
}

static void an_inbox_that_is_allowed_later_is_used(void **state)
{
    (void)state;
    struct error err;
    struct servers own = {0};
    servers_start_nats_with(&own, CONFIGURATION);
    struct bus *bus = connect_to(&own, "deaf", "d", "_INBOX_worker");
    assert_int_equal(STATUS_DENIED, ask(bus, "ok.thing", &err));
    uint32_t first = bus_connections(bus);
    servers_kill_nats(&own);
    servers_revive_nats(&own); /* without users: everything is allowed */
    EVENTUALLY(bus_connections(bus) > first);
    assert_int_equal(STATUS_UNAVAILABLE, ask(bus, "ok.thing", &err)); /* nobody answers */
    bus_close(&bus);
    servers_stop(&own);
}

static void an_nkey_logs_in(void **state)
{
    (void)state;
    char path[300];
    struct servers own = {0};
    struct bus *bus = NULL;
    struct error err;
    servers_start_nats_with(&own, "authorization { users = [ { nkey: "
                                  "UAWROCLBYHBTDPLLXJFHATLVYZ4E2HJ2C2NOVPMUFTBG3FTED3VAIBBQ } ] }\n");
    snprintf(path, sizeof(path), "%s/seed", own.folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(SEED, f);
    assert_int_equal(0, fclose(f));
    struct bus_options o = {
        .servers = own.nats.url, .name = "test", .nkey = path, .connect_timeout_ms = 10000};
    must(bus_open(&o, &bus, &err), &err);
    must(bus_flush(bus, 10000, &err), &err);
    bus_close(&bus);
    o.nkey = "/nonexistent/seed";
    assert_int_equal(STATUS_NOT_FOUND, bus_open(&o, &bus, &err));
    servers_stop(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_password_is_refused),
        cmocka_unit_test(a_forbidden_request_is_denied_at_once),
        cmocka_unit_test(a_forbidden_publish_is_denied_and_not_repeated),
        cmocka_unit_test(a_forbidden_pull_is_told_as_trouble),
        cmocka_unit_test(a_forbidden_reader_is_told_as_trouble),
        cmocka_unit_test(a_user_without_its_inbox_is_told),
        cmocka_unit_test(a_refused_inbox_is_told_whenever_one_asks),
        cmocka_unit_test(an_inbox_that_is_allowed_later_is_used),
        cmocka_unit_test(an_nkey_logs_in),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
