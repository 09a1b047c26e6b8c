/* Publishing to streams, against a real server. */
#include "fixture.h"

#include <stdatomic.h>
#include <stdio.h>

#include "runtime/metrics.h"
#include "standstill.h"

static struct bus_ack publish(struct fixture *f, const char *subject, const char *id, bool only_first)
{
    struct error err;
    struct bus_ack ack;
    struct bus_publication p = {
        .subject = subject, .message_id = id, .only_first = only_first, .payload = STR("payload")};
    must(bus_publish_wait(f->bus, &p, &ack, &err), &err);
    return ack;
}

static void the_ack_says_where_the_message_stands(void **state)
{
    struct fixture *f = *state;
    make_stream(f->bus, "acks");
    struct bus_ack first = publish(f, "acks.a", "acks-1", false);
    struct bus_ack second = publish(f, "acks.b", NULL, false);
    assert_string_equal("acks", first.stream);
    assert_int_equal(1, first.sequence);
    assert_false(first.duplicate);
    assert_int_equal(2, second.sequence);
}

static void a_repeated_id_is_a_duplicate_of_the_first(void **state)
{
    struct fixture *f = *state;
    make_stream(f->bus, "twice");
    struct bus_ack first = publish(f, "twice.a", "same", false);
    struct bus_ack again = publish(f, "twice.a", "same", false);
    assert_true(again.duplicate);
    assert_int_equal(first.sequence, again.sequence);
}

static bool is_known(struct fixture *f, const char *subject, const char *id)
{
    struct error err;
    bool known = true;
    must(bus_publish_known(f->bus, subject, id, 10000, &known, &err), &err);
    return known;
}

static void asking_whether_an_id_is_known_stores_nothing(void **state)
{
    struct fixture *f = *state;
    struct bus_stream_info info;
    struct error err;
    make_stream(f->bus, "known");
    assert_false(is_known(f, "known.a", "one"));
    assert_false(publish(f, "known.a", "one", false).duplicate);
    assert_true(is_known(f, "known.b", "one")); /* ids are the stream's, whatever the subject */
    assert_false(is_known(f, "known.a", "two"));
    must(bus_stream_info(f->bus, "known", &info, &err), &err);
    assert_int_equal(1, info.messages);
}

static void only_the_first_on_a_subject_is_taken(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct bus_ack ack;
    make_stream(f->bus, "firsts");
    publish(f, "firsts.a", "one", true);
    struct bus_publication second = {
        .subject = "firsts.a", .message_id = "two", .only_first = true, .payload = STR("x")};
    assert_int_equal(STATUS_CONFLICT, bus_publish_wait(f->bus, &second, &ack, &err));
    assert_int_equal(STATUS_CONFLICT, err.status);
    assert_string_equal("firsts.a", err.place);
    publish(f, "firsts.b", "three", true);
}

static void many_at_once_are_all_stored(void **state)
{
    struct fixture *f = *state;
    struct bus_stream_info info;
    struct error err;
    make_stream(f->bus, "many");
    bus_set_window(f->bus, 64);
    fill_stream(f->bus, "many", 0, 5000);
    bus_set_window(f->bus, 4096);
    must(bus_stream_info(f->bus, "many", &info, &err), &err);
    assert_int_equal(5000, info.messages);
}

static void who_publishes_beyond_the_window_waits_and_is_counted(void **state)
{
    struct fixture *f = *state;
    struct error err;
    make_stream(f->bus, "window");
    must(metrics_begin("nobody", &err), &err);
    bus_set_window(f->bus, 1);
    fill_stream(f->bus, "window", 0, 100);
    bus_set_window(f->bus, 4096);
    assert_true(metric_value(METRIC_NATS_WINDOW_REACHED, 0) >= 1);
    assert_int_equal(0, bus_open_publishes(f->bus));
    assert_int_equal(0, metric_value(METRIC_NATS_OPEN, 0));
}

/* The server reads nothing, so its socket is soon full; whoever publishes does not wait for that. */
static void what_the_socket_does_not_take_leaves_later(void **state)
{
    enum { COUNT = 64, BYTES = 512 << 10 };
    struct fixture *f = *state;
    struct record r;
    struct error err;
    struct bus_stream_info info;
    char *payload = malloc(BYTES), id[32];
    assert_non_null(payload);
    memset(payload, 'x', BYTES);
    make_stream(f->bus, "slow");
    record_init(&r, f->bus);
    standstill_begin(&f->servers.nats.process);
    for (int i = 0; i < COUNT; i++) {
        snprintf(id, sizeof(id), "slow-%d", i);
        struct bus_publication p = {.subject = "slow.a",
                                    .message_id = id,
                                    .payload = {payload, BYTES},
                                    .done = record_published,
                                    .context = &r};
        must(bus_publish_async(f->bus, &p, &err), &err);
    }
    standstill_end(&f->servers.nats.process);
    EVENTUALLY(record_acks(&r) == COUNT);
    assert_int_equal(0, record_failures(&r));
    must(bus_stream_info(f->bus, "slow", &info, &err), &err);
    assert_int_equal(COUNT, info.messages);
    record_free(&r);
    free(payload);
}

static void what_a_crash_interrupts_is_stored_once(void **state)
{
    struct fixture *f = *state;
    struct record r;
    struct error err;
    struct bus_stream_info info;
    make_stream(f->bus, "crash");
    record_init(&r, f->bus);
    for (uint32_t i = 0; i < 3000; i++) {
        char subject[64], id[64];
        snprintf(subject, sizeof(subject), "crash.%u", i);
        snprintf(id, sizeof(id), "crash-%u", i);
        struct bus_publication p = {.subject = subject,
                                    .message_id = id,
                                    .payload = STR("x"),
                                    .done = record_published,
                                    .context = &r};
        if (i == 1000)
            servers_kill_nats(&f->servers);
        if (i == 2000)
            servers_revive_nats(&f->servers);
        must(bus_publish_async(f->bus, &p, &err), &err);
    }
    EVENTUALLY(record_acks(&r) + record_failures(&r) == 3000);
    assert_int_equal(3000, record_acks(&r));
    must(bus_stream_info(f->bus, "crash", &info, &err), &err);
    assert_int_equal(3000, info.messages);
    record_free(&r);
}

/* The header of repetitions that the newest message on the subject has, "" if it has none. */
static const char *repeated(struct fixture *f, struct record *r, const char *id)
{
    static char text[32];
    struct error err;
    struct bus_publication p = {.subject = "late.a",
                                .message_id = id,
                                .payload = STR("x"),
                                .repeated = {"Test-Late", "yes"},
                                .done = record_published,
                                .context = r};
    uint32_t before = record_deliveries(r);
    bool away = !bus_is_connected(f->bus);
    must(bus_publish_async(f->bus, &p, &err), &err);
    if (away)
        servers_revive_nats(&f->servers);
    EVENTUALLY(record_deliveries(r) > before);
    struct bus_delivery *d = record_take(r);
    const char *value = bus_delivery_header(d, "Test-Late");
    snprintf(text, sizeof(text), "%s", value ? value : "");
    bus_delivery_free(d);
    return text;
}

/* Others may have published the same meanwhile. */
static void a_message_that_waited_for_a_connection_says_so(void **state)
{
    struct fixture *f = *state;
    struct record r;
    struct error err;
    struct bus_reader *reader = NULL;
    make_stream(f->bus, "late");
    record_init(&r, f->bus);
    r.keep = true;
    must(bus_reader_start(f->bus, "late", NULL, (struct bus_place){0}, record_deliver, record_troubled, &r,
                          &reader, &err),
         &err);
    assert_string_equal(repeated(f, &r, "at-once"), "");
    servers_kill_nats(&f->servers);
    EVENTUALLY(!bus_is_connected(f->bus));
    assert_string_equal(repeated(f, &r, "late"), "yes");
    assert_string_equal(repeated(f, &r, "at-once-again"), "");
    bus_reader_stop(&reader);
    EVENTUALLY(record_acks(&r) == 3);
    record_free(&r);
}

static bool is_set(const void *flag)
{
    return atomic_load((const atomic_bool *)flag);
}

static void a_message_whose_permit_ends_before_there_is_a_connection_is_not_sent(void **state)
{
    struct fixture *f = *state;
    struct record r;
    struct error err;
    struct bus_ack ack;
    struct bus_stream_info info;
    atomic_bool may = true;
    struct bus_publication p = {.subject = "permit.a",
                                .message_id = "permit",
                                .payload = STR("x"),
                                .permit = {is_set, &may},
                                .done = record_published,
                                .context = &r};
    make_stream(f->bus, "permit");
    record_init(&r, f->bus);
    servers_kill_nats(&f->servers);
    EVENTUALLY(!bus_is_connected(f->bus));
    must(bus_publish_async(f->bus, &p, &err), &err);
    atomic_store(&may, false);
    servers_revive_nats(&f->servers);
    EVENTUALLY(record_failures(&r) == 1);
    assert_int_equal(STATUS_UNAVAILABLE, r.last_failure);
    assert_int_equal(STATUS_UNAVAILABLE, bus_publish_wait(f->bus, &p, &ack, &err));
    must(bus_stream_info(f->bus, "permit", &info, &err), &err);
    assert_int_equal(0, info.messages);
    atomic_store(&may, true);
    must(bus_publish_wait(f->bus, &p, &ack, &err), &err);
    assert_false(ack.duplicate);
    record_free(&r);
}

static void a_publish_gives_up_when_it_was_told_to(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct bus_ack ack;
    struct bus_publication p = {
        .subject = "no.stream.here", .message_id = "x", .payload = STR("x"), .give_up_ms = 500};
    assert_int_equal(STATUS_UNAVAILABLE, bus_publish_wait(f->bus, &p, &ack, &err));
    assert_string_equal("no.stream.here", err.place);
    servers_kill_nats(&f->servers);
    EVENTUALLY(!bus_is_connected(f->bus));
    assert_int_equal(STATUS_UNAVAILABLE, bus_publish_wait(f->bus, &p, &ack, &err));
    servers_revive_nats(&f->servers);
    EVENTUALLY(bus_is_connected(f->bus));
}

static void a_full_stream_refuses(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct bus_ack ack;
    static char block[20000];
    struct bus_stream full = {
        .name = "full", .subjects = {"full.>"}, .discard_new = true, .max_bytes = 50000};
    must(bus_stream_ensure(f->bus, &full, &err), &err);
    enum status status = STATUS_OK;
    for (int i = 0; i < 5 && status == STATUS_OK; i++) {
        char id[32];
        snprintf(id, sizeof(id), "full-%d", i);
        struct bus_publication p = {
            .subject = "full.a", .message_id = id, .payload = {block, sizeof(block)}, .give_up_ms = 20000};
        status = bus_publish_wait(f->bus, &p, &ack, &err);
    }
    assert_int_equal(STATUS_LIMIT, status);
}

static void a_message_over_the_servers_limit_is_not_sent(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct bus_ack ack;
    size_t size = (size_t)bus_max_payload(f->bus);
    char *large = calloc(1, size);
    make_stream(f->bus, "large");
    /* The headers count as well. */
    struct bus_publication p = {.subject = "large.a", .message_id = "l", .payload = {large, size}};
    assert_int_equal(STATUS_LIMIT, bus_publish_wait(f->bus, &p, &ack, &err));
    p.payload.len = size - 100;
    must(bus_publish_wait(f->bus, &p, &ack, &err), &err);
    assert_true(bus_is_connected(f->bus));
    free(large);
}

static void subjects_and_ids_that_would_break_the_protocol_are_refused(void **state)
{
    struct fixture *f = *state;
    struct error err;
    static const char *const bad[] = {"", "a b", "a..b", ".a", "a.", "a.*", "a.>", "a\r\nPUB b 0\r\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bus_publication p = {.subject = bad[i], .payload = STR("x")};
        assert_int_equal(STATUS_INVALID, bus_publish_async(f->bus, &p, &err));
        assert_int_equal(STATUS_INVALID, bus_publish(f->bus, bad[i], NULL, NULL, 0, STR("x"), &err));
    }
    struct bus_publication p = {.subject = "a", .message_id = "x\r\ny", .payload = STR("x")};
    assert_int_equal(STATUS_INVALID, bus_publish_async(f->bus, &p, &err));
    EVENTUALLY(bus_open_publishes(f->bus) == 0);
}

static void what_is_open_when_the_bus_closes_is_told(void **state)
{
    struct fixture *f = *state;
    struct record r;
    struct error err;
    struct bus *other = servers_connect(&f->servers, "other");
    record_init(&r, other);
    struct bus_publication p = {.subject = "nobody.stores",
                                .message_id = "x",
                                .payload = STR("x"),
                                .done = record_published,
                                .context = &r};
    must(bus_publish_async(other, &p, &err), &err);
    bus_close(&other);
    assert_null(other);
    assert_int_equal(1, record_failures(&r));
    assert_int_equal(STATUS_CANCELLED, r.last_failure);
    record_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ack_says_where_the_message_stands),
        cmocka_unit_test(a_repeated_id_is_a_duplicate_of_the_first),
        cmocka_unit_test(asking_whether_an_id_is_known_stores_nothing),
        cmocka_unit_test(only_the_first_on_a_subject_is_taken),
        cmocka_unit_test(many_at_once_are_all_stored),
        cmocka_unit_test(who_publishes_beyond_the_window_waits_and_is_counted),
        cmocka_unit_test(what_the_socket_does_not_take_leaves_later),
        cmocka_unit_test(what_a_crash_interrupts_is_stored_once),
        cmocka_unit_test(a_message_that_waited_for_a_connection_says_so),
        cmocka_unit_test(a_message_whose_permit_ends_before_there_is_a_connection_is_not_sent),
        cmocka_unit_test(a_publish_gives_up_when_it_was_told_to),
        cmocka_unit_test(a_full_stream_refuses),
        cmocka_unit_test(a_message_over_the_servers_limit_is_not_sent),
        cmocka_unit_test(subjects_and_ids_that_would_break_the_protocol_are_refused),
        cmocka_unit_test(what_is_open_when_the_bus_closes_is_told),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
