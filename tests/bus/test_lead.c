/* Who reads the connection: its own thread, or one that would sleep otherwise. Against a real server. */
#include "fixture.h"

#include <stdatomic.h>

#include "runtime/clock.h"

/* A thread that handles what the reader brings, and leads meanwhile. */
struct guest {
    struct bus *bus;
    pthread_t thread;
    struct bus_reader *reader;
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    uint64_t read, handled; /* sequences */
    uint32_t read_itself;   /* messages that came on the guest's own thread */
    uint32_t led;           /* how often it led */
    int64_t led_ns;         /* for how long the last time that nothing came meanwhile */
    atomic_bool over;
    atomic_uint work_us;    /* for each message */
    atomic_llong wanted_ns; /* for how long it leads at most; 0: for ever */
};

static void deliver(void *context, struct bus_delivery *d)
{
    struct guest *g = context;
    pthread_mutex_lock(&g->mutex);
    g->read = d->stream_sequence;
    if (pthread_equal(g->thread, pthread_self()))
        g->read_itself++;
    pthread_cond_signal(&g->filled);
    pthread_mutex_unlock(&g->mutex);
    bus_lead_offer(g->bus);
    bus_delivery_free(d);
}

static void ignore_trouble(void *context, const struct error *err)
{
    (void)context;
    (void)err;
}

/* With the mutex held. */
static bool has_news(const struct guest *g)
{
    return atomic_load(&g->over) || g->read > g->handled;
}

static bool has_work(void *context)
{
    struct guest *g = context;
    pthread_mutex_lock(&g->mutex);
    bool has = has_news(g);
    pthread_mutex_unlock(&g->mutex);
    return has;
}

static void *work(void *context)
{
    struct guest *g = context;
    while (!atomic_load(&g->over)) {
        int64_t begin_ns = mono_now().ns, wanted_ns = atomic_load(&g->wanted_ns);
        bool led = bus_lead(g->bus, wanted_ns ? begin_ns + wanted_ns : INT64_MAX, has_work, g);
        pthread_mutex_lock(&g->mutex);
        g->led += led;
        if (led && !has_news(g))
            g->led_ns = mono_now().ns - begin_ns;
        while (!has_news(g))
            pthread_cond_wait(&g->filled, &g->mutex);
        g->handled = g->read;
        pthread_mutex_unlock(&g->mutex);
        usleep(atomic_load(&g->work_us));
    }
    return NULL;
}

static void listen_to(struct guest *g, struct bus *bus, const char *stream)
{
    struct error err;
    g->bus = bus;
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->filled, NULL);
    make_stream(bus, stream);
    must(bus_reader_start(bus, stream, NULL, (struct bus_place){0}, deliver, ignore_trouble, g, &g->reader,
                          &err),
         &err);
}

static void stop_listening(struct guest *g)
{
    bus_reader_stop(&g->reader);
    pthread_cond_destroy(&g->filled);
    pthread_mutex_destroy(&g->mutex);
}

static void guest_stop(struct guest *g)
{
    pthread_mutex_lock(&g->mutex);
    atomic_store(&g->over, true);
    pthread_cond_signal(&g->filled);
    pthread_mutex_unlock(&g->mutex);
    bus_lead_look(g->bus);
    assert_int_equal(0, pthread_join(g->thread, NULL));
    stop_listening(g);
}

static uint64_t handled(struct guest *g)
{
    pthread_mutex_lock(&g->mutex);
    uint64_t sequence = g->handled;
    pthread_mutex_unlock(&g->mutex);
    return sequence;
}

static uint32_t read_itself(struct guest *g)
{
    pthread_mutex_lock(&g->mutex);
    uint32_t count = g->read_itself;
    pthread_mutex_unlock(&g->mutex);
    return count;
}

static int64_t led_for(struct guest *g)
{
    pthread_mutex_lock(&g->mutex);
    int64_t led_ns = g->led_ns;
    pthread_mutex_unlock(&g->mutex);
    return led_ns;
}

/* One more message, which the guest has handled. */
static void one_more(struct guest *g, const char *stream, uint32_t *sent)
{
    fill_stream(g->bus, stream, (*sent)++, 1);
    EVENTUALLY(handled(g) == *sent);
}

/* Until the guest has read so many itself: one that comes too late for the place finds it free the next time.
 * How many were sent. */
static uint32_t guest_start(struct guest *g, struct bus *bus, const char *stream, uint32_t times)
{
    uint32_t sent = 0;
    *g = (struct guest){.bus = NULL};
    listen_to(g, bus, stream);
    assert_int_equal(0, pthread_create(&g->thread, NULL, work, g));
    while (read_itself(g) < times)
        one_more(g, stream, &sent);
    return sent;
}

static void a_guest_reads_what_it_handles(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    (void)guest_start(&g, f->bus, "guest", 10);
    guest_stop(&g);
    assert_true(g.led > 0);
}

static void others_are_answered_while_a_guest_works(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    uint32_t sent = guest_start(&g, f->bus, "busy", 3);
    atomic_store(&g.work_us, 1000000);
    fill_stream(f->bus, "busy", sent,
                2000); /* all acknowledged, by way of the connection that the guest read */
    atomic_store(&g.work_us, 0);
    EVENTUALLY(handled(&g) == sent + 2000);
    guest_stop(&g);
}

static void a_guest_that_leads_is_called(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    (void)guest_start(&g, f->bus, "called", 1);
    guest_stop(&g); /* nothing comes on the connection: it would wait for ever */
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void one_thread_leads_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    (void)guest_start(&g, f->bus, "one", 1);
    EVENTUALLY(!bus_lead(f->bus, mono_now().ns + 1000000, never, NULL)); /* the guest does */
    guest_stop(&g);
}

static void nobody_leads_for_longer_than_it_wants(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    const int64_t wanted_ns = 20000000;
    int64_t led_ns = 0;
    uint32_t sent = guest_start(&g, f->bus, "limit", 1);
    atomic_store(&g.wanted_ns, wanted_ns);
    while (led_ns == 0) {
        one_more(&g, "limit", &sent);
        usleep(2 * wanted_ns / 1000);
        led_ns = led_for(&g);
    }
    assert_true(led_ns >= wanted_ns);
    guest_stop(&g);
}

/* It would not read, and by coming again and again keep everybody from reading. */
static void who_has_no_time_does_not_lead(void **state)
{
    struct fixture *f = *state;
    struct guest nobody = {0};
    listen_to(&nobody, f->bus, "hasty");
    for (uint32_t sent = 0; sent < 200; sent++) {
        fill_stream(f->bus, "hasty", sent, 1); /* which offers the place */
        assert_false(bus_lead(f->bus, 0, never, NULL));
    }
    stop_listening(&nobody);
}

static void a_guest_leads_over_a_crash_of_the_server(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    uint32_t sent = guest_start(&g, f->bus, "crash", 3);
    fixture_crash(f);
    uint32_t before = read_itself(&g);
    while (read_itself(&g) < before + 3)
        one_more(&g, "crash", &sent);
    guest_stop(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_reads_what_it_handles),
        cmocka_unit_test(others_are_answered_while_a_guest_works),
        cmocka_unit_test(a_guest_that_leads_is_called),
        cmocka_unit_test(one_thread_leads_at_a_time),
        cmocka_unit_test(nobody_leads_for_longer_than_it_wants),
        cmocka_unit_test(who_has_no_time_does_not_lead),
        cmocka_unit_test(a_guest_leads_over_a_crash_of_the_server),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
