/* Readers: a stream in order, once each, whatever happens to the server; against a real one. */
#include "fixture.h"

#include <stdio.h>

#include "standstill.h"

static struct bus_reader *start_behind(struct record *r, const char *stream, struct bus_place behind)
{
    struct bus_reader *reader = NULL;
    struct error err;
    must(bus_reader_start(r->bus, stream, NULL, behind, record_deliver, record_troubled, r, &reader, &err),
         &err);
    return reader;
}

static struct bus_reader *start(struct record *r, const char *stream, const char *filter, uint64_t from)
{
    struct bus_reader *reader = NULL;
    struct error err;
    must(bus_reader_start(r->bus, stream, filter, (struct bus_place){.sequence = from - 1}, record_deliver,
                          record_troubled, r, &reader, &err),
         &err);
    return reader;
}

/* The place behind a message that is there. */
static struct bus_place place_of(struct bus *bus, const char *stream, uint64_t sequence)
{
    struct arena a;
    struct bus_stored stored;
    struct error err;
    arena_init(&a, 0);
    must(bus_stream_get(bus, stream, sequence, &a, &stored, &err), &err);
    arena_free(&a);
    return (struct bus_place){stored.sequence, stored.time_ns};
}

/* Sequences from, from + 1, … */
static void assert_in_order(struct record *r, uint64_t from, uint32_t count)
{
    assert_int_equal(count, record_deliveries(r));
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(from + i, r->sequences[i]);
}

static void purge(struct bus *bus, const char *stream, const char *filter)
{
    struct error err;
    must(bus_stream_purge(bus, stream, filter, NULL, &err), &err);
}

static void everything_comes_in_order_from_the_place_asked_for(void **state)
{
    struct fixture *f = *state;
    struct record all, tail;
    make_stream(f->bus, "order");
    fill_stream(f->bus, "order", 0, 5000);
    record_init(&all, f->bus);
    record_init(&tail, f->bus);
    struct bus_reader *a = start(&all, "order", NULL, 1);
    struct bus_reader *b = start(&tail, "order", "order.>", 4001);
    EVENTUALLY(record_deliveries(&all) >= 5000 && record_deliveries(&tail) >= 1000);
    fill_stream(f->bus, "order", 5000, 10);
    EVENTUALLY(record_deliveries(&all) >= 5010 && record_deliveries(&tail) >= 1010);
    assert_in_order(&all, 1, 5010);
    assert_in_order(&tail, 4001, 1010);
    bus_reader_stop(&a);
    bus_reader_stop(&b);
    assert_null(a);
    record_free(&all);
    record_free(&tail);
}

static void thirty_two_filters_share_a_stream(void **state)
{
    enum { READERS = 32, EACH = 50 };
    struct fixture *f = *state;
    static struct record r[READERS];
    struct bus_reader *readers[READERS];
    char filter[64];
    struct error err;
    make_stream(f->bus, "parts");
    for (int i = 0; i < READERS; i++) {
        snprintf(filter, sizeof(filter), "parts.%d.*", i);
        record_init(&r[i], f->bus);
        readers[i] = start(&r[i], "parts", filter, 1);
    }
    for (int i = 0; i < READERS * EACH; i++) {
        char subject[64];
        snprintf(subject, sizeof(subject), "parts.%d.x", i % READERS);
        struct bus_publication p = {.subject = subject, .payload = STR("x")};
        must(bus_publish_async(f->bus, &p, &err), &err);
    }
    for (int i = 0; i < READERS; i++) {
        EVENTUALLY(record_deliveries(&r[i]) == EACH);
        for (int m = 1; m < EACH; m++)
            assert_true(r[i].sequences[m - 1] < r[i].sequences[m]);
    }
    for (int i = 0; i < READERS; i++) {
        bus_reader_stop(&readers[i]);
        record_free(&r[i]);
    }
}

static void nothing_is_lost_or_repeated_over_crashes(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "crash");
    record_init(&r, f->bus);
    struct bus_reader *reader = start(&r, "crash", NULL, 1);
    for (uint32_t round = 0; round < 3; round++) {
        fill_stream(f->bus, "crash", round * 500, 500);
        fixture_crash(f);
    }
    fill_stream(f->bus, "crash", 1500, 500);
    EVENTUALLY(record_deliveries(&r) >= 2000);
    assert_in_order(&r, 1, 2000);
    bus_reader_stop(&reader);
    record_free(&r);
}

/* Long enough for heartbeats to be missed and answers to be given up. */
static void a_server_that_stands_still_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct record r, acks;
    struct error err;
    make_stream(f->bus, "frozen");
    record_init(&r, f->bus);
    record_init(&acks, f->bus);
    struct bus_reader *reader = start(&r, "frozen", NULL, 1);
    fill_stream(f->bus, "frozen", 0, 100);
    standstill_begin(&f->servers.nats.process);
    for (uint32_t i = 0; i < 100; i++) {
        char id[64];
        snprintf(id, sizeof(id), "while-frozen-%u", i);
        struct bus_publication p = {.subject = "frozen.x",
                                    .message_id = id,
                                    .payload = STR("x"),
                                    .done = record_published,
                                    .context = &acks};
        must(bus_publish_async(f->bus, &p, &err), &err);
    }
    sleep(9);
    standstill_end(&f->servers.nats.process);
    EVENTUALLY(record_acks(&acks) == 100);
    fill_stream(f->bus, "frozen", 100, 100);
    EVENTUALLY(record_deliveries(&r) >= 300);
    assert_in_order(&r, 1, 300);
    bus_reader_stop(&reader);
    record_free(&r);
    record_free(&acks);
}

static void a_deleted_consumer_is_made_anew(void **state)
{
    struct fixture *f = *state;
    struct record r;
    struct arena a;
    struct value v;
    struct error err;
    char verb[256];
    make_stream(f->bus, "evict");
    fill_stream(f->bus, "evict", 0, 10);
    record_init(&r, f->bus);
    struct bus_reader *reader = start(&r, "evict", NULL, 1);
    EVENTUALLY(record_deliveries(&r) == 10);
    arena_init(&a, 0);
    must(bus_api(f->bus, "CONSUMER.NAMES.evict", STR(""), &a, &v, &err), &err);
    struct value names = VALUE_GET(v, "consumers");
    assert_int_equal(1, names.len);
    struct str name = value_as_str(names.u.list[0]);
    snprintf(verb, sizeof(verb), "CONSUMER.DELETE.evict.%" PRISTR, ARGSTR(name));
    must(bus_api(f->bus, verb, STR(""), &a, &v, &err), &err);
    fill_stream(f->bus, "evict", 10, 10);
    EVENTUALLY(record_deliveries(&r) >= 20);
    assert_in_order(&r, 1, 20);
    arena_free(&a);
    bus_reader_stop(&reader);
    record_free(&r);
}

static void a_stopped_reader_leaves_no_consumer(void **state)
{
    struct fixture *f = *state;
    struct record r;
    struct bus_stream_info info;
    struct error err;
    make_stream(f->bus, "tidy");
    fill_stream(f->bus, "tidy", 0, 1);
    record_init(&r, f->bus);
    struct bus_reader *reader = start(&r, "tidy", NULL, 1);
    EVENTUALLY(record_deliveries(&r) == 1);
    bus_reader_stop(&reader);
    do
        must(bus_stream_info(f->bus, "tidy", &info, &err), &err);
    while (info.consumers > 0);
    record_free(&r);
}

static void what_was_purged_is_passed_over(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "purged");
    fill_stream(f->bus, "purged", 0, 100);
    purge(f->bus, "purged", NULL);
    fill_stream(f->bus, "purged", 100, 10);
    record_init(&r, f->bus);
    struct bus_reader *reader = start(&r, "purged", NULL, 5);
    EVENTUALLY(record_deliveries(&r) >= 10);
    purge(f->bus, "purged", NULL); /* under a reader */
    fill_stream(f->bus, "purged", 110, 10);
    EVENTUALLY(record_deliveries(&r) >= 20);
    assert_in_order(&r, 101, 20);
    assert_int_equal(STATUS_OK, record_trouble(&r));
    bus_reader_stop(&reader);
    record_free(&r);
}

static void a_place_behind_the_end_gets_nothing_that_stands_before_it(void **state)
{
    struct fixture *f = *state;
    struct record next, later;
    make_stream(f->bus, "future");
    fill_stream(f->bus, "future", 0, 10);
    record_init(&next, f->bus);
    record_init(&later, f->bus);
    struct bus_reader *a = start(&next, "future", NULL, 11);
    struct bus_reader *b = start(&later, "future", NULL, 16);
    fill_stream(f->bus, "future", 10, 5);
    EVENTUALLY(record_deliveries(&next) == 5);
    assert_int_equal(0, record_deliveries(&later));
    fill_stream(f->bus, "future", 15, 5);
    EVENTUALLY(record_deliveries(&next) == 10);
    assert_in_order(&next, 11, 10);
    /* 2.10 and before begin with what comes next, which is not what was asked for. */
    EVENTUALLY(record_trouble(&later) == STATUS_CONFLICT || record_deliveries(&later) == 5);
    assert_in_order(&later, 16, record_trouble(&later) == STATUS_CONFLICT ? 0 : 5);
    assert_int_equal(STATUS_OK, record_trouble(&next));
    bus_reader_stop(&a);
    bus_reader_stop(&b);
    record_free(&next);
    record_free(&later);
}

static void behind_a_message_that_is_there_comes_what_follows(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "there");
    fill_stream(f->bus, "there", 0, 20);
    record_init(&r, f->bus);
    struct bus_reader *reader = start_behind(&r, "there", place_of(f->bus, "there", 12));
    EVENTUALLY(record_deliveries(&r) >= 8);
    assert_in_order(&r, 13, 8);
    assert_int_equal(STATUS_OK, record_trouble(&r));
    bus_reader_stop(&reader);
    record_free(&r);
}

/* Of the same sequence and another time: the stream gave the sequence twice. */
static void behind_another_message_comes_nothing(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "twice");
    fill_stream(f->bus, "twice", 0, 20);
    struct bus_place place = place_of(f->bus, "twice", 12);
    place.time_ns--;
    record_init(&r, f->bus);
    struct bus_reader *reader = start_behind(&r, "twice", place);
    EVENTUALLY(record_trouble(&r) == STATUS_CONFLICT);
    fill_stream(f->bus, "twice", 20, 5);
    bus_reader_stop(&reader);
    assert_int_equal(0, record_deliveries(&r));
    record_free(&r);
}

static void behind_a_time_comes_what_was_stored_later(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "later");
    fill_stream(f->bus, "later", 0, 20);
    struct bus_place place = {.time_ns = place_of(f->bus, "later", 12).time_ns};
    record_init(&r, f->bus);
    struct bus_reader *reader = start_behind(&r, "later", place);
    EVENTUALLY(record_deliveries(&r) >= 8);
    assert_in_order(&r, 13, 8);
    bus_reader_stop(&reader);
    record_free(&r);
}

/* While nobody looks it is made anew and grows beyond the place. */
static void a_stream_that_was_made_anew_is_noticed_by_a_reader(void **state)
{
    struct fixture *f = *state;
    struct record r, again;
    struct arena a;
    struct value answer;
    struct error err;
    make_stream(f->bus, "anew");
    fill_stream(f->bus, "anew", 0, 10);
    struct bus_place last = place_of(f->bus, "anew", 10);
    record_init(&r, f->bus);
    record_init(&again, f->bus);
    struct bus_reader *reader = start(&r, "anew", NULL, 1);
    EVENTUALLY(record_deliveries(&r) == 10);
    arena_init(&a, 0);
    must(bus_api(f->bus, "STREAM.DELETE.anew", STR(""), &a, &answer, &err), &err);
    arena_free(&a);
    make_stream(f->bus, "anew");
    fill_stream(f->bus, "anew", 100, 30);
    EVENTUALLY(record_trouble(&r) == STATUS_CONFLICT);
    assert_int_equal(10, record_deliveries(&r));
    struct bus_reader *second = start_behind(&again, "anew", (struct bus_place){.time_ns = last.time_ns});
    EVENTUALLY(record_deliveries(&again) >= 30);
    assert_in_order(&again, 1, 30);
    bus_reader_stop(&reader);
    bus_reader_stop(&second);
    record_free(&r);
    record_free(&again);
}

/* The name of the stream's only consumer. */
static void consumer_name(struct bus *bus, const char *stream, char out[128])
{
    char verb[96];
    struct arena a;
    struct value answer;
    struct error err;
    arena_init(&a, 0);
    snprintf(verb, sizeof(verb), "CONSUMER.NAMES.%s", stream);
    must(bus_api(bus, verb, STR(""), &a, &answer, &err), &err);
    struct value names = VALUE_GET(answer, "consumers");
    assert_int_equal(1, names.len);
    snprintf(out, 128, "%" PRISTR, ARGSTR(value_as_str(names.u.list[0])));
    arena_free(&a);
}

/* Or it would find the consumer of the other one, if its deletion was lost. */
static void a_reader_in_the_place_of_another_has_a_consumer_of_another_name(void **state)
{
    struct fixture *f = *state;
    struct record r;
    char first[128], second[128];
    make_stream(f->bus, "names");
    fill_stream(f->bus, "names", 0, 1);
    record_init(&r, f->bus);
    struct bus_reader *reader = start(&r, "names", NULL, 1);
    EVENTUALLY(record_deliveries(&r) == 1);
    consumer_name(f->bus, "names", first);
    bus_reader_stop(&reader);
    reader = start(&r, "names", NULL, 1);
    EVENTUALLY(record_deliveries(&r) == 2);
    consumer_name(f->bus, "names", second);
    bus_reader_stop(&reader);
    assert_string_not_equal(first, second);
    record_free(&r);
}

static void a_missing_stream_is_trouble_until_it_is_there(void **state)
{
    struct fixture *f = *state;
    struct record r;
    record_init(&r, f->bus);
    struct bus_reader *reader = start(&r, "notyet", NULL, 1);
    EVENTUALLY(record_trouble(&r) == STATUS_NOT_FOUND);
    make_stream(f->bus, "notyet");
    fill_stream(f->bus, "notyet", 0, 3);
    EVENTUALLY(record_deliveries(&r) == 3);
    assert_int_equal(STATUS_OK, record_trouble(&r));
    bus_reader_stop(&reader);
    record_free(&r);
}

static void a_reader_that_is_held_gets_a_bounded_number(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "held");
    record_init(&r, f->bus);
    struct bus_reader *reader = start(&r, "held", NULL, 1);
    bus_reader_hold(reader, true);
    fill_stream(f->bus, "held", 0, 6000);
    EVENTUALLY(record_deliveries(&r) <= 1024);
    assert_true(record_deliveries(&r) <= 1024);
    bus_reader_hold(reader, false);
    EVENTUALLY(record_deliveries(&r) >= 6000);
    assert_in_order(&r, 1, 6000);
    bus_reader_stop(&reader);
    record_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_in_order_from_the_place_asked_for),
        cmocka_unit_test(thirty_two_filters_share_a_stream),
        cmocka_unit_test(nothing_is_lost_or_repeated_over_crashes),
        cmocka_unit_test(a_server_that_stands_still_loses_nothing),
        cmocka_unit_test(a_deleted_consumer_is_made_anew),
        cmocka_unit_test(a_stopped_reader_leaves_no_consumer),
        cmocka_unit_test(what_was_purged_is_passed_over),
        cmocka_unit_test(a_place_behind_the_end_gets_nothing_that_stands_before_it),
        cmocka_unit_test(behind_a_message_that_is_there_comes_what_follows),
        cmocka_unit_test(behind_another_message_comes_nothing),
        cmocka_unit_test(behind_a_time_comes_what_was_stored_later),
        cmocka_unit_test(a_stream_that_was_made_anew_is_noticed_by_a_reader),
        cmocka_unit_test(a_reader_in_the_place_of_another_has_a_consumer_of_another_name),
        cmocka_unit_test(a_missing_stream_is_trouble_until_it_is_there),
        cmocka_unit_test(a_reader_that_is_held_gets_a_bounded_number),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
