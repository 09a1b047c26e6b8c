/* What the render service answers, with a real log and a real stream. */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "fixture.h"
#include "runtime/clock.h"
#include "test_arena.h"

static struct fixture fixture;
static int start(void **state)
{
    (void)state;
    fixture_start(&fixture);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_stop(&fixture);
    return 0;
}

static struct event_list commit(const char *name, int64_t id)
{
    struct event_list events = fixture_events(name, id, &arena);
    fixture_commit(&fixture, events.items, events.count);
    return events;
}

static struct value ask(const char *operation, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static struct value ask(const char *operation, const char *fmt, ...)
{
    char payload[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(payload, sizeof payload, fmt, args);
    va_end(args);
    return fixture_ask(&fixture, operation, payload, &arena);
}

static const char *text_at(struct value v, const char *path)
{
    return arena_strdup(&arena, value_as_str(value_get_path(v, str_of(path))));
}

static int64_t number_at(struct value v, const char *path)
{
    return value_get_path(v, str_of(path)).u.i;
}

static void the_status_is_the_document_of_the_log(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    commit("failed", id);
    struct value v = ask("status", "{\"execution_id\":\"%" PRId64 "\"}", id);
    char text[ID_TEXT];
    id_format(id, text);
    assert_string_equal(text_at(v, "execution_id"), text);
    assert_string_equal(text_at(v, "status"), "failed");
    assert_string_equal(text_at(v, "error.step"), "fetch");
    assert_int_equal(number_at(v, "error.attempt"), 2);
    assert_int_equal(number_at(VALUE_GET(v, "steps").u.list[0], "attempts"), 2);
    assert_int_equal(number_at(v, "duration_ms"), 1018);
    assert_true(value_is_absent(VALUE_GET(v, "hop")));
}

static void an_unknown_execution_is_not_found(void **state)
{
    (void)state;
    static const char *const operations[] = {"status", "show"};
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(text_at(ask(operations[i], "{\"execution_id\":\"1\"}"), "error.kind"),
                            "not_found");
    struct value v = ask("render", "{\"execution_id\":\"1\",\"template\":1}");
    assert_string_equal(text_at(v, "error.kind"), "not_found");
}

static void a_request_that_no_broker_took_up_says_where_it_is(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    struct event_list events = fixture_events("requested", id, &arena);
    fixture_publish(&fixture, &events.items[0]);
    struct value v = ask("status", "{\"execution_id\":\"%" PRId64 "\"}", id);
    assert_string_equal(text_at(v, "status"), "requested");
    assert_string_equal(text_at(v, "path"), "examples/hello");
    assert_non_null(strstr(text_at(v, "hop"), "the request is in NOETL_EVENTS at sequence "));
    assert_non_null(strstr(text_at(v, "hop"), "no broker has taken it up"));
    struct event started = events.items[0];
    started.type = EVENT_EXECUTION_START;
    fixture_publish(&fixture, &started);
    v = ask("status", "{\"execution_id\":\"%" PRId64 "\"}", id);
    assert_non_null(strstr(text_at(v, "hop"), "a broker has taken it up"));
}

static void show_has_the_events_in_order(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    struct event_list committed = commit("loop", id);
    struct value v = ask("show", "{\"execution_id\":\"%" PRId64 "\"}", id);
    struct value events = VALUE_GET(v, "events");
    assert_int_equal(events.len, committed.count);
    assert_string_equal(text_at(v, "execution.status"), "completed");
    for (uint32_t i = 0; i < events.len; i++)
        assert_int_equal(number_at(events.u.list[i], "event_id"), i + 1);
    v = ask("show", "{\"execution_id\":\"%" PRId64 "\",\"after\":3}", id);
    assert_true(value_is_absent(VALUE_GET(v, "execution")));
    assert_int_equal(number_at(VALUE_GET(v, "events").u.list[0], "event_id"), 4);
}

/* With room for a few events only, the pages have all of them once. */
static void show_comes_in_pages_when_it_does_not_fit(void **state)
{
    (void)state;
    int64_t id = fixture_next_id(), after = -1;
    struct event_list committed = commit("loop", id);
    size_t whole = fixture.render.answer_max;
    uint32_t seen = 0, pages = 0;
    fixture.render.answer_max = 1500;
    for (;;) {
        struct value v =
            after < 0 ? ask("show", "{\"execution_id\":\"%" PRId64 "\"}", id)
                      : ask("show", "{\"execution_id\":\"%" PRId64 "\",\"after\":%" PRId64 "}", id, after);
        struct value events = VALUE_GET(v, "events");
        for (uint32_t i = 0; i < events.len; i++)
            assert_int_equal(number_at(events.u.list[i], "event_id"), ++seen);
        pages++;
        if (value_is_absent(VALUE_GET(v, "next")))
            break;
        after = number_at(v, "next");
        assert_int_equal(after, seen);
    }
    fixture.render.answer_max = whole;
    assert_int_equal(seen, committed.count);
    assert_true(pages > 2);
}

static void events_are_chosen_by_type_and_step_and_come_in_pages(void **state)
{
    (void)state;
    int64_t id = fixture_next_id(), after = 0;
    struct event_list committed = commit("loop", id);
    uint32_t seen = 0;
    for (;;) {
        struct value v =
            ask("events", "{\"execution_id\":\"%" PRId64 "\",\"limit\":5,\"after\":%" PRId64 "}", id, after);
        struct value events = VALUE_GET(v, "events");
        assert_true(events.len > 0 && events.len <= 5);
        for (uint32_t i = 0; i < events.len; i++)
            assert_int_equal(number_at(events.u.list[i], "event_id"), ++seen);
        if (value_is_absent(VALUE_GET(v, "next")))
            break;
        after = number_at(v, "next");
        assert_int_equal(after, seen);
    }
    assert_int_equal(seen, committed.count);

    struct value some = VALUE_GET(ask("events",
                                      "{\"execution_id\":\"%" PRId64
                                      "\",\"step\":\"poll\",\"type\":\"step_started, step_completed\"}",
                                      id),
                                  "events");
    assert_int_equal(some.len, 6);
    for (uint32_t i = 0; i < some.len; i++)
        assert_string_equal(text_at(some.u.list[i], "event_type"), i % 2 ? "step_completed" : "step_started");
    assert_int_equal(
        VALUE_GET(ask("events", "{\"execution_id\":\"%" PRId64 "\",\"step\":\"none\"}", id), "events").len,
        0);
    assert_string_equal(
        text_at(ask("events", "{\"execution_id\":\"%" PRId64 "\"}", fixture_next_id()), "error.kind"),
        "not_found");
}

/* Each page has one at least, however little room there is. */
static void a_page_of_events_is_as_large_as_a_message_at_most(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    commit("loop", id);
    size_t whole = fixture.render.answer_max;
    fixture.render.answer_max = 300;
    struct value v = ask("events", "{\"execution_id\":\"%" PRId64 "\",\"after\":2}", id);
    fixture.render.answer_max = whole;
    assert_int_equal(VALUE_GET(v, "events").len, 1);
    assert_int_equal(number_at(v, "next"), 3);
}

static void tasks_are_the_attempts_of_the_log(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    commit("greet", id);
    struct value v = ask("tasks", "{\"execution_id\":\"%" PRId64 "\"}", id), tasks = VALUE_GET(v, "tasks");
    assert_int_equal(tasks.len, 1);
    assert_string_equal(text_at(tasks.u.list[0], "step"), "say");
    assert_string_equal(text_at(tasks.u.list[0], "status"), "completed");
    assert_int_equal(number_at(tasks.u.list[0], "attempt"), 1);
    assert_int_equal(
        VALUE_GET(ask("tasks", "{\"execution_id\":\"%" PRId64 "\",\"status\":\"failed\"}", id), "tasks").len,
        0);
}

static void the_context_has_the_names_that_templates_see(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    commit("greet", id);
    struct value now = ask("context", "{\"execution_id\":\"%" PRId64 "\"}", id);
    assert_string_equal(text_at(now, "context.say.text"), "hello world");
    assert_string_equal(text_at(now, "context.workload.who"), "world");
    assert_int_equal(number_at(now, "at"), 8);
    struct value then = ask("context", "{\"execution_id\":\"%" PRId64 "\",\"at\":4}", id);
    assert_true(value_is_absent(value_get_path(then, STR("context.say"))));
    assert_string_equal(
        text_at(ask("context", "{\"execution_id\":\"%" PRId64 "\",\"at\":9}", id), "error.place"), "at");
}

struct waiting {
    int64_t id;
    struct arena arena;
    struct value answer;
};

static void *wait_for_the_end(void *context)
{
    struct waiting *w = context;
    char payload[128];
    snprintf(payload, sizeof payload, "{\"execution_id\":\"%" PRId64 "\",\"at_least\":8}", w->id);
    w->answer = fixture_ask(&fixture, "status", payload, &w->arena);
    return NULL;
}

static void at_least_waits_until_the_log_has_the_event(void **state)
{
    (void)state;
    struct waiting w = {.id = fixture_next_id()};
    struct event_list events = fixture_events("completed", w.id, &arena);
    pthread_t thread;
    arena_init(&w.arena, 0);
    fixture_commit(&fixture, events.items, 3);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_the_end, &w), 0);
    fixture_commit(&fixture, events.items + 3, events.count - 3);
    pthread_join(thread, NULL);
    assert_true(str_is(value_as_str(VALUE_GET(w.answer, "status")), "completed"));
    arena_free(&w.arena);
}

static void at_least_does_not_wait_for_ever(void **state)
{
    (void)state;
    int64_t id = fixture_next_id(), whole = fixture.render.wait_ms;
    fixture.render.wait_ms = 50;
    struct event_list events = fixture_events("completed", id, &arena);
    fixture_commit(&fixture, events.items, 3);
    struct value v = ask("status", "{\"execution_id\":\"%" PRId64 "\",\"at_least\":4}", id);
    assert_string_equal(text_at(v, "error.kind"), "timeout");
    assert_non_null(strstr(text_at(v, "error.message"), "up to 3"));
    id = fixture_next_id();
    events = fixture_events("requested", id, &arena);
    fixture_publish(&fixture, &events.items[0]);
    v = ask("status", "{\"execution_id\":\"%" PRId64 "\",\"at_least\":1}", id);
    assert_non_null(strstr(text_at(v, "error.message"), "no broker has taken it up"));
    fixture.render.wait_ms = whole;
}

static void the_list_pages_through_executions_newest_first(void **state)
{
    (void)state;
    int64_t ids[5];
    for (size_t i = 0; i < 5; i++) {
        ids[i] = fixture_next_id();
        struct event_list events = fixture_events("completed", ids[i], &arena);
        for (size_t e = 0; e < events.count; e++)
            events.items[e].time_ns += (int64_t)(i + 1) * 1000000000;
        events.items[0].node_name = STR("tests/listed");
        fixture_commit(&fixture, events.items, events.count);
    }
    const char *before = "";
    for (size_t at = 5; at > 0;) {
        struct value v =
            *before ? ask("list", "{\"path\":\"tests/listed\",\"limit\":2,\"before\":\"%s\"}", before)
                    : ask("list", "{\"path\":\"tests/listed\",\"limit\":2}");
        struct value list = VALUE_GET(v, "executions");
        assert_int_equal(list.len, at < 2 ? at : 2);
        for (uint32_t i = 0; i < list.len; i++) {
            char text[ID_TEXT];
            id_format(ids[--at], text);
            assert_string_equal(text_at(list.u.list[i], "execution_id"), text);
            assert_string_equal(text_at(list.u.list[i], "status"), "completed");
        }
        assert_int_equal(value_is_absent(VALUE_GET(v, "next")), at == 0);
        before = text_at(v, "next");
    }
    assert_int_equal(
        VALUE_GET(ask("list", "{\"path\":\"tests/listed\",\"status\":\"failed\"}"), "executions").len, 0);
    assert_int_equal(VALUE_GET(ask("list", "{\"path\":\"tests/nothing\"}"), "executions").len, 0);
}

static void commit_request(int64_t id, const char *path, const char *parent)
{
    struct event *e = ARENA_NEW(&arena, struct event);
    assert_non_null(e);
    *e = (struct event){.execution_id = id,
                        .event_id = 1,
                        .type = EVENT_EXECUTION_REQUESTED,
                        .time_ns = wall_now().ns,
                        .node_name = str_of(path),
                        .node_type = STR("playbook")};
    struct str context =
        arena_printf(&arena, parent ? "{\"parent\":{\"execution_id\":\"%s\"}}" : "{}", parent);
    assert_int_equal(json_read(&arena, context, NULL, &e->context, NULL), STATUS_OK);
    fixture_commit(&fixture, e, 1);
}

static void the_beginning_of_an_id_is_enough_if_it_is_the_only_one(void **state)
{
    (void)state;
    commit_request(INT64_C(710000000000000001), "tests/named", NULL);
    commit_request(INT64_C(7120000000000000002), "tests/named", NULL); /* has one digit more */
    static const char *const cases[][2] = {{"710", "710000000000000001"},
                                           {"712", "7120000000000000002"},
                                           {"710000000000000001", "710000000000000001"},
                                           {"7120000000000000002", "7120000000000000002"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(text_at(ask("resolve", "{\"execution\":\"%s\"}", cases[i][0]), "execution_id"),
                            cases[i][1]);
    struct value v = ask("resolve", "{\"execution\":\"71\"}");
    assert_string_equal(text_at(v, "error.kind"), "invalid");
    assert_string_equal(text_at(v, "error.message"),
                        "several executions begin with 71: 710000000000000001, 7120000000000000002");
    v = ask("resolve", "{\"execution\":\"7130\"}");
    assert_string_equal(text_at(v, "error.kind"), "not_found");
    assert_string_equal(text_at(v, "error.place"), "execution");
}

static void an_id_that_others_begin_with_is_still_an_id(void **state)
{
    (void)state;
    commit_request(81, "tests/short", NULL);
    commit_request(812, "tests/short", NULL);
    assert_string_equal(text_at(ask("resolve", "{\"execution\":\"81\"}"), "execution_id"), "81");
}

static void of_many_candidates_only_some_are_told(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 9; i++)
        commit_request(INT64_C(720000000000000001) + i, "tests/many", NULL);
    struct value v = ask("resolve", "{\"execution\":\"72\"}");
    assert_non_null(
        strstr(text_at(v, "error.message"), "many executions begin with 72: 720000000000000001, "));
    assert_non_null(strstr(text_at(v, "error.message"), "720000000000000005, …"));
}

static void the_newest_is_one_that_somebody_asked_for(void **state)
{
    (void)state;
    int64_t first = fixture_next_id(), second = fixture_next_id();
    char text[ID_TEXT];
    id_format(first, text);
    commit_request(first, "tests/newest", NULL);
    commit_request(fixture_next_id(), "tests/newest", text);
    assert_string_equal(text_at(ask("resolve", "{\"execution\":\"@last:tests/newest\"}"), "execution_id"),
                        text);
    assert_string_equal(text_at(ask("resolve", "{\"execution\":\"@last\"}"), "execution_id"), text);
    id_format(second, text);
    commit_request(second, "tests/other", NULL);
    assert_string_equal(text_at(ask("resolve", "{\"execution\":\"@last\"}"), "execution_id"), text);
}

static void the_newest_may_be_in_the_stream_only(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    char text[ID_TEXT];
    id_format(id, text);
    struct event_list events = fixture_events("requested", id, &arena);
    fixture_publish(&fixture, &events.items[0]);
    assert_string_equal(text_at(ask("resolve", "{\"execution\":\"@last\"}"), "execution_id"), text);
    struct value v = ask("resolve", "{\"execution\":\"@last:%.*s\"}", (int)events.items[0].node_name.len,
                         events.items[0].node_name.ptr);
    assert_string_equal(text_at(v, "execution_id"), text);
    v = ask("resolve", "{\"execution\":\"@last:tests/nobody\"}");
    assert_string_equal(text_at(v, "error.kind"), "not_found");
}

static void wrong_requests_name_the_member(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"status", "{}", "execution_id"},
        {"status", "{\"execution_id\":\"x\"}", "execution_id"},
        {"status", "{\"execution_id\":\"1\",\"atleast\":1}", "atleast"},
        {"status", "{\"execution_id\":\"1\",\"at_least\":-1}", "at_least"},
        {"show", "{\"execution_id\":\"1\",\"after\":\"x\"}", "after"},
        {"events", "{\"execution_id\":\"1\",\"limit\":1001}", "limit"},
        {"events", "{\"execution_id\":\"1\",\"type\":\"step_begun\"}", "type"},
        {"tasks", "{\"execution_id\":\"1\",\"status\":\"done\"}", "status"},
        {"context", "{\"execution_id\":\"1\",\"at\":\"x\"}", "at"},
        {"list", "{\"since\":\"yesterday\"}", "since"},
        {"list", "{\"until\":5}", "until"},
        {"list", "{\"under\":\"a b\"}", "under"},
        {"list", "{\"path\":\"a\\u0000\"}", "path"},
        {"list", "{\"parent\":\"x\"}", "parent"},
        {"list", "{\"status\":\"done\"}", "status"},
        {"list", "{\"limit\":501}", "limit"},
        {"list", "{\"before\":\"x\"}", "before"},
        {"resolve", "{}", "execution"},
        {"resolve", "{\"execution\":\"@first\"}", "execution"},
        {"resolve", "{\"execution\":\"12x\"}", "execution"},
        {"render", "{\"execution_id\":\"1\"}", "template"},
        {"render", "{\"execution_id\":\"1\",\"template\":1,\"extra_context\":[]}", "extra_context"},
        {"render", "{\"execution_id\":\"1\",\"template\":1,\"strict\":\"no\"}", "strict"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value v = ask(cases[i][0], "%s", cases[i][1]);
        assert_string_equal(text_at(v, "error.kind"), "invalid");
        assert_string_equal(text_at(v, "error.place"), cases[i][2]);
    }
}

static void rendering_sees_the_workload_and_the_finished_steps(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    commit("greet", id);
    struct value v = ask("render",
                         "{\"execution_id\":\"%" PRId64 "\",\"template\":{\"say\":\"{{ say.text }}\","
                         "\"who\":\"{{ workload.who }} {{ more }}\"},\"extra_context\":{\"more\":7}}",
                         id);
    assert_string_equal(text_at(v, "status"), "ok");
    assert_string_equal(text_at(v, "rendered.say"), "hello world");
    assert_string_equal(text_at(v, "rendered.who"), "world 7");
    assert_int_equal(VALUE_GET(v, "context_keys").type, VALUE_LIST);
    assert_int_equal(VALUE_GET(v, "unresolved").len, 0);
}

static void rendering_as_of_an_event_does_not_see_later_steps(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    commit("greet", id);
    struct value v =
        ask("render", "{\"execution_id\":\"%" PRId64 "\",\"template\":\"{{ say.text }}\",\"at\":4}", id);
    assert_string_equal(text_at(v, "error.kind"), "undefined");
    v = ask("render", "{\"execution_id\":\"%" PRId64 "\",\"template\":\"{{ say.text }}\",\"at\":6}", id);
    assert_string_equal(text_at(v, "rendered"), "hello world");
    v = ask("render", "{\"execution_id\":\"%" PRId64 "\",\"template\":\"\",\"at\":99}", id);
    assert_string_equal(text_at(v, "error.kind"), "not_found");
    assert_string_equal(text_at(v, "error.place"), "at");
}

static void a_template_that_cannot_be_rendered_is_an_error_and_not_its_own_text(void **state)
{
    (void)state;
    int64_t id = fixture_next_id();
    commit("greet", id);
    struct value v = ask("render", "{\"execution_id\":\"%" PRId64 "\",\"template\":\"{{ nothing }}\"}", id);
    assert_string_equal(text_at(v, "error.kind"), "undefined");
    assert_string_equal(text_at(v, "error.place"), "template");
    assert_non_null(strstr(text_at(v, "error.message"), "in scope: "));
    assert_non_null(strstr(text_at(v, "error.message"), "workload"));
    v = ask("render",
            "{\"execution_id\":\"%" PRId64
            "\",\"template\":{\"a\":[\"{{ {'b': {1: 2}} }}\"]},\"strict\":false}",
            id);
    assert_string_equal(text_at(v, "error.kind"), "invalid");
    assert_string_equal(text_at(v, "error.place"), "template.a[0].b");
    v = ask("render", "{\"execution_id\":\"%" PRId64 "\",\"template\":\"{{ 1 + }}\"}", id);
    assert_string_equal(text_at(v, "error.kind"), "syntax");
    v = ask("render",
            "{\"execution_id\":\"%" PRId64
            "\",\"template\":{\"a\":\"{{ nothing }}\",\"b\":\"{{ 1 }}\"},\"strict\":false}",
            id);
    assert_string_equal(text_at(v, "rendered.a"), "{{ nothing }}");
    assert_int_equal(number_at(v, "rendered.b"), 1);
    assert_int_equal(VALUE_GET(v, "unresolved").len, 1);
}

static void a_log_that_is_away_is_unavailable_and_says_so(void **state)
{
    (void)state;
    struct log_pool *whole = fixture.render.log;
    char url[96];
    struct error err;
    snprintf(url, sizeof url, "postgresql://noetl@127.0.0.1:%u/noetl?connect_timeout=5", port_find_free());
    assert_int_equal(log_pool_open(url, 1, &fixture.render.log, &err), STATUS_OK);
    struct value v = ask("status", "{\"execution_id\":\"1\"}"), list = ask("list", "{}");
    log_pool_close(&fixture.render.log);
    fixture.render.log = whole;
    assert_string_equal(text_at(v, "error.kind"), "unavailable");
    assert_true(strlen(text_at(v, "error.place")) > 0);
    assert_non_null(strstr(text_at(v, "error.message"), "event log"));
    assert_string_equal(text_at(list, "error.kind"), "unavailable");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_begin, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_status_is_the_document_of_the_log),
        TEST(an_unknown_execution_is_not_found),
        TEST(a_request_that_no_broker_took_up_says_where_it_is),
        TEST(show_has_the_events_in_order),
        TEST(show_comes_in_pages_when_it_does_not_fit),
        TEST(events_are_chosen_by_type_and_step_and_come_in_pages),
        TEST(a_page_of_events_is_as_large_as_a_message_at_most),
        TEST(tasks_are_the_attempts_of_the_log),
        TEST(the_context_has_the_names_that_templates_see),
        TEST(at_least_waits_until_the_log_has_the_event),
        TEST(at_least_does_not_wait_for_ever),
        TEST(the_list_pages_through_executions_newest_first),
        TEST(the_beginning_of_an_id_is_enough_if_it_is_the_only_one),
        TEST(an_id_that_others_begin_with_is_still_an_id),
        TEST(of_many_candidates_only_some_are_told),
        TEST(the_newest_is_one_that_somebody_asked_for),
        TEST(the_newest_may_be_in_the_stream_only),
        TEST(wrong_requests_name_the_member),
        TEST(rendering_sees_the_workload_and_the_finished_steps),
        TEST(rendering_as_of_an_event_does_not_see_later_steps),
        TEST(a_template_that_cannot_be_rendered_is_an_error_and_not_its_own_text),
        TEST(a_log_that_is_away_is_unavailable_and_says_so),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
