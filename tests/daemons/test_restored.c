/*
 * NATS gets an older copy of its store, as from a backup: the tasks stream has a task again whose outcome is
 * in the log and no longer in the event stream.
 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_the_log_has_is_not_run_again)};
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
