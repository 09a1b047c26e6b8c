/* Values that neither a message nor the log can hold: they fail their execution, and no other. */
#include <stdio.h>
#include <time.h>

#include "installation.h"

#define TWO                                                                                                  \
    "metadata: {path: test/two}\nworkflow:\n"                                                                \
    "  - {step: start, next: a}\n"                                                                           \
    "  - {step: a, type: noop, args: {picked: \"{{ {1: 'x'}[1] }}\"}}\n"

/* Each with a value in another place: in a task and its row, or in rows alone. */
static const char *const PLAYBOOKS[] = {
    "metadata: {path: test/tool}\nworkflow:\n"
    "  - {step: start, type: noop, args: {m: \"{{ {1: 'x'} }}\"}}\n",
    "metadata: {path: test/keys}\nworkflow:\n"
    "  - {step: start, type: shell, command: [echo, \"{{ 'inf' | float }}\"]}\n",
    "metadata: {path: test/result}\nworkflow:\n"
    "  - {step: start, result: \"{{ 1e200 * 1e200 }}\"}\n",
    "metadata: {path: test/saved}\nworkflow:\n"
    "  - {step: start, args: {n: 1}, save: {name: kept, data: \"{{ 'nan' | float }}\"}}\n",
    "metadata: {path: test/end}\nworkflow:\n"
    "  - {step: start, next: end}\n"
    "  - {step: end, result: {all: \"{{ {1: 'x'} }}\"}}\n",
    "metadata: {path: test/call}\nworkflow:\n"
    "  - {step: start, type: playbook, path: test/two, args: {m: \"{{ {1: 'x'} }}\"}}\n",
    "metadata: {path: test/items}\nworkflow:\n"
    "  - {step: start, type: iterator, collection: [1], element: x, args: {m: \"{{ {1: 'x'} }}\"},\n"
    "     task: {type: noop}}\n",
    "metadata: {path: test/next}\nworkflow:\n"
    "  - {step: start, next: {step: a, args: {m: \"{{ {1: 'x'} }}\"}}}\n"
    "  - {step: a}\n",
};

/* The broker goes on, for others and when it begins again. */
static void assert_serves(struct installation *i)
{
    int64_t id = execution_of(i, TWO, NULL);
    task_done(i, task_next(i), "{\"n\": 1}");
    assert_int_equal(execution_end(i, id).items[5].type, EVENT_STEP_COMPLETED);
}

static const struct event *failed_end(struct installation *i, int64_t id)
{
    struct event_list events = execution_end(i, id);
    const struct event *last = &events.items[events.count - 1];
    assert_int_equal(last->type, EVENT_EXECUTION_FAILED);
    return last;
}

static void a_value_that_json_cannot_carry_fails_its_step(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    for (size_t p = 0; p < sizeof(PLAYBOOKS) / sizeof(PLAYBOOKS[0]); p++) {
        int64_t id = execution_of(i, PLAYBOOKS[p], NULL);
        const struct event *last = failed_end(i, id);
        struct value kind = value_get_path(last->context, STR("error.kind"));
        assert_true(str_is(value_as_str(kind), "invalid"));
        assert_non_null(strstr(last->error.ptr, "step "));
    }
    assert_serves(i);
    assert_int_equal(broker_stop(i), 0);
    broker_start(i);
    assert_serves(i);
    assert_int_equal(broker_stop(i), 0);
}

enum { DEPTH = 126 };
#define DEEP(path)                                                                                           \
    "metadata: {path: " path "}\nworkflow:\n"                                                                \
    "  - {step: start, type: noop, next: a}\n"                                                               \
    "  - {step: a, type: noop, save: {storage: shell, command: [echo, "                                      \
    "\"{{ results.start | length }}\"]}}\n"

static const char *deep_data(char data[2 * DEPTH + 2])
{
    memset(data, '[', DEPTH);
    data[DEPTH] = '1';
    memset(data + DEPTH + 1, ']', DEPTH);
    data[2 * DEPTH + 1] = '\0';
    return data;
}

/* Data as deep as a message can have it, inside the map of all results that a save's template names. */
static void what_no_message_can_hold_fails_its_execution(void **state)
{
    struct installation *i = *state;
    char data[2 * DEPTH + 2];
    broker_start(i);
    int64_t id = execution_of(i, DEEP("test/deep"), NULL);
    task_done(i, task_next(i), deep_data(data));
    const struct event *last = failed_end(i, id);
    assert_non_null(strstr(last->error.ptr, "the engine could not go on: results.start[0][0]"));
    assert_non_null(strstr(last->error.ptr, "the task of a: names: it is nested more than 127 levels deep"));
    assert_serves(i);
    assert_true(task_none(i));
    assert_int_equal(broker_stop(i), 0);
}

#define CALLER(path)                                                                                         \
    "metadata: {path: test/caller}\nworkflow:\n"                                                             \
    "  - {step: start, type: playbook, path: " path "}\n"
#define DEEP_CALLER                                                                                          \
    "metadata: {path: test/deep-caller}\nworkflow:\n"                                                        \
    "  - {step: start, next: [call, one]}\n"                                                                 \
    "  - {step: call, type: playbook, path: test/slow}\n"                                                    \
    "  - {step: one, type: noop, next: a}\n"                                                                 \
    "  - {step: a, type: noop, save: {storage: shell, command: [echo, \"{{ results.one | length }}\"]}}\n"
#define SLOW                                                                                                 \
    "metadata: {path: test/slow}\nworkflow:\n"                                                               \
    "  - {step: start, type: noop}\n"

/* The caller of one whose log has a gap, or what no message can hold. */
static void expect_given_up(struct installation *i, int64_t caller, const char *child)
{
    char why[128];
    snprintf(why, sizeof(why), "the playbook %s did not complete: the engine could not go on: ", child);
    const char *error = failed_end(i, caller)->error.ptr;
    if (!strstr(error, why))
        fail_msg("%s", error);
}

static void expect_cancelled(struct installation *i, int64_t id)
{
    struct event_list events = execution_end(i, id);
    assert_int_equal(events.items[events.count - 1].type, EVENT_EXECUTION_CANCELLED);
}

static void delete_events(struct installation *i, int64_t id, const char *which)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "WITH gone AS (DELETE FROM noetl.event WHERE execution_id = %lld AND event_id %s RETURNING 1) "
             "SELECT count(*) > 0 FROM gone",
             (long long)id, which);
    assert_string_equal(database_says(i, sql), "t");
}

static void who_called_what_is_given_up_goes_on(void **state)
{
    struct installation *i = *state;
    char data[2 * DEPTH + 2];
    register_playbook(i, DEEP("test/deep"));
    broker_start(i);
    int64_t id = execution_of(i, CALLER("test/deep"), NULL);
    task_done(i, task_next(i), deep_data(data));
    expect_given_up(i, id, "test/deep");
    id = execution_of(i,
                      "metadata: {path: test/caller}\nworkflow:\n"
                      "  - {step: start, type: playbook, path: test/deep, on_error: continue, next: b}\n"
                      "  - {step: b}\n",
                      NULL);
    task_done(i, task_next(i), deep_data(data));
    struct event_list events = execution_end(i, id);
    assert_int_equal(events.items[events.count - 1].type, EVENT_EXECUTION_COMPLETE);
    assert_int_equal(broker_stop(i), 0);
}

static void who_called_what_cannot_be_folded_back_goes_on(void **state)
{
    struct installation *i = *state;
    register_playbook(i, SLOW);
    broker_start(i);
    int64_t id = execution_of(i, CALLER("test/slow"), NULL);
    struct bus_delivery *task = task_next(i);
    int64_t child = task_execution(i, task);
    execution_events(i, child, 3);
    assert_int_equal(broker_stop(i), 0);
    delete_events(i, child, "= 3");
    broker_start(i);
    task_done(i, task, "1");
    expect_given_up(i, id, "test/slow");
    assert_int_equal(broker_stop(i), 0);
}

/* The branch beside what cannot be written waits for a playbook. Returns that one. */
static int64_t given_up_with_child(struct installation *i)
{
    char data[2 * DEPTH + 2];
    register_playbook(i, SLOW);
    broker_start(i);
    int64_t id = execution_of(i, DEEP_CALLER, NULL);
    struct bus_delivery *tasks[2] = {task_next(i), task_next(i)};
    bool first = str_is(task_text(i, tasks[0], "step"), "one");
    int64_t child = task_execution(i, tasks[first]);
    task_done(i, tasks[!first], deep_data(data));
    failed_end(i, id);
    expect_cancelled(i, child);
    bus_deliver_ack(i->bus, tasks[first]);
    bus_delivery_free(tasks[first]);
    return child;
}

static void what_is_called_by_one_that_is_given_up_ends(void **state)
{
    struct installation *i = *state;
    given_up_with_child(i);
    assert_true(task_none(i));
    assert_int_equal(broker_stop(i), 0);
}

/* As if they had been given up by a broker that told nobody. */
static void who_did_not_hear_of_what_was_given_up_is_told(void **state)
{
    struct installation *i = *state;
    char data[2 * DEPTH + 2];
    i->variable = "NOETL_BROKER_RECONCILE=500ms";
    register_playbook(i, DEEP("test/deep"));
    int64_t child = given_up_with_child(i);
    int64_t id = execution_of(i, CALLER("test/deep"), NULL);
    task_done(i, task_next(i), deep_data(data));
    expect_given_up(i, id, "test/deep");
    assert_int_equal(broker_stop(i), 0);
    delete_events(i, id, "> 3");
    delete_events(i, child, "> 3");
    stream_made_anew(i, STREAM_EVENTS);
    broker_start(i);
    expect_given_up(i, id, "test/deep");
    expect_cancelled(i, child);
    i->variable = NULL;
    assert_int_equal(broker_stop(i), 0);
}

/* Why the execution failed, without reading all that it has in the log. */
static const char *error_of(struct installation *i, int64_t id)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
             "SELECT coalesce((SELECT error FROM noetl.event WHERE execution_id = %lld AND event_type = "
             "'execution_failed'), '')",
             (long long)id);
    for (int tries = 0; tries < 600; tries++) {
        const char *error = database_says(i, sql);
        if (error[0])
            return error;
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000000L}, NULL);
    }
    return "it did not fail within a minute";
}

/* Each within a parcel, all of them beyond what a step collects. */
static void items_that_are_too_large_together_fail_their_step(void **state)
{
    enum { ITEMS = 3, ITEM_LETTERS = 15 << 20, LETTER_BYTES = 6 };
    struct installation *i = *state;
    struct bus_delivery *tasks[ITEMS];
    char *text = arena_alloc(&i->arena, (size_t)ITEM_LETTERS * LETTER_BYTES + 3), *end = text;
    assert_non_null(text);
    *end++ = '"';
    for (int n = 0; n < ITEM_LETTERS; n++, end += LETTER_BYTES)
        memcpy(end, "\\u0001", LETTER_BYTES);
    memcpy(end, "\"", 2);
    tasks_wait_for(i, 60000); /* while the others are stored */
    broker_start(i);
    int64_t id =
        execution_of(i,
                     "metadata: {path: test/collects}\nworkflow:\n"
                     "  - {step: start, type: iterator, collection: [1, 2, 3], element: x, mode: async,\n"
                     "     on_error: collect, task: {type: noop}}\n",
                     NULL);
    for (int n = 0; n < ITEMS; n++)
        tasks[n] = task_next(i);
    for (int n = 0; n < ITEMS; n++)
        task_done_large(i, tasks[n], text);
    const char *why = error_of(i, id);
    assert_non_null(strstr(why, "what the items give has more than 256 MiB as JSON"));
    assert_serves(i);
    assert_int_equal(broker_stop(i), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_json_cannot_carry_fails_its_step),
        cmocka_unit_test(what_no_message_can_hold_fails_its_execution),
        cmocka_unit_test(who_called_what_is_given_up_goes_on),
        cmocka_unit_test(who_called_what_cannot_be_folded_back_goes_on),
        cmocka_unit_test(what_is_called_by_one_that_is_given_up_ends),
        cmocka_unit_test(who_did_not_hear_of_what_was_given_up_is_told),
        cmocka_unit_test(items_that_are_too_large_together_fail_their_step),
    };
    return cmocka_run_group_tests(tests, installation_start, installation_stop);
}
