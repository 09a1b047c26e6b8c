/*
 * A server gets an older copy of what it had, as from a backup. NATS: the tasks stream has a task again whose
 * outcome is in the log and no longer in the event stream. Postgres: the log has lost what was committed, and
 * the event stream has it still.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemons.h"
#include "test_file.h"

static void run(struct daemons *d, const char *program, const char *option, const char *from, const char *to)
{
    const char *argv[] = {program, option, arena_printf(&d->arena, "%s/%s", d->servers.folder, from).ptr,
                          to ? arena_printf(&d->arena, "%s/%s", d->servers.folder, to).ptr : NULL, NULL};
    const struct process_options options = {
        .argv = argv, .in = -1, .out = STDERR_FILENO, .error = STDERR_FILENO};
    struct process p;
    struct error err = {0};
    int code = -1;
    assert_ok(process_start(&options, &p, &err), &err);
    assert_true(process_wait(&p, 20000, &code));
    assert_int_equal(code, 0);
}

static void copy_store(struct daemons *d)
{
    nats_leave(d);
    run(d, "/bin/cp", "-a", "nats", "nats-copy");
    nats_return(d);
}

static void set_store_back(struct daemons *d)
{
    nats_leave(d);
    run(d, "/bin/rm", "-r", "nats", NULL);
    run(d, "/bin/mv", "-T", "nats-copy", "nats");
    nats_return(d);
}

static void what_the_log_has_is_not_run_again(void **state)
{
    struct daemons *d = *state;
    const char *file = arena_printf(&d->arena, "%s/runs", d->servers.folder).ptr;
    api_register(d, arena_printf(&d->arena,
                                 "metadata: {path: test/restored}\nworkflow:\n"
                                 "  - {step: start, type: shell, command: 'echo run >> %s'}\n",
                                 file)
                        .ptr);
    daemon_stop(d, WORKER);
    int64_t id = api_run(d, "test/restored");
    await_messages(d, STREAM_TASKS, 1);
    copy_store(d);
    daemon_start(d, WORKER);
    await_end(d, id, EVENT_EXECUTION_COMPLETE);
    await_messages(d, STREAM_TASKS, 0);
    set_store_back(d);
    daemon_await_least(d, WORKER, "noetl_worker_tasks_outcome_stood_total", "pool=\"default\"", 1);
    await_messages(d, STREAM_TASKS, 0);
    assert_int_equal(file_lines(file), 1);
    daemon_await_ready(d, PUBLISHER);
    await_end(d, api_run(d, "test/restored"), EVENT_EXECUTION_COMPLETE);
    assert_int_equal(file_lines(file), 2);
}

/* ---- the log ------------------------------------------------------------------------------------------ */

enum { FEW = 6 };

/* Each step of an execution leaves its line in the file once. */
static void register_steps(struct daemons *d, const char *file)
{
    api_register(d, arena_printf(&d->arena,
                                 "metadata: {path: test/steps}\nworkflow:\n"
                                 "  - {step: start, type: shell, command: 'echo {{ execution_id }} a >> %s', "
                                 "next: b}\n"
                                 "  - {step: b, type: shell, command: 'echo {{ execution_id }} b >> %s'}\n",
                                 file, file)
                        .ptr);
    api_register(d, arena_printf(&d->arena,
                                 "metadata: {path: test/waits}\nworkflow:\n"
                                 "  - {step: start, type: shell, command: 'echo {{ execution_id }} a >> %s', "
                                 "next: wait}\n"
                                 "  - {step: wait, type: signal, name: go, next: b}\n"
                                 "  - {step: b, type: shell, command: 'echo {{ execution_id }} b >> %s'}\n",
                                 file, file)
                        .ptr);
    api_register(d, "metadata: {path: test/calls}\nworkflow:\n"
                    "  - {step: start, type: playbook, path: test/steps}\n");
}

/* All of its events, without a gap. */
static void ends_without_a_gap(struct daemons *d, int64_t id)
{
    struct event_list events = await_end(d, id, EVENT_EXECUTION_COMPLETE);
    for (size_t i = 0; i < events.count; i++)
        assert_int_equal(events.items[i].event_id, i + 1);
}

/* How many events the log has of it by now; waits for so many. */
static void await_events(struct daemons *d, int64_t id, size_t count)
{
    struct error err = {0};
    struct eventlog *log;
    struct event_list events = {0};
    assert_ok(eventlog_open(d->servers.postgres.url, "test", &log, &err), &err);
    for (int tries = 0; tries < 600 && events.count < count; tries++) {
        usleep(50000);
        assert_ok(eventlog_events(log, id, 0, 0, &d->arena, &events, &err), &err);
    }
    eventlog_close(&log);
    assert_true(events.count >= count);
}

static void send_signal(struct daemons *d, int64_t id)
{
    struct value v = api_call(
        d, "signal",
        arena_printf(&d->arena, "{\"execution_id\": \"%lld\", \"name\": \"go\"}", (long long)id).ptr);
    assert_true(value_is_absent(VALUE_GET(v, "error")));
}

static int64_t run_once(struct daemons *d, const char *key)
{
    struct value v =
        api_call(d, "run",
                 arena_printf(&d->arena, "{\"path\": \"test/steps\", \"idempotency_key\": \"%s\"}", key).ptr);
    int64_t id = 0;
    struct str text = value_as_str(VALUE_GET(v, "execution_id"));
    assert_true(str_to_int64(text, &id));
    return id;
}

/* Several brokers share the partitions; the log of both is the broker's. */
static void start_another(struct daemons *d, struct process *other)
{
    *other = d->parts[BROKER];
    d->parts[BROKER] = (struct process){0};
    daemon_start(d, BROKER);
    daemon_await_ready(d, BROKER);
    daemon_await_least(d, BROKER, "noetl_broker_partitions_held", "", 1);
}

static void what_the_log_has_lost_is_written_again(void **state)
{
    struct daemons *d = *state;
    struct process other;
    const char *file = arena_printf(&d->arena, "%s/steps", d->servers.folder).ptr;
    int64_t before[FEW], within[FEW], after[FEW], called[FEW];
    register_steps(d, file);
    start_another(d, &other);
    for (int n = 0; n < FEW; n++)
        await_events(d, before[n] = api_run(d, "test/waits"), 6);
    postgres_leave(d);
    run(d, "/bin/cp", "-a", "postgres", "postgres-copy");
    postgres_return(d);
    /* What follows is committed, and then lost. */
    for (int n = 0; n < FEW; n++) {
        send_signal(d, before[n]);
        ends_without_a_gap(d, before[n]);
        ends_without_a_gap(d, after[n] = api_run(d, "test/steps"));
        ends_without_a_gap(d, called[n] = api_run(d, "test/calls"));
        await_events(d, within[n] = api_run(d, "test/waits"), 6);
    }
    int64_t once = run_once(d, "one");
    ends_without_a_gap(d, once);
    postgres_leave(d);
    run(d, "/bin/rm", "-r", "postgres", NULL);
    run(d, "/bin/mv", "-T", "postgres-copy", "postgres");
    postgres_return(d);
    assert_int_equal(run_once(d, "one"), once);
    send_signal(d, within[0]);
    ends_without_a_gap(d, within[0]);
    for (int n = 1; n < FEW; n++)
        await_events(d, within[n], 6);
    for (int n = 0; n < FEW; n++) {
        ends_without_a_gap(d, before[n]);
        ends_without_a_gap(d, after[n]);
        ends_without_a_gap(d, called[n]);
    }
    for (int n = 1; n < FEW; n++) {
        send_signal(d, within[n]);
        ends_without_a_gap(d, within[n]);
    }
    ends_without_a_gap(d, once);
    ends_without_a_gap(d, api_run(d, "test/steps"));
    assert_true(daemon_says(d, BROKER, "the log is behind what was written") > 0);
    assert_int_equal(daemon_says(d, BROKER, "nobody has asked for the execution"), 0);
    assert_int_equal(file_lines(file), 2 * (4 * FEW + 2)); /* nothing ran twice */
    int code = -1;
    process_signal(&other, SIGTERM);
    assert_true(process_wait(&other, 30000, &code));
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_log_has_is_not_run_again),
        cmocka_unit_test(what_the_log_has_lost_is_written_again),
    };
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
