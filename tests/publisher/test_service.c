/* The request/reply service by itself, with operations made for the test. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "publisher/ask.h"
#include "publisher/service.h"
#include "publisher/topology.h"
#include "servers.h"

static struct servers servers;
static struct bus *bus, *client;
static struct subjects subjects;

/* Where operations wait until the test lets them go. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    atomic_int waiting; /* who has come to it */
};
static struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};

static void gate_set(bool open)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = open;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
}

static enum status wait_at_gate(void *context, const struct call *call, struct answer *answer,
                                struct error *err)
{
    (void)context;
    (void)call;
    (void)answer;
    (void)err;
    atomic_fetch_add(&gate.waiting, 1);
    pthread_mutex_lock(&gate.lock);
    while (!gate.open)
        pthread_cond_wait(&gate.opened, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    return STATUS_OK;
}

static enum status echo(void *context, const struct call *call, struct answer *answer, struct error *err)
{
    (void)context;
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("payload"), value_str(call->payload));
    map_put(&m, STR("traceparent"), value_str(call->traceparent));
    map_put(&m, STR("by"), value_str(call->requested_by));
    return map_end(&m, &answer->body, err);
}

static enum status fail_it(void *context, const struct call *call, struct answer *answer, struct error *err)
{
    (void)context;
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("detail"), value_int(7));
    TRY(map_end(&m, &answer->details, err));
    error_set(err, STATUS_CONFLICT, "two\r\nlines");
    error_place(err, "here");
    error_at(err, 3, 4);
    return error_hint(err, "do otherwise");
}

static enum status answer_much(void *context, const struct call *call, struct answer *answer,
                               struct error *err)
{
    (void)context;
    size_t size = 2 << 20;
    char *bytes = arena_alloc(call->arena, size);
    if (!bytes)
        return arena_error(call->arena, err, "the answer");
    memset(bytes, 'x', size);
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("much"), value_str((struct str){bytes, size}));
    return map_end(&m, &answer->body, err);
}

static const struct operation OPERATIONS[] = {
    {"test_wait", wait_at_gate, "waits"},
    {"test_echo", echo, "gives back what it got"},
    {"test_fail", fail_it, "fails"},
    {"test_much", answer_much, "answers more than a message holds"},
};

static struct service *start_service(uint32_t threads)
{
    struct service_options options = {.bus = bus,
                                      .subjects = &subjects,
                                      .name = "test",
                                      .description = "test",
                                      .table = {OPERATIONS, sizeof OPERATIONS / sizeof OPERATIONS[0], NULL},
                                      .threads = threads};
    struct service *service = NULL;
    struct error err;
    assert_int_equal(service_start(&options, &service, &err), STATUS_OK);
    assert_int_equal(bus_flush(bus, 10000, &err), STATUS_OK);
    return service;
}

static int start(void **state)
{
    (void)state;
    struct error err;
    servers_start_nats(&servers);
    bus = servers_connect(&servers, "test service");
    client = servers_connect(&servers, "test client");
    return subjects_init(&subjects, STR("noetl"), 1, &err) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    bus_close(&client);
    bus_close(&bus);
    servers_stop(&servers);
    return 0;
}

static struct value ask_at(const char *subject, const struct bus_header *header, const char *payload,
                           struct arena *a)
{
    struct str reply;
    struct value v;
    struct error err;
    char text[2048];
    if (bus_request(client, subject, header, header ? 1 : 0, str_of(payload), 30000, a, &reply, &err) !=
        STATUS_OK)
        fail_msg("%s", error_text(&err, text, sizeof text));
    assert_int_equal(json_read(a, reply, NULL, &v, &err), STATUS_OK);
    return v;
}

static void an_operation_gets_the_payload_and_the_trace(void **state)
{
    (void)state;
    struct arena a;
    struct service *service = start_service(2);
    struct bus_header header = {"traceparent", "00-aa-bb-01"};
    arena_init(&a, 0);
    struct value v = ask_at("noetl.api.test_echo", &header, "as it came", &a);
    assert_true(str_is(value_as_str(VALUE_GET(v, "payload")), "as it came"));
    assert_true(str_is(value_as_str(VALUE_GET(v, "traceparent")), "00-aa-bb-01"));
    assert_true(str_is(value_as_str(VALUE_GET(v, "by")), "api"));
    service_stop(&service);
    arena_free(&a);
}

static void a_failure_has_all_that_the_error_says(void **state)
{
    (void)state;
    struct arena a;
    struct service *service = start_service(1);
    arena_init(&a, 0);
    struct value error = VALUE_GET(ask_at("noetl.api.test_fail", NULL, "", &a), "error");
    assert_true(str_is(value_as_str(VALUE_GET(error, "kind")), "conflict"));
    assert_true(str_is(value_as_str(VALUE_GET(error, "message")), "two\r\nlines"));
    assert_true(str_is(value_as_str(VALUE_GET(error, "place")), "here:3:4"));
    assert_true(str_is(value_as_str(VALUE_GET(error, "hint")), "do otherwise"));
    assert_true(value_equal(VALUE_GET(error, "detail"), value_int(7)));
    service_stop(&service);
    arena_free(&a);
}

static const char *const replies_refused[] = {"noetl.brokers", "noetl.events.0.1.timer_fired",
                                              "$KV.noetl_catalog.x"};
struct answers {
    atomic_int refused, given;
};

static void see_answer(void *context, const struct bus_message *m)
{
    struct answers *a = context;
    for (size_t i = 0; i < 3; i++)
        atomic_fetch_add(&a->refused, strcmp(m->subject, replies_refused[i]) == 0);
    atomic_fetch_add(&a->given, strcmp(m->subject, "noetlike.x") == 0);
}

/* The asker could have the service publish where only that may. */
static void an_answer_goes_to_no_subject_of_the_installation(void **state)
{
    (void)state;
    static const char *const asked[] = {"noetl.api.test_echo", "$SRV.PING.test"};
    struct answers answers = {0};
    struct bus_subscription *all = NULL;
    struct error err;
    struct service *service = start_service(1);
    assert_int_equal(bus_subscribe(client, ">", NULL, see_answer, &answers, &all, &err), STATUS_OK);
    assert_int_equal(bus_flush(client, 10000, &err), STATUS_OK);
    for (size_t s = 0; s < 2; s++) {
        for (size_t r = 0; r < 3; r++)
            assert_int_equal(bus_publish(bus, asked[s], replies_refused[r], NULL, 0, STR(""), &err),
                             STATUS_OK);
        assert_int_equal(bus_publish(bus, asked[s], "noetlike.x", NULL, 0, STR(""), &err), STATUS_OK);
    }
    while (atomic_load(&answers.given) < 2)
        usleep(1000);
    assert_int_equal(atomic_load(&answers.refused), 0);
    service_stop(&service);
    bus_unsubscribe(&all);
}

static void without_its_stream_a_large_answer_is_an_error_that_names_it(void **state)
{
    (void)state;
    struct arena a;
    struct service *service = start_service(1);
    arena_init(&a, 0);
    struct value error = VALUE_GET(ask_at("noetl.api.test_much", NULL, "", &a), "error");
    service_stop(&service);
    assert_true(str_is(value_as_str(VALUE_GET(error, "kind")), "not_found"));
    assert_true(str_find(value_as_str(VALUE_GET(error, "message")), STR("NOETL_EXCHANGE")) >= 0);
    assert_true(str_find(value_as_str(VALUE_GET(error, "hint")), STR("noetl setup")) >= 0);
    arena_free(&a);
}

static struct value ask_large(const char *operation, struct str payload, struct arena *a)
{
    struct question q = {.operation = operation, .payload = payload, .timeout_ms = 30000};
    struct str text;
    struct value v;
    struct error err;
    assert_int_equal(ask(client, &subjects, &q, a, &text, &err), STATUS_OK);
    assert_int_equal(json_read(a, text, NULL, &v, &err), STATUS_OK);
    return v;
}

static void requests_and_answers_that_no_message_holds_go_by_reference(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    struct arena a;
    struct error err;
    struct topology_options options = {.replicas = 1, .duplicates_ms = 120000, .task_ack_wait_ms = 30000};
    assert_int_equal(topology_ensure(bus, &subjects, &options, &err), STATUS_OK);
    struct service *service = start_service(1);
    arena_init(&a, 0);
    char *payload = arena_alloc(&a, SIZE);
    memset(payload, 'p', SIZE);
    assert_int_equal(VALUE_GET(ask_large("test_much", STR(""), &a), "much").len, 2 << 20);
    struct value echoed = VALUE_GET(ask_large("test_echo", (struct str){payload, SIZE}, &a), "payload");
    assert_true(str_equal(value_as_str(echoed), (struct str){payload, SIZE}));
    service_stop(&service);
    arena_free(&a);
}

struct replies {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int good, refused;
};

static void on_reply(void *context, const struct bus_message *m)
{
    struct replies *r = context;
    pthread_mutex_lock(&r->lock);
    if (bus_message_header(m, "Nats-Service-Error"))
        r->refused++;
    else
        r->good++;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void publish_requests(int count)
{
    struct error err;
    for (int i = 0; i < count; i++)
        assert_int_equal(bus_publish(client, "noetl.api.test_wait", "test.replies", NULL, 0, STR("{}"), &err),
                         STATUS_OK);
    assert_int_equal(bus_flush(client, 10000, &err), STATUS_OK);
}

/* One thread waits at the gate: more than the queue holds are refused at once, and all others answered in the
 * end. */
static void a_full_queue_refuses_and_forgets_nothing(void **state)
{
    (void)state;
    enum { REQUESTS = 5000 };
    struct replies replies = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct bus_subscription *subscription = NULL;
    struct error err;
    gate_set(false);
    struct service *service = start_service(1);
    assert_int_equal(bus_subscribe(client, "test.replies", NULL, on_reply, &replies, &subscription, &err),
                     STATUS_OK);
    publish_requests(REQUESTS);

    pthread_mutex_lock(&replies.lock);
    while (replies.refused == 0)
        pthread_cond_wait(&replies.changed, &replies.lock);
    assert_int_equal(replies.good, 0);
    pthread_mutex_unlock(&replies.lock);
    gate_set(true);
    pthread_mutex_lock(&replies.lock);
    while (replies.good + replies.refused < REQUESTS)
        pthread_cond_wait(&replies.changed, &replies.lock);
    assert_true(replies.good >= 4096);
    pthread_mutex_unlock(&replies.lock);
    service_stop(&service);
    bus_unsubscribe(&subscription);
}

static void *open_gate(void *context)
{
    (void)context;
    gate_set(true);
    return NULL;
}

/* What is known to be in its queue: the requests up to the one that a thread of it waits with. */
static void stopping_answers_what_was_taken(void **state)
{
    (void)state;
    struct replies replies = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct bus_subscription *subscription = NULL;
    struct error err;
    pthread_t opener;
    gate_set(false);
    atomic_store(&gate.waiting, 0);
    struct service *service = start_service(2);
    assert_int_equal(bus_subscribe(client, "test.replies", NULL, on_reply, &replies, &subscription, &err),
                     STATUS_OK);
    publish_requests(2);
    while (atomic_load(&gate.waiting) < 2)
        usleep(1000);
    assert_int_equal(pthread_create(&opener, NULL, open_gate, NULL), 0);
    service_stop(&service);
    pthread_join(opener, NULL);
    pthread_mutex_lock(&replies.lock);
    while (replies.good < 2)
        pthread_cond_wait(&replies.changed, &replies.lock);
    pthread_mutex_unlock(&replies.lock);
    bus_unsubscribe(&subscription);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operation_gets_the_payload_and_the_trace),
        cmocka_unit_test(a_failure_has_all_that_the_error_says),
        cmocka_unit_test(an_answer_goes_to_no_subject_of_the_installation),
        cmocka_unit_test(without_its_stream_a_large_answer_is_an_error_that_names_it),
        cmocka_unit_test(requests_and_answers_that_no_message_holds_go_by_reference),
        cmocka_unit_test(a_full_queue_refuses_and_forgets_nothing),
        cmocka_unit_test(stopping_answers_what_was_taken),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
