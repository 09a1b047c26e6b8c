/* Standing pulls on durable consumers, against a real server. */
#include "fixture.h"

#include <stdio.h>

#include "standstill.h"

static struct bus_pull *start(struct record *r, const char *stream, const char *consumer, uint32_t want)
{
    struct bus_pull *p = NULL;
    struct error err;
    must(bus_pull_start(r->bus, stream, consumer, record_deliver, record_troubled, r, &p, &err), &err);
    bus_pull_want(p, want);
    return p;
}

static struct bus_consumer_info info_of(struct bus *bus, const char *stream, const char *consumer)
{
    struct bus_consumer_info info;
    struct error err;
    must(bus_consumer_info(bus, stream, consumer, &info, &err), &err);
    return info;
}

static struct bus_delivery *next(struct record *r)
{
    struct bus_delivery *d = NULL;
    EVENTUALLY(d || (d = record_take(r)));
    return d;
}

static void only_as_many_come_as_are_welcome(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "demand");
    make_consumer(f->bus, "demand", "w", 30000);
    fill_stream(f->bus, "demand", 0, 100);
    record_init(&r, f->bus);
    r.ack = true;
    struct bus_pull *p = start(&r, "demand", "w", 10);
    EVENTUALLY(record_deliveries(&r) == 10);
    EVENTUALLY(info_of(f->bus, "demand", "w").ack_pending == 0);
    assert_int_equal(90, info_of(f->bus, "demand", "w").pending);
    for (int i = 0; i < 90; i++)
        bus_pull_want(p, 1);
    EVENTUALLY(record_deliveries(&r) == 100);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(i + 1, r.sequences[i]);
    bus_pull_stop(&p);
    assert_null(p);
    record_free(&r);
}

static void several_pulls_share_a_consumer(void **state)
{
    struct fixture *f = *state;
    struct record r[3];
    struct bus_pull *p[3];
    make_stream(f->bus, "shared");
    make_consumer(f->bus, "shared", "w", 30000);
    for (int i = 0; i < 3; i++) {
        record_init(&r[i], f->bus);
        r[i].ack = true;
        p[i] = start(&r[i], "shared", "w", 1000);
    }
    fill_stream(f->bus, "shared", 0, 900);
    EVENTUALLY(record_deliveries(&r[0]) + record_deliveries(&r[1]) + record_deliveries(&r[2]) == 900);
    EVENTUALLY(info_of(f->bus, "shared", "w").ack_pending == 0);
    for (int i = 0; i < 3; i++) {
        bus_pull_stop(&p[i]);
        record_free(&r[i]);
    }
    assert_int_equal(0, info_of(f->bus, "shared", "w").redelivered);
}

static void what_is_not_acked_comes_again(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "again");
    make_consumer(f->bus, "again", "w", 500);
    fill_stream(f->bus, "again", 0, 1);
    record_init(&r, f->bus);
    r.keep = true;
    struct bus_pull *p = start(&r, "again", "w", 2);
    EVENTUALLY(record_deliveries(&r) == 2);
    assert_int_equal(1, r.counts[0]);
    assert_int_equal(2, r.counts[1]);
    struct bus_delivery *d = next(&r);
    assert_string_equal("again.0", d->subject);
    bus_deliver_ack(f->bus, d);
    bus_delivery_free(d);
    EVENTUALLY(info_of(f->bus, "again", "w").ack_pending == 0);
    bus_pull_stop(&p);
    record_free(&r);
}

static void work_in_progress_is_not_given_to_others(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "progress");
    make_consumer(f->bus, "progress", "w", 1000);
    fill_stream(f->bus, "progress", 0, 1);
    record_init(&r, f->bus);
    r.keep = true;
    struct bus_pull *p = start(&r, "progress", "w", 5);
    struct bus_delivery *d = next(&r);
    for (int i = 0; i < 12; i++) {
        bus_deliver_working(f->bus, d);
        usleep(200000);
    }
    assert_int_equal(1, record_deliveries(&r));
    bus_deliver_ack(f->bus, d);
    bus_delivery_free(d);
    bus_pull_stop(&p);
    record_free(&r);
}

static void a_nak_brings_it_back_after_its_delay(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "nak");
    make_consumer(f->bus, "nak", "w", 60000);
    fill_stream(f->bus, "nak", 0, 1);
    record_init(&r, f->bus);
    r.keep = true;
    struct bus_pull *p = start(&r, "nak", "w", 10);
    struct bus_delivery *d = next(&r);
    bus_deliver_nak(f->bus, d, 700);
    bus_delivery_free(d);
    d = next(&r);
    assert_int_equal(2, d->deliveries);
    bus_deliver_nak(f->bus, d, 0);
    bus_delivery_free(d);
    d = next(&r);
    assert_int_equal(3, d->deliveries);
    bus_deliver_ack(f->bus, d);
    bus_delivery_free(d);
    bus_pull_stop(&p);
    record_free(&r);
}

static void a_terminated_message_never_comes_again(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "term");
    make_consumer(f->bus, "term", "w", 500);
    fill_stream(f->bus, "term", 0, 1);
    record_init(&r, f->bus);
    r.keep = true;
    struct bus_pull *p = start(&r, "term", "w", 10);
    struct bus_delivery *d = next(&r);
    bus_deliver_term(f->bus, d, "cannot be read");
    bus_delivery_free(d);
    EVENTUALLY(info_of(f->bus, "term", "w").ack_pending == 0);
    usleep(1000000); /* twice the time after which it would come again */
    assert_int_equal(1, record_deliveries(&r));
    bus_pull_stop(&p);
    record_free(&r);
}

static void a_pull_goes_on_after_a_crash(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "crash");
    make_consumer(f->bus, "crash", "w", 30000);
    record_init(&r, f->bus);
    r.ack = true;
    struct bus_pull *p = start(&r, "crash", "w", 1000);
    fill_stream(f->bus, "crash", 0, 50);
    EVENTUALLY(record_deliveries(&r) == 50);
    EVENTUALLY(info_of(f->bus, "crash", "w").ack_pending == 0);
    fixture_crash(f);
    fill_stream(f->bus, "crash", 50, 50);
    EVENTUALLY(record_deliveries(&r) >= 100);
    EVENTUALLY(info_of(f->bus, "crash", "w").pending == 0);
    bus_pull_stop(&p);
    record_free(&r);
}

static void a_pull_goes_on_after_a_standstill(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "frozen");
    make_consumer(f->bus, "frozen", "w", 2000);
    record_init(&r, f->bus);
    r.ack = true;
    struct bus_pull *p = start(&r, "frozen", "w", 1000);
    fill_stream(f->bus, "frozen", 0, 50);
    EVENTUALLY(record_deliveries(&r) == 50);
    standstill_begin(&f->servers.nats.process);
    sleep(9);
    standstill_end(&f->servers.nats.process);
    fill_stream(f->bus, "frozen", 50, 50);
    EVENTUALLY(record_deliveries(&r) >= 100);
    EVENTUALLY(info_of(f->bus, "frozen", "w").ack_pending == 0);
    assert_int_equal(0, info_of(f->bus, "frozen", "w").pending);
    bus_pull_stop(&p);
    record_free(&r);
}

static void what_was_asked_for_goes_back_at_the_stop(void **state)
{
    struct fixture *f = *state;
    struct record first, second;
    make_stream(f->bus, "stop");
    make_consumer(f->bus, "stop", "w", 120000);
    record_init(&first, f->bus);
    record_init(&second, f->bus);
    struct bus_pull *p = start(&first, "stop", "w", 500);
    bus_pull_stop(&p);
    fill_stream(f->bus, "stop", 0, 100);
    second.ack = true;
    p = start(&second, "stop", "w", 100);
    EVENTUALLY(record_deliveries(&second) == 100);
    assert_int_equal(0, record_deliveries(&first));
    bus_pull_stop(&p);
    record_free(&first);
    record_free(&second);
}

static void a_missing_consumer_is_trouble_until_it_is_there(void **state)
{
    struct fixture *f = *state;
    struct record r;
    make_stream(f->bus, "late");
    record_init(&r, f->bus);
    r.ack = true;
    struct bus_pull *p = start(&r, "late", "w", 10);
    EVENTUALLY(record_trouble(&r) != STATUS_OK);
    make_consumer(f->bus, "late", "w", 30000);
    fill_stream(f->bus, "late", 0, 5);
    EVENTUALLY(record_deliveries(&r) == 5);
    assert_int_equal(STATUS_OK, record_trouble(&r));
    bus_pull_stop(&p);
    record_free(&r);
}

static void a_consumer_that_was_just_made_is_asked_without_waiting_for_the_silence(void **state)
{
    struct fixture *f = *state;
    struct record r;
    struct error err;
    make_stream(f->bus, "new");
    record_init(&r, f->bus);
    r.ack = true;
    struct bus_pull *p = start(&r, "new", "w", 10);
    must(bus_flush(f->bus, 5000, &err), &err);
    make_consumer(f->bus, "new", "w", 30000);
    bus_pull_again(p);
    EVENTUALLY(info_of(f->bus, "new", "w").waiting == 1);
    assert_int_equal(STATUS_OK, record_trouble(&r)); /* which is what silence leads to */
    fill_stream(f->bus, "new", 0, 5);
    EVENTUALLY(record_deliveries(&r) == 5);
    bus_pull_again(p); /* changes nothing */
    fill_stream(f->bus, "new", 5, 5);
    EVENTUALLY(record_deliveries(&r) == 10);
    bus_pull_stop(&p);
    record_free(&r);
}

static void a_deleted_consumer_is_trouble(void **state)
{
    struct fixture *f = *state;
    struct record r;
    struct arena a;
    struct value v;
    struct error err;
    make_stream(f->bus, "gone");
    make_consumer(f->bus, "gone", "w", 30000);
    record_init(&r, f->bus);
    struct bus_pull *p = start(&r, "gone", "w", 10);
    EVENTUALLY(info_of(f->bus, "gone", "w").waiting == 1);
    arena_init(&a, 0);
    must(bus_api(f->bus, "CONSUMER.DELETE.gone.w", STR(""), &a, &v, &err), &err);
    EVENTUALLY(record_trouble(&r) != STATUS_OK);
    arena_free(&a);
    bus_pull_stop(&p);
    record_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_as_many_come_as_are_welcome),
        cmocka_unit_test(several_pulls_share_a_consumer),
        cmocka_unit_test(what_is_not_acked_comes_again),
        cmocka_unit_test(work_in_progress_is_not_given_to_others),
        cmocka_unit_test(a_nak_brings_it_back_after_its_delay),
        cmocka_unit_test(a_terminated_message_never_comes_again),
        cmocka_unit_test(a_pull_goes_on_after_a_crash),
        cmocka_unit_test(a_pull_goes_on_after_a_standstill),
        cmocka_unit_test(what_was_asked_for_goes_back_at_the_stop),
        cmocka_unit_test(a_missing_consumer_is_trouble_until_it_is_there),
        cmocka_unit_test(a_consumer_that_was_just_made_is_asked_without_waiting_for_the_silence),
        cmocka_unit_test(a_deleted_consumer_is_trouble),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
