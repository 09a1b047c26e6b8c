/* What the daemons show over HTTP while they work, and while their servers are away. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/json.h"
#include "daemons.h"
#include "playbooks.h"
#include "runtime/metrics.h"

#define TOTAL(part, what) "noetl_" part "_" what "_total"

static int start(void **state)
{
    if (daemons_start(state) != 0)
        return -1;
    struct daemons *d = *state;
    daemons_set(d, "broker.backlog", "4");
    daemons_set(d, "broker.commands", "2");
    daemons_set(d, "pools", "default,narrow");
    daemons_set_up(d);
    daemons_all_run(d);
    api_register(d, ONE);
    api_register(d, BAD);
    return 0;
}

/* ---- what is written ---------------------------------------------------------------------------------- */

static bool is_of(const char *name, const char *part)
{
    char prefix[64];
    snprintf(prefix, sizeof(prefix), "noetl_%s_", part);
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static void each_daemon_writes_its_metrics_in_prometheus_format(void **state)
{
    struct daemons *d = *state;
    for (int part = 0; part < PART_COUNT; part++) {
        struct http_answer answer = daemon_get(d, (enum part)part, "/metrics");
        assert_int_equal(answer.code, 200);
        assert_string_equal(answer.type, "text/plain; version=0.0.4; charset=utf-8");
        exposition_read(&d->page, answer.text);
        for (int m = 0; m < METRIC_COUNT; m++) {
            const char *name = metric_name((enum metric)m);
            char sample[160];
            bool is_histogram = metric_kind_of((enum metric)m) == METRIC_KIND_HISTOGRAM;
            bool shown = strncmp(name, "noetl_", 6) != 0 || is_of(name, "nats") || is_of(name, "build") ||
                         is_of(name, part_name((enum part)part));
            snprintf(sample, sizeof(sample), "%s%s", name, is_histogram ? "_count" : "");
            if (exposition_has(&d->page, sample) != shown)
                fail_msg("%s of the %s", name, part_name((enum part)part));
        }
        assert_true(exposition_value(&d->page, "noetl_nats_connected", "") == 1);
        assert_true(exposition_value(&d->page, "process_resident_memory_bytes", "") > 1e6);
        assert_true(exposition_value(&d->page, "process_start_time_seconds", "") > 1.7e9);
        assert_true(exposition_value(&d->page, "process_open_fds", "") > 3);
    }
}

static void the_publisher_serves_them_at_its_api_too(void **state)
{
    struct daemons *d = *state;
    static const char *const paths[] = {"/metrics", "/healthz", "/readyz", "/health"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct http_answer answer;
        http_send(d->api, "GET", paths[i], NULL, 0, false, &answer);
        assert_int_equal(answer.code, 200);
        free(answer.text);
    }
}

static void what_is_not_there_is_a_problem_with_details(void **state)
{
    struct daemons *d = *state;
    struct http_answer answer = daemon_get(d, BROKER, "/nothing");
    struct value v;
    assert_int_equal(answer.code, 404);
    assert_string_equal(answer.type, "application/problem+json");
    assert_int_equal(json_read(&d->arena, str_of(answer.text), NULL, &v, NULL), STATUS_OK);
    assert_str(value_as_str(VALUE_GET(v, "type")), "about:blank");
    assert_str(value_as_str(VALUE_GET(v, "title")), "Not Found");
    assert_true(value_equal(VALUE_GET(v, "status"), value_int(404)));
    assert_true(value_as_str(VALUE_GET(v, "detail")).len > 0);
    http_send(d->ports[BROKER], "POST", "/metrics", "x", 1, false, &answer);
    assert_int_equal(answer.code, 405);
    free(answer.text);
}

/* ---- what moves --------------------------------------------------------------------------------------- */

static double facts(struct daemons *d, const char *type)
{
    char labels[64];
    snprintf(labels, sizeof(labels), "type=\"%s\"", type);
    return daemon_metric(d, BROKER, TOTAL("broker", "facts_folded"), labels);
}

static double rows(struct daemons *d)
{
    return daemon_metric(d, BROKER, TOTAL("broker", "events_written"), "");
}

static void an_execution_moves_the_counters_of_all_that_it_meets(void **state)
{
    struct daemons *d = *state;
    double requested = facts(d, "execution_requested"), completed = facts(d, "action_completed"),
           written = rows(d),
           commits = daemon_metric(d, BROKER, "noetl_broker_commit_duration_seconds_count", "");
    size_t events = await_end(d, api_run(d, "test/one"), EVENT_EXECUTION_COMPLETE).count;
    daemon_await(d, BROKER, "noetl_broker_backlog_rows", "", 0);
    assert_true(facts(d, "execution_requested") == requested + 1);
    assert_true(facts(d, "action_completed") == completed + 1);
    assert_true(rows(d) == written + (double)events);
    assert_true(daemon_metric(d, BROKER, "noetl_broker_commit_duration_seconds_count", "") > commits);
    assert_true(daemon_metric(d, BROKER, "noetl_broker_partitions_held", "") == 4);
    assert_true(daemon_metric(d, BROKER, TOTAL("broker", "partitions_taken"), "") >= 4);
    daemon_await(d, BROKER, "noetl_broker_executions_in_memory", "", 0);
    daemon_await(d, WORKER, TOTAL("worker", "tasks"), "pool=\"default\",type=\"noop\",outcome=\"completed\"",
                 1);
    daemon_await(d, WORKER, "noetl_worker_leases", "pool=\"default\"", 0);
    daemon_await(d, WORKER, "noetl_worker_tasks_running", "pool=\"default\"", 0);
    assert_true(exposition_value(&d->page, "noetl_worker_task_duration_seconds_count",
                                 "pool=\"default\",type=\"noop\"") == 1);
    assert_true(
        daemon_metric(d, PUBLISHER, TOTAL("publisher", "requests"), "operation=\"run\",status=\"ok\"") == 1);
}

static void failures_are_counted_apart(void **state)
{
    struct daemons *d = *state;
    await_end(d, api_run(d, "test/bad"), EVENT_EXECUTION_FAILED);
    daemon_await(d, WORKER, TOTAL("worker", "tasks"), "pool=\"default\",type=\"shell\",outcome=\"failed\"",
                 1);
    api_call(d, "run", "{\"path\":\"test/nothing\"}");
    api_call(d, "status", "{\"execution_id\":\"7\"}");
    daemon_await(d, PUBLISHER, TOTAL("publisher", "requests"), "operation=\"run\",status=\"not_found\"", 1);
    daemon_await(d, RENDER, TOTAL("render", "requests"), "operation=\"status\",status=\"not_found\"", 1);
}

/* ---- limits ------------------------------------------------------------------------------------------- */

/* More than a broker takes at a time: all are done, and what it held is counted. */
static void commands_beyond_the_limit_wait_in_their_stream(void **state)
{
    struct daemons *d = *state;
    enum { COMMANDS = 200 };
    char subject[SUBJECT_MAX];
    double done = daemon_metric(d, BROKER, TOTAL("broker", "commands"), "outcome=\"done\""),
           requested = facts(d, "execution_requested"), completed = facts(d, "action_completed");
    subject_command(&d->subjects, "run", subject);
    for (int i = 0; i < COMMANDS; i++) {
        struct error err = {0};
        assert_ok(bus_publish(d->bus, subject, NULL, NULL, 0, STR("{\"path\":\"test/one\"}"), &err), &err);
    }
    bus_push(d->bus);
    daemon_await(d, BROKER, TOTAL("broker", "commands"), "outcome=\"done\"", done + COMMANDS);
    daemon_await(d, BROKER, "noetl_broker_commands_held", "", 0);
    assert_true(daemon_metric(d, BROKER, "noetl_broker_commands_limit", "") == 2);
    assert_true(daemon_metric(d, BROKER, TOTAL("broker", "commands_reached"), "") >= 1);
    assert_true(daemon_says(d, BROKER, "as many messages are in hand as may be") >= 1);
    daemon_await(d, BROKER, TOTAL("broker", "facts_folded"), "type=\"execution_requested\"",
                 requested + COMMANDS);
    daemon_await(d, BROKER, TOTAL("broker", "facts_folded"), "type=\"action_completed\"",
                 completed + COMMANDS);
    daemon_await(d, BROKER, "noetl_broker_executions_in_memory", "", 0);
    daemon_await(d, BROKER, "noetl_broker_backlog_rows", "", 0);
}

static void keep(void *context, struct bus_delivery *d)
{
    *(struct bus_delivery * _Atomic *)context = d;
}

/* One task is with somebody, who has as many as the pool may; the worker sees that two wait. */
static void a_pool_at_its_limit_is_seen(void **state)
{
    struct daemons *d = *state;
    struct bus_delivery *_Atomic held = NULL;
    struct bus_pull *pull;
    struct error err = {0};
    char stream[96], consumer[96];
    daemons_set(d, "tasks.max_running", "1");
    daemons_set(d, "worker.pool", "narrow");
    daemons_set_up(d);
    for (int i = 1; i <= 3; i++) {
        char subject[SUBJECT_MAX];
        struct bus_ack ack;
        subject_task(&d->subjects, STR("narrow"), i, "s1v1a1", subject);
        struct bus_publication p = {.subject = subject, .payload = STR("no task"), .give_up_ms = 10000};
        assert_ok(bus_publish_wait(d->bus, &p, &ack, &err), &err);
    }
    assert_ok(bus_pull_start(d->bus, stream_name(&d->subjects, STREAM_TASKS, stream),
                             pool_consumer("narrow", consumer), keep, NULL, &held, &pull, &err),
              &err);
    bus_pull_want(pull, 1);
    for (int tries = 0; !held && tries < 3000; tries++)
        usleep(10000);
    assert_non_null(held);
    daemon_stop(d, WORKER);
    daemon_start(d, WORKER);
    daemon_await_least(d, WORKER, TOTAL("worker", "pool_reached"), "pool=\"narrow\"", 1);
    assert_true(daemon_metric(d, WORKER, "noetl_worker_pool_tasks_taken", "pool=\"narrow\"") == 1);
    assert_true(daemon_metric(d, WORKER, "noetl_worker_pool_tasks_waiting", "pool=\"narrow\"") == 2);
    assert_int_equal(daemon_says(d, WORKER, "workers have as many tasks as they may"), 1);
    bus_deliver_term(d->bus, held, "the test is over");
    bus_push(d->bus);
    /* They are no tasks: the worker refuses them, and none is left. */
    daemon_await(d, WORKER, "noetl_worker_pool_tasks_waiting", "pool=\"narrow\"", 0);
    bus_delivery_free(held);
    bus_pull_stop(&pull);
    daemons_set(d, "tasks.max_running", "100000");
    daemons_set(d, "worker.pool", "default");
    daemons_set_up(d);
    daemon_stop(d, WORKER);
    daemons_all_run(d);
}

/* Whether requests for executions come to be refused, or taken; the execution of the one that was taken. */
static int64_t ask_until(struct daemons *d, bool taken)
{
    int64_t id = 0;
    for (int tries = 0; tries < 300; tries++) {
        struct value v = api_call(d, "run", "{\"path\":\"test/one\"}");
        if ((id_parse(value_as_str(VALUE_GET(v, "execution_id")), &id, NULL) == STATUS_OK) == taken)
            return id;
        usleep(100000);
    }
    fail_msg("no request was %s", taken ? "taken" : "refused");
    return 0;
}

static void requests_beyond_what_brokers_may_have_at_work_are_counted_and_said_once(void **state)
{
    struct daemons *d = *state;
    daemon_stop(d, BROKER);
    daemon_stop(d, WORKER);
    daemons_set(d, "broker.in_flight", "1");
    daemon_start(d, BROKER);
    daemon_await_ready(d, BROKER);
    double refused = daemon_metric(d, PUBLISHER, TOTAL("publisher", "in_flight_refused"), "");
    ask_until(d, true);
    for (int n = 0; n < 3; n++)
        ask_until(d, false);
    assert_true(daemon_metric(d, PUBLISHER, TOTAL("publisher", "in_flight_refused"), "") == refused + 3);
    assert_int_equal(daemon_says(d, PUBLISHER, "requests for executions are refused"), 1);
    daemons_all_run(d);
    await_end(d, ask_until(d, true), EVENT_EXECUTION_COMPLETE);
    assert_int_equal(daemon_says(d, PUBLISHER, "requests for executions are taken again"), 1);
    daemon_stop(d, BROKER);
    daemons_set(d, "broker.in_flight", "0");
    daemons_all_run(d);
}

/* ---- servers that are away ---------------------------------------------------------------------------- */

static void without_postgres_the_broker_is_ready_until_its_backlog_is_full(void **state)
{
    struct daemons *d = *state;
    postgres_leave(d);
    (void)daemon_await_unready(d, RENDER, "\"kind\":\"unavailable\"");
    daemon_await_ready(d, BROKER);
    int64_t ids[3];
    for (size_t i = 0; i < 3; i++)
        ids[i] = api_run(d, "test/one");
    const char *text = daemon_await_unready(d, BROKER, "the event log cannot be written");
    assert_non_null(strstr(text, "\"place\":\"broker.backlog\""));
    assert_true(daemon_metric(d, BROKER, "noetl_broker_log_away", "") == 1);
    assert_true(daemon_metric(d, BROKER, TOTAL("broker", "backlog_reached"), "") >= 1);
    assert_true(daemon_metric(d, BROKER, TOTAL("broker", "commits_failed"), "") >= 1);
    assert_true(daemon_metric(d, BROKER, "noetl_broker_backlog_rows", "") >= 1);
    assert_int_equal(daemon_get(d, BROKER, "/healthz").code, 200);
    assert_int_equal(daemon_get(d, WORKER, "/readyz").code, 200);
    postgres_return(d);
    for (size_t i = 0; i < 3; i++)
        await_end(d, ids[i], EVENT_EXECUTION_COMPLETE);
    daemon_await_ready(d, BROKER);
    daemon_await_ready(d, RENDER);
    daemon_await(d, BROKER, "noetl_broker_log_away", "", 0);
    daemon_await(d, BROKER, "noetl_broker_backlog_rows", "", 0);
}

static void a_broker_that_finds_no_log_is_not_ready_until_it_has_its_share(void **state)
{
    struct daemons *d = *state;
    daemon_stop(d, BROKER);
    postgres_leave(d);
    daemon_start(d, BROKER);
    assert_int_equal(daemon_get(d, BROKER, "/healthz").code, 200);
    daemon_await_says(d, BROKER, "no partition can be taken");
    (void)daemon_await_unready(d, BROKER, "its share of the partitions");
    postgres_return(d);
    daemon_await_ready(d, BROKER);
    assert_true(daemon_metric(d, BROKER, "noetl_broker_partitions_held", "") == 4);
}

static void start_a_broker_without_jetstream(struct daemons *d)
{
    daemon_stop(d, BROKER);
    nats_leave(d);
    nats_return_with(d, "jetstream: disabled\n");
    daemon_start(d, BROKER);
    daemon_await_says(d, BROKER, "the event stream cannot be seen yet");
}

static void a_broker_waits_for_jetstream_too(void **state)
{
    struct daemons *d = *state;
    start_a_broker_without_jetstream(d);
    (void)daemon_await_unready(d, BROKER, "is starting");
    nats_leave(d);
    nats_return(d);
    daemon_await_ready(d, BROKER);
    await_end(d, api_run(d, "test/one"), EVENT_EXECUTION_COMPLETE);
}

static void a_broker_that_waits_for_jetstream_can_be_stopped(void **state)
{
    struct daemons *d = *state;
    start_a_broker_without_jetstream(d);
    daemon_stop(d, BROKER);
    nats_leave(d);
    nats_return(d);
    daemon_start(d, BROKER);
    daemon_await_ready(d, BROKER);
}

static void without_nats_nobody_is_ready_and_everybody_is_healthy(void **state)
{
    struct daemons *d = *state;
    nats_leave(d);
    for (int part = 0; part < PART_COUNT; part++) {
        (void)daemon_await_unready(d, (enum part)part, "NATS");
        assert_int_equal(daemon_get(d, (enum part)part, "/healthz").code, 200);
        assert_true(daemon_metric(d, (enum part)part, "noetl_nats_connected", "") == 0);
    }
    nats_return(d);
    for (int part = 0; part < PART_COUNT; part++) {
        daemon_await_ready(d, (enum part)part);
        daemon_await_least(d, (enum part)part, TOTAL("nats", "connects"), "", 2);
    }
    await_end(d, api_run(d, "test/one"), EVENT_EXECUTION_COMPLETE);
}

static void a_broker_that_does_not_hear_itself_counts_a_lapse(void **state)
{
    struct daemons *d = *state;
    double before = daemon_metric(d, BROKER, TOTAL("broker", "lease_lapses"), "");
    nats_leave(d);
    daemon_await_least(d, BROKER, TOTAL("broker", "lease_lapses"), "", before + 1);
    nats_return(d);
    daemon_await_ready(d, BROKER);
}

/* A broker, and the render service with a request at work: what watches over them has no reason to start them
 * again. */
static void a_postgres_that_stands_still_keeps_nobody_from_being_healthy(void **state)
{
    struct daemons *d = *state;
    static const enum part parts[] = {BROKER, RENDER};
    char subject[SUBJECT_MAX];
    struct error err;
    struct str reply;
    daemon_await_ready(d, PUBLISHER);
    daemons_set(d, "broker.reconcile", "500ms");
    d->variable = "NOETL_TEST_PULSE_MS=1500";
    for (size_t i = 0; i < 2; i++) {
        daemon_stop(d, parts[i]);
        daemon_start(d, parts[i]);
        daemon_await_ready(d, parts[i]);
    }
    subject_api(&d->subjects, "list", subject);
    postgres_freeze(d);
    int64_t id = api_run(d, "test/one"); /* the writer waits */
    for (int n = 0; n < 6; n++)          /* and more than the render service has connections */
        assert_int_equal(bus_request(d->bus, subject, NULL, 0, STR("{}"), 50, &d->arena, &reply, &err),
                         STATUS_TIMEOUT);
    daemon_await_unready(d, RENDER, "");
    for (int tries = 0; tries < 35; tries++) { /* the partitions are looked at every 5 s */
        for (size_t i = 0; i < 2; i++) {
            struct http_answer answer = daemon_get(d, parts[i], "/healthz");
            if (answer.code != 200)
                fail_msg("%s: %s", part_name(parts[i]), answer.text);
        }
        usleep(200000);
    }
    postgres_thaw(d);
    await_end(d, id, EVENT_EXECUTION_COMPLETE);
    daemon_await_ready(d, RENDER);
}

static void all_stop_cleanly(void **state)
{
    struct daemons *d = *state;
    daemons_all_stop(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_daemon_writes_its_metrics_in_prometheus_format),
        cmocka_unit_test(the_publisher_serves_them_at_its_api_too),
        cmocka_unit_test(what_is_not_there_is_a_problem_with_details),
        cmocka_unit_test(an_execution_moves_the_counters_of_all_that_it_meets),
        cmocka_unit_test(failures_are_counted_apart),
        cmocka_unit_test(commands_beyond_the_limit_wait_in_their_stream),
        cmocka_unit_test(a_pool_at_its_limit_is_seen),
        cmocka_unit_test(requests_beyond_what_brokers_may_have_at_work_are_counted_and_said_once),
        cmocka_unit_test(without_postgres_the_broker_is_ready_until_its_backlog_is_full),
        cmocka_unit_test(a_broker_that_finds_no_log_is_not_ready_until_it_has_its_share),
        cmocka_unit_test(a_broker_waits_for_jetstream_too),
        cmocka_unit_test(a_broker_that_waits_for_jetstream_can_be_stopped),
        cmocka_unit_test(without_nats_nobody_is_ready_and_everybody_is_healthy),
        cmocka_unit_test(a_broker_that_does_not_hear_itself_counts_a_lapse),
        cmocka_unit_test(a_postgres_that_stands_still_keeps_nobody_from_being_healthy),
        cmocka_unit_test(all_stop_cleanly),
    };
    return cmocka_run_group_tests(tests, start, daemons_stop);
}
