/* Executions that start others, wait for them, for signals and for the time. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json.h"
#include "installation.h"

#define CHILD                                                                                                \
    "metadata: {path: test/child}\nworkload: {n: 0}\nworkflow:\n"                                            \
    "  - {step: start, next: a}\n"                                                                           \
    "  - {step: a, type: noop, args: {n: '{{ workload.n }}'}}\n"
#define PARENT(path)                                                                                         \
    "metadata: {path: test/parent}\nworkflow:\n"                                                             \
    "  - {step: start, next: call}\n"                                                                        \
    "  - {step: call, type: playbook, path: " path ", args: {n: 7}}\n"

static const struct event *last(struct event_list events)
{
    return &events.items[events.count - 1];
}

static void expect_end(struct installation *i, int64_t id, enum event_type end)
{
    struct event_list events = execution_end(i, id);
    if (last(events)->type != end)
        fail_msg("execution %lld: %s; %" PRISTR, (long long)id, story(i, events),
                 ARGSTR(last(events)->error));
}

static void a_playbook_waits_for_the_one_that_it_calls(void **state)
{
    struct installation *i = *state;
    char sql[256];
    register_playbook(i, CHILD);
    broker_start(i);
    int64_t id = execution_of(i, PARENT("test/child"), NULL);
    struct bus_delivery *task = task_next(i);
    int64_t child = task_execution(i, task);
    task_done(i, task, "{\"made\": 8}");
    expect_end(i, id, EVENT_EXECUTION_COMPLETE);
    struct event_list events = execution_end(i, id);
    assert_int_equal(value_get_path(last(events)->result, STR("call.a.made")).u.i, 8);
    snprintf(sql, sizeof sql,
             "SELECT parent_execution_id = %lld FROM noetl.event WHERE execution_id = %lld"
             " AND event_type = 'execution_requested'",
             (long long)id, (long long)child);
    assert_string_equal(database_says(i, sql), "t");
    assert_int_equal(broker_stop(i), 0);
}

static void a_broker_killed_at_every_hop_calls_once_and_hears_the_answer(void **state)
{
    struct installation *i = *state;
    register_playbook(i, CHILD);
    int64_t id = execution_of(i, PARENT("test/child"), NULL);
    broker_start(i);
    struct bus_delivery *task = task_next(i);
    broker_kill(i);
    broker_start(i);
    broker_kill(i);
    task_done(i, task, "{}");
    broker_start(i);
    expect_end(i, id, EVENT_EXECUTION_COMPLETE);
    assert_true(task_none(i));
    assert_int_equal(broker_stop(i), 0);
}

static void calling_what_there_is_not_fails_with_its_reason(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, PARENT("test/nowhere"), NULL);
    expect_end(i, id, EVENT_EXECUTION_FAILED);
    struct event_list events = execution_end(i, id);
    assert_non_null(strstr(last(events)->error.ptr, "no playbook \"test/nowhere\""));
    assert_int_equal(broker_stop(i), 0);
}

static void a_call_fails_as_what_it_called(void **state)
{
    struct installation *i = *state;
    register_playbook(i, CHILD);
    broker_start(i);
    int64_t id = execution_of(i, PARENT("test/child"), NULL);
    task_failed(i, task_next(i));
    expect_end(i, id, EVENT_EXECUTION_FAILED);
    assert_non_null(strstr(last(execution_end(i, id))->error.ptr, "it broke"));
    assert_int_equal(broker_stop(i), 0);
}

static void cancelling_the_caller_cancels_what_it_called(void **state)
{
    struct installation *i = *state;
    register_playbook(i, CHILD);
    broker_start(i);
    int64_t id = execution_of(i, PARENT("test/child"), NULL);
    struct bus_delivery *task = task_next(i);
    int64_t child = task_execution(i, task);
    steer(i, CONTROL_cancel, id, NULL);
    expect_end(i, id, EVENT_EXECUTION_CANCELLED);
    expect_end(i, child, EVENT_EXECUTION_CANCELLED);
    bus_deliver_ack(i->bus, task);
    bus_delivery_free(task);
    assert_int_equal(broker_stop(i), 0);
}

/* The call and the failure are led to by one fact, so the child's cancel must not overtake its request. */
static void a_caller_that_fails_as_it_calls_cancels_what_it_called(void **state)
{
    struct installation *i = *state;
    int64_t child = 0;
    register_playbook(i, "metadata: {path: test/waiting}\n"
                         "workflow:\n"
                         "  - {step: start, type: signal, name: nobody-sends-it}\n");
    broker_start(i);
    int64_t id = execution_of(i,
                              "metadata: {path: test/parent}\n"
                              "workflow:\n"
                              "  - {step: start, next: [call, boom]}\n"
                              "  - {step: call, type: playbook, path: test/waiting}\n"
                              "  - {step: boom, type: noop, args: {x: \"{{ nothing }}\"}}\n",
                              NULL);
    expect_end(i, id, EVENT_EXECUTION_FAILED);
    struct event_list events = execution_end(i, id);
    for (size_t k = 0; k < events.count; k++) {
        struct str text = value_as_str(VALUE_GET(events.items[k].context, "child"));
        if (text.len)
            assert_int_equal(id_parse(text, &child, NULL), STATUS_OK);
    }
    expect_end(i, child, EVENT_EXECUTION_CANCELLED);
    assert_int_equal(broker_stop(i), 0);
}

static void a_result_that_no_message_can_carry_comes_to_the_caller(void **state)
{
    struct installation *i = *state;
    enum { BYTES = 700000 };
    static char large[BYTES + 3];
    memset(large, 'x', sizeof large - 1);
    large[0] = large[BYTES + 1] = '"';
    register_playbook(i, "metadata: {path: test/large}\nworkflow:\n"
                         "  - {step: start, next: [a, b]}\n"
                         "  - {step: a, type: noop}\n"
                         "  - {step: b, type: noop}\n");
    broker_start(i);
    int64_t id = execution_of(i, PARENT("test/large"), NULL);
    task_done(i, task_next(i), large);
    task_done(i, task_next(i), large);
    expect_end(i, id, EVENT_EXECUTION_COMPLETE);
    struct value result = last(execution_end(i, id))->result;
    assert_int_equal(value_get_path(result, STR("call.a")).len, BYTES);
    assert_int_equal(value_get_path(result, STR("call.b")).len, BYTES);
    assert_int_equal(broker_stop(i), 0);
}

static void an_iterator_calls_a_playbook_for_each_item(void **state)
{
    struct installation *i = *state;
    enum { ITEMS = 50 };
    register_playbook(i, CHILD);
    broker_start(i);
    int64_t id = execution_of(i,
                              "metadata: {path: test/many}\nworkflow:\n"
                              "  - {step: start, next: each}\n"
                              "  - step: each\n    type: iterator\n    collection: '{{ range(50) | list }}'\n"
                              "    element: n\n    mode: async\n    concurrency: 10\n"
                              "    task: {type: playbook, path: test/child, args: {n: '{{ n }}'}}\n",
                              NULL);
    for (int k = 0; k < ITEMS; k++)
        task_done(i, task_next(i), "1");
    expect_end(i, id, EVENT_EXECUTION_COMPLETE);
    assert_int_equal(VALUE_GET(last(execution_end(i, id))->result, "each").len, ITEMS);
    assert_int_equal(broker_stop(i), 0);
}

#define JOB(name, data)                                                                                      \
    "metadata: {path: test/jobs/" name "}\nworkflow:\n"                                                      \
    "  - {step: start, type: noop, args: {job: " data ", n: '{{ workload.n }}'}}\n"
#define ALL_OF(path, more)                                                                                   \
    "metadata: {path: test/jobs/all}\nworkflow:\n"                                                           \
    "  - {step: start, type: playbooks, path: " path ", args: {n: 7}" more "}\n"

/* Puts the args of the next task into its result. */
static void do_job(struct installation *i, const char *job)
{
    struct bus_delivery *task = task_next(i);
    struct value v;
    struct str text;
    assert_int_equal(json_read(&i->arena, task->payload, NULL, &v, NULL), STATUS_OK);
    assert_true(str_is(value_as_str(value_get_path(v, STR("args.job"))), job));
    assert_int_equal(value_get_path(v, STR("args.n")).u.i, 7);
    assert_int_equal(json_text(&i->arena, VALUE_GET(v, "args"), &text, NULL), STATUS_OK);
    task_done(i, task, arena_strdup(&i->arena, text));
}

/*
 * A pause stands behind the request, so the list comes and nothing is called. Then the broker is killed, and
 * the catalog changes: what is called is what was listed, as it was.
 */
static void a_broker_killed_between_list_and_calls_calls_what_was_listed(void **state)
{
    struct installation *i = *state;
    register_playbook(i, JOB("b", "b"));
    register_playbook(i, JOB("a", "a"));
    int64_t id = execution_of(i, ALL_OF("test/jobs", ""), NULL);
    steer(i, CONTROL_pause, id, NULL);
    broker_start(i);
    assert_string_equal(story(i, execution_events(i, id, 6)),
                        "execution_requested, execution_start, step_started start, pause_requested, "
                        "execution_paused, playbooks_listed test/jobs");
    broker_kill(i);
    register_playbook(i, JOB("a", "newer"));
    register_playbook(i, JOB("c", "c"));
    broker_start(i);
    steer(i, CONTROL_resume, id, NULL);
    do_job(i, "a");
    broker_kill(i);
    broker_start(i);
    do_job(i, "b");
    expect_end(i, id, EVENT_EXECUTION_COMPLETE);
    assert_true(task_none(i));
    struct value result = VALUE_GET(last(execution_end(i, id))->result, "start");
    assert_int_equal(result.len, 2);
    assert_true(str_is(value_as_str(VALUE_GET(result.u.list[0], "path")), "test/jobs/a"));
    assert_true(str_is(value_as_str(value_get_path(result.u.list[1], STR("result.start.job"))), "b"));
    assert_int_equal(broker_stop(i), 0);
}

static void a_list_of_nothing_fails_with_its_reason(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, ALL_OF("test/jobs/all", ", parallel: true"), NULL);
    expect_end(i, id, EVENT_EXECUTION_FAILED);
    struct event_list events = execution_end(i, id);
    assert_non_null(strstr(last(events)->error.ptr, "no playbook under test/jobs/all to call"));
    assert_int_equal(broker_stop(i), 0);
}

static void a_list_that_no_message_can_carry_fails_with_its_reason(void **state)
{
    struct installation *i = *state;
    char bucket[96], path[256];
    struct error err = {0};
    catalog_bucket(&i->subjects, bucket);
    for (int k = 0; k < 5200; k++) {
        uint64_t version;
        snprintf(path, sizeof path, "test/many/%0180d", k);
        assert_ok(bus_kv_put(i->bus, bucket, path, STR("x"), &version, &err), &err);
    }
    broker_start(i);
    int64_t id = execution_of(
        i, ALL_OF("test/many/", ", on_error: {step: seen}") "  - {step: seen, result: '{{ start.error }}'}\n",
        NULL);
    expect_end(i, id, EVENT_EXECUTION_COMPLETE);
    struct value error = VALUE_GET(last(execution_end(i, id))->result, "seen");
    assert_true(str_is(value_as_str(VALUE_GET(error, "kind")), "limit"));
    assert_true(str_starts_with(value_as_str(VALUE_GET(error, "message")),
                                STR("path: the list of the 5200 playbooks under test/many/ is ")));
    assert_int_equal(broker_stop(i), 0);
}

static void an_attempt_comes_again_after_its_delay_whatever_happens_to_the_broker(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i,
                              "metadata: {path: test/again}\nworkflow:\n"
                              "  - {step: start, next: a}\n"
                              "  - {step: a, type: noop, retry: {max_attempts: 3, initial_delay: 1,"
                              " backoff_multiplier: 1}}\n",
                              NULL);
    task_failed(i, task_next(i));
    struct bus_delivery *second = task_next(i);
    assert_true(str_is(task_text(i, second, "task_id"), "s1v1a2"));
    task_failed(i, second);
    execution_events(i, id, 9); /* its second step_retried is in the log */
    broker_kill(i);
    broker_start(i);
    task_done(i, task_next(i), "{}");
    expect_end(i, id, EVENT_EXECUTION_COMPLETE);
    struct event_list events = execution_end(i, id);
    assert_string_equal(
        story(i, events),
        "execution_requested, execution_start, step_completed start, step_started a, action_error a, "
        "step_retried a, timer_fired a, step_started a, action_error a, step_retried a, "
        "timer_fired , " /* the new broker had not read the execution back yet, so it had no name for it */
        "step_started a, action_completed a, step_completed a, execution_complete");
    double waited = (double)(events.items[10].time_ns - events.items[8].time_ns) / 1e9;
    assert_true(waited >= 1.0);
    assert_string_equal(database_says(i, "SELECT count(*) FROM noetl.timer"), "0");
    assert_int_equal(broker_stop(i), 0);
}

static void a_signal_ends_the_wait_for_it_and_so_does_the_time(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i,
                              "metadata: {path: test/signal}\nworkflow:\n"
                              "  - {step: start, next: first}\n"
                              "  - {step: first, type: signal, name: go, timeout: 60, next: second}\n"
                              "  - {step: second, type: signal, name: never, timeout: 1}\n",
                              NULL);
    execution_events(i, id, 4);
    steer(i, CONTROL_signal, id, "{\"name\": \"go\", \"payload\": {\"by\": \"me\"}}");
    expect_end(i, id, EVENT_EXECUTION_FAILED);
    struct event_list events = execution_end(i, id);
    assert_non_null(strstr(last(events)->error.ptr, "the signal never did not come"));
    assert_string_equal(database_says(i, "SELECT count(*) FROM noetl.timer"), "0");
    assert_int_equal(broker_stop(i), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_playbook_waits_for_the_one_that_it_calls),
        cmocka_unit_test(a_broker_killed_at_every_hop_calls_once_and_hears_the_answer),
        cmocka_unit_test(calling_what_there_is_not_fails_with_its_reason),
        cmocka_unit_test(a_call_fails_as_what_it_called),
        cmocka_unit_test(cancelling_the_caller_cancels_what_it_called),
        cmocka_unit_test(a_caller_that_fails_as_it_calls_cancels_what_it_called),
        cmocka_unit_test(a_result_that_no_message_can_carry_comes_to_the_caller),
        cmocka_unit_test(an_iterator_calls_a_playbook_for_each_item),
        cmocka_unit_test(a_broker_killed_between_list_and_calls_calls_what_was_listed),
        cmocka_unit_test(a_list_of_nothing_fails_with_its_reason),
        cmocka_unit_test(a_list_that_no_message_can_carry_fails_with_its_reason),
        cmocka_unit_test(an_attempt_comes_again_after_its_delay_whatever_happens_to_the_broker),
        cmocka_unit_test(a_signal_ends_the_wait_for_it_and_so_does_the_time),
    };
    return cmocka_run_group_tests(tests, installation_start, installation_stop);
}
