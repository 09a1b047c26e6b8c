#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "publisher/topology.h"
#include "servers.h"

static struct servers servers;
static struct bus *bus;

static int start(void **state)
{
    (void)state;
    servers_start_nats(&servers);
    bus = servers_connect(&servers, "test topology");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    bus_close(&bus);
    servers_stop(&servers);
    return 0;
}

static const char *const POOLS[] = {"default", "gpu", NULL};
static const struct topology_options OPTIONS = {
    .replicas = 1,
    .events_max_age_ms = INT64_C(86400000),
    .duplicates_ms = 120000,
    .task_ack_wait_ms = 30000,
    .task_max_deliver = 5,
    .pools = POOLS,
};

/* A prefix for each test, so that they share the server. */
static struct subjects subjects_of(const char *prefix, int64_t partitions)
{
    struct subjects s;
    struct error err;
    assert_int_equal(subjects_init(&s, str_of(prefix), partitions, &err), STATUS_OK);
    return s;
}

static void ensure(const struct subjects *s)
{
    struct error err;
    char text[2048];
    if (topology_ensure(bus, s, &OPTIONS, &err) != STATUS_OK)
        fail_msg("%s", error_text(&err, text, sizeof text));
}

static void streams_consumers_and_buckets_are_there_afterwards(void **state)
{
    (void)state;
    struct subjects s = subjects_of("there", 8);
    struct bus_stream_info stream;
    struct bus_consumer_info consumer;
    struct error err;
    struct arena a;
    struct value keys;
    char name[96];
    ensure(&s);
    for (int id = STREAM_COMMANDS; id <= STREAM_EXCHANGE; id++)
        assert_int_equal(bus_stream_info(bus, stream_name(&s, (enum stream_id)id, name), &stream, &err),
                         STATUS_OK);
    stream_name(&s, STREAM_COMMANDS, name);
    assert_int_equal(bus_consumer_info(bus, name, INTAKE_CONSUMER, &consumer, &err), STATUS_OK);
    stream_name(&s, STREAM_TASKS, name);
    assert_int_equal(bus_consumer_info(bus, name, "default", &consumer, &err), STATUS_OK);
    assert_int_equal(bus_consumer_info(bus, name, "gpu", &consumer, &err), STATUS_OK);
    arena_init(&a, 0);
    assert_int_equal(bus_kv_keys(bus, catalog_bucket(&s, name), &a, &keys, &err), STATUS_OK);
    assert_int_equal(keys.len, 0);
    arena_free(&a);
}

static void ensuring_twice_changes_nothing(void **state)
{
    (void)state;
    struct subjects s = subjects_of("twice", 8);
    struct bus_stream_info before, after;
    struct error err;
    char name[96];
    ensure(&s);
    stream_name(&s, STREAM_EVENTS, name);
    assert_int_equal(bus_stream_info(bus, name, &before, &err), STATUS_OK);
    ensure(&s);
    assert_int_equal(bus_stream_info(bus, name, &after, &err), STATUS_OK);
    assert_int_equal(before.created_ns, after.created_ns);
}

static void an_installation_from_before_there_were_large_messages_gets_their_streams(void **state)
{
    (void)state;
    struct subjects s = subjects_of("before", 8);
    struct bus_stream_info info;
    struct error err;
    struct arena a;
    struct value answer;
    char name[96];
    ensure(&s);
    arena_init(&a, 0);
    assert_int_equal(bus_api(bus, "STREAM.DELETE.BEFORE_RESULTS", STR(""), &a, &answer, &err), STATUS_OK);
    assert_int_equal(bus_api(bus, "STREAM.DELETE.BEFORE_EXCHANGE", STR(""), &a, &answer, &err), STATUS_OK);
    ensure(&s);
    assert_int_equal(bus_stream_info(bus, stream_name(&s, STREAM_RESULTS, name), &info, &err), STATUS_OK);
    assert_int_equal(bus_stream_info(bus, stream_name(&s, STREAM_EXCHANGE, name), &info, &err), STATUS_OK);
    arena_free(&a);
}

static void another_number_of_partitions_is_refused(void **state)
{
    (void)state;
    struct subjects s = subjects_of("fixed", 8), other = subjects_of("fixed", 16);
    struct error err;
    ensure(&s);
    assert_int_equal(topology_ensure(bus, &other, &OPTIONS, &err), STATUS_CONFLICT);
    assert_string_equal(err.place, "events.partitions");
    assert_non_null(strstr(err.message, "FIXED_EVENTS"));
    assert_non_null(strstr(err.hint, "set events.partitions to 8"));
    ensure(&s);
}

struct maker {
    struct subjects subjects;
    struct bus *bus;
    enum status status;
    struct error err;
};

static void *make(void *context)
{
    struct maker *m = context;
    m->status = topology_ensure(m->bus, &m->subjects, &OPTIONS, &m->err);
    return NULL;
}

static void of_two_at_once_with_two_numbers_one_fixes_it(void **state)
{
    (void)state;
    enum { ROUNDS = 12 };
    struct bus *second = servers_connect(&servers, "test second");
    for (int round = 0; round < ROUNDS; round++) {
        char prefix[16];
        pthread_t other;
        snprintf(prefix, sizeof prefix, "race%d", round);
        struct maker a = {.subjects = subjects_of(prefix, 8), .bus = bus};
        struct maker b = {.subjects = subjects_of(prefix, 16), .bus = second};
        assert_int_equal(pthread_create(&other, NULL, make, &b), 0);
        make(&a);
        pthread_join(other, NULL);
        struct maker *first = a.status == STATUS_OK ? &a : &b, *late = first == &a ? &b : &a;
        assert_int_equal(first->status, STATUS_OK);
        assert_int_equal(late->status, STATUS_CONFLICT);
        assert_string_equal(late->err.place, "events.partitions");
        ensure(&first->subjects);
    }
    bus_close(&second);
}

static void describe(const char *stream, const char *text)
{
    struct arena a;
    struct value answer;
    struct error err;
    char verb[64], body[256];
    snprintf(verb, sizeof verb, "STREAM.UPDATE.%s", stream);
    snprintf(body, sizeof body,
             "{\"name\": \"%s\", \"subjects\": [\"told.events.>\"], \"description\": \"%s\","
             "\"discard\": \"new\", \"allow_direct\": true}",
             stream, text);
    arena_init(&a, 0);
    assert_int_equal(bus_api(bus, verb, str_of(body), &a, &answer, &err), STATUS_OK);
    arena_free(&a);
}

static void a_description_that_tells_no_number_is_told(void **state)
{
    (void)state;
    static const char *const DAMAGE[] = {"our production", "8", " partitions", "-8 partitions",
                                         "8 partitions of ours"};
    struct subjects s = subjects_of("told", 8);
    struct error err;
    ensure(&s);
    for (size_t i = 0; i < sizeof DAMAGE / sizeof DAMAGE[0]; i++) {
        describe("TOLD_EVENTS", DAMAGE[i]);
        assert_int_equal(topology_ensure(bus, &s, &OPTIONS, &err), STATUS_CONFLICT);
        assert_string_equal(err.place, "TOLD_EVENTS");
        assert_non_null(strstr(err.message, DAMAGE[i]));
        assert_non_null(strstr(err.hint, "nats stream edit TOLD_EVENTS --description \"8 partitions\""));
    }
    describe("TOLD_EVENTS", "");
    ensure(&s); /* which describes it again */
    struct subjects other = subjects_of("told", 16);
    assert_int_equal(topology_check_partitions(bus, &other, STREAM_EVENTS, &err), STATUS_CONFLICT);
}

static void the_event_stream_keeps_the_first_message_of_a_subject_only(void **state)
{
    (void)state;
    struct subjects s = subjects_of("first", 8);
    struct bus_ack ack;
    struct error err;
    char subject[SUBJECT_MAX];
    ensure(&s);
    subject_event(&s, 77, EVENT_EXECUTION_REQUESTED, subject);
    struct bus_publication p = {.subject = subject,
                                .message_id = "one",
                                .only_first = true,
                                .payload = STR("{}"),
                                .give_up_ms = 10000};
    assert_int_equal(bus_publish_wait(bus, &p, &ack, &err), STATUS_OK);
    assert_string_equal(ack.stream, "FIRST_EVENTS");
    p.message_id = "two";
    assert_int_equal(bus_publish_wait(bus, &p, &ack, &err), STATUS_CONFLICT);
}

static void a_pool_can_be_added_later(void **state)
{
    (void)state;
    struct subjects s = subjects_of("later", 8);
    struct bus_consumer_info consumer;
    struct error err;
    char name[96];
    ensure(&s);
    stream_name(&s, STREAM_TASKS, name);
    assert_int_equal(bus_consumer_info(bus, name, "late", &consumer, &err), STATUS_NOT_FOUND);
    assert_int_equal(topology_ensure_pool(bus, &s, &OPTIONS, "late", &err), STATUS_OK);
    assert_int_equal(bus_consumer_info(bus, name, "late", &consumer, &err), STATUS_OK);
    assert_int_equal(topology_ensure_pool(bus, &s, &OPTIONS, "no such.pool", &err), STATUS_INVALID);
    assert_string_equal(err.place, "pools");
}

static void publish(const struct subjects *s, int64_t id, enum status expected)
{
    char subject[SUBJECT_MAX];
    struct bus_ack ack;
    struct error err;
    struct bus_publication p = {.subject = subject_event(s, id, EVENT_EXECUTION_REQUESTED, subject),
                                .payload = STR("{}"),
                                .give_up_ms = 10000};
    assert_int_equal(bus_publish_wait(bus, &p, &ack, &err), expected);
}

static void a_full_stream_refuses_what_comes_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct subjects s = subjects_of("full", 8);
    struct topology_options options = OPTIONS;
    struct bus_stream_info info;
    struct error err;
    char name[96];
    options.events_limit.messages = 3;
    assert_int_equal(topology_ensure(bus, &s, &options, &err), STATUS_OK);
    for (int64_t id = 1; id <= 3; id++)
        publish(&s, id, STATUS_OK);
    publish(&s, 4, STATUS_LIMIT);
    assert_int_equal(bus_stream_info(bus, stream_name(&s, STREAM_EVENTS, name), &info, &err), STATUS_OK);
    assert_int_equal(info.first_sequence, 1);
    assert_int_equal(info.messages, 3);
    ensure(&s); /* no limit */
    publish(&s, 4, STATUS_OK);
}

static void a_limit_below_what_a_stream_holds_is_refused(void **state)
{
    (void)state;
    struct subjects s = subjects_of("lower", 8);
    struct topology_options options = OPTIONS;
    struct bus_stream_info info;
    struct error err;
    char name[96];
    ensure(&s);
    for (int64_t id = 1; id <= 3; id++)
        publish(&s, id, STATUS_OK);
    options.events_limit.messages = 2;
    assert_int_equal(topology_ensure(bus, &s, &options, &err), STATUS_CONFLICT);
    assert_string_equal(err.place, "events.max_messages");
    assert_non_null(strstr(err.message, "LOWER_EVENTS holds 3 messages"));
    assert_int_equal(bus_stream_info(bus, stream_name(&s, STREAM_EVENTS, name), &info, &err), STATUS_OK);
    assert_int_equal(info.messages, 3);
}

static void a_limit_in_bytes_needs_a_server_that_keeps_it_without_removing(void **state)
{
    (void)state;
    struct subjects s = subjects_of("bytes", 8);
    struct topology_options options = OPTIONS;
    struct error err;
    options.tasks_limit.bytes = 1 << 20;
    enum status status = topology_ensure(bus, &s, &options, &err);
    if (bus_server_version(bus) >= 21005) {
        assert_int_equal(status, STATUS_OK);
        return;
    }
    assert_int_equal(status, STATUS_UNSUPPORTED);
    assert_string_equal(err.place, "tasks.max_bytes");
    assert_non_null(strstr(err.hint, "tasks.max_messages"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_consumers_and_buckets_are_there_afterwards),
        cmocka_unit_test(ensuring_twice_changes_nothing),
        cmocka_unit_test(an_installation_from_before_there_were_large_messages_gets_their_streams),
        cmocka_unit_test(another_number_of_partitions_is_refused),
        cmocka_unit_test(of_two_at_once_with_two_numbers_one_fixes_it),
        cmocka_unit_test(a_description_that_tells_no_number_is_told),
        cmocka_unit_test(the_event_stream_keeps_the_first_message_of_a_subject_only),
        cmocka_unit_test(a_pool_can_be_added_later),
        cmocka_unit_test(a_full_stream_refuses_what_comes_and_keeps_what_it_has),
        cmocka_unit_test(a_limit_below_what_a_stream_holds_is_refused),
        cmocka_unit_test(a_limit_in_bytes_needs_a_server_that_keeps_it_without_removing),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
