/* What comes from outside or by the time while an execution lives, and what survives the broker. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "installation.h"

#define PLAIN                                                                                                \
    "metadata: {path: test/plain}\n"                                                                         \
    "workflow:\n"                                                                                            \
    "  - {step: start, next: a}\n"                                                                           \
    "  - {step: a, type: noop, next: b}\n"                                                                   \
    "  - {step: b, type: noop}\n"

#define LONELY                                                                                               \
    "metadata: {path: test/lonely}\nworkflow:\n"                                                             \
    "  - {step: start, type: noop, pool: lonely}\n"

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Registers a playbook by running it once, to its cancelled end. */
static void register_lonely(struct installation *i)
{
    int64_t id = execution_of(i, LONELY, NULL);
    steer(i, CONTROL_cancel, id, NULL);
    execution_end(i, id);
}

static void wait_for_timers(struct installation *i, const char *count)
{
    for (int tries = 0; tries < 500; tries++) {
        if (strcmp(database_says(i, "SELECT count(*) FROM noetl.timer"), count) == 0)
            return;
        sleep_ms(20);
    }
    fail_msg("the table has %s timers, not %s", database_says(i, "SELECT count(*) FROM noetl.timer"), count);
}

static const struct event *last(struct event_list events)
{
    return &events.items[events.count - 1];
}

static double seconds_between(const struct event *a, const struct event *b)
{
    return (double)(b->time_ns - a->time_ns) / 1e9;
}

static void a_timer_fires_when_it_is_due(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    register_lonely(i);
    int64_t id = execution_limited(i, "test/lonely", 700);
    wait_for_timers(i, "1");
    struct event_list events = execution_end(i, id);
    assert_string_equal(story(i, events), "execution_requested, execution_start, step_started start, "
                                          "timer_fired, execution_failed");
    assert_non_null(strstr(last(events)->error.ptr, "took longer than 0.700 s"));
    double took = seconds_between(&events.items[0], last(events));
    if (took < 0.7)
        fail_msg("the timer of 0.7 s fired after %.3f s", took);
    assert_true(str_is(events.items[3].node_name, "test/lonely"));
    wait_for_timers(i, "0");
    assert_int_equal(broker_stop(i), 0);
}

static void timers_outlive_a_broker_that_is_killed(void **state)
{
    struct installation *i = *state;
    int64_t soon, late;
    broker_start(i);
    register_lonely(i);
    soon = execution_limited(i, "test/lonely", 1000);
    late = execution_limited(i, "test/lonely", 3000);
    wait_for_timers(i, "2");
    broker_kill(i);
    sleep_ms(1500); /* one becomes due while there is no broker */
    broker_start(i);
    struct event_list first = execution_end(i, soon), second = execution_end(i, late);
    assert_int_equal(last(first)->type, EVENT_EXECUTION_FAILED);
    assert_int_equal(last(second)->type, EVENT_EXECUTION_FAILED);
    /* Begun anew with the broker, it would fire after more than 4.5 s. */
    assert_true(seconds_between(&second.items[0], last(second)) < 4.5);
    wait_for_timers(i, "0");
    assert_int_equal(broker_stop(i), 0);
}

static void the_timers_of_an_execution_go_with_it(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    register_lonely(i);
    int64_t id = execution_limited(i, "test/lonely", 60000);
    wait_for_timers(i, "1");
    steer(i, CONTROL_cancel, id, NULL);
    assert_int_equal(last(execution_end(i, id))->type, EVENT_EXECUTION_CANCELLED);
    wait_for_timers(i, "0");
    assert_int_equal(broker_stop(i), 0);
}

static void a_paused_execution_starts_nothing_until_it_is_resumed(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, PLAIN, NULL);
    struct bus_delivery *a = task_next(i);
    steer(i, CONTROL_pause, id, "{\"reason\": \"to look\"}");
    execution_events(i, id, 6);
    task_done(i, a, "{}");
    assert_true(task_none(i));
    broker_kill(i);
    broker_start(i);
    assert_true(task_none(i));
    steer(i, CONTROL_resume, id, NULL);
    struct bus_delivery *b = task_next(i);
    assert_true(str_is(task_text(i, b, "step"), "b"));
    task_done(i, b, "{}");
    assert_int_equal(last(execution_end(i, id))->type, EVENT_EXECUTION_COMPLETE);
    assert_int_equal(broker_stop(i), 0);
}

/* The log may still end with an earlier end, behind which the execution went on. */
static void await_completion(struct installation *i, int64_t id)
{
    enum event_type end = last(execution_end(i, id))->type;
    for (int tries = 0; tries < 500 && end != EVENT_EXECUTION_COMPLETE; tries++) {
        sleep_ms(20);
        end = last(execution_end(i, id))->type;
    }
    assert_int_equal(end, EVENT_EXECUTION_COMPLETE);
}

static void an_execution_that_failed_goes_on_after_a_retry(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, PLAIN, NULL);
    struct bus_delivery *a = task_next(i);
    task_failed(i, a);
    assert_int_equal(last(execution_end(i, id))->type, EVENT_EXECUTION_FAILED);
    steer(i, CONTROL_retry, id, NULL);
    task_failed(i, task_next(i));
    /* The end is in memory, maybe not in the log: the retry must not be lost, nor its task withdrawn. */
    steer(i, CONTROL_retry, id, NULL);
    struct bus_delivery *third = task_next(i);
    assert_true(str_is(task_text(i, third, "task_id"), "s1v1a3"));
    broker_kill(i);
    broker_start(i);
    task_done(i, third, "{}");
    task_done(i, task_next(i), "{}");
    await_completion(i, id);
    struct event_list events = execution_end(i, id);
    steer(i, CONTROL_retry, id, NULL); /* of one that is complete: changes nothing */
    sleep_ms(300);
    assert_int_equal(execution_end(i, id).count, events.count);
    assert_int_equal(broker_stop(i), 0);
}

static void a_retry_that_comes_at_once_keeps_its_tasks(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    for (int round = 0; round < 20; round++) {
        int64_t id = execution_of(i, PLAIN, NULL);
        task_failed(i, task_next(i));
        steer(i, CONTROL_retry, id, NULL);
        task_done(i, task_next(i), "{}");
        task_done(i, task_next(i), "{}");
        await_completion(i, id);
    }
    assert_int_equal(broker_stop(i), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_when_it_is_due),
        cmocka_unit_test(timers_outlive_a_broker_that_is_killed),
        cmocka_unit_test(the_timers_of_an_execution_go_with_it),
        cmocka_unit_test(a_paused_execution_starts_nothing_until_it_is_resumed),
        cmocka_unit_test(an_execution_that_failed_goes_on_after_a_retry),
        cmocka_unit_test(a_retry_that_comes_at_once_keeps_its_tasks),
    };
    return cmocka_run_group_tests(tests, installation_start, installation_stop);
}
