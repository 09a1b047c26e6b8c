#include <pthread.h>
#include <signal.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/task.h"
#include "installation.h"
#include "publisher/brokers.h"

static void publish(struct installation *i, const char *subject, const char *payload)
{
    struct error err = {0};
    struct bus_publication p = {.subject = subject, .payload = str_of(payload), .give_up_ms = 5000};
    struct bus_ack ack;
    assert_ok(bus_publish_wait(i->bus, &p, &ack, &err), &err);
}

static void an_execution_runs_to_its_end(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    finish_chain(i, execution_of(i, CHAIN, NULL));
    assert_int_equal(broker_stop(i), 0);
}

static void a_broker_killed_at_every_hop_loses_and_doubles_nothing(void **state)
{
    struct installation *i = *state;
    int64_t id = execution_of(i, CHAIN, "{\"n\": 7}");
    broker_start(i);
    struct bus_delivery *a = task_next(i);
    broker_kill(i);
    task_done(i, a, "{\"n\": 8}");
    broker_start(i);
    struct bus_delivery *b = task_next(i);
    broker_kill(i);
    broker_start(i);
    assert_true(str_is(task_text(i, b, "step"), "b"));
    task_done(i, b, "{\"n\": 9}");
    broker_kill(i);
    broker_start(i);
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    assert_true(task_none(i));
    assert_int_equal(broker_stop(i), 0);
}

struct watching {
    atomic_int outcomes, tokens, ends;
};

static void watch(void *context, const struct bus_message *m)
{
    struct watching *w = context;
    w->outcomes += strstr(m->subject, ".action_completed") != NULL;
    w->tokens += memmem(m->payload.ptr, m->payload.len, "\"token", 6) != NULL;
    w->ends += strstr(m->subject, ".execution_complete") != NULL;
}

static void watchers_learn_no_tokens(void **state)
{
    struct installation *i = *state;
    struct watching watching = {0};
    struct bus_subscription *s;
    struct error err = {0};
    assert_ok(bus_subscribe(i->bus, "noetl.live.>", NULL, watch, &watching, &s, &err), &err);
    assert_ok(bus_flush(i->bus, 5000, &err), &err);
    broker_start(i);
    finish_chain(i, execution_of(i, CHAIN, NULL));
    for (int left = 1000; watching.ends == 0 && left > 0; left--)
        nanosleep(&(struct timespec){0, 10 * 1000000}, NULL);
    bus_unsubscribe(&s);
    assert_int_equal(watching.outcomes, 2);
    assert_int_equal(watching.tokens, 0);
    assert_int_equal(broker_stop(i), 0);
}

/* Whoever waits until a partition is read must not wait for what is no event. */
static void what_is_no_event_is_passed_over(void **state)
{
    struct installation *i = *state;
    struct error err = {0};
    struct bus_stored last;
    char stream[96], read[32];
    broker_start(i);
    publish(i, "noetl.events.0.12.action_completed", "this is not JSON");
    publish(i, "noetl.events.nonsense", "{}");
    publish(i, "noetl.events.3.twelve.action_completed", "{}");
    publish(i, "noetl.events.99.12.execution_requested", "{}");
    publish(i, "noetl.events.1.12.action_completed",
            "{\"execution_id\":\"13\",\"event_type\":\"action_completed\"}");
    finish_chain(i, execution_of(i, CHAIN, NULL));
    assert_int_equal(broker_stop(i), 0);
    assert_ok(bus_stream_last(i->bus, stream_name(&i->subjects, STREAM_EVENTS, stream), "noetl.events.3.>",
                              &i->arena, &last, &err),
              &err);
    snprintf(read, sizeof(read), "%" PRIu64, last.sequence);
    assert_string_equal(database_says(i, "SELECT stream_seq FROM noetl.partition WHERE partition = 3"), read);
}

/* The broker that takes it has the execution no more in memory. */
static void a_copy_of_a_request_starts_nothing(void **state)
{
    struct installation *i = *state;
    struct error err = {0};
    struct bus_stored stored;
    char stream[96], subject[SUBJECT_MAX];
    broker_start(i);
    int64_t over = execution_of(i, CHAIN, NULL);
    finish_chain(i, over);
    int64_t open = execution_of(i, CHAIN, NULL);
    struct bus_delivery *a = task_next(i);
    execution_events(i, open, 4);
    assert_int_equal(broker_stop(i), 0);
    stream_name(&i->subjects, STREAM_EVENTS, stream);
    for (int n = 0; n < 2; n++) {
        subject_event(&i->subjects, n ? over : open, EVENT_EXECUTION_REQUESTED, subject);
        assert_ok(bus_stream_last(i->bus, stream, subject, &i->arena, &stored, &err), &err);
        publish(i, subject, arena_strdup(&i->arena, stored.payload));
    }
    broker_start(i);
    assert_true(task_none(i));
    task_done(i, a, "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_string_equal(story(i, execution_end(i, open)), CHAIN_STORY);
    assert_string_equal(story(i, execution_end(i, over)), CHAIN_STORY);
    assert_int_equal(broker_stop(i), 0);
}

/* The first rejection that was heard. */
struct rejections {
    pthread_mutex_t lock;
    char payload[4096];
};

static void hear(void *context, const struct bus_message *m)
{
    struct rejections *r = context;
    pthread_mutex_lock(&r->lock);
    snprintf(r->payload, sizeof(r->payload), "%" PRISTR, ARGSTR(m->payload));
    pthread_mutex_unlock(&r->lock);
}

static void expect_rejection(struct installation *i, const char *command, const char *payload,
                             const char *reason)
{
    struct rejections r = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct bus_subscription *s;
    struct error err = {0};
    char subject[128];
    bool heard = false;
    assert_ok(bus_subscribe(i->bus, "noetl.live.rejected.>", NULL, hear, &r, &s, &err), &err);
    assert_ok(bus_flush(i->bus, 5000, &err), &err);
    snprintf(subject, sizeof(subject), "noetl.commands.%s", command);
    publish(i, subject, payload);
    for (int tries = 0; tries < 500 && !heard; tries++) {
        nanosleep(&(struct timespec){0, 20 * 1000000}, NULL);
        pthread_mutex_lock(&r.lock);
        heard = r.payload[0] != '\0';
        pthread_mutex_unlock(&r.lock);
    }
    bus_unsubscribe(&s);
    if (!strstr(r.payload, reason))
        fail_msg("%s %s was answered: %s", command, payload, r.payload);
}

static void a_command_that_cannot_be_done_is_rejected_with_its_reason(void **state)
{
    struct installation *i = *state;
    struct bus_stream_info info;
    struct error err = {0};
    broker_start(i);
    expect_rejection(i, "run", "this is not JSON", "\"kind\":\"syntax\"");
    expect_rejection(i, "run", "{\"path\": \"test/nowhere\"}", "\"kind\":\"not_found\"");
    expect_rejection(i, "run", "{\"paht\": \"test/chain\"}", "path");
    expect_rejection(i, "dance", "{}", "there is no command \\\"dance\\\"");
    expect_rejection(i, "cancel", "{}", "execution_id");
    expect_rejection(i, "pause", "{\"execution_id\": \"x\"}", "execution_id");
    expect_rejection(i, "resume", "{", "\"kind\":\"syntax\"");
    expect_rejection(i, "signal", "{\"execution_id\": \"1\"}", "name");
    expect_rejection(i, "retry", "{\"execution_id\": \"1\", \"step\": \"a\"}", "step");
    assert_ok(bus_stream_info(i->bus, "NOETL_COMMANDS", &info, &err), &err);
    assert_int_equal(info.messages, 0);
    assert_int_equal(broker_stop(i), 0);
}

static void a_run_command_is_done_once_however_often_it_is_published(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    finish_chain(i, execution_of(i, CHAIN, NULL));
    publish(i, "noetl.commands.run", "{\"path\": \"test/chain\", \"idempotency_key\": \"once\"}");
    publish(i, "noetl.commands.run", "{\"path\": \"test/chain\", \"idempotency_key\": \"once\"}");
    task_done(i, task_next(i), "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_true(task_none(i));
    assert_int_equal(broker_stop(i), 0);
}

/* For how long streams know the ids of their messages; 0: as at first. */
static void streams_know_ids_for(struct installation *i, int64_t ms)
{
    struct topology_options options;
    struct error err = {0};
    topology_options_from_settings(i->settings, &options);
    if (ms > 0)
        options.duplicates_ms = ms;
    assert_ok(topology_ensure(i->bus, &i->subjects, &options, &err), &err);
}

static void publish_command_with_id(struct installation *i, const char *message_id)
{
    struct error err = {0};
    struct bus_publication p = {.subject = "noetl.commands.run",
                                .message_id = message_id,
                                .payload = STR("{\"path\": \"test/chain\"}"),
                                .give_up_ms = 5000};
    struct bus_ack ack;
    assert_ok(bus_publish_wait(i->bus, &p, &ack, &err), &err);
    assert_false(ack.duplicate);
}

/* When the streams have forgotten it, by age; nor has the broker just seen its end. The last test: who asks
 * for executions soon after such a loss waits for the log. */
static void a_command_that_is_sent_again_by_its_message_id_runs_once(void **state)
{
    enum { FORGOTTEN_BEHIND = 300 };
    struct installation *i = *state;
    struct error err = {0};
    uint64_t purged;
    broker_start(i);
    streams_know_ids_for(i, 100);
    register_playbook(i, CHAIN);
    publish_command_with_id(i, "order-7");
    task_done(i, task_next(i), "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    int64_t id = id_from_key(STR("test/chain"), STR("order-7")), last = 0;
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    for (int n = 0; n < FORGOTTEN_BEHIND; n++)
        last = execution_of(i, "metadata: {path: test/none}\nworkflow:\n  - {step: start}\n", NULL);
    execution_end(i, last);
    usleep(500000);
    assert_ok(bus_stream_purge(i->bus, "NOETL_EVENTS", NULL, &purged, &err), &err);
    publish_command_with_id(i, "order-7");
    assert_true(task_none(i));
    assert_true(task_none(i));
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    streams_know_ids_for(i, 0);
    assert_int_equal(broker_stop(i), 0);
}

/* Nor would it do for a key in the log. */
static void a_command_whose_message_id_is_no_text_runs(void **state)
{
    static const char id[] = "order-\xff";
    struct installation *i = *state;
    broker_start(i);
    register_playbook(i, CHAIN);
    publish_command_with_id(i, id);
    task_done(i, task_next(i), "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_string_equal(story(i, execution_end(i, id_from_key(STR("test/chain"), str_of(id)))), CHAIN_STORY);
    assert_int_equal(broker_stop(i), 0);
}

/* Whether the brokers say soon that there is room, or that there is none. */
static bool room_becomes(struct brokers *b, bool expected)
{
    for (int tries = 0; tries < 600; tries++) {
        struct error ignored;
        if ((brokers_have_room(b, &ignored) == STATUS_OK) == expected)
            return true;
        usleep(50000);
    }
    return false;
}

static void as_many_executions_are_at_work_as_there_may_be(void **state)
{
    struct installation *i = *state;
    struct brokers *brokers;
    struct error err = {0};
    assert_ok(brokers_listen(i->bus, &i->subjects, &brokers, &err), &err);
    i->variable = "NOETL_BROKER_IN_FLIGHT=2";
    broker_start(i);
    i->variable = NULL;
    int64_t a = execution_of(i, CHAIN, NULL), b = execution_of(i, CHAIN, NULL);
    struct bus_delivery *of_a = task_next(i), *of_b = task_next(i);
    assert_true(room_becomes(brokers, false));
    assert_int_equal(brokers_have_room(brokers, &err), STATUS_UNAVAILABLE);
    publish(i, "noetl.commands.run", "{\"path\": \"test/chain\", \"idempotency_key\": \"waits\"}");
    assert_true(task_none(i));
    task_done(i, of_a, "{\"n\": 1}");
    task_done(i, of_b, "{\"n\": 1}");
    for (int n = 0; n < 2; n++)
        task_done(i, task_next(i), "{\"n\": 2}");
    execution_end(i, a);
    execution_end(i, b);
    assert_true(room_becomes(brokers, true));
    for (int n = 0; n < 2; n++)
        task_done(i, task_next(i), "{\"n\": 3}"); /* of what waited */
    assert_int_equal(broker_stop(i), 0);
    brokers_close(&brokers);
}

static void a_task_that_nobody_finishes_fails_its_execution(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, CHAIN, NULL);
    int dead = 0;
    for (int delivery = 0; delivery < 3; delivery++)
        bus_delivery_free(task_next(i));
    assert_true(task_none(i)); /* the server notices at the pull after the last */
    bus_pull_want(i->tasks, 1);
    struct event_list events = execution_end(i, id);
    assert_int_equal(events.items[events.count - 1].type, EVENT_EXECUTION_FAILED);
    assert_non_null(strstr(events.items[events.count - 1].error.ptr, "given to workers 3 times"));
    for (size_t n = 0; n < events.count; n++) {
        const struct event *e = &events.items[n];
        if (e->type != EVENT_ACTION_ERROR)
            continue;
        assert_int_equal(value_get_path(e->context, STR("dead_letter.deliveries")).u.i, 3);
        assert_int_equal(value_get_path(e->context, STR("dead_letter.task.args.n")).u.i, 0);
        assert_true(value_is_absent(value_get_path(e->context, STR("dead_letter.task.token"))));
        dead++;
    }
    assert_int_equal(dead, 1);
    assert_int_equal(broker_stop(i), 0);
}

/* Tells as the server does that the task was delivered as often as it may be. */
static void advise(struct installation *i, const struct bus_delivery *task, const char *time,
                   const char *consumer)
{
    struct str advisory = arena_printf(
        &i->arena,
        "{\"type\":\"io.nats.jetstream.advisory.v1.max_deliver\",\"id\":\"x\",\"timestamp\":\"%s\","
        "\"stream\":\"NOETL_TASKS\",\"consumer\":\"%s\",\"stream_seq\":%llu,\"deliveries\":3}",
        time, consumer, (unsigned long long)task->stream_sequence);
    struct str subject =
        arena_printf(&i->arena, "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.NOETL_TASKS.%s", consumer);
    publish(i, subject.ptr, advisory.ptr);
}

/* The tasks stream was made anew, and gave the sequence of one that was dead to another. */
static void await_advisories_read(struct installation *i)
{
    struct bus_consumer_info info = {.pending = 1};
    struct error err = {0};
    for (int tries = 0; tries < 300 && info.pending + info.ack_pending > 0; tries++) {
        assert_ok(bus_consumer_info(i->bus, "NOETL_ADVISORIES", DEAD_LETTERS_CONSUMER, &info, &err), &err);
        usleep(100000);
    }
    assert_int_equal(info.pending + info.ack_pending, 0);
}

static void an_advisory_about_an_earlier_task_of_that_sequence_harms_nobody(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, CHAIN, NULL);
    struct bus_delivery *a = task_next(i);
    advise(i, a, "2020-01-01T00:00:00.5Z", "default");
    advise(i, a, "2100-01-01T00:00:00.5Z", "another");
    await_advisories_read(i);
    task_done(i, a, "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    assert_int_equal(broker_stop(i), 0);
}

/* It is gone also where a nats-server 2.9 finds a file that it wrote meanwhile, and says so. */
static void delete_consumer(struct installation *i, const char *verb)
{
    struct error err = {0};
    struct value answer;
    if (bus_api(i->bus, verb, STR(""), &i->arena, &answer, &err) != STATUS_OK)
        assert_non_null(strstr(err.message, "directory not empty"));
}

/* By hand, while the broker reads from them. */
static void consumers_of_the_broker_that_are_deleted_are_made_again(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    finish_chain(i, execution_of(i, CHAIN, NULL));
    delete_consumer(i, "CONSUMER.DELETE.NOETL_COMMANDS.intake");
    delete_consumer(i, "CONSUMER.DELETE.NOETL_ADVISORIES.dead_letters");
    publish(i, "noetl.commands.run", "{\"path\": \"test/chain\"}");
    for (int delivery = 0; delivery < 3; delivery++)
        bus_delivery_free(task_next(i));
    assert_true(task_none(i)); /* the server notices at the pull after the last */
    bus_pull_want(i->tasks, 1);
    const char *id = "",
               *ended = "SELECT execution_id FROM noetl.event WHERE error LIKE '%given to workers 3 times%'"
                        " AND event_type = 'execution_failed' AND created_at > now() - interval '15 seconds'";
    for (int tries = 0; tries < 300 && !*id; tries++) {
        id = database_says(i, ended);
        usleep(100000);
    }
    assert_string_not_equal(id, "");
    assert_int_equal(broker_stop(i), 0);
}

static void a_cancelled_execution_withdraws_its_tasks(void **state)
{
    struct installation *i = *state;
    struct error err = {0};
    struct bus_stream_info info = {.messages = 1};
    /* In a pool without workers, so that the task stays in the queue. */
    int64_t id = execution_of(
        i, "metadata: {path: test/lonely}\nworkflow:\n  - {step: start, type: noop, pool: lonely}\n", NULL);
    broker_start(i);
    for (int tries = 0; tries < 500 && info.messages != 1; tries++)
        nanosleep(&(struct timespec){0, 10 * 1000000}, NULL);
    steer(i, CONTROL_cancel, id, "{\"reason\": \"not needed\"}");
    struct event_list events = execution_end(i, id);
    assert_int_equal(events.items[events.count - 1].type, EVENT_EXECUTION_CANCELLED);
    for (int tries = 0; tries < 500 && info.messages != 0; tries++) {
        assert_ok(bus_stream_info(i->bus, "NOETL_TASKS", &info, &err), &err);
        nanosleep(&(struct timespec){0, 10 * 1000000}, NULL);
    }
    assert_int_equal(info.messages, 0);
    assert_int_equal(broker_stop(i), 0);
}

/* The items that wait are withdrawn with the one that failed; the step goes on. */
static void an_iterator_that_fails_withdraws_its_tasks(void **state)
{
    struct installation *i = *state;
    struct error err = {0};
    struct bus_stream_info info = {.messages = 4};
    broker_start(i);
    int64_t id = execution_of(i,
                              "metadata: {path: test/items}\nworkflow:\n"
                              "  - step: start\n    type: iterator\n    collection: [1, 2, 3, 4]\n"
                              "    element: n\n    mode: async\n    on_error: {step: after}\n"
                              "    task: {type: noop, args: {n: \"{{ n }}\"}}\n"
                              "  - {step: after, type: noop}\n",
                              NULL);
    execution_events(i, id, 7); /* the request, the start, the step, its items */
    task_failed(i, task_next(i));
    execution_events(i, id, 11);
    for (int tries = 0; tries < 500 && info.messages != 1; tries++) {
        assert_ok(bus_stream_info(i->bus, "NOETL_TASKS", &info, &err), &err);
        nanosleep(&(struct timespec){0, 10 * 1000000}, NULL);
    }
    assert_int_equal(info.messages, 1);
    struct bus_delivery *task = task_next(i);
    while (str_is(task_text(i, task, "step"), "start")) { /* a worker had it: its outcome changes nothing */
        task_done(i, task, "0");
        task = task_next(i);
    }
    task_done(i, task, "2");
    struct event_list events = execution_end(i, id);
    assert_int_equal(events.items[events.count - 1].type, EVENT_EXECUTION_COMPLETE);
    assert_string_equal(database_says(i, "SELECT context->'tasks'->>2 FROM noetl.event WHERE event_type = "
                                         "'tasks_withdrawn'"),
                        "s0v1a1i3a1");
    assert_int_equal(broker_stop(i), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_execution_runs_to_its_end),
        cmocka_unit_test(a_broker_killed_at_every_hop_loses_and_doubles_nothing),
        cmocka_unit_test(watchers_learn_no_tokens),
        cmocka_unit_test(what_is_no_event_is_passed_over),
        cmocka_unit_test(a_copy_of_a_request_starts_nothing),
        cmocka_unit_test(a_command_that_cannot_be_done_is_rejected_with_its_reason),
        cmocka_unit_test(a_run_command_is_done_once_however_often_it_is_published),
        cmocka_unit_test(as_many_executions_are_at_work_as_there_may_be),
        cmocka_unit_test(a_task_that_nobody_finishes_fails_its_execution),
        cmocka_unit_test(an_advisory_about_an_earlier_task_of_that_sequence_harms_nobody),
        cmocka_unit_test(consumers_of_the_broker_that_are_deleted_are_made_again),
        cmocka_unit_test(a_cancelled_execution_withdraws_its_tasks),
        cmocka_unit_test(an_iterator_that_fails_withdraws_its_tasks),
        cmocka_unit_test(a_command_whose_message_id_is_no_text_runs),
        cmocka_unit_test(a_command_that_is_sent_again_by_its_message_id_runs_once),
    };
    return cmocka_run_group_tests(tests, installation_start, installation_stop);
}
