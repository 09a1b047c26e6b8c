/* Streams of events over HTTP, with a real log, a real stream and clients that behave or do not. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "fixture.h"
#include "http_socket.h"
#include "test_arena.h"

static struct fixture fixture;
static int start(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(metrics_begin("publisher", &err), STATUS_OK);
    assert_int_equal(http_measure(&err), STATUS_OK);
    fixture_start(&fixture);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_stop(&fixture);
    return 0;
}

/* A server of its own, over services that listen under these subjects. */
static struct http *serve_over(const struct subjects *subjects, uint32_t connections, int64_t idle_ms)
{
    struct http_options options = {.listen = "127.0.0.1:0",
                                   .bus = fixture.bus,
                                   .subjects = subjects,
                                   .table = publisher_operations(&fixture.publisher),
                                   .connections = connections,
                                   .idle_ms = idle_ms};
    struct http *h;
    struct error err;
    assert_int_equal(http_start(&options, &h, &err), STATUS_OK);
    return h;
}

static struct http *serve(uint32_t connections, int64_t idle_ms)
{
    return serve_over(&fixture.subjects, connections, idle_ms);
}

static void open_stream(struct http_socket *s, const struct http *h, int64_t id, const char *query,
                        const char *header)
{
    char path[128];
    snprintf(path, sizeof path, "/api/executions/%" PRId64 "/stream%s", id, query);
    http_socket_open(s, http_port(h));
    http_socket_get(s, path, header);
}

/* As the broker does when an event is in the log. */
static void publish_live(int64_t id)
{
    char subject[SUBJECT_MAX];
    struct error err;
    subject_live(&fixture.subjects, id, "step_completed", subject);
    assert_int_equal(bus_publish(fixture.client, subject, NULL, NULL, 0, STR("{}"), &err), STATUS_OK);
    assert_int_equal(bus_flush(fixture.client, 10000, &err), STATUS_OK);
}

/* The ids of the events that came: "1 2 3". */
static const char *ids_of(const struct http_socket *s)
{
    struct str told = STR(""), rest = {s->text, s->len};
    while (rest.len > 0) {
        struct str line = str_trim(str_split(&rest, '\n'));
        if (str_starts_with(line, STR("id: ")))
            told = arena_printf(&arena, "%.*s%s%.*s", ARGSTR(told), told.len ? " " : "", (int)line.len - 4,
                                line.ptr + 4);
    }
    return arena_strdup(&arena, told);
}

static void the_history_comes_first_and_then_what_happens(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    struct http_socket s;
    struct event_list events = fixture_events("greet", id, &arena);
    fixture_commit(&fixture, events.items, 4);
    open_stream(&s, fixture.http, id, "", NULL);
    http_socket_await(&s, "id: 4\n");
    assert_non_null(strstr(s.text, "Content-Type: text/event-stream"));
    fixture_commit(&fixture, events.items + 4, 2);
    publish_live(id);
    http_socket_await(&s, "id: 6\n");
    fixture_commit(&fixture, events.items + 6, events.count - 6);
    publish_live(id);
    http_socket_await_end(&s); /* with the execution */
    assert_string_equal(ids_of(&s), "1 2 3 4 5 6 7 8");
    http_socket_close(&s);
}

static void a_client_goes_on_behind_the_event_that_it_saw_last(void **state)
{
    (void)state;
    static const struct {
        const char *query, *header, *ids, *head;
    } cases[] = {
        {"?after=3", NULL, "4 5 6 7 8", "200 OK"},         {"", "Last-Event-ID: 6", "7 8", "200 OK"},
        {"?after=1", "Last-Event-ID: 6", "7 8", "200 OK"}, {"", "Last-Event-ID: 8", "", "204 No Content"},
        {"?after=99", NULL, "", "204 No Content"},         {"", "Last-Event-ID: x", "", "400 Bad Request"},
        {"?after=-1", NULL, "", "400 Bad Request"},        {"?until=1", NULL, "", "400 Bad Request"},
    };
    int64_t id = fixture_next_id();
    struct event_list events = fixture_events("greet", id, &arena);
    fixture_commit(&fixture, events.items, events.count);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_socket s;
        char headers[96];
        snprintf(headers, sizeof headers, "Connection: close%s%s", cases[i].header ? "\r\n" : "",
                 cases[i].header ? cases[i].header : "");
        open_stream(&s, fixture.http, id, cases[i].query, headers);
        http_socket_await_end(&s);
        assert_non_null(strstr(s.text, cases[i].head));
        assert_string_equal(ids_of(&s), cases[i].ids);
        http_socket_close(&s);
    }
}

static void there_is_no_stream_of_what_there_is_not(void **state)
{
    (void)state;
    struct http_socket s;
    open_stream(&s, fixture.http, fixture_next_id(), "", "Connection: close");
    http_socket_await_end(&s);
    assert_non_null(strstr(s.text, "404 Not Found"));
    assert_non_null(strstr(s.text, "\"kind\":\"not_found\""));
    http_socket_close(&s);
}

/* Live messages have no memory: the log is looked at now and then. */
static void what_is_not_heard_of_comes_with_the_next_keep_alive(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    struct http *h = serve(8, 600);
    struct http_socket s;
    struct event_list events = fixture_events("greet", id, &arena);
    fixture_commit(&fixture, events.items, 4);
    open_stream(&s, h, id, "", NULL);
    http_socket_await(&s, ": keep-alive\n\n");
    fixture_commit(&fixture, events.items + 4, events.count - 4);
    http_socket_await_end(&s);
    assert_string_equal(ids_of(&s), "1 2 3 4 5 6 7 8");
    http_socket_close(&s);
    http_stop(&h);
}

/* A log by hand, in which the execution ends between two questions. */
static void answer_for_the_log(void *context, const struct bus_message *m)
{
    static const char END[] = "{\"event_id\":2,\"event_type\":\"execution_complete\"}";
    atomic_int *asked = context;
    char text[256];
    struct error err;
    switch (atomic_fetch_add(asked, 1)) {
    case 0: snprintf(text, sizeof text, "{\"events\":[]}"); break;
    case 1: snprintf(text, sizeof text, "{\"events\":[%s]}", END); break;
    default:
        snprintf(text, sizeof text, "{\"events\":[{\"event_id\":1,\"event_type\":\"execution_start\"},%s]}",
                 END);
    }
    assert_int_equal(bus_publish(fixture.client, m->reply, NULL, NULL, 0, str_of(text), &err), STATUS_OK);
}

static void an_end_that_comes_just_now_was_not_seen(void **state)
{
    (void)state;
    struct subjects by_hand = fixture.subjects;
    struct bus_subscription *log;
    struct http_socket s;
    struct error err;
    atomic_int asked = 0;
    snprintf(by_hand.prefix, sizeof by_hand.prefix, "by_hand");
    struct http *h = serve_over(&by_hand, 8, 600);
    assert_int_equal(
        bus_subscribe(fixture.client, "by_hand.api.events", NULL, answer_for_the_log, &asked, &log, &err),
        STATUS_OK);
    assert_int_equal(bus_flush(fixture.client, 10000, &err), STATUS_OK);
    open_stream(&s, h, fixture_next_id(), "", NULL);
    http_socket_await_end(&s);
    assert_non_null(strstr(s.text, "200 OK"));
    assert_string_equal(ids_of(&s), "1 2");
    http_socket_close(&s);
    bus_unsubscribe(&log);
    http_stop(&h);
}

static void streams_take_half_of_the_places_at_most(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    struct http *h = serve(8, 600);
    struct http_socket open[4], more;
    struct event_list events = fixture_events("greet", id, &arena);
    fixture_commit(&fixture, events.items, 4);
    for (size_t i = 0; i < 4; i++) {
        open_stream(&open[i], h, id, "", NULL);
        http_socket_await(&open[i], "id: 4\n");
    }
    open_stream(&more, h, id, "", "Connection: close");
    http_socket_await_end(&more);
    assert_non_null(strstr(more.text, "503 Service Unavailable"));
    assert_non_null(strstr(more.text, "Retry-After: "));
    http_socket_close(&more);
    /* One that goes makes room, when the server has noticed: with what it sends next. */
    http_socket_close(&open[0]);
    for (bool served = false; !served; http_socket_close(&more)) {
        usleep(50000);
        open_stream(&more, h, id, "", NULL);
        http_socket_await(&more, "HTTP/1.1 ");
        http_socket_await(&more, "\r\n\r\n");
        served = strstr(more.text, "200 OK") != NULL;
    }
    for (size_t i = 1; i < 4; i++)
        http_socket_close(&open[i]);
    http_stop(&h);
}

static void a_server_that_stops_says_so_to_its_streams(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    struct http *h = serve(8, 60000);
    struct http_socket s;
    struct event_list events = fixture_events("greet", id, &arena);
    fixture_commit(&fixture, events.items, 4);
    open_stream(&s, h, id, "", NULL);
    http_socket_await(&s, "id: 4\n");
    http_stop(&h);
    http_socket_await_end(&s);
    assert_non_null(strstr(s.text, "event: shutdown\ndata: {}\n\n"));
    assert_non_null(strstr(s.text, "\r\n0\r\n\r\n")); /* the end of an answer in chunks */
    http_socket_close(&s);
}

/* Far more than the buffers of its connection hold, and it takes nothing: it is cut off, and others are not.
 */
static void a_client_that_takes_nothing_is_cut_off(void **state)
{
    (void)state;
    enum { LARGE = 256 << 10, COUNT = 64 };
    int64_t id = fixture_next_id();
    struct http *h = serve(8, 1000);
    struct http_socket stuck, other;
    struct event_list events = fixture_events("greet", id, &arena);
    char *text = arena_alloc(&arena, LARGE);
    struct event *large = ARENA_ARRAY(&arena, struct event, COUNT);
    assert_non_null(text);
    assert_non_null(large);
    memset(text, 'x', LARGE);
    fixture_commit(&fixture, events.items, 4);
    for (uint32_t i = 0; i < COUNT; i++) {
        large[i] = events.items[5];
        large[i].event_id = 5 + i;
        large[i].result = value_str((struct str){text, LARGE});
    }
    fixture_commit(&fixture, large, COUNT);
    open_stream(&stuck, h, id, "", NULL);
    http_socket_await(&stuck, "id: 4\n");
    open_stream(&other, h, id, "?after=66", NULL);
    http_socket_await(&other, "id: 68\n");
    http_socket_close(&other);
    /* Its connection is let go of: what it got until then ends without an end. */
    while (metric_value(METRIC_PUBLISHER_HTTP_REFUSED, HTTP_TOO_SLOW - 1) == 0)
        usleep(50000);
    http_socket_await_end(&stuck);
    assert_null(strstr(stuck.text, "id: 68\n"));
    http_socket_close(&stuck);
    http_stop(&h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_begin, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_history_comes_first_and_then_what_happens),
        TEST(a_client_goes_on_behind_the_event_that_it_saw_last),
        TEST(there_is_no_stream_of_what_there_is_not),
        TEST(what_is_not_heard_of_comes_with_the_next_keep_alive),
        TEST(an_end_that_comes_just_now_was_not_seen),
        TEST(streams_take_half_of_the_places_at_most),
        TEST(a_server_that_stops_says_so_to_its_streams),
        TEST(a_client_that_takes_nothing_is_cut_off),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
