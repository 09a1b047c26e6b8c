/* Core NATS, administration and key-value buckets, against a real server. */
#include "fixture.h"

#include <stdio.h>

#include "runtime/private_nats.h"

/* ---- requests and subscriptions ---- */

static void answer_with_header(void *context, const struct bus_message *m)
{
    struct bus *bus = context;
    struct error err;
    const char *word = bus_message_header(m, "Word");
    assert_null(bus_message_header(m, "Other"));
    must(bus_publish(bus, m->reply, NULL, NULL, 0, str_of(word), &err), &err);
}

static void a_request_is_answered(void **state)
{
    struct fixture *f = *state;
    struct bus_subscription *s = NULL;
    struct bus_header header = {"Word", "hello there"};
    struct arena a;
    struct str reply;
    struct error err;
    arena_init(&a, 0);
    must(bus_subscribe(f->bus, "service.echo", NULL, answer_with_header, f->bus, &s, &err), &err);
    must(bus_request(f->bus, "service.echo", &header, 1, STR("x"), 10000, &a, &reply, &err), &err);
    assert_true(str_is(reply, "hello there"));
    assert_int_equal('\0', reply.ptr[reply.len]);
    bus_unsubscribe(&s);
    assert_null(s);
    arena_free(&a);
}

static void a_request_to_nobody_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    struct str reply;
    struct error err;
    arena_init(&a, 0);
    assert_int_equal(STATUS_UNAVAILABLE,
                     bus_request(f->bus, "nobody.home", NULL, 0, STR("x"), 600000, &a, &reply, &err));
    assert_string_equal("nobody.home", err.place);
    arena_free(&a);
}

static void answer_with_word(void *context, const struct bus_message *m)
{
    struct bus *bus = context;
    struct error err;
    must(bus_publish(bus, m->reply, NULL, NULL, 0, m->payload, &err), &err);
}

static void all_answers_of_a_request_are_gathered(void **state)
{
    struct fixture *f = *state;
    struct bus_subscription *s[3] = {NULL};
    struct arena a;
    struct str *answers;
    size_t count;
    struct error err;
    arena_init(&a, 0);
    for (int i = 0; i < 3; i++)
        must(bus_subscribe(f->bus, "service.all", NULL, answer_with_word, f->bus, &s[i], &err), &err);
    must(bus_gather(f->bus, "service.all", STR("you"), 10000, 500, &a, &answers, &count, &err), &err);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_true(str_is(answers[i], "you"));
    for (int i = 0; i < 3; i++)
        bus_unsubscribe(&s[i]);
    must(bus_gather(f->bus, "service.all", STR("you"), 600000, 1, &a, &answers, &count, &err), &err);
    assert_int_equal(count, 0);
    arena_free(&a);
}

static void say_nothing(void *context, const struct bus_message *m)
{
    (void)m;
    *(int *)context += 1;
}

static void a_request_without_an_answer_times_out(void **state)
{
    struct fixture *f = *state;
    struct bus_subscription *s = NULL;
    struct arena a;
    struct str reply;
    struct error err;
    int heard = 0;
    arena_init(&a, 0);
    must(bus_subscribe(f->bus, "service.mute", NULL, say_nothing, &heard, &s, &err), &err);
    assert_int_equal(STATUS_TIMEOUT,
                     bus_request(f->bus, "service.mute", NULL, 0, STR("x"), 300, &a, &reply, &err));
    bus_unsubscribe(&s);
    assert_int_equal(1, heard);
    arena_free(&a);
}

struct tally {
    pthread_mutex_t mutex;
    int count;
};

static void count(void *context, const struct bus_message *m)
{
    struct tally *t = context;
    (void)m;
    pthread_mutex_lock(&t->mutex);
    t->count++;
    pthread_mutex_unlock(&t->mutex);
}

static int counted(struct tally *t)
{
    pthread_mutex_lock(&t->mutex);
    int n = t->count;
    pthread_mutex_unlock(&t->mutex);
    return n;
}

static void a_queue_shares_and_subscriptions_all_hear(void **state)
{
    struct fixture *f = *state;
    struct tally tallies[4];
    struct bus_subscription *s[4] = {NULL};
    struct error err;
    for (int i = 0; i < 4; i++) {
        tallies[i] = (struct tally){.count = 0};
        pthread_mutex_init(&tallies[i].mutex, NULL);
        must(bus_subscribe(f->bus, "news.*", i < 2 ? "group" : NULL, count, &tallies[i], &s[i], &err), &err);
    }
    for (int i = 0; i < 100; i++)
        must(bus_publish(f->bus, "news.today", NULL, NULL, 0, STR("x"), &err), &err);
    must(bus_flush(f->bus, 10000, &err), &err);
    EVENTUALLY(counted(&tallies[0]) + counted(&tallies[1]) == 100);
    EVENTUALLY(counted(&tallies[2]) == 100 && counted(&tallies[3]) == 100);
    for (int i = 0; i < 4; i++)
        bus_unsubscribe(&s[i]);
}

static void subscriptions_survive_a_crash(void **state)
{
    struct fixture *f = *state;
    struct tally t = {.count = 0};
    struct bus_subscription *s = NULL;
    struct error err;
    pthread_mutex_init(&t.mutex, NULL);
    must(bus_subscribe(f->bus, "lasting", NULL, count, &t, &s, &err), &err);
    servers_kill_nats(&f->servers);
    EVENTUALLY(!bus_is_connected(f->bus));
    assert_int_equal(STATUS_UNAVAILABLE, bus_flush(f->bus, 1000, &err));
    servers_revive_nats(&f->servers);
    EVENTUALLY(bus_is_connected(f->bus));
    must(bus_publish(f->bus, "lasting", NULL, NULL, 0, STR("x"), &err), &err);
    EVENTUALLY(counted(&t) == 1);
    bus_unsubscribe(&s);
}

static void a_subscription_that_is_left_ends_with_its_bus(void **state)
{
    struct fixture *f = *state;
    struct tally t = {.count = 0};
    struct bus_subscription *s = NULL;
    struct error err;
    struct bus *other = servers_connect(&f->servers, "other");
    pthread_mutex_init(&t.mutex, NULL);
    must(bus_subscribe(other, "left", NULL, count, &t, &s, &err), &err);
    bus_close(&other);
    must(bus_publish(f->bus, "left", NULL, NULL, 0, STR("x"), &err), &err);
    must(bus_flush(f->bus, 10000, &err), &err);
    assert_int_equal(0, counted(&t));
}

static void the_servers_version_is_known(void **state)
{
    struct fixture *f = *state;
    assert_true(bus_server_version(f->bus) >= 20900);
    assert_true(bus_server_version(f->bus) < 100000);
    assert_true(bus_max_payload(f->bus) >= 1024 * 1024);
}

/* ---- administration ---- */

static void a_stream_is_made_once_and_changed_in_place(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct bus_stream_info info;
    struct bus_stream s = {
        .name = "made", .subjects = {"made.a.>", "made.b"}, .duplicates_ms = 60000, .max_age_ms = 3600000};
    must(bus_stream_ensure(f->bus, &s, &err), &err);
    must(bus_stream_ensure(f->bus, &s, &err), &err);
    s.max_age_ms = 7200000;
    s.subjects[2] = "made.c";
    must(bus_stream_ensure(f->bus, &s, &err), &err);
    must(bus_stream_info(f->bus, "made", &info, &err), &err);
    assert_int_equal(0, info.messages);
    assert_true(info.created_ns > 0);
    s.work_queue = true;
    assert_int_equal(STATUS_CONFLICT, bus_stream_ensure(f->bus, &s, &err));
    assert_non_null(strstr(err.message, "retention"));
    assert_int_equal(STATUS_NOT_FOUND, bus_stream_info(f->bus, "unmade", &info, &err));
}

static void a_consumer_is_made_once_and_changed_in_place(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct bus_consumer_info info;
    make_stream(f->bus, "work");
    struct bus_consumer c = {.stream = "work",
                             .durable = "pool",
                             .filter = "work.pool.>",
                             .ack_wait_ms = 30000,
                             .max_deliver = 5,
                             .max_ack_pending = 1000,
                             .max_waiting = 16384};
    must(bus_consumer_ensure(f->bus, &c, &err), &err);
    must(bus_consumer_ensure(f->bus, &c, &err), &err);
    c.ack_wait_ms = 60000;
    c.max_deliver = 0;
    must(bus_consumer_ensure(f->bus, &c, &err), &err);
    must(bus_consumer_info(f->bus, "work", "pool", &info, &err), &err);
    assert_int_equal(0, info.pending);
    c.max_waiting = 100;
    assert_int_equal(STATUS_CONFLICT, bus_consumer_ensure(f->bus, &c, &err));
    assert_non_null(strstr(err.message, "max_waiting"));
    assert_int_equal(STATUS_NOT_FOUND, bus_consumer_info(f->bus, "work", "none", &info, &err));
}

static void stored_messages_are_found_and_purged(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct arena a;
    struct bus_stored m;
    uint64_t purged = 0;
    arena_init(&a, 0);
    make_stream(f->bus, "store");
    fill_stream(f->bus, "store", 0, 10);
    must(bus_stream_get(f->bus, "store", 4, &a, &m, &err), &err);
    assert_true(str_is(m.subject, "store.3"));
    assert_true(str_is(m.payload, "store.3"));
    assert_int_equal(4, m.sequence);
    assert_true(m.time_ns > 0);
    must(bus_stream_last(f->bus, "store", "store.7", &a, &m, &err), &err);
    assert_int_equal(8, m.sequence);
    must(bus_stream_purge(f->bus, "store", "store.7", &purged, &err), &err);
    assert_int_equal(1, purged);
    assert_int_equal(STATUS_NOT_FOUND, bus_stream_last(f->bus, "store", "store.7", &a, &m, &err));
    assert_int_equal(STATUS_NOT_FOUND, bus_stream_get(f->bus, "store", 99, &a, &m, &err));
    must(bus_stream_purge(f->bus, "store", NULL, &purged, &err), &err);
    assert_int_equal(9, purged);
    arena_free(&a);
}

/* ---- buckets ---- */

static void a_bucket_keeps_values_and_their_history(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct arena a;
    struct str value;
    uint64_t first, second, found;
    int64_t time_ns;
    arena_init(&a, 0);
    must(bus_kv_ensure(f->bus, "catalog", 10, 1, &err), &err);
    must(bus_kv_ensure(f->bus, "catalog", 10, 1, &err), &err);
    must(bus_kv_put(f->bus, "catalog", "examples/hello", STR("one"), &first, &err), &err);
    must(bus_kv_put(f->bus, "catalog", "examples/hello", STR("two"), &second, &err), &err);
    assert_true(second > first);
    must(bus_kv_get(f->bus, "catalog", "examples/hello", 0, &a, &value, &found, &time_ns, &err), &err);
    assert_true(str_is(value, "two"));
    assert_int_equal(second, found);
    assert_true(time_ns > 0);
    must(bus_kv_get(f->bus, "catalog", "examples/hello", first, &a, &value, NULL, NULL, &err), &err);
    assert_true(str_is(value, "one"));
    assert_int_equal(STATUS_NOT_FOUND,
                     bus_kv_get(f->bus, "catalog", "examples/other", 0, &a, &value, NULL, NULL, &err));
    assert_int_equal(STATUS_NOT_FOUND,
                     bus_kv_get(f->bus, "catalog", "examples/other", first, &a, &value, NULL, NULL, &err));
    assert_int_equal(STATUS_INVALID, bus_kv_put(f->bus, "catalog", "a b", STR("x"), NULL, &err));
    assert_int_equal(STATUS_INVALID, bus_kv_put(f->bus, "cata log", "a", STR("x"), NULL, &err));
    arena_free(&a);
}

static void a_bucket_lists_the_keys_that_have_a_value(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct arena a;
    struct value keys;
    struct bus_header deleted = {"KV-Operation", "DEL"};
    enum { MANY = 1200 };
    arena_init(&a, 0);
    must(bus_kv_ensure(f->bus, "names", 3, 1, &err), &err);
    must(bus_kv_keys(f->bus, "names", &a, &keys, &err), &err);
    assert_int_equal(0, keys.len);
    for (int i = 0; i < MANY; i++) {
        char key[32];
        snprintf(key, sizeof(key), "folder/%d", i);
        must(bus_kv_put(f->bus, "names", key, STR("x"), NULL, &err), &err);
    }
    must(bus_publish(f->bus, "$KV.names.folder/0", NULL, &deleted, 1, STR(""), &err), &err);
    must(bus_flush(f->bus, 10000, &err), &err);
    must(bus_kv_keys(f->bus, "names", &a, &keys, &err), &err);
    assert_int_equal(MANY - 1, keys.len);
    assert_true(str_is(value_as_str(VALUE_GET(keys.u.list[0], "key")), "folder/1"));
    assert_int_equal(2, VALUE_GET(keys.u.list[0], "revision").u.i);
    assert_true(VALUE_GET(keys.u.list[0], "created_ns").u.i > 0);
    assert_int_equal(STATUS_NOT_FOUND,
                     bus_kv_get(f->bus, "names", "folder/0", 0, &a, &(struct str){0}, NULL, NULL, &err));
    assert_int_equal(STATUS_NOT_FOUND, bus_kv_keys(f->bus, "nobucket", &a, &keys, &err));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered),
        cmocka_unit_test(all_answers_of_a_request_are_gathered),
        cmocka_unit_test(a_request_to_nobody_is_refused_at_once),
        cmocka_unit_test(a_request_without_an_answer_times_out),
        cmocka_unit_test(a_queue_shares_and_subscriptions_all_hear),
        cmocka_unit_test(subscriptions_survive_a_crash),
        cmocka_unit_test(a_subscription_that_is_left_ends_with_its_bus),
        cmocka_unit_test(the_servers_version_is_known),
        cmocka_unit_test(a_stream_is_made_once_and_changed_in_place),
        cmocka_unit_test(a_consumer_is_made_once_and_changed_in_place),
        cmocka_unit_test(stored_messages_are_found_and_purged),
        cmocka_unit_test(a_bucket_keeps_values_and_their_history),
        cmocka_unit_test(a_bucket_lists_the_keys_that_have_a_value),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
