/*
 * Each hop is broken on purpose, and `noetl doctor` names it; --fix mends what it may. One installation for
 * all, whose reconciler does not look meanwhile.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/id.h"
#include "core/json.h"
#include "daemons.h"
#include "runtime/clock.h"
#include "standstill.h"

enum { PATIENCE_MS = 30000, DOCUMENT_MAX = 1 << 20 };

/* Two further logins: one may not say what a task came to, one may not ask for tasks. */
static const char USERS[] =
    "no_auth_user: all\n"
    "authorization { users: [\n"
    "  {user: all, password: p}\n"
    "  {user: mute, password: p, permissions: {publish: {deny: \"noetl.events.>\"}}}\n"
    "  {user: deaf, password: p, permissions: {publish: {deny: \"$JS.API.CONSUMER.MSG.NEXT.>\"}}}\n"
    "]}\n";

#define HEAD(path) "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {path: " path "}\nworkflow:\n"
static const char QUICK[] = HEAD("doctor/quick") "  - {step: start, type: noop}\n";
static const char SLOW[] = HEAD("doctor/slow") "  - {step: start, type: shell, command: sleep 60}\n";
static const char WAITS[] = HEAD("doctor/waits") "  - {step: start, next: [near, far, ask]}\n"
                                                 "  - {step: near, next: meet}\n"
                                                 "  - {step: far, type: noop, pool: nowhere, next: meet}\n"
                                                 "  - {step: ask, type: signal, name: approved, next: meet}\n"
                                                 "  - {step: meet, type: noop}\n";

/* ---- asking the doctor ------------------------------------------------------------------------------------
 */

static const char *environment_of(struct daemons *d, const char *name, const char *value)
{
    struct str line = arena_printf(&d->arena, "%s=%s", name, value);
    assert_non_null(line.ptr);
    return line.ptr;
}

static struct value read_document(struct daemons *d, const char *path)
{
    struct error err = {0};
    struct value v = {0};
    char *text = arena_alloc(&d->arena, DOCUMENT_MAX);
    FILE *f = fopen(path, "r");
    assert_non_null(text);
    assert_non_null(f);
    size_t len = fread(text, 1, DOCUMENT_MAX, f);
    fclose(f);
    assert_ok(json_read_map(&d->arena, (struct str){text, len}, "the report", &v, &err), &err);
    return v;
}

/* `id` 0: of the installation. *code: its exit code. */
static struct value doctor(struct daemons *d, int64_t id, bool fix, int *code)
{
    char path[300], id_text[ID_TEXT] = "";
    struct error err = {0};
    struct process p;
    snprintf(path, sizeof(path), "%s/report.json", d->servers.folder);
    if (id)
        id_format(id, id_text);
    const char *argv[8] = {getenv("NOETL_BINARY"), "doctor", "-o", "json"};
    size_t n = 4;
    if (id)
        argv[n++] = id_text;
    if (fix)
        argv[n++] = "--fix";
    const char *const env[] = {
        "HOME=/nonexistent",
        environment_of(d, "PATH", getenv("PATH")),
        environment_of(d, "NOETL_NATS_URL", d->servers.nats.url),
        environment_of(d, "NOETL_POSTGRES_URL", settings_text(d->settings, SETTING_POSTGRES_URL)),
        environment_of(d, "NOETL_TASKS_MAX_MESSAGES", settings_text(d->settings, SETTING_TASKS_MAX_MESSAGES)),
        "NOETL_EVENTS_PARTITIONS=4",
        "NOETL_WORKER_ACK_WAIT=2s",
        NULL};
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(out >= 0);
    const struct process_options options = {
        .argv = argv, .env = env, .in = -1, .out = out, .error = 2, .die_with_parent = true};
    assert_ok(process_start(&options, &p, &err), &err);
    close(out);
    assert_true(process_wait(&p, PATIENCE_MS, code));
    return read_document(d, path);
}

static struct value finding(struct value report, const char *verdict)
{
    struct value list = VALUE_GET(report, "findings");
    for (uint32_t i = 0; list.type == VALUE_LIST && i < list.len; i++) {
        if (str_is(value_as_str(VALUE_GET(list.u.list[i], "verdict")), verdict))
            return list.u.list[i];
    }
    return (struct value){0};
}

/* Asks until the verdict is given: what was just done takes its time to be seen. The finding. */
static struct value await(struct daemons *d, int64_t id, const char *verdict, int expected_code)
{
    struct mono_time start = mono_now();
    struct value report, found;
    int code;
    do {
        report = doctor(d, id, false, &code);
        found = finding(report, verdict);
    } while (value_is_absent(found) && mono_ms_since(start) < PATIENCE_MS);
    if (value_is_absent(found)) {
        struct str text = STR("");
        struct error err = {0};
        assert_ok(json_text(&d->arena, report, &text, &err), &err);
        fail_msg("doctor does not say %s: %.*s", verdict, ARGSTR(text));
    }
    assert_int_equal(code, expected_code);
    return found;
}

/* Whether --fix says that it did something. */
static bool fix(struct daemons *d, int64_t id)
{
    int code;
    struct value repairs = VALUE_GET(doctor(d, id, true, &code), "repairs");
    for (uint32_t i = 0; repairs.type == VALUE_LIST && i < repairs.len; i++) {
        if (value_equal(VALUE_GET(repairs.u.list[i], "done"), value_bool(true)))
            return true;
    }
    return false;
}

static void assert_advice(struct value found, const char *expected)
{
    assert_true(str_find(value_as_str(VALUE_GET(found, "advice")), str_of(expected)) >= 0);
}

/* ---- breaking ---------------------------------------------------------------------------------------------
 */

static void cancel(struct daemons *d, int64_t id)
{
    char payload[64];
    snprintf(payload, sizeof(payload), "{\"execution_id\":\"%lld\"}", (long long)id);
    (void)api_call(d, "cancel", payload);
    (void)await_end(d, id, EVENT_EXECUTION_CANCELLED);
}

static void worker_as(struct daemons *d, const char *user)
{
    daemons_set(d, "nats.user", user);
    daemons_set(d, "nats.password", user[0] ? "p" : "");
    daemon_start(d, WORKER);
    daemons_set(d, "nats.user", "");
    daemons_set(d, "nats.password", "");
}

static void a_task_whose_pool_has_no_worker_or_no_consumer_is_named(void **state)
{
    struct daemons *d = *state;
    int64_t id = api_run(d, "doctor/quick");
    assert_advice(await(d, id, "no_worker", 1), "noetl serve worker --pool default");
    nats_api(d, "CONSUMER.DELETE.NOETL_TASKS.default");
    (void)await(d, id, "consumer_missing", 1);
    (void)await(d, 0, "setup_missing", 1);
    assert_true(fix(d, id));
    (void)await(d, id, "no_worker", 1);
    (void)await(d, 0, "setup_well", 1);
    nats_api(d, "STREAM.PURGE.NOETL_TASKS");
    (void)await(d, id, "task_lost", 1);
    assert_true(fix(d, id));
    (void)await(d, id, "no_worker", 1);
    cancel(d, id);
    (void)await(d, id, "over", 0);
}

static void branches_signals_and_other_executions_that_are_waited_for_are_named(void **state)
{
    struct daemons *d = *state;
    int64_t id = api_run(d, "doctor/waits");
    struct value meets = await(d, id, "join_waits", 1);
    assert_str(value_as_str(VALUE_GET(meets, "step")), "meet");
    assert_str(
        value_as_str(VALUE_GET(meets, "text")),
        "It was reached, and starts when nothing can come to it any more: far and ask are still open.");
    assert_advice(await(d, id, "signal_awaited", 1), "approved");
    (void)await(d, id, "consumer_missing", 1);
    cancel(d, id);
    (void)await(d, 384000000000000001, "unknown", 4);
}

static void a_broker_that_stands_still_or_is_gone_is_named(void **state)
{
    struct daemons *d = *state;
    standstill_begin(&d->parts[BROKER]);
    int64_t id = api_run(d, "doctor/quick");
    (void)await(d, id, "broker_silent", 1);
    (void)await(d, id, "fact_unread", 1);
    (void)await(d, 0, "broker_silent", 1);
    standstill_end(&d->parts[BROKER]);
    (void)await(d, id, "no_worker", 1);
    daemon_stop(d, BROKER);
    worker_as(d, "");
    (void)await(d, id, "outcome_unread", 1);
    (void)await(d, id, "no_owner", 1);
    daemon_start(d, BROKER);
    (void)await_end(d, id, EVENT_EXECUTION_COMPLETE);
    daemon_stop(d, WORKER);
}

static void a_task_that_a_worker_runs_or_holds_is_named(void **state)
{
    struct daemons *d = *state;
    worker_as(d, "");
    int64_t id = api_run(d, "doctor/slow");
    (void)await(d, id, "task_running", 0);
    standstill_begin(&d->parts[WORKER]);
    (void)await(d, id, "task_held", 1);
    standstill_end(&d->parts[WORKER]);
    (void)await(d, id, "task_running", 0);
    cancel(d, id);
    daemon_stop(d, WORKER);
}

static void a_worker_whose_login_may_too_little_is_named(void **state)
{
    struct daemons *d = *state;
    worker_as(d, "mute");
    int64_t id = api_run(d, "doctor/quick");
    (void)await(d, id, "outcome_unsent", 1);
    daemon_kill(d, WORKER);
    worker_as(d, "deaf");
    int64_t other = api_run(d, "doctor/quick");
    (void)await(d, other, "worker_deaf", 1);
    daemon_kill(d, WORKER);
    cancel(d, id);
    cancel(d, other);
}

static void what_is_no_task_and_no_fact_hinders_nothing_and_is_told(void **state)
{
    struct daemons *d = *state;
    char subject[SUBJECT_MAX];
    struct error err = {0};
    struct bus_ack ack;
    int code;
    struct bus_publication p = {.payload = STR("garbage"), .give_up_ms = 5000};
    p.subject = subject_event(&d->subjects, 77, EVENT_ACTION_COMPLETED, subject);
    assert_ok(bus_publish_wait(d->bus, &p, &ack, &err), &err);
    p.subject = subject_task(&d->subjects, STR("default"), 77, "s1v1a1", subject);
    assert_ok(bus_publish_wait(d->bus, &p, &ack, &err), &err);
    worker_as(d, "");
    (void)await_end(d, api_run(d, "doctor/quick"), EVENT_EXECUTION_COMPLETE);
    (void)await(d, 0, "dead_letters", 0);
    assert_false(value_is_absent(finding(doctor(d, 0, false, &code), "broker_well")));
    daemon_stop(d, WORKER);
}

static void a_stream_that_is_full_is_named(void **state)
{
    struct daemons *d = *state;
    daemons_set(d, "tasks.max_messages", "1");
    daemons_set_up(d);
    int64_t first = api_run(d, "doctor/quick");
    (void)await(d, first, "no_worker", 1);
    int64_t second = api_run(d, "doctor/quick");
    (void)await(d, second, "broker_stalled", 1);
    (void)await(d, 0, "stream_full", 1);
    daemons_set(d, "tasks.max_messages", "0");
    daemons_set_up(d);
    (void)await(d, second, "no_worker", 1);
    cancel(d, first);
    cancel(d, second);
}

static void a_database_that_is_away_is_named(void **state)
{
    struct daemons *d = *state;
    int64_t id = api_run(d, "doctor/quick");
    (void)await(d, id, "no_worker", 1);
    postgres_leave(d);
    (void)await(d, id, "log_away", 1);
    (void)await(d, 0, "log_away", 1);
    postgres_return(d);
    (void)await(d, id, "no_worker", 1);
}

static int start(void **state)
{
    if (daemons_start_with(state, USERS) != 0)
        return -1;
    struct daemons *d = *state;
    daemons_set(d, "worker.ack_wait", "2s");
    daemons_set(d, "broker.reconcile", "10m");
    daemons_set_up(d);
    daemon_start(d, PUBLISHER);
    daemon_start(d, RENDER);
    daemon_start(d, BROKER);
    daemon_await_ready(d, PUBLISHER);
    daemon_await_ready(d, BROKER);
    api_register(d, QUICK);
    api_register(d, SLOW);
    api_register(d, WAITS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_whose_pool_has_no_worker_or_no_consumer_is_named),
        cmocka_unit_test(branches_signals_and_other_executions_that_are_waited_for_are_named),
        cmocka_unit_test(a_broker_that_stands_still_or_is_gone_is_named),
        cmocka_unit_test(a_task_that_a_worker_runs_or_holds_is_named),
        cmocka_unit_test(a_worker_whose_login_may_too_little_is_named),
        cmocka_unit_test(what_is_no_task_and_no_fact_hinders_nothing_and_is_told),
        cmocka_unit_test(a_stream_that_is_full_is_named),
        cmocka_unit_test(a_database_that_is_away_is_named),
    };
    return cmocka_run_group_tests(tests, start, daemons_stop);
}
