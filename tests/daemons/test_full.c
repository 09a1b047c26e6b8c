/*
 * Streams that are full: each who publishes is told, nothing is lost, and all goes on once there is room.
 *
 * The streams are filled with messages that nobody reads: on the event stream marks of an
 * execution's life, which brokers pass over, on the tasks stream tasks of a pool that has no consumer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "daemons.h"
#include "playbooks.h"

enum { QUEUED = 3 };
#define FULL "the stream is full"

static struct {
    int64_t one[QUEUED]; /* their tasks wait for a worker */
    int64_t late;        /* its task finds no room */
    int64_t parent, dead;
} ids;
static struct bus_delivery *_Atomic dead_task;
static struct bus_pull *dead_pull;

/* ---- filling ------------------------------------------------------------------------------------------ */

static void fill(struct daemons *d, const char *subject)
{
    struct error err = {0};
    struct bus_ack ack;
    struct bus_publication p = {.subject = subject, .give_up_ms = 10000};
    enum status status = STATUS_OK;
    for (int i = 0; i < 1000 && status == STATUS_OK; i++)
        status = bus_publish_wait(d->bus, &p, &ack, &err);
    assert_status(status, STATUS_LIMIT);
    assert_true(err.passes);
    assert_true(error_may_retry(&err));
    assert_non_null(strstr(err.message, FULL));
    assert_non_null(strstr(err.hint, "events.max_messages"));
}

static void fill_events(struct daemons *d)
{
    char subject[SUBJECT_MAX];
    fill(d, subject_event(&d->subjects, 1, EVENT_EXECUTION_START, subject));
}

static void fill_tasks(struct daemons *d)
{
    char subject[SUBJECT_MAX];
    fill(d, subject_task(&d->subjects, STR("nobody"), 1, "s1v1a1", subject));
}

/* ---- the scene ---------------------------------------------------------------------------------------- */

static int start(void **state)
{
    if (daemons_start(state) != 0)
        return -1;
    struct daemons *d = *state;
    daemons_set(d, "events.max_messages", "200");
    daemons_set(d, "tasks.max_messages", "20");
    daemons_set(d, "pools", "default");
    daemons_set_up(d);
    daemon_start(d, PUBLISHER);
    daemon_start(d, BROKER);
    daemon_await_ready(d, PUBLISHER);
    daemon_await_ready(d, BROKER);
    api_register(d, ONE);
    api_register(d, DEAD);
    api_register(d, PARENT);
    return 0;
}

static void keep(void *context, struct bus_delivery *d)
{
    (void)context;
    dead_task = d;
}

/* A pool whose only delivery of a task is to somebody who says nothing. */
static void take_and_forget(struct daemons *d)
{
    char stream[96], consumer[96];
    struct error err = {0};
    struct topology_options options;
    topology_options_from_settings(d->settings, &options);
    options.task_ack_wait_ms = 1000;
    options.task_max_deliver = 1;
    assert_ok(topology_ensure_pool(d->bus, &d->subjects, &options, "dead", &err), &err);
    assert_ok(bus_pull_start(d->bus, stream_name(&d->subjects, STREAM_TASKS, stream),
                             pool_consumer("dead", consumer), keep, NULL, NULL, &dead_pull, &err),
              &err);
    bus_pull_want(dead_pull, 2); /* the server notices that it was the last when there is demand */
}

static void tasks_that_find_no_room_are_sent_again_by_the_broker(void **state)
{
    struct daemons *d = *state;
    for (int i = 0; i < QUEUED; i++)
        ids.one[i] = api_run(d, "test/one");
    await_messages(d, STREAM_TASKS, QUEUED);
    fill_tasks(d);
    ids.late = api_run(d, "test/one");
    daemon_await(d, BROKER, "noetl_broker_messages_refused_waiting", "", 1);
    daemon_await_least(d, BROKER, "noetl_broker_messages_refused_total", "", 3); /* it does try again */
    assert_int_equal(daemon_says(d, BROKER, "a stream refuses messages"), 1);
}

/*
 * With the broker away: an execution that calls another, and then no room for anything. The broker that comes
 * has marks to publish, and the request of the other execution.
 */
static void a_broker_that_starts_with_a_full_event_stream_fails_nothing(void **state)
{
    struct daemons *d = *state;
    daemon_kill(d, BROKER);
    ids.parent = api_run(d, "test/parent");
    ids.dead = api_run(d, "test/dead");
    fill_events(d);
    daemon_start(d, BROKER);
    daemon_await_says(d, BROKER, "the request of a sub-playbook has to wait");
    /* The marks of the four that began with no room, and two tasks. */
    daemon_await_least(d, BROKER, "noetl_broker_messages_refused_waiting", "", 4);
    assert_int_equal(daemon_says(d, BROKER, "a stream refuses messages"), 1);
    assert_int_equal(daemon_says(d, BROKER, "cannot be requested"), 0);
}

/* ---- those who are told ------------------------------------------------------------------------------- */

static void a_request_over_nats_is_refused_with_the_reason(void **state)
{
    struct daemons *d = *state;
    struct value error = VALUE_GET(api_call(d, "run", "{\"path\":\"test/one\"}"), "error");
    assert_str(value_as_str(VALUE_GET(error, "kind")), "limit");
    assert_true(str_find(value_as_str(VALUE_GET(error, "message")), STR(FULL)) >= 0);
    assert_true(str_find(value_as_str(VALUE_GET(error, "hint")), STR("events.max_messages")) >= 0);
    daemon_await_least(d, PUBLISHER, "noetl_publisher_requests_total", "operation=\"run\",status=\"limit\"",
                       1);
    daemon_await_least(d, PUBLISHER, "noetl_nats_publishes_refused_total", "reason=\"limit\"", 1);
}

static void a_request_over_http_is_refused_with_507(void **state)
{
    struct daemons *d = *state;
    static const char body[] = "{\"path\":\"test/one\"}";
    struct http_answer answer;
    http_send(d->api, "POST", "/api/executions/run", body, strlen(body), false, &answer);
    assert_int_equal(answer.code, 507);
    assert_non_null(strstr(answer.text, "\"kind\":\"limit\""));
    assert_non_null(strstr(answer.text, FULL));
    free(answer.text);
}

static void the_command_line_says_it_and_ends_with_the_code_of_a_limit(void **state)
{
    struct daemons *d = *state;
    struct error err = {0};
    struct process p;
    char output[4096] = "";
    char path[300];
    int code;
    snprintf(path, sizeof(path), "%s/cli.log", d->servers.folder);
    FILE *log = fopen(path, "w+");
    assert_non_null(log);
    const char *const argv[] = {getenv("NOETL_BINARY"), "run", "test/one", "--server",
                                d->servers.nats.url,    NULL};
    const char *const env[] = {"HOME=/nonexistent", NULL};
    struct process_options options = {.argv = argv,
                                      .env = env,
                                      .in = -1,
                                      .out = fileno(log),
                                      .error = fileno(log),
                                      .die_with_parent = true};
    assert_ok(process_start(&options, &p, &err), &err);
    assert_true(process_wait(&p, 60000, &code));
    rewind(log);
    output[fread(output, 1, sizeof(output) - 1, log)] = '\0';
    fclose(log);
    assert_int_equal(code, status_exit_code(STATUS_LIMIT));
    if (!strstr(output, FULL) || !strstr(output, "events.max_messages"))
        fail_msg("%s", output);
}

static void a_command_stays_in_its_stream_and_the_log_says_so_once(void **state)
{
    struct daemons *d = *state;
    struct error err = {0};
    struct bus_ack ack;
    char run[SUBJECT_MAX], signal[SUBJECT_MAX];
    struct bus_publication p = {.subject = subject_command(&d->subjects, "run", run),
                                .payload = STR("{\"path\":\"test/one\"}"),
                                .give_up_ms = 10000};
    assert_ok(bus_publish_wait(d->bus, &p, &ack, &err), &err);
    p.subject = subject_command(&d->subjects, "signal", signal);
    p.payload =
        arena_printf(&d->arena, "{\"execution_id\":\"%lld\",\"name\":\"hello\"}", (long long)ids.late);
    assert_ok(bus_publish_wait(d->bus, &p, &ack, &err), &err);
    daemon_await_least(d, BROKER, "noetl_broker_commands_total", "outcome=\"put_back\"", 3);
    assert_int_equal(messages_in(d, STREAM_COMMANDS), 2);
    assert_int_equal(daemon_says(d, BROKER, "commands have to wait"), 1);
    assert_true(daemon_metric(d, BROKER, "noetl_broker_commands_total", "outcome=\"rejected\"") == 0);
}

static void a_workers_outcomes_are_kept_and_offered_again(void **state)
{
    struct daemons *d = *state;
    static const char pool[] = "pool=\"default\"";
    daemon_start(d, WORKER);
    daemon_await_least(d, WORKER, "noetl_worker_outcomes_refused_total", pool, 2 * QUEUED);
    assert_true(daemon_metric(d, WORKER, "noetl_worker_leases", pool) == QUEUED);
    assert_true(daemon_metric(d, WORKER, "noetl_worker_tasks_total",
                              "pool=\"default\",type=\"noop\",outcome=\"completed\"") == QUEUED);
    assert_int_equal(daemon_says(d, WORKER, "the stream refuses an outcome"), QUEUED);
    daemon_await_ready(d, WORKER);
}

/* ---- room --------------------------------------------------------------------------------------------- */

static void with_room_for_tasks_the_brokers_go_out(void **state)
{
    struct daemons *d = *state;
    char stream[96];
    struct error err = {0};
    uint64_t purged;
    take_and_forget(d);
    assert_ok(bus_stream_purge(d->bus, stream_name(&d->subjects, STREAM_TASKS, stream),
                               "noetl.tasks.nobody.>", &purged, &err),
              &err);
    assert_true(purged > 0);
    /* One is run, and its outcome has no room either; the other is dead, and that has no room. */
    daemon_await(d, WORKER, "noetl_worker_leases", "pool=\"default\"", QUEUED + 1);
    daemon_await_says(d, BROKER, "a dead task has to wait");
    assert_non_null(dead_task);
}

static void with_room_for_events_all_executions_come_to_their_end(void **state)
{
    struct daemons *d = *state;
    daemons_set(d, "events.max_messages", "0");
    daemons_set_up(d);
    for (int i = 0; i < QUEUED; i++)
        await_end(d, ids.one[i], EVENT_EXECUTION_COMPLETE);
    await_end(d, ids.late, EVENT_EXECUTION_COMPLETE);
    await_end(d, ids.parent, EVENT_EXECUTION_COMPLETE);
    struct event_list dead = await_end(d, ids.dead, EVENT_EXECUTION_FAILED);
    assert_true(str_find(dead.items[dead.count - 1].error, STR("given to workers 1 times")) >= 0);
    daemon_await(d, BROKER, "noetl_broker_messages_refused_waiting", "", 0);
    daemon_await(d, BROKER, "noetl_broker_commands_total", "outcome=\"done\"", 2);
    daemon_await(d, BROKER, "noetl_broker_tasks_given_up_total", "", 1);
    daemon_await(d, BROKER, "noetl_broker_backlog_rows", "", 0);
    daemon_await(d, WORKER, "noetl_worker_leases", "pool=\"default\"", 0);
    daemon_await(d, WORKER, "noetl_worker_outcomes_refused_waiting", "pool=\"default\"", 0);
    assert_int_equal(daemon_says(d, BROKER, "no message waits any more that its stream had refused"), 1);
    assert_int_equal(daemon_says(d, BROKER, "commands are done again"), 1);
    assert_int_equal(messages_in(d, STREAM_COMMANDS), 0);
    /* Every execution that was begun, the one of a command and the called one too, is over: six well. */
    daemon_await(d, BROKER, "noetl_broker_executions_in_memory", "", 0);
    daemon_await_least(d, WORKER, "noetl_worker_tasks_total",
                       "pool=\"default\",type=\"noop\",outcome=\"completed\"", QUEUED + 3);
    daemon_stop(d, PUBLISHER);
    daemon_stop(d, WORKER);
    daemon_stop(d, BROKER);
}

static int stop(void **state)
{
    bus_pull_stop(&dead_pull);
    if (dead_task)
        bus_delivery_free(dead_task);
    return daemons_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_that_find_no_room_are_sent_again_by_the_broker),
        cmocka_unit_test(a_broker_that_starts_with_a_full_event_stream_fails_nothing),
        cmocka_unit_test(a_request_over_nats_is_refused_with_the_reason),
        cmocka_unit_test(a_request_over_http_is_refused_with_507),
        cmocka_unit_test(the_command_line_says_it_and_ends_with_the_code_of_a_limit),
        cmocka_unit_test(a_command_stays_in_its_stream_and_the_log_says_so_once),
        cmocka_unit_test(a_workers_outcomes_are_kept_and_offered_again),
        cmocka_unit_test(with_room_for_tasks_the_brokers_go_out),
        cmocka_unit_test(with_room_for_events_all_executions_come_to_their_end),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
