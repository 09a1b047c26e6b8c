/*
 * What an execution waits for is taken away behind the broker's back: its task, its child, its timer. The
 * broker finds that out from the log and the streams, and the execution goes on.
 */
#include "core/task.h"
#include "installation.h"
#include "runtime/clock.h"

#include <libpq-fe.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENT_MS = 600000 }; /* a worker that is slow counts as one that works */

static const char ONE[] = "metadata: {path: test/one}\n"
                          "workflow:\n"
                          "  - {step: start, type: noop}\n";
static const char THREE[] = "metadata: {path: test/three}\n"
                            "workflow:\n"
                            "  - {step: start, type: noop, next: b}\n"
                            "  - {step: b, type: noop, next: c}\n"
                            "  - {step: c, type: noop}\n";
static const char CALLER[] = "metadata: {path: test/caller}\n"
                             "workflow:\n"
                             "  - {step: start, type: playbook, path: test/one}\n";
static const char WAITER[] = "metadata: {path: test/waiter}\n"
                             "workflow:\n"
                             "  - {step: start, type: noop, retry: {max_attempts: 2, initial_delay: 2}}\n";

static const char SIGNALS[] = "metadata: {path: test/signals}\n"
                              "workflow:\n"
                              "  - {step: start, type: signal, name: one, next: b}\n"
                              "  - {step: b, type: signal, name: two}\n";

/* The first step's only task is made again, and done. */
static void second_attempt_done(struct installation *i)
{
    struct bus_delivery *again = task_next(i);
    assert_true(str_is(task_text(i, again, "task_id"), "s0v1a2"));
    task_done(i, again, "1");
}

static void a_task_that_left_its_stream_is_dispatched_again(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    task_text(i, task_next(i), "task_id");
    stream_purge(i, STREAM_TASKS, "noetl.tasks.>");
    second_attempt_done(i);
    assert_string_equal(
        story(i, execution_end(i, id)),
        "execution_requested, execution_start, step_started start, action_lost start, "
        "step_retried start, step_started start, action_completed start, step_completed start, "
        "execution_complete");
    assert_int_equal(broker_stop(i), 0);
}

/* No broker has it in memory when it is found. */
static void a_task_that_is_lost_while_no_broker_is_there_is_dispatched_again(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    task_next(i);
    execution_events(i, id, 3);
    assert_int_equal(broker_stop(i), 0);
    stream_purge(i, STREAM_TASKS, "noetl.tasks.>");
    broker_start(i);
    task_done(i, task_next(i), "1");
    execution_end(i, id);
    assert_int_equal(broker_stop(i), 0);
}

/* The log has the end of an execution that began, as it says, after all of now and here. */
static void log_has_a_later_one(struct installation *i)
{
    static const int64_t LATER_NS = 1200 * INT64_C(1000000000);
    struct error err = {0};
    struct eventlog *log;
    const struct event later[2] = {{.execution_id = 4711,
                                    .event_id = 1,
                                    .type = EVENT_EXECUTION_REQUESTED,
                                    .time_ns = wall_now().ns + LATER_NS},
                                   {.execution_id = 4711,
                                    .event_id = 2,
                                    .type = EVENT_EXECUTION_COMPLETE,
                                    .time_ns = wall_now().ns + LATER_NS}};
    assert_ok(eventlog_open(i->servers.postgres.url, "test", &log, &err), &err);
    assert_ok(eventlog_import(log, later, 2, &err), &err);
    eventlog_close(&log);
}

/* Partitions are not read equally far: the log gets executions later than others that began after them. */
static void a_lost_task_is_found_of_an_execution_that_the_log_has_got_late(void **state)
{
    struct installation *i = *state;
    log_has_a_later_one(i);
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    task_done(i, task_next(i), "1");
    execution_end(i, id);
    usleep(2000000); /* four rounds */
    id = execution_of(i, ONE, NULL);
    task_next(i);
    execution_events(i, id, 3);
    stream_purge(i, STREAM_TASKS, "noetl.tasks.>");
    second_attempt_done(i);
    execution_end(i, id);
    assert_int_equal(broker_stop(i), 0);
}

/* As for a broker whose clock is behind the nats-server's, by an hour. */
static void a_lost_task_is_found_of_an_execution_that_stands_still_since_later(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    task_next(i);
    execution_events(i, id, 3);
    struct str later =
        arena_printf(&i->arena,
                     "WITH u AS (UPDATE noetl.event SET stream_time_ns = stream_time_ns + 3600000000000"
                     " WHERE execution_id = %lld RETURNING 1) SELECT count(*) FROM u",
                     (long long)id);
    assert_string_equal(database_says(i, later.ptr), "3");
    stream_purge(i, STREAM_TASKS, "noetl.tasks.>");
    second_attempt_done(i);
    execution_end(i, id);
    assert_int_equal(broker_stop(i), 0);
}

/* As a server does that was killed behind an acknowledgement: the message is there, and nobody will get it.
 */
static void a_task_that_is_in_its_stream_and_will_not_be_delivered_is_dispatched_again(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    execution_events(i, id, 3);
    assert_int_equal(broker_stop(i), 0);
    for (int n = 0; n < 3; n++)
        bus_deliver_nak(i->bus, task_next(i), 0); /* three deliveries are the most */
    assert_true(task_none(i));
    stream_purge(i, STREAM_ADVISORIES, NULL);
    broker_start(i);
    second_attempt_done(i);
    execution_end(i, id);
    assert_int_equal(broker_stop(i), 0);
    stream_purge(i, STREAM_TASKS, "noetl.tasks.>");
}

/* No commit came of it, and the stream has forgotten its id. */
static void a_task_that_is_published_a_second_time_says_so(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    task_done(i, task_next(i), "1");
    execution_end(i, id);
    for (int n = 0; n < 8; n++) { /* the first in their partitions, but not there when these were taken */
        id = execution_of(i, ONE, NULL);
        struct bus_delivery *only = task_next(i);
        assert_null(bus_delivery_header(only, TASK_AGAIN_HEADER));
        task_done(i, only, "1");
        execution_end(i, id);
    }
    database_leave(i);
    id = execution_of(i, ONE, NULL);
    task_next(i);
    broker_kill(i);
    stream_made_anew(i, STREAM_TASKS);
    database_return(i);
    broker_start(i);
    struct bus_delivery *second = task_next(i);
    assert_non_null(bus_delivery_header(second, TASK_AGAIN_HEADER));
    assert_true(str_is(task_text(i, second, "task_id"), "s0v1a1"));
    task_done(i, second, "1");
    execution_end(i, id);
    assert_int_equal(broker_stop(i), 0);
}

/* What the broker says to a worker; the test fails when it says nothing for long. */
static bool has_ended(struct installation *i, int64_t id, const char *attempt)
{
    struct error err = {0};
    enum status status = STATUS_UNAVAILABLE;
    bool ended = false;
    for (int tries = 0; tries < 50 && status != STATUS_OK; tries++) {
        status = broker_says_ended(i, id, attempt, &ended, &err);
        if (status == STATUS_UNAVAILABLE)
            usleep(200000); /* nobody listens yet */
    }
    assert_ok(status, &err);
    return ended;
}

/* From memory, and from the log: that is what a worker gets to hear of a task that a restored stream has
 * again. */
static void a_broker_says_whether_an_attempt_has_ended(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, THREE, NULL);
    struct bus_delivery *first = task_next(i);
    assert_false(has_ended(i, id, "s0v1a1"));
    task_done(i, first, "1");
    struct bus_delivery *second = task_next(i);
    assert_true(has_ended(i, id, "s0v1a1"));
    assert_false(has_ended(i, id, "s1v1a1"));
    assert_false(has_ended(i, id + 1, "s0v1a1"));
    execution_events(i, id, 6);
    assert_int_equal(broker_stop(i), 0);
    stream_made_anew(i, STREAM_EVENTS);
    broker_start(i);
    assert_true(has_ended(i, id, "s0v1a1"));
    assert_false(has_ended(i, id, "s1v1a1"));
    task_done(i, second, "2");
    task_done(i, task_next(i), "3");
    execution_end(i, id);
    assert_true(has_ended(i, id, "s2v1a1"));
    assert_int_equal(broker_stop(i), 0);
}

static void what_is_no_question_gets_no_answer_and_harms_nobody(void **state)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "{\"execution_id\":7,\"task_id\":\"s0v1a1\"}",
                                      "{\"execution_id\":\"7\"}",
                                      "{\"execution_id\":\"7\",\"task_id\":\"x\"}"};
    struct installation *i = *state;
    struct error err = {0};
    struct str reply;
    broker_start(i);
    assert_false(has_ended(i, 7, "s0v1a1"));
    for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
        assert_int_equal(
            bus_request(i->bus, "noetl.broker.ended", NULL, 0, str_of(bad[n]), 50, &i->arena, &reply, &err),
            STATUS_TIMEOUT);
    assert_false(has_ended(i, 7, "s0v1a1"));
    assert_int_equal(broker_stop(i), 0);
}

/* An outcome that is on its way is no reason to run anything again. */
/* What a worker says that is asked what it has; at first that it has nothing. */
struct witness {
    struct installation *i;
    struct bus_subscription *subscription;
    pthread_mutex_t mutex;
    const char *tasks; /* JSON; "": it has ended, and says nothing */
    int asked;
};

static void testify(void *context, const struct bus_message *m)
{
    struct witness *w = context;
    char text[512];
    struct error err = {0};
    pthread_mutex_lock(&w->mutex);
    const char *tasks = w->tasks;
    w->asked++;
    pthread_mutex_unlock(&w->mutex);
    int len = snprintf(text, sizeof text,
                       "{\"name\": \"by-hand\", \"pool\": \"default\", \"concurrency\": 2, \"tasks\": [%s]}",
                       tasks);
    assert_ok(bus_publish(w->i->bus, m->reply, NULL, NULL, 0, (struct str){text, (size_t)len}, &err), &err);
}

static void witness_begin(struct witness *w, struct installation *i)
{
    struct error err = {0};
    *w = (struct witness){.i = i, .mutex = PTHREAD_MUTEX_INITIALIZER, .tasks = ""};
    assert_ok(bus_subscribe(i->bus, "noetl.worker.status", NULL, testify, w, &w->subscription, &err), &err);
}

/* From now on it says so; returns when it was asked some times. */
static void witness_says(struct witness *w, const char *tasks)
{
    int asked = 0, least = 0;
    for (int tries = 0; tries < 300 && (least == 0 || asked < least); tries++) {
        pthread_mutex_lock(&w->mutex);
        w->tasks = tasks;
        asked = w->asked;
        pthread_mutex_unlock(&w->mutex);
        if (least == 0)
            least = asked + 2;
        usleep(100000);
    }
    assert_true(asked >= least);
}

static void a_task_that_a_worker_has_is_not_lost(void **state)
{
    struct installation *i = *state;
    struct witness w;
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    struct bus_delivery *first = task_next(i);
    witness_begin(&w, i);
    w.tasks =
        arena_printf(&i->arena, "{\"execution_id\": \"%lld\", \"task_id\": \"s0v1a1\"}", (long long)id).ptr;
    stream_purge(i, STREAM_TASKS, "noetl.tasks.>");
    witness_says(&w, w.tasks);
    assert_true(task_none(i));
    assert_string_equal(story(i, execution_events(i, id, 3)),
                        "execution_requested, execution_start, step_started start");
    witness_says(&w, ""); /* it has died */
    bus_delivery_free(first);
    second_attempt_done(i);
    execution_end(i, id);
    bus_unsubscribe(&w.subscription);
    assert_int_equal(broker_stop(i), 0);
}

/* As a message that a killed server counts as taken for good. */
static void a_task_that_was_given_to_nobody_is_lost_after_a_while(void **state)
{
    struct installation *i = *state;
    struct witness w;
    tasks_wait_for(i, 1000);
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    bus_deliver_nak(i->bus, task_next(i), 600000);
    assert_true(task_none(i));
    execution_events(i, id, 3);
    witness_begin(&w, i);
    second_attempt_done(i);
    execution_end(i, id);
    bus_unsubscribe(&w.subscription);
    assert_int_equal(broker_stop(i), 0);
    tasks_wait_for(i, PATIENT_MS);
}

static void a_task_whose_outcome_is_in_the_stream_is_not_lost(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, ONE, NULL);
    struct bus_delivery *task = task_next(i);
    execution_events(i, id, 3);
    broker_kill(i);
    task_done(i, task, "1");
    broker_start(i);
    assert_string_equal(story(i, execution_end(i, id)),
                        "execution_requested, execution_start, step_started start, action_completed start, "
                        "step_completed start, execution_complete");
    assert_int_equal(broker_stop(i), 0);
}

/* While the log stands still, the broker that looks for the first task's outcome waits for it; the third step
 * begins. */
static void a_task_that_was_begun_while_another_was_looked_for_is_not_lost(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, THREE, NULL);
    struct bus_delivery *first = task_next(i);
    execution_events(i, id, 3);
    PGconn *pg = PQconnectdb(i->servers.postgres.url);
    PQclear(PQexec(pg, "BEGIN"));
    PGresult *locked = PQexec(pg, "LOCK TABLE noetl.partition IN EXCLUSIVE MODE");
    assert_int_equal(PQresultStatus(locked), PGRES_COMMAND_OK);
    PQclear(locked);
    task_done(i, first, "1");
    struct bus_delivery *second = task_next(i);
    sleep(2); /* the broker looks twice a second */
    task_done(i, second, "2");
    struct bus_delivery *third = task_next(i);
    PQfinish(pg);
    execution_events(i, id, 9);
    sleep(1);
    task_done(i, third, "3");
    assert_string_equal(
        story(i, execution_end(i, id)),
        "execution_requested, execution_start, step_started start, action_completed start, step_completed "
        "start, "
        "step_started b, action_completed b, step_completed b, step_started c, action_completed c, "
        "step_completed c, execution_complete");
    assert_int_equal(broker_stop(i), 0);
}

/* Tasks and facts are gone alike: what the log has goes on from there. */
static void both_streams_may_lose_everything(void **state)
{
    struct installation *i = *state;
    int64_t ids[12];
    broker_start(i);
    for (int n = 0; n < 12; n++)
        ids[n] = execution_of(i, ONE, NULL);
    for (int n = 0; n < 12; n++)
        task_next(i);
    for (int n = 0; n < 12; n++)
        execution_events(i, ids[n], 3);
    stream_made_anew(i, STREAM_EVENTS);
    stream_made_anew(i, STREAM_TASKS);
    for (int n = 0; n < 12; n++)
        task_done(i, task_next(i), "1");
    for (int n = 0; n < 12; n++)
        execution_end(i, ids[n]);
    assert_int_equal(broker_stop(i), 0);
}

static void a_child_that_is_nowhere_is_called_again(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    register_playbook(i, ONE);
    int64_t id = execution_of(i, CALLER, NULL);
    task_next(i); /* the child runs */
    assert_int_equal(broker_stop(i), 0);
    char of[128];
    snprintf(of, sizeof(of), "noetl.event WHERE execution_id <> %lld", (long long)id);
    delete_rows(i, of);
    stream_purge(i, STREAM_EVENTS, "noetl.events.>");
    stream_purge(i, STREAM_TASKS, "noetl.tasks.>");
    broker_start(i);
    task_done(i, task_next(i), "7");
    assert_string_equal(
        story(i, execution_end(i, id)),
        "execution_requested, execution_start, step_started start, action_lost start, "
        "step_retried start, step_started start, child_completed test/one, step_completed start, "
        "execution_complete");
    assert_int_equal(broker_stop(i), 0);
}

static void a_childs_end_that_was_not_heard_is_told_again(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    register_playbook(i, ONE);
    int64_t id = execution_of(i, CALLER, NULL);
    task_done(i, task_next(i), "7");
    execution_end(i, id);
    assert_int_equal(broker_stop(i), 0);
    caller_hears_nothing(i, id);
    broker_start(i);
    assert_string_equal(story(i, execution_end(i, id)),
                        "execution_requested, execution_start, step_started start, child_completed test/one, "
                        "step_completed start, execution_complete");
    assert_int_equal(broker_stop(i), 0);
}

static void a_timer_that_nobody_has_fires(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, WAITER, NULL);
    task_failed(i, task_next(i));
    execution_events(i, id, 5);
    assert_int_equal(broker_stop(i), 0);
    delete_rows(i, "noetl.timer");
    broker_start(i);
    task_done(i, task_next(i), "1");
    assert_string_equal(story(i, execution_end(i, id)),
                        "execution_requested, execution_start, step_started start, action_error start, "
                        "step_retried start, timer_fired start, step_started start, action_completed start, "
                        "step_completed start, execution_complete");
    assert_int_equal(broker_stop(i), 0);
}

/* The messages of the tasks stream are gone from the disk, and its consumers are where they were. */
static void forget_on_disk(struct installation *i, enum stream_id stream)
{
    char path[512], name[96];
    snprintf(path, sizeof(path), "%s/nats/jetstream/$G/streams/%s/msgs", i->servers.folder,
             stream_name(&i->subjects, stream, name));
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int removed = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        removed += unlinkat(dirfd(folder), entry->d_name, 0) == 0;
    closedir(folder);
    assert_true(removed > 0);
}

static void tasks_below_the_place_of_their_consumer_are_dispatched_again(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    for (int n = 0; n < 20; n++) {
        int64_t id = execution_of(i, ONE, NULL);
        task_done(i, task_next(i), "1");
        execution_end(i, id);
    }
    servers_kill_nats(&i->servers);
    forget_on_disk(i, STREAM_TASKS);
    servers_revive_nats(&i->servers);
    int64_t id = execution_of(i, ONE, NULL);
    task_done(i, task_next(i), "1");
    execution_end(i, id);
    assert_int_equal(broker_stop(i), 0);
}

/* ---- commands ----------------------------------------------------------------------------------------- */

static void command(struct installation *i, const char *name, const char *id, struct str text)
{
    struct bus_ack ack;
    struct error err = {0};
    const char *subject = arena_printf(&i->arena, "noetl.commands.%s", name).ptr;
    const struct bus_publication p = {.subject = subject, .message_id = id, .payload = text};
    assert_ok(bus_publish_wait(i->bus, &p, &ack, &err), &err);
}

static void command_run(struct installation *i, const char *path)
{
    command(i, "run", path, arena_printf(&i->arena, "{\"path\": \"%s\"}", path));
}

static void command_signal(struct installation *i, int64_t id, const char *name)
{
    command(i, "signal", name,
            arena_printf(&i->arena, "{\"execution_id\": \"%lld\", \"name\": \"%s\"}", (long long)id, name));
}

static void await_executions(struct installation *i, const char *path, const char *count)
{
    const char *sql =
        arena_printf(&i->arena,
                     "SELECT count(*) FROM noetl.event WHERE event_type = 'execution_requested' AND "
                     "node_name = '%s'",
                     path)
            .ptr;
    database_comes_to_say(i, sql, count);
}

static void await_no_commands(struct installation *i)
{
    char name[96];
    struct bus_stream_info info = {.messages = 1};
    struct error err = {0};
    for (int tries = 0; tries < 300 && info.messages > 0; tries++) {
        assert_ok(bus_stream_info(i->bus, stream_name(&i->subjects, STREAM_COMMANDS, name), &info, &err),
                  &err);
        usleep(100000);
    }
    assert_int_equal(info.messages, 0);
}

static void register_at(struct installation *i, const char *path)
{
    register_playbook(
        i,
        arena_printf(&i->arena,
                     "metadata: {path: %s}\nworkflow:\n  - {step: start, type: signal, name: never}\n", path)
            .ptr);
}

static void commands_below_the_place_of_the_intake_are_done(void **state)
{
    struct installation *i = *state;
    register_at(i, "test/placed");
    register_at(i, "test/below");
    broker_start(i);
    int64_t id = execution_of(i, SIGNALS, NULL);
    command_run(i, "test/placed");
    command_signal(i, id, "nothing");
    command_signal(i, id, "nothing_else");
    await_executions(i, "test/placed", "1");
    await_no_commands(i);
    assert_int_equal(broker_stop(i), 0);
    servers_kill_nats(&i->servers);
    forget_on_disk(i, STREAM_COMMANDS);
    servers_revive_nats(&i->servers);
    command_run(i, "test/below");
    command_signal(i, id, "one");
    command_signal(i, id, "two");
    broker_start(i);
    await_executions(i, "test/below", "1");
    execution_end(i, id);
    await_no_commands(i);
    assert_int_equal(broker_stop(i), 0);
}

static void keep_for_long(void *context, struct bus_delivery *d)
{
    struct installation *i = context;
    bus_deliver_nak(i->bus, d, 600000);
    bus_delivery_free(d);
}

/* As a message that a killed server counts as taken for good. */
static void a_command_that_was_given_to_nobody_is_done_after_a_while(void **state)
{
    struct installation *i = *state;
    char stream[96];
    struct error err = {0};
    struct bus_pull *pull;
    struct value answer;
    struct bus_consumer_info info = {0};
    stream_name(&i->subjects, STREAM_COMMANDS, stream);
    const struct bus_consumer hasty = {
        .stream = stream, .durable = INTAKE_CONSUMER, .filter = "noetl.commands.>", .ack_wait_ms = 1000};
    register_at(i, "test/astray");
    assert_ok(bus_api(i->bus, "CONSUMER.DELETE.NOETL_COMMANDS.intake", STR(""), &i->arena, &answer, &err),
              &err);
    assert_ok(bus_consumer_ensure(i->bus, &hasty, &err), &err);
    command_run(i, "test/astray");
    assert_ok(bus_pull_start(i->bus, stream, INTAKE_CONSUMER, keep_for_long, NULL, i, &pull, &err), &err);
    bus_pull_want(pull, 1);
    for (int tries = 0; tries < 300 && info.ack_pending == 0; tries++) {
        assert_ok(bus_consumer_info(i->bus, stream, INTAKE_CONSUMER, &info, &err), &err);
        usleep(100000);
    }
    bus_pull_stop(&pull);
    broker_start(i);
    await_executions(i, "test/astray", "1");
    await_no_commands(i);
    assert_int_equal(broker_stop(i), 0);
}

static int start_attentively(void **state)
{
    int code = installation_start(state);
    struct installation *i = *state;
    i->variable = "NOETL_BROKER_RECONCILE=500ms";
    tasks_wait_for(i, PATIENT_MS);
    return code;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_that_is_in_its_stream_and_will_not_be_delivered_is_dispatched_again),
        cmocka_unit_test(a_task_that_left_its_stream_is_dispatched_again),
        cmocka_unit_test(a_task_that_is_lost_while_no_broker_is_there_is_dispatched_again),
        cmocka_unit_test(a_lost_task_is_found_of_an_execution_that_the_log_has_got_late),
        cmocka_unit_test(a_lost_task_is_found_of_an_execution_that_stands_still_since_later),
        cmocka_unit_test(a_task_that_a_worker_has_is_not_lost),
        cmocka_unit_test(a_task_that_was_given_to_nobody_is_lost_after_a_while),
        cmocka_unit_test(a_task_whose_outcome_is_in_the_stream_is_not_lost),
        cmocka_unit_test(a_task_that_was_begun_while_another_was_looked_for_is_not_lost),
        cmocka_unit_test(a_task_that_is_published_a_second_time_says_so),
        cmocka_unit_test(a_broker_says_whether_an_attempt_has_ended),
        cmocka_unit_test(what_is_no_question_gets_no_answer_and_harms_nobody),
        cmocka_unit_test(both_streams_may_lose_everything),
        cmocka_unit_test(a_child_that_is_nowhere_is_called_again),
        cmocka_unit_test(a_childs_end_that_was_not_heard_is_told_again),
        cmocka_unit_test(a_timer_that_nobody_has_fires),
        cmocka_unit_test(tasks_below_the_place_of_their_consumer_are_dispatched_again),
        cmocka_unit_test(commands_below_the_place_of_the_intake_are_done),
        cmocka_unit_test(a_command_that_was_given_to_nobody_is_done_after_a_while),
    };
    return cmocka_run_group_tests(tests, start_attentively, installation_stop);
}
