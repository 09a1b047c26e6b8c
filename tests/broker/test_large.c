/* Executions whose requests, outcomes, inputs and results are larger than a message, against real servers. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json.h"
#include "core/task.h"
#include "installation.h"
#include "publisher/parcel.h"

enum { LARGE = 3 << 20, HUGE_BYTES = 50 << 20 };

#define TWO_STEPS                                                                                            \
    "metadata: {path: test/two}\nworkflow:\n"                                                                \
    "  - {step: start, next: a}\n"                                                                           \
    "  - {step: a, type: noop, next: b}\n"                                                                   \
    "  - {step: b, type: noop, args: {text: '{{ a.text }}', length: '{{ a.text | length }}'}}\n"

#define TWO_STORY                                                                                            \
    "execution_requested, execution_start, step_completed start, step_started a, action_completed a, "       \
    "step_completed a, step_started b, action_completed b, step_completed b, execution_complete"

static const struct event *last(struct event_list events)
{
    return &events.items[events.count - 1];
}

/* {"text": "xxx…"} with so many letters. */
static const char *large_data(struct installation *i, size_t size)
{
    static const char before[] = "{\"text\":\"";
    char *json = arena_alloc(&i->arena, size + sizeof before + 2);
    assert_non_null(json);
    memcpy(json, before, sizeof before - 1);
    memset(json + sizeof before - 1, 'x', size);
    memcpy(json + sizeof before - 1 + size, "\"}", 3);
    return json;
}

/* The task as the worker gets it, the large part included. */
static struct task whole_task(struct installation *i, const struct bus_delivery *d)
{
    struct error err = {0};
    struct str text;
    struct value v;
    struct task t;
    assert_ok(parcel_text(i->bus, &i->subjects, d->payload, &i->arena, &text, &err), &err);
    assert_ok(json_read(&i->arena, text, NULL, &v, &err), &err);
    assert_ok(task_from_value(v, &t, &err), &err);
    return t;
}

static uint64_t chunks_stored(struct installation *i)
{
    struct error err = {0};
    struct bus_stream_info info;
    assert_ok(bus_stream_info(i->bus, "NOETL_RESULTS", &info, &err), &err);
    return info.messages;
}

static void remove_chunks(struct installation *i)
{
    struct error err = {0};
    assert_ok(bus_stream_purge(i->bus, "NOETL_RESULTS", NULL, NULL, &err), &err);
}

/* ---- by reference ------------------------------------------------------------------------------------- */

static void a_result_of_50_mb_is_passed_on_while_brokers_are_killed(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, TWO_STEPS, NULL);
    struct bus_delivery *a = task_next(i);
    broker_kill(i);
    task_done_large(i, a, large_data(i, HUGE_BYTES));
    broker_start(i);
    struct bus_delivery *b = task_next(i);
    broker_kill(i);
    assert_true(parcel_is_reference(b->payload));
    assert_true(b->payload.len < 4096);
    struct task task = whole_task(i, b);
    assert_int_equal(VALUE_GET(task.args, "text").len, HUGE_BYTES);
    assert_int_equal(VALUE_GET(task.args, "length").u.i, HUGE_BYTES);
    broker_start(i);
    task_done(i, b, "{\"n\": 1}");
    struct event_list events = execution_end(i, id);
    assert_string_equal(story(i, events), TWO_STORY);
    assert_int_equal(value_get_path(events.items[4].result, STR("data.text")).len, HUGE_BYTES);
    assert_true(task_none(i));
    assert_int_equal(broker_stop(i), 0);
}

static void the_log_alone_is_enough_when_the_chunks_are_gone(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, TWO_STEPS, NULL);
    task_done_large(i, task_next(i), large_data(i, LARGE));
    struct bus_delivery *b = task_next(i);
    execution_events(i, id, 7);
    assert_int_equal(broker_stop(i), 0);
    remove_chunks(i);
    broker_start(i); /* folds the execution back from the log for the next fact */
    task_done(i, b, "{\"n\": 1}");
    assert_string_equal(story(i, execution_end(i, id)), TWO_STORY);
    assert_int_equal(broker_stop(i), 0);
}

static void a_childs_large_end_that_was_not_heard_is_told_again(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    register_playbook(i, "metadata: {path: test/called}\nworkflow:\n"
                         "  - {step: start, type: noop, next: end}\n"
                         "  - {step: end, result: '{{ start }}'}\n");
    int64_t id = execution_of(i,
                              "metadata: {path: test/caller}\nworkflow:\n"
                              "  - {step: start, type: playbook, path: test/called, next: end}\n"
                              "  - {step: end, result: '{{ start.text | length }}'}\n",
                              NULL);
    task_done_large(i, task_next(i), large_data(i, LARGE));
    execution_end(i, id);
    assert_int_equal(broker_stop(i), 0);
    caller_hears_nothing(i, id);
    i->variable = "NOETL_BROKER_RECONCILE=500ms";
    broker_start(i);
    i->variable = NULL;
    const struct event *end = last(execution_end(i, id));
    assert_int_equal(end->type, EVENT_EXECUTION_COMPLETE);
    assert_int_equal(end->result.u.i, LARGE);
    assert_int_equal(broker_stop(i), 0);
}

static void a_workload_of_5_mb_reaches_templates(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i,
                              "metadata: {path: test/workload}\nworkflow:\n"
                              "  - {step: start, type: noop, args: {n: '{{ workload.text | length }}'}}\n",
                              large_data(i, 5 << 20));
    struct bus_delivery *d = task_next(i);
    assert_false(parcel_is_reference(d->payload));
    assert_int_equal(VALUE_GET(whole_task(i, d).args, "n").u.i, 5 << 20);
    task_done(i, d, "null");
    assert_int_equal(last(execution_end(i, id))->type, EVENT_EXECUTION_COMPLETE);
    assert_int_equal(broker_stop(i), 0);
}

static void facts_behind_a_large_one_keep_their_order(void **state)
{
    struct installation *i = *state;
    int64_t id = execution_of(i,
                              "metadata: {path: test/order}\nworkflow:\n"
                              "  - {step: start, next: [a, b]}\n"
                              "  - {step: a, type: noop}\n"
                              "  - {step: b, type: noop}\n",
                              NULL);
    broker_start(i);
    struct bus_delivery *a = task_next(i), *b = task_next(i);
    broker_kill(i);
    task_done_large(i, a, large_data(i, HUGE_BYTES / 2));
    task_done(i, b, "1");
    broker_start(i);
    assert_string_equal(story(i, execution_end(i, id)),
                        "execution_requested, execution_start, step_completed start, step_started a, "
                        "step_started b, action_completed a, step_completed a, action_completed b, "
                        "step_completed b, execution_complete");
    assert_int_equal(broker_stop(i), 0);
}

static void what_is_small_leaves_nothing_on_the_stream_of_chunks(void **state)
{
    struct installation *i = *state;
    uint64_t before = chunks_stored(i);
    broker_start(i);
    int64_t id = execution_of(i, TWO_STEPS, NULL);
    task_done(i, task_next(i), large_data(i, 100000));
    struct bus_delivery *b = task_next(i);
    assert_false(parcel_is_reference(b->payload));
    task_done(i, b, "null");
    assert_string_equal(story(i, execution_end(i, id)), TWO_STORY);
    assert_int_equal(chunks_stored(i), before);
    assert_int_equal(broker_stop(i), 0);
}

/* ---- iterators ---------------------------------------------------------------------------------------- */

static void the_result_of_10000_items_is_used_by_the_next_step(void **state)
{
    struct installation *i = *state;
    enum { ITEMS = 10000 };
    size_t largest = 0;
    broker_start(i);
    int64_t id =
        execution_of(i,
                     "metadata: {path: test/items}\nworkflow:\n"
                     "  - {step: start, next: each}\n"
                     "  - step: each\n    type: iterator\n    collection: '{{ range(10000) | list }}'\n"
                     "    element: n\n    mode: async\n    concurrency: 200\n"
                     "    task: {type: noop, args: {n: '{{ n }}'}}\n    next: use\n"
                     "  - {step: use, type: noop, args: {all: '{{ each }}'}}\n",
                     NULL);
    for (int k = 0; k < ITEMS; k++) {
        struct bus_delivery *d = task_next(i);
        largest = d->payload.len > largest ? d->payload.len : largest;
        struct str data = arena_printf(&i->arena, "{\"text\":\"%0120d\"}", k);
        task_done(i, d, data.ptr);
    }
    assert_true(largest < 2000); /* nothing of the others travels with an item */
    struct bus_delivery *use = task_next(i);
    assert_true(parcel_is_reference(use->payload));
    struct value all = VALUE_GET(whole_task(i, use).args, "all");
    assert_int_equal(all.len, ITEMS);
    task_done(i, use, "null");
    assert_int_equal(last(execution_end(i, id))->type, EVENT_EXECUTION_COMPLETE);
    assert_int_equal(broker_stop(i), 0);
}

/* ---- what cannot be read any more --------------------------------------------------------------------- */

#define RETRIED                                                                                              \
    "metadata: {path: test/retried}\nworkflow:\n"                                                            \
    "  - step: start\n    type: noop\n    retry: {max_attempts: 2, initial_delay: 0}\n"

static void an_outcome_whose_chunks_are_gone_fails_its_attempt(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, RETRIED, NULL);
    struct bus_delivery *d = task_next(i);
    broker_kill(i);
    task_done_large(i, d, large_data(i, LARGE));
    remove_chunks(i);
    broker_start(i);
    task_done(i, task_next(i), "\"better\"");
    struct event_list events = execution_end(i, id);
    assert_string_equal(
        story(i, events),
        "execution_requested, execution_start, step_started start, action_error start, "
        "step_retried start, step_started start, action_completed start, step_completed start, "
        "execution_complete");
    struct value error = value_get_path(events.items[3].result, STR("error"));
    assert_true(str_is(value_as_str(VALUE_GET(error, "kind")), "not_found"));
    assert_true(str_find(value_as_str(VALUE_GET(error, "message")), STR("NOETL_RESULTS")) >= 0);
    assert_int_equal(broker_stop(i), 0);
}

/* Other bytes in place of the first chunk of the only thing that is stored. */
static void damage(struct installation *i)
{
    struct error err = {0};
    struct bus_stored stored;
    struct bus_ack ack;
    assert_ok(bus_stream_last(i->bus, "NOETL_RESULTS", "noetl.results.*.*.0", &i->arena, &stored, &err),
              &err);
    char *bytes = arena_strdup(&i->arena, stored.payload);
    const char *subject = arena_strdup(&i->arena, stored.subject);
    assert_true(bytes && subject);
    bytes[stored.payload.len / 2] ^= 1;
    struct bus_publication p = {
        .subject = subject, .payload = {bytes, stored.payload.len}, .give_up_ms = 10000};
    assert_ok(bus_publish_wait(i->bus, &p, &ack, &err), &err);
}

static void a_damaged_outcome_fails_its_attempt(void **state)
{
    struct installation *i = *state;
    remove_chunks(i);
    broker_start(i);
    int64_t id =
        execution_of(i, "metadata: {path: test/damaged}\nworkflow:\n  - {step: start, type: noop}\n", NULL);
    struct bus_delivery *d = task_next(i);
    broker_kill(i);
    task_done_large(i, d, large_data(i, LARGE));
    damage(i);
    broker_start(i);
    struct event_list events = execution_end(i, id);
    assert_int_equal(last(events)->type, EVENT_EXECUTION_FAILED);
    assert_non_null(strstr(last(events)->error.ptr, "its digest differs"));
    assert_int_equal(broker_stop(i), 0);
}

static void a_request_whose_chunks_are_gone_fails_its_execution(void **state)
{
    struct installation *i = *state;
    int64_t id = execution_of(i, "metadata: {path: test/lost}\nworkflow:\n  - {step: start, type: noop}\n",
                              large_data(i, LARGE));
    remove_chunks(i);
    broker_start(i);
    struct event_list events = execution_end(i, id);
    assert_string_equal(story(i, events), "execution_requested, execution_failed");
    assert_non_null(strstr(last(events)->error.ptr, "NOETL_RESULTS"));
    assert_true(str_is(value_get_path(last(events)->context, STR("error.kind")).type == VALUE_STRING
                           ? value_as_str(value_get_path(last(events)->context, STR("error.kind")))
                           : STR(""),
                       "not_found"));
    assert_int_equal(broker_stop(i), 0);
}

static void delete_stream(struct installation *i, const char *verb)
{
    struct error err = {0};
    struct value answer;
    assert_ok(bus_api(i->bus, verb, STR(""), &i->arena, &answer, &err), &err);
}

static void without_its_stream_a_large_task_fails_its_step(void **state)
{
    struct installation *i = *state;
    struct topology_options options;
    struct error err = {0};
    delete_stream(i, "STREAM.DELETE.NOETL_RESULTS");
    broker_start(i);
    int64_t id = execution_of(i,
                              "metadata: {path: test/stream}\nworkflow:\n"
                              "  - {step: start, type: noop, args: {x: \"{{ 'x' * 2000000 }}\"}}\n",
                              NULL);
    struct event_list events = execution_end(i, id);
    assert_int_equal(last(events)->type, EVENT_EXECUTION_FAILED);
    assert_non_null(strstr(last(events)->error.ptr, "there is no stream NOETL_RESULTS"));
    assert_int_equal(broker_stop(i), 0);
    topology_options_from_settings(i->settings, &options);
    assert_ok(topology_ensure(i->bus, &i->subjects, &options, &err), &err);
}

/* ---- watchers ----------------------------------------------------------------------------------------- */

struct watched {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count, omitted, largest;
    bool over;
};

static void watch(void *context, const struct bus_message *m)
{
    struct watched *w = context;
    pthread_mutex_lock(&w->lock);
    w->count++;
    w->omitted += str_find(m->payload, STR("\"omitted\":{\"bytes\":3")) > 0;
    w->largest = m->payload.len > w->largest ? m->payload.len : w->largest;
    w->over = w->over || str_ends_with(str_of(m->subject), STR(".execution_complete"));
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void wait_for_end(struct watched *w)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&w->lock);
    while (!w->over && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        continue;
    bool over = w->over;
    pthread_mutex_unlock(&w->lock);
    assert_true(over);
}

static void watchers_hear_of_large_events_in_short(void **state)
{
    struct installation *i = *state;
    struct watched live = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct bus_subscription *s;
    struct bus_stored mark;
    struct error err = {0};
    char subject[SUBJECT_MAX];
    broker_start(i);
    int64_t id = execution_of(i,
                              "metadata: {path: test/watched}\nworkflow:\n"
                              "  - {step: start, type: noop}\n",
                              NULL);
    struct bus_delivery *d = task_next(i);
    subject_live(&i->subjects, id, ">", subject);
    assert_ok(bus_subscribe(i->bus, subject, NULL, watch, &live, &s, &err), &err);
    assert_ok(bus_flush(i->bus, 10000, &err), &err);
    task_done_large(i, d, large_data(i, LARGE));
    wait_for_end(&live);
    bus_unsubscribe(&s);
    assert_true(live.omitted >= 2); /* the outcome, and the execution's result */
    assert_true(live.largest < 8192);
    subject_event(&i->subjects, id, EVENT_EXECUTION_COMPLETE, subject);
    assert_ok(bus_stream_last(i->bus, "NOETL_EVENTS", subject, &i->arena, &mark, &err), &err);
    assert_true(str_find(mark.payload, STR("\"omitted\"")) > 0);
    assert_int_equal(value_get_path(last(execution_end(i, id))->result, STR("start.text")).len, LARGE);
    assert_int_equal(broker_stop(i), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_of_50_mb_is_passed_on_while_brokers_are_killed),
        cmocka_unit_test(the_log_alone_is_enough_when_the_chunks_are_gone),
        cmocka_unit_test(a_childs_large_end_that_was_not_heard_is_told_again),
        cmocka_unit_test(a_workload_of_5_mb_reaches_templates),
        cmocka_unit_test(facts_behind_a_large_one_keep_their_order),
        cmocka_unit_test(what_is_small_leaves_nothing_on_the_stream_of_chunks),
        cmocka_unit_test(the_result_of_10000_items_is_used_by_the_next_step),
        cmocka_unit_test(an_outcome_whose_chunks_are_gone_fails_its_attempt),
        cmocka_unit_test(a_damaged_outcome_fails_its_attempt),
        cmocka_unit_test(a_request_whose_chunks_are_gone_fails_its_execution),
        cmocka_unit_test(without_its_stream_a_large_task_fails_its_step),
        cmocka_unit_test(watchers_hear_of_large_events_in_short),
    };
    return cmocka_run_group_tests(tests, installation_start, installation_stop);
}
