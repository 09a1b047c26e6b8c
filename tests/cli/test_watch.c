/* The events of an execution reach the watcher once and in order, whatever way they come. A real NATS server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/watch.h"
#include "core/json.h"
#include "servers.h"

#define EXECUTION INT64_C(7301233456789012345)
enum { PAGE = 2, TICK_MS = 20, MANY_TICKS = 1000 };

/* A render part that has only a log of numbered events, and answers in pages of two. */
struct fake_log {
    struct bus *bus;
    struct bus_subscription *subscription;
    pthread_mutex_t lock;
    int last; /* events 1 … last are in the log */
    int asked;
};

static struct servers servers;
static struct fake_log fake;
static struct client client;
static int interrupt;

static size_t event_text(int number, char *out, size_t size)
{
    int len = snprintf(out, size,
                       "{\"execution_id\":\"%" PRId64
                       "\",\"event_id\":%d,\"event_type\":\"step_started\",\"node_name\":\"s%d\","
                       "\"node_type\":\"noop\",\"status\":\"RUNNING\",\"created_at\":\"2026-01-02T03:04:05."
                       "000000000Z\",\"visit\":1}",
                       EXECUTION, number, number);
    assert_true(len > 0 && (size_t)len < size);
    return (size_t)len;
}

static void answer_show(void *context, const struct bus_message *m)
{
    struct fake_log *log = context;
    struct arena a;
    struct value request;
    struct buf b;
    char text[512];
    arena_init(&a, 0);
    buf_init(&b, 0);
    pthread_mutex_lock(&log->lock);
    log->asked++;
    int last = log->last;
    pthread_mutex_unlock(&log->lock);
    if (json_read(&a, m->payload, NULL, &request, NULL) != STATUS_OK)
        abort();
    struct value after = VALUE_GET(request, "after");
    int from = after.type == VALUE_INT ? (int)after.u.i : 0, to = last - from > PAGE ? from + PAGE : last;
    buf_add_text(&b, "{\"events\":[");
    for (int i = from + 1; i <= to; i++) {
        size_t len = event_text(i, text, sizeof(text));
        buf_add_text(&b, i > from + 1 ? "," : "");
        buf_add(&b, text, len);
    }
    buf_add_text(&b, "]");
    if (to < last)
        buf_printf(&b, ",\"next\":%d", to);
    buf_add_text(&b, "}");
    if (bus_publish(log->bus, m->reply, NULL, NULL, 0, buf_str(&b), NULL) != STATUS_OK)
        abort();
    bus_push(log->bus);
    buf_free(&b);
    arena_free(&a);
}

static void set_log(int last)
{
    pthread_mutex_lock(&fake.lock);
    fake.last = last;
    pthread_mutex_unlock(&fake.lock);
}

static void publish_live(int number)
{
    char text[512], subject[SUBJECT_MAX];
    struct error err;
    size_t len = event_text(number, text, sizeof(text));
    (void)subject_live(&client.subjects, EXECUTION, "step_started", subject);
    if (bus_publish(fake.bus, subject, NULL, NULL, 0, (struct str){text, len}, &err) != STATUS_OK ||
        bus_flush(fake.bus, 5000, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

/* The next event's number; fails after many ticks without one. */
static int next_number(struct watch *w)
{
    for (int i = 0; i < MANY_TICKS; i++) {
        enum watch_news news;
        struct event e;
        struct error err;
        if (watch_next(w, TICK_MS, &news, &e, &err) != STATUS_OK)
            fail_msg("%s", err.message);
        if (news == WATCH_EVENT)
            return (int)e.event_id;
    }
    fail_msg("no event came");
    return 0;
}

static void expect_silence(struct watch *w)
{
    enum watch_news news;
    struct event e;
    assert_int_equal(watch_next(w, TICK_MS, &news, &e, NULL), STATUS_OK);
    assert_int_equal(news, WATCH_TICK);
}

static struct watch *open_watch(void)
{
    struct watch *w;
    struct error err;
    if (watch_open(&client, EXECUTION, interrupt, &w, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return w;
}

static void events_from_before_are_read_from_the_log(void **state)
{
    (void)state;
    set_log(5);
    struct watch *w = open_watch();
    for (int i = 1; i <= 5; i++)
        assert_int_equal(next_number(w), i);
    expect_silence(w);
    size_t count;
    const struct event *events = watch_events(w, &count);
    assert_int_equal(count, 5);
    assert_true(str_is(events[4].node_name, "s5"));
    watch_close(&w);
}

static void live_events_come_once_and_in_order(void **state)
{
    (void)state;
    set_log(1);
    struct watch *w = open_watch();
    static const int order[] = {1, 3, 2, 2, 5, 4, 3};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        publish_live(order[i]);
    for (int i = 1; i <= 5; i++)
        assert_int_equal(next_number(w), i);
    expect_silence(w);
    watch_close(&w);
}

static void a_gap_is_filled_from_the_log(void **state)
{
    (void)state;
    set_log(0);
    struct watch *w = open_watch();
    publish_live(1);
    assert_int_equal(next_number(w), 1);
    publish_live(4);
    set_log(4);
    for (int i = 2; i <= 4; i++)
        assert_int_equal(next_number(w), i);
    watch_close(&w);
}

static void what_is_no_event_is_passed_over(void **state)
{
    (void)state;
    char subject[SUBJECT_MAX];
    set_log(0);
    struct watch *w = open_watch();
    (void)subject_live(&client.subjects, EXECUTION, "x", subject);
    assert_int_equal(bus_publish(fake.bus, subject, NULL, NULL, 0, STR("not json"), NULL), STATUS_OK);
    assert_int_equal(bus_publish(fake.bus, subject, NULL, NULL, 0, STR("{\"event_id\":1}"), NULL), STATUS_OK);
    publish_live(1);
    assert_int_equal(next_number(w), 1);
    watch_close(&w);
}

static void an_interrupt_ends_the_wait(void **state)
{
    (void)state;
    enum watch_news news;
    struct event e;
    set_log(0);
    struct watch *w = open_watch();
    assert_int_equal(eventfd_write(interrupt, 1), 0);
    assert_int_equal(watch_next(w, 60000, &news, &e, NULL), STATUS_OK);
    assert_int_equal(news, WATCH_INTERRUPTED);
    watch_close(&w);
    eventfd_t count;
    assert_int_equal(eventfd_read(interrupt, &count), 0);
}

static void without_a_render_part_live_events_still_come(void **state)
{
    (void)state;
    bus_unsubscribe(&fake.subscription);
    assert_int_equal(bus_flush(fake.bus, 5000, NULL), STATUS_OK);
    struct watch *w = open_watch();
    assert_non_null(strstr(watch_trouble(w), "no render part answers"));
    publish_live(1);
    assert_int_equal(next_number(w), 1);
    watch_close(&w);
}

static int begin(void **state)
{
    (void)state;
    char subject[SUBJECT_MAX];
    servers_start_nats(&servers);
    interrupt = eventfd(0, EFD_NONBLOCK);
    client = (struct client){.timeout_ms = 5000, .url = servers.nats.url, .from = "the test"};
    client.subjects = (struct subjects){.prefix = "noetl", .partitions = 1};
    client.bus = servers_connect(&servers, "client");
    fake = (struct fake_log){.bus = servers_connect(&servers, "fake")};
    (void)pthread_mutex_init(&fake.lock, NULL);
    (void)subject_api(&client.subjects, "show", subject);
    assert_int_equal(bus_subscribe(fake.bus, subject, NULL, answer_show, &fake, &fake.subscription, NULL),
                     STATUS_OK);
    assert_int_equal(bus_flush(fake.bus, 5000, NULL), STATUS_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bus_close(&fake.bus);
    bus_close(&client.bus);
    (void)pthread_mutex_destroy(&fake.lock);
    (void)close(interrupt);
    servers_stop(&servers);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_from_before_are_read_from_the_log),
        cmocka_unit_test(live_events_come_once_and_in_order),
        cmocka_unit_test(a_gap_is_filled_from_the_log),
        cmocka_unit_test(what_is_no_event_is_passed_over),
        cmocka_unit_test(an_interrupt_ends_the_wait),
        cmocka_unit_test(without_a_render_part_live_events_still_come),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
