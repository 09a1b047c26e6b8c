/* The deliveries that a worker holds, on a real NATS server: which have lapsed, and what becomes of these. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fleet.h"
#include "runtime/clock.h"
#include "worker/lease.h"

enum { MOST = 8 };

/* A pull on a pool's consumer, without a worker behind it. */
struct hand {
    struct fleet *f;
    struct lease_keeper *keeper;
    struct bus_pull *pull;
    pthread_mutex_t mutex;
    struct bus_delivery *came[MOST];
    size_t count, taken;
};

static void keep(void *context, struct bus_delivery *d)
{
    struct hand *h = context;
    pthread_mutex_lock(&h->mutex);
    assert_true(h->count < MOST);
    h->came[h->count++] = d;
    pthread_mutex_unlock(&h->mutex);
}

static void open_hand(struct hand *h, struct fleet *f, const char *pool, int64_t ack_wait_ms)
{
    struct error err;
    char stream[96], consumer[96];
    *h = (struct hand){.f = f};
    pthread_mutex_init(&h->mutex, NULL);
    fleet_ok(lease_keeper_open(f->bus, ack_wait_ms, &h->keeper, &err), &err);
    fleet_ok(bus_pull_start(f->bus, stream_name(&f->subjects, STREAM_TASKS, stream),
                            pool_consumer(pool, consumer), keep, NULL, h, &h->pull, &err),
             &err);
    bus_pull_want(h->pull, MOST);
}

/* The tasks that are left are purged, or a worker of another test would run them. */
static void close_hand(struct hand *h)
{
    struct error err;
    char stream[96];
    uint64_t purged;
    bus_pull_stop(&h->pull);
    while (h->taken < h->count)
        bus_delivery_free(h->came[h->taken++]);
    lease_keeper_close(&h->keeper);
    pthread_mutex_destroy(&h->mutex);
    fleet_ok(bus_stream_purge(h->f->bus, stream_name(&h->f->subjects, STREAM_TASKS, stream), "noetl.tasks.>",
                              &purged, &err),
             &err);
}

/* Waits for the next one, which left its server so long ago, as far as anybody knows. */
static struct lease *next_lease(struct hand *h, int64_t age_ms)
{
    struct bus_delivery *d = NULL;
    for (int tries = 0; tries < 3000 && !d; tries++) {
        pthread_mutex_lock(&h->mutex);
        if (h->taken < h->count)
            d = h->came[h->taken++];
        pthread_mutex_unlock(&h->mutex);
        if (!d)
            usleep(10000);
    }
    if (!d) {
        fail_msg("no task came");
        abort();
    }
    d->left_after_ns = mono_now().ns - age_ms * 1000000;
    struct lease *l = lease_take(h->keeper, d);
    assert_non_null(l);
    return l;
}

static enum lease_claim claim(struct hand *h, struct lease *l, int64_t execution_id)
{
    const struct task task = {.execution_id = execution_id, .task_id = STR("s1v1a1")};
    return lease_claim(h->keeper, l, &task);
}

/* A request of anybody's, which is answered. */
static void hear(struct hand *h)
{
    struct bus_stream_info info;
    struct error err;
    char stream[96];
    fleet_ok(bus_stream_info(h->f->bus, stream_name(&h->f->subjects, STREAM_TASKS, stream), &info, &err),
             &err);
}

static void one_that_is_renewed_does_not_lapse(void **state)
{
    struct hand h;
    open_hand(&h, *state, "patient", 1000);
    fleet_pool_task(h.f, "patient", "noop", "{}", "{}", 0);
    struct lease *l = next_lease(&h, 0);
    for (int i = 0; i < 50; i++) {
        usleep(50000);
        hear(&h);
    }
    assert_false(lease_has_lapsed(h.keeper, l));
    close_hand(&h);
}

static void one_that_came_when_its_time_was_nearly_over_has_lapsed(void **state)
{
    struct hand h;
    open_hand(&h, *state, "patient", 600000);
    fleet_pool_task(h.f, "patient", "noop", "{}", "{}", 0);
    fleet_pool_task(h.f, "patient", "noop", "{}", "{}", 0);
    struct lease *young = next_lease(&h, 400000), *old = next_lease(&h, 460000);
    assert_false(lease_has_lapsed(h.keeper, young));
    assert_true(lease_has_lapsed(h.keeper, old));
    hear(&h); /* it is renewed, and that helps nothing any more */
    assert_true(lease_has_lapsed(h.keeper, old));
    close_hand(&h);
}

/* It has a second left; the next renewal after the third part of its time would come too late. */
static void an_old_one_is_renewed_at_once(void **state)
{
    struct hand h;
    open_hand(&h, *state, "patient", 12000);
    fleet_pool_task(h.f, "patient", "noop", "{}", "{}", 0);
    struct lease *l = next_lease(&h, 8000);
    for (int i = 0; i < 24; i++) {
        usleep(50000);
        hear(&h);
    }
    assert_false(lease_has_lapsed(h.keeper, l));
    close_hand(&h);
}

static void what_has_lapsed_is_not_given_back(void **state)
{
    struct hand h;
    open_hand(&h, *state, "patient", 600000);
    fleet_pool_task(h.f, "patient", "noop", "{}", "{}", 0);
    fleet_pool_task(h.f, "patient", "noop", "{}", "{}", 0);
    struct lease *lapsed = next_lease(&h, 600000), *ours = next_lease(&h, 0);
    uint64_t sequence = ours->delivery->stream_sequence;
    lease_give_back(h.keeper, lapsed, 0);
    lease_give_back(h.keeper, ours, 0);
    struct lease *again = next_lease(&h, 0); /* the other would have come before it */
    assert_int_equal(again->delivery->stream_sequence, sequence);
    assert_int_equal(again->delivery->deliveries, 2);
    close_hand(&h);
}

/* Nobody else has it then, and it has all its time again. */
static void one_whose_message_comes_again_is_this_workers(void **state)
{
    struct hand h;
    open_hand(&h, *state, "default", 600000); /* no renewal keeps the stream from giving it away */
    int64_t id = fleet_task(h.f, "noop", "{}", "{}", 0);
    struct lease *first = next_lease(&h, 600000);
    assert_int_equal(claim(&h, first, id), LEASE_CLAIMED);
    lease_keeper_stop(h.keeper);
    assert_true(lease_has_lapsed(h.keeper, first));
    struct lease *second = next_lease(&h, 0);
    assert_int_equal(second->delivery->deliveries, 2);
    assert_int_equal(claim(&h, second, id), LEASE_IS_HERE);
    assert_false(lease_has_lapsed(h.keeper, first));
    close_hand(&h);
}

/* Whether its tool would be stopped at once. */
static bool is_stopped(struct hand *h, struct lease *l, int64_t execution_id)
{
    const struct task task = {.execution_id = execution_id, .task_id = STR("s1v1a1")};
    struct task_stop stop;
    struct error err;
    fleet_ok(task_stop_open(&stop, &err), &err);
    lease_begin(h->keeper, l, &task, &stop, 600000);
    bool is_over = lease_end(h->keeper, l);
    assert_int_equal(atomic_load(&stop.reason) != 0, is_over);
    task_stop_close(&stop);
    return is_over;
}

static void an_end_is_heard_of_what_comes_behind_it_until_it_is_forgotten(void **state)
{
    struct hand h;
    open_hand(&h, *state, "patient", 600000);
    int64_t ids[4];
    struct lease *l[4];
    for (int i = 0; i < 4; i++) {
        ids[i] = fleet_pool_task(h.f, "patient", "noop", "{}", "{}", 0);
        if (i != 3)
            lease_keeper_stop_execution(h.keeper, ids[i], 0);
        l[i] = next_lease(&h, 0);
        assert_int_equal(claim(&h, l[i], ids[i]), LEASE_CLAIMED);
        assert_int_equal(lease_has_heard_end(h.keeper, l[i]), i != 3);
    }
    assert_true(is_stopped(&h, l[0], ids[0]));
    lease_forget_end(h.keeper, l[1]);
    assert_false(lease_has_heard_end(h.keeper, l[1]));
    assert_false(is_stopped(&h, l[1], ids[1]));
    assert_true(lease_has_heard_end(h.keeper, l[0])); /* of others nothing is forgotten */
    lease_keeper_stop_execution(h.keeper, ids[2], 0);
    lease_forget_end(h.keeper, l[2]);
    assert_true(is_stopped(&h, l[2], ids[2])); /* that it has ended was heard once more meanwhile */
    assert_false(is_stopped(&h, l[3], ids[3]));
    close_hand(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_renewed_does_not_lapse),
        cmocka_unit_test(one_that_came_when_its_time_was_nearly_over_has_lapsed),
        cmocka_unit_test(an_old_one_is_renewed_at_once),
        cmocka_unit_test(what_has_lapsed_is_not_given_back),
        cmocka_unit_test(one_whose_message_comes_again_is_this_workers),
        cmocka_unit_test(an_end_is_heard_of_what_comes_behind_it_until_it_is_forgotten),
    };
    return cmocka_run_group_tests(tests, fleet_start, fleet_stop);
}
