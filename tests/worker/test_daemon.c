/* The worker as a process, against a real NATS server. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/event.h"
#include "core/json.h"
#include "fleet.h"
#include "gone.h"
#include "standstill.h"
#include "test_file.h"
#include "worker/report.h"

static const char *text(struct fleet *f, struct value v, const char *path)
{
    struct str s = value_as_str(value_get_path(v, str_of(path)));
    return arena_strdup(&f->arena, s);
}

static int64_t number(struct value v, const char *path)
{
    struct value n = value_get_path(v, str_of(path));
    return n.type == VALUE_INT ? n.u.i : -1;
}

/* A shell step that starts a process, makes a file with its number, and waits for it. */
static const char *marking(struct fleet *f, const char *mark, const char *seconds)
{
    struct str s =
        arena_printf(&f->arena, "{\"command\": \"sleep %s & echo $! > %s.new; mv %s.new %s; wait\"}", seconds,
                     mark, mark, mark);
    return s.ptr;
}

/* The same the first time; where its file is, it ends at once. */
static const char *marking_once(struct fleet *f, const char *mark)
{
    struct str s = arena_printf(&f->arena,
                                "{\"command\": \"test -e %s && exit 0; sleep 1000 & echo $! > %s.new;"
                                " mv %s.new %s; wait\"}",
                                mark, mark, mark, mark);
    return s.ptr;
}

/* Of what a marking step had started. */
static void assert_nothing_is_left(const char *mark)
{
    char text[32] = "";
    FILE *f = fopen(mark, "re");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    (void)fclose(f);
    assert_true(process_is_gone((pid_t)strtol(text, NULL, 10)));
}

static void a_task_is_run_reported_and_acked(void **state)
{
    struct fleet *f = *state;
    struct process w = fleet_worker(f, NULL);
    int64_t id = fleet_task(f, "noop", "{}", "{\"n\": 9007199254740993}", 0);
    struct value e = fleet_outcome(f, id);
    assert_string_equal(text(f, e, "event_type"), "action_completed");
    assert_string_equal(text(f, e, "node_name"), "probe");
    assert_string_equal(text(f, e, "task_id"), "s1v1a1");
    assert_string_equal(text(f, e, "meta.token"), "secret-token");
    assert_int_equal(number(e, "result.data.n"), 9007199254740993);
    assert_int_equal(number(e, "meta.delivery"), 1);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void every_task_has_one_outcome(void **state)
{
    enum { TASKS = 300 };
    struct fleet *f = *state;
    int64_t ids[TASKS];
    struct process one = fleet_worker(f, NULL), two = fleet_worker(f, NULL);
    for (size_t i = 0; i < TASKS; i++)
        ids[i] =
            fleet_task(f, i % 3 ? "noop" : "python", i % 3 ? "{}" : "{\"code\": \"result = 1\"}", "{}", 0);
    for (size_t i = 0; i < TASKS; i++)
        fleet_outcome(f, ids[i]);
    fleet_wait_empty(f);
    for (size_t i = 0; i < TASKS; i++)
        assert_int_equal(fleet_outcomes(f, ids[i]), 1);
    assert_int_equal(fleet_end_worker(&one), 0);
    assert_int_equal(fleet_end_worker(&two), 0);
}

static void a_task_that_takes_too_long_is_stopped(void **state)
{
    struct fleet *f = *state;
    struct process w = fleet_worker(f, NULL);
    int64_t id = fleet_task(f, "python", "{\"code\": \"while True: pass\"}", "{}", 300);
    struct value e = fleet_outcome(f, id);
    assert_string_equal(text(f, e, "result.error.kind"), "timeout");
    assert_string_equal(text(f, e, "result.error.message"),
                        "the attempt took longer than its time of 0.3 s and was stopped");
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

/* A noop task of 500 ms, whose data is its args, with what follows it: members of the task as JSON. */
static int64_t task_with(struct fleet *f, const char *args, const char *after)
{
    int64_t id = f->next_execution++;
    struct str payload =
        arena_printf(&f->arena,
                     "{\"execution_id\":\"%lld\",\"task_id\":\"s1v1a1\",\"step\":\"probe\",\"type\":\"noop\","
                     "\"path\":\"test\",\"visit\":1,\"attempt\":1,\"timeout_ms\":500,\"token\":\"t\","
                     "\"args\":%s,\"config\":{},%s}",
                     (long long)id, args, after);
    fleet_message(f, "default", id, "s1v1a1", payload.ptr);
    return id;
}

static void what_follows_the_tool_is_a_part_of_the_attempt(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process w = fleet_worker(f, NULL);
    struct str saves = arena_printf(&f->arena,
                                    "\"returns\":[\"result.n\"],\"names\":{\"mark\":\"%s\"},"
                                    "\"saves\":[{\"tool\":\"shell\",\"keys\":{\"command\":[\"touch\","
                                    "\"{{ mark }}{{ result.n }}\"]}}]",
                                    mark);
    struct str made = arena_printf(&f->arena, "%s7", mark);
    struct value e = fleet_outcome(f, task_with(f, "{\"n\": 7}", saves.ptr));
    assert_string_equal(text(f, e, "event_type"), "action_completed");
    assert_int_equal(access(made.ptr, F_OK), 0);
    e = fleet_outcome(f, task_with(f, "{\"m\": 8}", saves.ptr));
    assert_string_equal(text(f, e, "result.error.kind"), "assert");
    assert_int_equal(number(e, "result.data.m"), 8);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void a_save_has_the_time_of_its_attempt(void **state)
{
    struct fleet *f = *state;
    struct process w = fleet_worker(f, NULL);
    struct value e =
        fleet_outcome(f, task_with(f, "{\"n\": 7}",
                                   "\"saves\":[{\"tool\":\"shell\",\"keys\":{\"command\":\"sleep 1000\"}}]"));
    assert_string_equal(text(f, e, "result.error.kind"), "timeout");
    assert_string_equal(text(f, e, "result.error.message"),
                        "save to shell: the attempt took longer than its time of 0.5 s and was stopped");
    assert_int_equal(number(e, "result.data.n"), 7);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void a_tool_that_is_not_there_is_an_outcome(void **state)
{
    struct fleet *f = *state;
    struct process w = fleet_worker(f, NULL);
    struct value e = fleet_outcome(f, fleet_task(f, "cobol", "{}", "{}", 0));
    assert_string_equal(text(f, e, "result.error.kind"), "unsupported");
    assert_non_null(strstr(text(f, e, "error"), "noop, python, http, postgres, shell"));
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void a_message_that_is_no_task_is_refused_and_the_next_is_run(void **state)
{
    struct fleet *f = *state;
    struct process w = fleet_worker(f, NULL);
    int64_t bad = f->next_execution++, worse = f->next_execution++;
    fleet_message(f, "default", bad, "s1v1a1", "not JSON");
    fleet_message(f, "default", worse, "s1v1a1", "{\"execution_id\": \"5\"}");
    fleet_outcome(f, fleet_task(f, "noop", "{}", "{}", 0));
    fleet_wait_empty(f);
    assert_int_equal(fleet_outcomes(f, bad) + fleet_outcomes(f, worse), 0);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void a_long_task_is_not_given_to_another_worker(void **state)
{
    struct fleet *f = *state;
    struct process one = fleet_worker(f, NULL), two = fleet_worker(f, NULL);
    struct value e = fleet_outcome(f, fleet_task(f, "shell", "{\"command\": \"sleep 3\"}", "{}", 0));
    assert_int_equal(number(e, "meta.delivery"), 1);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&one), 0);
    assert_int_equal(fleet_end_worker(&two), 0);
}

static void a_task_of_a_killed_worker_is_run_by_another(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process one = fleet_worker(f, NULL);
    int64_t id = fleet_task(f, "shell", marking_once(f, mark), "{}", 0);
    fleet_wait_file(mark);
    fleet_kill_worker(&one);
    assert_nothing_is_left(mark);
    struct process two = fleet_worker(f, NULL);
    struct value e = fleet_outcome(f, id);
    assert_string_equal(text(f, e, "event_type"), "action_completed");
    assert_int_equal(number(e, "meta.delivery"), 2);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&two), 0);
}

static void a_draining_worker_ends_what_it_runs_and_takes_nothing_more(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process one = fleet_worker(f, NULL);
    int64_t id = fleet_task(f, "shell", marking(f, mark, "1"), "{}", 0);
    fleet_wait_file(mark);
    assert_int_equal(fleet_end_worker(&one), 0);
    struct value e = fleet_outcome(f, id);
    assert_string_equal(text(f, e, "event_type"), "action_completed");
    fleet_wait_empty(f);
    int64_t later = fleet_task(f, "noop", "{}", "{}", 0);
    struct process two = fleet_worker(f, NULL);
    e = fleet_outcome(f, later);
    assert_int_equal(number(e, "meta.delivery"), 1);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&two), 0);
}

static void what_does_not_end_in_time_is_given_back_at_once(void **state)
{
    static const char *const short_drain[] = {"worker.drain=200ms", "worker.pool=patient", NULL};
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process one = fleet_worker(f, short_drain);
    int64_t id = fleet_pool_task(f, "patient", "shell", marking_once(f, mark), "{}", 0);
    fleet_wait_file(mark);
    assert_int_equal(fleet_end_worker(&one), 0);
    assert_int_equal(fleet_outcomes(f, id), 0);
    struct process two = fleet_worker(f, short_drain);
    assert_string_equal(text(f, fleet_outcome(f, id), "event_type"), "action_completed");
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&two), 0);
}

static void a_second_signal_ends_the_worker_at_once(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process w = fleet_worker(f, NULL);
    int code = -1;
    int64_t id = fleet_task(f, "shell", marking(f, mark, "1000"), "{}", 0);
    fleet_wait_file(mark);
    process_signal(&w, SIGTERM);
    bool ended = false;
    for (int i = 0; i < 100 && !ended; i++) { /* the first one has to be seen before the second counts */
        ended = process_wait(&w, 100, &code);
        process_signal(&w, SIGTERM);
    }
    assert_true(ended);
    assert_int_equal(code, 128 + SIGTERM);
    assert_nothing_is_left(mark);
    assert_int_equal(fleet_outcomes(f, id), 0);
    uint64_t purged;
    struct error err;
    char stream[96], filter[SUBJECT_MAX];
    stream_name(&f->subjects, STREAM_TASKS, stream);
    fleet_ok(
        bus_stream_purge(f->bus, stream, subject_execution_tasks(&f->subjects, id, filter), &purged, &err),
        &err);
}

static void cancel(struct fleet *f, int64_t id)
{
    char subject[SUBJECT_MAX];
    struct error err;
    subject_live(&f->subjects, id, event_type_name(EVENT_EXECUTION_CANCELLED), subject);
    fleet_ok(bus_publish(f->bus, subject, NULL, NULL, 0, STR("{}"), &err), &err);
}

static void the_task_of_a_cancelled_execution_is_stopped_without_an_outcome(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process w = fleet_worker(f, NULL);
    int64_t id = fleet_task(f, "shell", marking(f, mark, "1000"), "{}", 0);
    fleet_wait_file(mark);
    cancel(f, id);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(fleet_outcomes(f, id), 0);
}

/* Of an execution of its own, which is the outcome of item 0 of the attempt s1v1a1. */
static int64_t item_task(struct fleet *f, const char *config)
{
    int64_t id = f->next_execution++;
    fleet_task_of(f, id, "s1v1a1i0a1", "shell", config);
    return id;
}

/* An execution that the worker has heard to be cancelled: it has stopped a task of it. */
static int64_t heard_to_be_cancelled(struct fleet *f)
{
    const char *mark = fleet_path(f);
    int64_t id = item_task(f, marking(f, mark, "1000"));
    fleet_wait_file(mark);
    cancel(f, id);
    fleet_wait_empty(f);
    return id;
}

/* A log that was set back has it open again. */
static void a_task_behind_an_end_is_run_if_the_brokers_wait_for_it(void **state)
{
    struct fleet *f = *state;
    struct process w = fleet_worker(f, NULL);
    int64_t over = heard_to_be_cancelled(f), open = heard_to_be_cancelled(f),
            unsaid = heard_to_be_cancelled(f);
    const char *mark = arena_printf(&f->arena, "%s/behind-%lld", f->servers.folder, (long long)over).ptr;
    f->ended = over;
    fleet_task_of(f, over, "s2v1a1", "shell", marking(f, mark, "0"));
    fleet_wait_empty(f);
    f->silent = true; /* what was heard counts, and nobody is asked again for each of many */
    fleet_task_of(f, unsaid, "s2v1a1", "shell", marking(f, mark, "0"));
    fleet_wait_empty(f);
    size_t asked = f->asked;
    fleet_task_of(f, unsaid, "s3v1a1", "shell", marking(f, mark, "0"));
    fleet_task_of(f, unsaid, "s4v1a1", "shell", marking(f, mark, "0"));
    fleet_wait_empty(f);
    assert_int_equal(f->asked, asked);
    f->silent = false;
    assert_int_not_equal(access(mark, F_OK), 0);
    fleet_task_of(f, open, "s2v1a1", "shell", marking(f, mark, "0"));
    fleet_outcome(f, open);
    assert_int_equal(access(mark, F_OK), 0);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(fleet_outcomes(f, over) + fleet_outcomes(f, unsaid), 0);
}

/* Another worker may get an answer. */
static void a_draining_worker_gives_back_a_task_of_which_no_broker_says_whether_it_has_ended(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process one = fleet_worker(f, NULL);
    int64_t id = heard_to_be_cancelled(f);
    f->silent = true;
    size_t asked = f->asked;
    fleet_task_of(f, id, "s2v1a1", "shell", marking(f, mark, "0"));
    for (int i = 0; i < 1000 && f->asked == asked; i++)
        usleep(10000);
    assert_int_equal(fleet_end_worker(&one), 0);
    f->silent = false;
    struct process two = fleet_worker(f, NULL);
    assert_string_equal(text(f, fleet_outcome(f, id), "event_type"), "action_completed");
    assert_int_equal(fleet_end_worker(&two), 0);
}

static void withdraw(struct fleet *f, int64_t id, const char *attempt)
{
    char subject[SUBJECT_MAX];
    struct error err;
    struct str event =
        arena_printf(&f->arena, "{\"event_type\":\"tasks_withdrawn\",\"task_id\":\"%s\"}", attempt);
    subject_live(&f->subjects, id, event_type_name(EVENT_TASKS_WITHDRAWN), subject);
    fleet_ok(bus_publish(f->bus, subject, NULL, NULL, 0, event, &err), &err);
}

static void a_task_that_nobody_waits_for_is_stopped_without_an_outcome(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process w = fleet_worker(f, NULL);
    int64_t stays = item_task(f, marking(f, mark, "1"));
    fleet_wait_file(mark);
    withdraw(f, stays, "s1v1a");   /* no id that has tasks */
    withdraw(f, stays, "s1v1a10"); /* of another attempt */
    withdraw(f, stays, "s1v1a1i0a1");
    fleet_outcome(f, stays);
    mark = fleet_path(f);
    int64_t id = item_task(f, marking(f, mark, "1000"));
    fleet_wait_file(mark);
    withdraw(f, id, "s1v1a1");
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(fleet_outcomes(f, id), 0);
}

static void outcome_by_hand(struct fleet *f, int64_t id, const char *task_id, const char *token,
                            const char *message_id)
{
    char subject[SUBJECT_MAX];
    struct bus_ack ack;
    struct error err;
    struct str payload =
        arena_printf(&f->arena,
                     "{\"execution_id\":\"%lld\",\"event_type\":\"action_completed\",\"node_name\":\"probe\","
                     "\"node_type\":\"shell\",\"status\":\"COMPLETED\",\"task_id\":\"%s\","
                     "\"visit\":1,\"attempt\":1,\"meta\":{\"worker\":\"by hand\",\"token\":\"%s\"}}",
                     (long long)id, task_id, token);
    subject_event(&f->subjects, id, EVENT_ACTION_COMPLETED, subject);
    struct bus_publication p = {
        .subject = subject, .message_id = message_id, .payload = payload, .give_up_ms = 10000};
    fleet_ok(bus_publish_wait(f->bus, &p, &ack, &err), &err);
}

/* As a worker that dies: the task comes again when ack_wait is over. */
static void forget(void *context, struct bus_delivery *d)
{
    _Atomic bool *came = context;
    *came = true;
    bus_delivery_free(d);
}

static void a_redelivered_task_whose_outcome_stands_is_not_run(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    int64_t id = fleet_task(f, "shell", marking(f, mark, "0"), "{}", 0);
    struct bus_pull *pull;
    struct error err;
    char stream[96], consumer[96];
    static _Atomic bool came;
    stream_name(&f->subjects, STREAM_TASKS, stream);
    fleet_ok(
        bus_pull_start(f->bus, stream, pool_consumer("default", consumer), forget, NULL, &came, &pull, &err),
        &err);
    bus_pull_want(pull, 1);
    for (int i = 0; i < 6000 && !came; i++)
        usleep(10000);
    assert_true(came);
    bus_pull_stop(&pull);
    outcome_by_hand(f, id, "s1v1a1", "secret-token", NULL);
    struct process w = fleet_worker(f, NULL);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(fleet_outcomes(f, id), 1);
    assert_string_equal(text(f, fleet_outcome(f, id), "meta.worker"), "by hand");
    assert_int_not_equal(access(mark, F_OK), 0);
}

/* A line in the file each time, and what follows. */
static int64_t task_that_counts(struct fleet *f, const char *lines, const char *then)
{
    return fleet_task(
        f, "shell", arena_printf(&f->arena, "{\"command\": \"echo run >> %s%s\"}", lines, then).ptr, "{}", 0);
}

static struct value counting(struct fleet *f, const char *file, int64_t *id)
{
    *id = task_that_counts(f, file, "");
    return fleet_outcome(f, *id);
}

/* Without a message id, or with that of another's; `behind`: the sequence that a broker gives it, or NULL. */
static void publish_copy(struct fleet *f, int64_t id, const char *command, const char *message_id,
                         const char *behind)
{
    const struct bus_header header = {TASK_AGAIN_HEADER, behind};
    char subject[SUBJECT_MAX];
    struct bus_ack ack;
    struct error err;
    struct str payload = arena_printf(&f->arena,
                                      "{\"execution_id\":\"%lld\",\"task_id\":\"s1v1a1\",\"step\":\"probe\","
                                      "\"type\":\"shell\",\"path\":\"test\",\"visit\":1,\"attempt\":1,"
                                      "\"timeout_ms\":0,\"token\":\"secret-token\",\"args\":{},"
                                      "\"config\":{\"command\":\"%s\"}}",
                                      (long long)id, command);
    subject_task(&f->subjects, STR("default"), id, "s1v1a1", subject);
    struct bus_publication p = {.subject = subject,
                                .message_id = message_id,
                                .headers = &header,
                                .header_count = behind ? 1 : 0,
                                .payload = payload,
                                .give_up_ms = 10000};
    fleet_ok(bus_publish_wait(f->bus, &p, &ack, &err), &err);
}

static void copy_task(struct fleet *f, int64_t id, const char *command, const char *message_id)
{
    publish_copy(f, id, command, message_id, NULL);
}

/* The stream knows the ids of neither outcome, and the last one is another task's. */
static void a_task_that_may_have_been_published_before_is_run_unless_its_outcome_stands(void **state)
{
    struct fleet *f = *state;
    const char *file = fleet_path(f);
    int64_t done = f->next_execution++, open = f->next_execution++;
    struct process w = fleet_worker(f, NULL);
    outcome_by_hand(f, done, "s1v1a1", "secret-token", NULL);
    outcome_by_hand(f, done, "s2v1a1", "secret-token", NULL);
    outcome_by_hand(f, open, "s2v1a1", "secret-token", NULL);
    const char *command = arena_printf(&f->arena, "echo run >> %s", file).ptr;
    publish_copy(f, done, command, arena_printf(&f->arena, "%lld.s1v1a1", (long long)done).ptr, "1");
    publish_copy(f, open, command, arena_printf(&f->arena, "%lld.s1v1a1", (long long)open).ptr, "1");
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(file_lines(file), 1);
}

static void a_task_that_the_broker_did_not_publish_is_not_run(void **state)
{
    struct fleet *f = *state;
    const char *file = fleet_path(f);
    int64_t id;
    struct process w = fleet_worker(f, NULL);
    counting(f, file, &id);
    copy_task(f, id, arena_printf(&f->arena, "echo run >> %s", file).ptr, NULL);
    copy_task(f, id, arena_printf(&f->arena, "echo run >> %s", file).ptr, "a stranger's");
    copy_task(f, id + 1, arena_printf(&f->arena, "echo run >> %s", file).ptr, "another stranger's");
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(file_lines(file), 1);
}

/* As one that was acknowledged, which its server has forgotten: it counts as delivered for the first time. */
static void a_task_from_before_the_connection_that_has_an_outcome_is_not_run(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    int64_t id = fleet_task(f, "shell", marking(f, mark, "0"), "{}", 0);
    const char *known = arena_printf(&f->arena, "%lld.s1v1a1.outcome", (long long)id).ptr;
    outcome_by_hand(f, id, "s1v1a1", "secret-token", known);
    outcome_by_hand(f, id, "s2v1a1", "secret-token", NULL);
    struct process w = fleet_worker(f, NULL);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_not_equal(access(mark, F_OK), 0);
}

static bool stands(struct fleet *f, struct reporter *r, int64_t id, struct str task_id)
{
    const struct task task = {.execution_id = id, .task_id = task_id, .token = STR("secret-token")};
    struct error err;
    bool found = false;
    /* Of the delivery only the headers matter, and an outcome has none that a task has. */
    fleet_ok(report_stands(r, f->events[0], &task, false, &found, &err), &err);
    return found;
}

static void an_outcome_is_found_without_the_streams_ids(void **state)
{
    struct fleet *f = *state;
    struct reporter *r;
    struct error err;
    int64_t id = f->next_execution++;
    outcome_by_hand(f, id, "s1v1a1", "secret-token", NULL);
    outcome_by_hand(f, id, "s2v1a1", "forged", NULL);
    outcome_by_hand(f, id, "s3v1a1", "secret-token", NULL);
    fleet_outcome(f, id);
    fleet_ok(reporter_open(f->bus, &f->subjects, NULL, &r, &err), &err);
    assert_true(stands(f, r, id, STR("s1v1a1")));
    assert_false(stands(f, r, id, STR("s2v1a1")));
    assert_true(stands(f, r, id, STR("s3v1a1")));
    assert_false(stands(f, r, id, STR("s4v1a1")));
    reporter_close(&r);
}

/* As one that a restored stream has again: the event stream has lost its outcome, and the log has it. */
static void a_task_of_which_the_brokers_say_that_it_has_ended_is_not_run(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    f->ended = fleet_task(f, "shell", marking(f, mark, "0"), "{}", 0);
    struct process w = fleet_worker(f, NULL);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(fleet_outcomes(f, f->ended), 0);
    assert_int_not_equal(access(mark, F_OK), 0);
}

static void a_task_that_may_have_been_run_is_run_if_no_broker_answers_for_long(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    f->silent = true;
    int64_t id = fleet_task(f, "shell", marking(f, mark, "0"), "{}", 0);
    struct process w = fleet_worker(f, NULL);
    fleet_outcome(f, id);
    fleet_wait_empty(f);
    f->silent = false;
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(access(mark, F_OK), 0);
}

static void a_task_is_run_although_somebody_forged_its_outcome(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    int64_t id = fleet_task(f, "shell", marking(f, mark, "0"), "{}", 0);
    outcome_by_hand(f, id, "s1v1a1", "forged", NULL);
    struct process w = fleet_worker(f, NULL);
    fleet_wait_file(mark);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void an_outcome_that_the_stream_refuses_is_offered_again(void **state)
{
    struct fleet *f = *state;
    const char *mark = fleet_path(f);
    struct process w = fleet_worker(f, NULL);
    fleet_limit_events(f, true);
    int64_t id = fleet_task(f, "shell", marking(f, mark, "0"), "{}", 0);
    fleet_wait_file(mark);
    usleep(2500000); /* longer than ack_wait: the worker has to keep the task */
    assert_int_equal(fleet_outcomes(f, id), 0);
    fleet_limit_events(f, false);
    struct value e = fleet_outcome(f, id);
    assert_string_equal(text(f, e, "event_type"), "action_completed");
    assert_int_equal(number(e, "meta.delivery"), 1);
    fleet_wait_empty(f);
    assert_int_equal(fleet_outcomes(f, id), 1);
    assert_int_equal(fleet_end_worker(&w), 0);
}

static void a_worker_makes_the_consumer_of_its_pool_when_there_is_none(void **state)
{
    static const char *const pool[] = {"worker.pool=fresh", NULL};
    struct fleet *f = *state;
    struct process w = fleet_worker(f, pool);
    char stream[96];
    struct bus_consumer_info info;
    struct error err;
    stream_name(&f->subjects, STREAM_TASKS, stream);
    enum status s = STATUS_NOT_FOUND;
    for (int i = 0; i < 500 && s != STATUS_OK; i++) {
        usleep(20000);
        s = bus_consumer_info(f->bus, stream, "fresh", &info, &err);
    }
    fleet_ok(s, &err);
    int64_t id = f->next_execution++;
    struct str payload =
        arena_printf(&f->arena,
                     "{\"execution_id\":\"%lld\",\"task_id\":\"s1v1a1\",\"step\":\"probe\",\"type\":\"noop\","
                     "\"path\":\"test\",\"visit\":1,\"attempt\":1,\"timeout_ms\":0,\"token\":\"t\","
                     "\"args\":{},\"config\":{}}",
                     (long long)id);
    fleet_message(f, "fresh", id, "s1v1a1", payload.ptr);
    fleet_outcome(f, id);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
}

/* A worker that took tasks and now stands still, and a new task, a line of `lines` and what follows. Its id.
 */
static int64_t task_for_one_that_stands_still(struct fleet *f, const char *lines, const char *then,
                                              struct process *one)
{
    int64_t id;
    *one = fleet_worker(f, NULL);
    counting(f, lines, &id);
    fleet_wait_empty(f);
    standstill_begin(one);
    return task_that_counts(f, lines, then);
}

/* The first delivery waits in the socket of a worker that stands still. */
static void a_task_that_another_worker_had_meanwhile_is_not_run(void **state)
{
    struct fleet *f = *state;
    const char *lines = fleet_path(f);
    struct process one;
    int64_t id = task_for_one_that_stands_still(f, lines, "", &one);
    struct process two = fleet_worker(f, NULL);
    assert_true(number(fleet_outcome(f, id), "meta.delivery") > 1);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&two), 0);
    size_t before = file_lines(lines);
    standstill_end(&one);
    counting(f, lines, &id);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&one), 0);
    assert_int_equal(file_lines(lines), before + 1);
}

/* As above, and the other has not ended it yet: no outcome tells. */
static void a_task_that_another_worker_has_meanwhile_is_not_run(void **state)
{
    struct fleet *f = *state;
    const char *lines = fleet_path(f);
    struct process one;
    int64_t id = task_for_one_that_stands_still(f, lines, "; sleep 4", &one);
    struct process two = fleet_worker(f, NULL);
    for (int tries = 0; tries < 3000 && file_lines(lines) < 2; tries++)
        usleep(10000);
    standstill_end(&one);
    fleet_outcome(f, id);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&one), 0);
    assert_int_equal(fleet_end_worker(&two), 0);
    assert_int_equal(file_lines(lines), 2);
}

/* Both deliveries wait in its socket, and come out of it at the same moment. */
static void two_deliveries_of_a_task_do_not_run_side_by_side(void **state)
{
    struct fleet *f = *state;
    const char *lines = fleet_path(f);
    struct process one;
    int64_t id = task_for_one_that_stands_still(f, lines, "; sleep 1", &one);
    sleep(3); /* ack_wait is a second */
    standstill_end(&one);
    fleet_outcome(f, id);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&one), 0);
    assert_int_equal(file_lines(lines), 2);
}

/* That the stream has given up a task. */
static uint64_t advisories(struct fleet *f)
{
    struct bus_stream_info info;
    struct error err;
    char stream[96];
    stream_name(&f->subjects, STREAM_ADVISORIES, stream);
    fleet_ok(bus_stream_info(f->bus, stream, &info, &err), &err);
    return info.last_sequence;
}

static void make_slow_pool(struct fleet *f)
{
    struct topology_options options;
    struct error err;
    topology_options_from_settings(f->settings, &options);
    options.task_ack_wait_ms = 3000;
    fleet_ok(topology_ensure_pool(f->bus, &f->subjects, &options, "slow", &err), &err);
}

/* Each delivery may be the last but a few: none is to be wasted. */
static void a_task_that_comes_again_to_who_runs_it_goes_on(void **state)
{
    static const char *const slow[] = {"worker.pool=slow", NULL};
    struct fleet *f = *state;
    const char *lines = fleet_path(f);
    uint64_t given_up = advisories(f);
    make_slow_pool(f);
    struct process w = fleet_worker(f, slow);
    struct str config = arena_printf(&f->arena, "{\"command\": \"echo run >> %s; sleep 8\"}", lines);
    int64_t id = fleet_pool_task(f, "slow", "shell", config.ptr, "{}", 0);
    fleet_wait_file(lines);
    standstill_begin(&w);
    sleep(4);
    standstill_end(&w);
    assert_string_equal(text(f, fleet_outcome(f, id), "event_type"), "action_completed");
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(file_lines(lines), 1);
    assert_int_equal(advisories(f), given_up);
}

/* It stood still as the other was given the task, and ends as soon as it goes on. */
static void who_came_too_late_takes_nothing_from_who_has_it(void **state)
{
    struct fleet *f = *state;
    const char *lines = fleet_path(f);
    struct process one;
    int code = -1;
    uint64_t given_up = advisories(f);
    int64_t id = task_for_one_that_stands_still(f, lines, "; sleep 4", &one);
    struct process two = fleet_worker(f, NULL);
    for (int tries = 0; tries < 3000 && file_lines(lines) < 2; tries++)
        usleep(10000);
    process_signal(&one, SIGTERM);
    standstill_end(&one);
    assert_true(process_wait(&one, 30000, &code));
    assert_int_equal(code, 0);
    fleet_outcome(f, id);
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&two), 0);
    assert_int_equal(file_lines(lines), 2);
    assert_int_equal(advisories(f), given_up);
}

/* What counts is what the consumer was made with: a second of silence. */
static void a_worker_keeps_its_tasks_whatever_its_own_setting_is(void **state)
{
    static const char *const long_wait[] = {"worker.ack_wait=10m", NULL};
    struct fleet *f = *state;
    const char *lines = fleet_path(f);
    struct process one = fleet_worker(f, long_wait), two = fleet_worker(f, long_wait);
    fleet_outcome(f, task_that_counts(f, lines, "; sleep 3"));
    fleet_wait_empty(f);
    assert_int_equal(fleet_end_worker(&one), 0);
    assert_int_equal(fleet_end_worker(&two), 0);
    assert_int_equal(file_lines(lines), 1);
}

static void remember_ids(struct fleet *f, int64_t ms)
{
    struct topology_options options;
    struct error err;
    topology_options_from_settings(f->settings, &options);
    options.duplicates_ms = ms;
    fleet_ok(topology_ensure(f->bus, &f->subjects, &options, &err), &err);
}

/* As a broker publishes them that reads facts again, when the stream has forgotten the first. Some come to
 * who has the task at work, some to the other. */
static void second_messages_of_tasks_at_work_are_not_run(void **state)
{
    enum { TASKS = 8 };
    struct fleet *f = *state;
    const char *lines = fleet_path(f);
    uint64_t given_up = advisories(f);
    struct process one = fleet_worker(f, NULL), two = fleet_worker(f, NULL);
    const char *command = arena_printf(&f->arena, "echo run >> %s", lines).ptr;
    int64_t ids[TASKS];
    remember_ids(f, 100);
    for (size_t i = 0; i < TASKS; i++)
        ids[i] = task_that_counts(f, lines, "; sleep 9"); /* more than max_deliver times ack_wait */
    fleet_wait_file(lines);
    for (int tries = 0; tries < 3000 && file_lines(lines) < TASKS; tries++)
        usleep(10000);
    usleep(300000);
    for (size_t i = 0; i < TASKS; i++)
        publish_copy(f, ids[i], command, arena_printf(&f->arena, "%lld.s1v1a1", (long long)ids[i]).ptr, "1");
    for (size_t i = 0; i < TASKS; i++)
        fleet_outcome(f, ids[i]);
    fleet_wait_empty(f);
    remember_ids(f, 120000);
    assert_int_equal(fleet_end_worker(&one), 0);
    assert_int_equal(fleet_end_worker(&two), 0);
    assert_int_equal(file_lines(lines), TASKS);
    assert_int_equal(advisories(f), given_up);
}

/* A consumer knows neither what its predecessor delivered nor what was acknowledged to nobody. */
static void a_consumer_that_is_made_anew_runs_nothing_again(void **state)
{
    struct fleet *f = *state;
    const char *lines = fleet_path(f);
    struct process w = fleet_worker(f, NULL);
    struct value answer;
    int64_t id = task_that_counts(f, lines, "; sleep 1");
    fleet_wait_file(lines);
    while (fleet_outcomes(f, id) == 0) {
        struct error err;
        enum status s =
            bus_api(f->bus, "CONSUMER.DELETE.NOETL_TASKS.default", STR(""), &f->arena, &answer, &err);
        if (s != STATUS_NOT_FOUND)
            fleet_ok(s, &err);
        usleep(5000);
    }
    fleet_wait_empty(f);
    assert_int_equal(fleet_outcomes(f, id), 1);
    assert_int_equal(fleet_end_worker(&w), 0);
    assert_int_equal(file_lines(lines), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_run_reported_and_acked),
        cmocka_unit_test(every_task_has_one_outcome),
        cmocka_unit_test(a_task_that_takes_too_long_is_stopped),
        cmocka_unit_test(what_follows_the_tool_is_a_part_of_the_attempt),
        cmocka_unit_test(a_save_has_the_time_of_its_attempt),
        cmocka_unit_test(a_tool_that_is_not_there_is_an_outcome),
        cmocka_unit_test(a_message_that_is_no_task_is_refused_and_the_next_is_run),
        cmocka_unit_test(a_long_task_is_not_given_to_another_worker),
        cmocka_unit_test(a_task_of_a_killed_worker_is_run_by_another),
        cmocka_unit_test(a_draining_worker_ends_what_it_runs_and_takes_nothing_more),
        cmocka_unit_test(what_does_not_end_in_time_is_given_back_at_once),
        cmocka_unit_test(a_second_signal_ends_the_worker_at_once),
        cmocka_unit_test(the_task_of_a_cancelled_execution_is_stopped_without_an_outcome),
        cmocka_unit_test(a_task_behind_an_end_is_run_if_the_brokers_wait_for_it),
        cmocka_unit_test(a_draining_worker_gives_back_a_task_of_which_no_broker_says_whether_it_has_ended),
        cmocka_unit_test(a_task_that_nobody_waits_for_is_stopped_without_an_outcome),
        cmocka_unit_test(a_redelivered_task_whose_outcome_stands_is_not_run),
        cmocka_unit_test(a_task_that_the_broker_did_not_publish_is_not_run),
        cmocka_unit_test(a_task_that_may_have_been_published_before_is_run_unless_its_outcome_stands),
        cmocka_unit_test(a_task_from_before_the_connection_that_has_an_outcome_is_not_run),
        cmocka_unit_test(an_outcome_is_found_without_the_streams_ids),
        cmocka_unit_test(a_task_of_which_the_brokers_say_that_it_has_ended_is_not_run),
        cmocka_unit_test(a_task_that_may_have_been_run_is_run_if_no_broker_answers_for_long),
        cmocka_unit_test(a_task_is_run_although_somebody_forged_its_outcome),
        cmocka_unit_test(a_task_that_another_worker_had_meanwhile_is_not_run),
        cmocka_unit_test(a_task_that_another_worker_has_meanwhile_is_not_run),
        cmocka_unit_test(two_deliveries_of_a_task_do_not_run_side_by_side),
        cmocka_unit_test(a_task_that_comes_again_to_who_runs_it_goes_on),
        cmocka_unit_test(who_came_too_late_takes_nothing_from_who_has_it),
        cmocka_unit_test(a_worker_keeps_its_tasks_whatever_its_own_setting_is),
        cmocka_unit_test(second_messages_of_tasks_at_work_are_not_run),
        cmocka_unit_test(a_consumer_that_is_made_anew_runs_nothing_again),
        cmocka_unit_test(an_outcome_that_the_stream_refuses_is_offered_again),
        cmocka_unit_test(a_worker_makes_the_consumer_of_its_pool_when_there_is_none),
    };
    return cmocka_run_group_tests(tests, fleet_start, fleet_stop);
}
