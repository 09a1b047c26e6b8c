/* While Postgres is away, slow, or answers with trouble. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/task.h"
#include "installation.h"

/* From then on another broker may take what this one has, so tasks say that they may have been run. */
static void running_executions_go_on_while_postgres_is_away(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, CHAIN, NULL);
    struct bus_delivery *a = task_next(i);
    database_leave(i);
    task_done(i, a, "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_true(broker_comes_to_say(i, "the event log cannot be written"));
    int64_t other = execution_of(i, CHAIN, NULL);
    a = task_next(i);
    assert_non_null(bus_delivery_header(a, TASK_AGAIN_HEADER));
    task_done(i, a, "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    database_return(i);
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    assert_string_equal(story(i, execution_end(i, other)), CHAIN_STORY);
    assert_int_equal(broker_stop(i), 0);
}

/* Whether the log knows a keyed request cannot be said without it; the facts behind it need no log. */
static void a_keyed_request_waits_for_postgres_and_holds_up_nobody(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, CHAIN, NULL);
    struct bus_delivery *a = task_next(i);
    database_leave(i);
    int64_t once = execution_beside(i, "test/chain", id);
    steer(i, CONTROL_pause, once, NULL);
    steer(i, CONTROL_resume, once, NULL);
    task_done(i, a, "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_true(task_none(i));
    database_return(i);
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    task_done(i, task_next(i), "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_string_equal(story(i, execution_end(i, once)),
                        "execution_requested, execution_start, step_completed start, step_started a, "
                        "pause_requested, execution_paused, resume_requested, execution_resumed, "
                        "action_completed a, step_completed a, step_started b, action_completed b, "
                        "step_completed b, execution_complete");
    assert_int_equal(broker_stop(i), 0);
}

/* SIGSTOP or SIGCONT for all processes of Postgres: "pid pid …". */
static void signal_all(const char *pids, int signal)
{
    for (char *end; *pids; pids = end) {
        assert_int_equal(kill((pid_t)strtol(pids, &end, 10), signal), 0);
        end += *end == ' ';
    }
}

static void a_keyed_request_that_waits_for_a_frozen_postgres_is_taken_once(void **state)
{
    struct installation *i = *state;
    broker_start(i);
    int64_t id = execution_of(i, CHAIN, NULL);
    struct bus_delivery *a = task_next(i);
    struct str sql =
        arena_printf(&i->arena,
                     "SELECT %d || coalesce(string_agg(' ' || pid, ''), '') FROM pg_stat_activity "
                     "WHERE application_name LIKE 'noetl%%'",
                     (int)i->servers.postgres.process.pid);
    const char *pids = database_says(i, sql.ptr);
    signal_all(pids, SIGSTOP);
    int64_t once = execution_beside(i, "test/chain", id);
    task_done(i, a, "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    broker_kill(i);
    signal_all(pids, SIGCONT);
    broker_start(i);
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    finish_chain(i, once);
    assert_true(task_none(i));
    assert_int_equal(broker_stop(i), 0);
}

/* Turns until it may no more: 1,000 visits, and as many rows, of one fact. */
#define AROUND                                                                                               \
    "metadata: {path: test/around}\n"                                                                        \
    "workflow:\n"                                                                                            \
    "  - {step: start, next: turn}\n"                                                                        \
    "  - {step: turn, next: turn}\n"

static void rows_that_wait_for_postgres_are_bounded_by_their_memory(void **state)
{
    struct installation *i = *state;
    i->variable = "NOETL_BROKER_BACKLOG_SIZE=1MiB";
    broker_start(i);
    i->variable = NULL;
    finish_chain(i, execution_of(i, CHAIN, NULL));
    database_leave(i);
    int64_t around[3], id;
    for (int n = 0; n < 3; n++)
        around[n] = execution_of(i, AROUND, NULL);
    assert_true(backlog_fills(i));
    id = execution_of(i, CHAIN, NULL);
    database_return(i);
    for (int n = 0; n < 3; n++)
        execution_end(i, around[n]);
    finish_chain(i, id);
    assert_int_equal(broker_stop(i), 0);
}

/* Runs of the chain, of which a task is there as soon as the first fact is folded; the log is full. */
static void begin_behind_a_full_backlog(struct installation *i, int64_t *around, int64_t *chains, int count)
{
    database_leave(i);
    for (int n = 0; n < count; n++)
        around[n] = execution_of(i, AROUND, NULL);
    assert_true(backlog_fills(i));
    for (int n = 0; n < count; n++)
        chains[n] = execution_of(i, CHAIN, NULL);
}

/* Nothing is folded beyond the bound, and what needs no room goes on; so does all behind it, in the end. */
static void no_fact_is_taken_while_the_backlog_is_full(void **state)
{
    enum { EACH = 3 };
    struct installation *i = *state;
    int64_t around[EACH], chains[EACH], more[EACH];
    struct error err = {0};
    bool ended;
    i->variable = "NOETL_BROKER_BACKLOG_SIZE=1MiB";
    broker_start(i);
    int64_t id = execution_of(i, CHAIN, NULL);
    struct bus_delivery *a = task_next(i);
    begin_behind_a_full_backlog(i, around, chains, EACH);
    task_done(i, a, "{\"n\": 1}");
    for (int halves = 0; halves < 2 * 3 * EACH; halves++) {
        assert_true(task_none(i));
        assert_ok(broker_says_ended(i, id, "s1v1a1", &ended, &err), &err);
        assert_false(ended);
    }
    database_return(i);
    for (int n = 0; n < EACH; n++)
        execution_end(i, around[n]);
    for (int n = 0; n < 1 + 2 * EACH; n++)
        task_done(i, task_next(i), "{\"n\": 2}");
    for (int n = 0; n < EACH; n++)
        assert_string_equal(story(i, execution_end(i, chains[n])), CHAIN_STORY);
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    begin_behind_a_full_backlog(i, around, more, EACH);
    assert_int_equal(broker_stop(i), 0);
    i->variable = NULL;
    database_return(i);
    broker_start(i);
    for (int n = 0; n < 2 * EACH; n++)
        task_done(i, task_next(i), "{\"n\": 2}");
    for (int n = 0; n < EACH; n++) {
        execution_end(i, around[n]);
        assert_string_equal(story(i, execution_end(i, more[n])), CHAIN_STORY);
    }
    assert_true(task_none(i));
    assert_int_equal(broker_stop(i), 0);
}

/* They came while another broker may have had Postgres, and are folded once this one has it again. What the
 * broker's clock says of that has no part in it. */
static void tasks_of_facts_that_came_while_postgres_was_away_say_so(void **state)
{
    enum { EACH = 3 };
    struct installation *i = *state;
    int64_t around[EACH], chains[EACH];
    if (!brokers_clock(i, -90))
        skip();
    i->variable = "NOETL_BROKER_BACKLOG_SIZE=1MiB";
    broker_start(i);
    i->variable = i->clock = NULL;
    finish_chain(i, execution_of(i, CHAIN, NULL));
    begin_behind_a_full_backlog(i, around, chains, EACH);
    database_return(i);
    for (int n = 0; n < EACH; n++) {
        struct bus_delivery *a = task_next(i);
        assert_non_null(bus_delivery_header(a, TASK_AGAIN_HEADER));
        task_failed(i, a);
    }
    for (int n = 0; n < EACH; n++) {
        execution_end(i, around[n]);
        execution_end(i, chains[n]);
    }
    assert_int_equal(broker_stop(i), 0);
}

/* A keyed request of many bytes, and where the event stream has it. */
static uint64_t large_keyed_request(struct installation *i, int n, int64_t *id)
{
    enum { BYTES = 240000 };
    static char text[BYTES];
    char subject[SUBJECT_MAX], stream[96];
    struct error err = {0};
    struct map_builder m;
    struct bus_stored stored;
    struct run_answer answer;
    struct str key = arena_printf(&i->arena, "large-%d", n);
    struct run_request r = {.path = STR("test/chain"), .requested_by = STR("test"), .idempotency_key = key};
    memset(text, 'x', sizeof(text));
    map_begin(&m, &i->arena);
    map_put(&m, STR("text"), value_str((struct str){text, sizeof(text)}));
    assert_ok(map_end(&m, &r.workload, &err), &err);
    assert_ok(request_execution(i->bus, &i->subjects, 1, &r, &i->arena, &answer, &err), &err);
    *id = answer.execution_id;
    subject_event(&i->subjects, *id, EVENT_EXECUTION_REQUESTED, subject);
    assert_ok(bus_stream_last(i->bus, stream_name(&i->subjects, STREAM_EVENTS, stream), subject, &i->arena,
                              &stored, &err),
              &err);
    return stored.sequence;
}

/* More than 16 MiB wait for the log, so one of them is met while no more may; a worker that is to see whether
 * their tasks have been run looks behind the right fact for each. */
static void tasks_of_facts_that_waited_for_postgres_say_behind_which(void **state)
{
    enum { MANY = 75 };
    struct installation *i = *state;
    int64_t ids[MANY];
    uint64_t sequences[MANY];
    broker_start(i);
    finish_chain(i, execution_of(i, CHAIN, NULL));
    database_leave(i);
    for (int n = 0; n < MANY; n++)
        sequences[n] = large_keyed_request(i, n, &ids[n]);
    assert_true(task_none(i));
    database_return(i);
    for (int tasks = 0; tasks < MANY; tasks++) {
        struct bus_delivery *d = task_next(i);
        const char *behind = bus_delivery_header(d, TASK_AGAIN_HEADER);
        int64_t id = task_execution(i, d);
        assert_non_null(behind);
        for (int n = 0; n < MANY; n++) {
            if (ids[n] == id)
                assert_int_equal(strtoull(behind, NULL, 10), sequences[n]);
        }
        task_failed(i, d);
    }
    for (int n = 0; n < MANY; n++)
        execution_end(i, ids[n]);
    assert_int_equal(broker_stop(i), 0);
}

/* The broker's commits lock this first, too. */
#define BEGIN_LOCKED "BEGIN; LOCK TABLE noetl.partition; "

/* At each event that is read, and at each partition that is taken, that is done until it is over. */
static void trouble_is(struct installation *i, const char *statement)
{
    database_says(i,
                  arena_printf(&i->arena,
                               BEGIN_LOCKED
                               "ALTER TABLE noetl.event RENAME TO event_kept;"
                               "CREATE FUNCTION noetl.trouble(execution bigint, event bigint) RETURNS "
                               "boolean LANGUAGE plpgsql AS"
                               " $$ BEGIN %s; RETURN true; END $$;"
                               "CREATE FUNCTION noetl.write() RETURNS trigger LANGUAGE plpgsql AS"
                               " $$ BEGIN INSERT INTO noetl.event_kept SELECT new.*; RETURN new; END $$;"
                               "CREATE FUNCTION noetl.no_taking() RETURNS trigger LANGUAGE plpgsql AS"
                               " $$ BEGIN IF new.epoch <> old.epoch THEN PERFORM noetl.trouble(0, 0); END IF;"
                               " RETURN new; END $$;"
                               "CREATE TRIGGER no_taking BEFORE UPDATE ON noetl.partition"
                               " FOR EACH ROW EXECUTE FUNCTION noetl.no_taking();"
                               "CREATE VIEW noetl.event AS SELECT * FROM noetl.event_kept"
                               " WHERE noetl.trouble(execution_id, event_id);"
                               "CREATE TRIGGER write INSTEAD OF INSERT ON noetl.event"
                               " FOR EACH ROW EXECUTE FUNCTION noetl.write(); COMMIT",
                               statement)
                      .ptr);
}

static void trouble_begins(struct installation *i, const char *sqlstate)
{
    trouble_is(i, arena_printf(&i->arena, "RAISE 'trouble' USING ERRCODE = '%s'", sqlstate).ptr);
}

static void taking_is_no_trouble(struct installation *i)
{
    database_says(i, "DROP TRIGGER no_taking ON noetl.partition; CREATE TRIGGER no_taking AFTER TRUNCATE"
                     " ON noetl.partition EXECUTE FUNCTION noetl.no_taking()");
}

static void trouble_is_over(struct installation *i)
{
    database_says(i, BEGIN_LOCKED "DROP VIEW noetl.event; DROP TRIGGER no_taking ON noetl.partition;"
                                  "DROP FUNCTION noetl.no_taking, noetl.trouble, noetl.write;"
                                  "ALTER TABLE noetl.event_kept RENAME TO event; COMMIT");
}

/* A run of the chain whose broker has ended; its first task is with a worker. */
static struct bus_delivery *chain_without_broker(struct installation *i, int64_t *id)
{
    broker_start(i);
    *id = execution_of(i, CHAIN, NULL);
    struct bus_delivery *a = task_next(i);
    execution_events(i, *id, 4);
    assert_int_equal(broker_stop(i), 0);
    return a;
}

/*
 * A full disk, no memory, a cancelled statement, a fault of the server, a pooler's other session: neither the
 * broker nor an execution that was to be read back has any part in it.
 */
static void what_passes_in_the_database_ends_nothing(void **state)
{
    static const char *const codes[] = {"53100", "53200", "57014", "58030", "XX000", "26000"};
    struct installation *i = *state;
    for (size_t n = 0; n < sizeof(codes) / sizeof(codes[0]); n++) {
        int64_t id;
        struct bus_delivery *a = chain_without_broker(i, &id);
        trouble_begins(i, codes[n]);
        broker_start(i); /* it takes nothing */
        usleep(700000);
        taking_is_no_trouble(i);
        task_done(i, a, "{\"n\": 1}"); /* it reads nothing back */
        assert_true(task_none(i));
        assert_true(task_none(i));
        trouble_is_over(i);
        task_done(i, task_next(i), "{\"n\": 2}");
        assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
        assert_int_equal(broker_stop(i), 0);
    }
}

static void await_failed(struct installation *i, int64_t id)
{
    const char *sql = arena_printf(&i->arena,
                                   "SELECT count(*) FROM noetl.event_kept WHERE execution_id = %lld"
                                   " AND event_type = 'execution_failed'",
                                   (long long)id)
                          .ptr;
    database_comes_to_say(i, sql, "1");
}

/* Longer than a log that does not answer is given at first. */
static void an_execution_whose_rows_take_long_to_come_goes_on(void **state)
{
    struct installation *i = *state;
    int64_t id;
    struct bus_delivery *a = chain_without_broker(i, &id);
    trouble_is(i, "PERFORM pg_sleep(1)");
    taking_is_no_trouble(i);
    broker_start(i);
    task_done(i, a, "{\"n\": 1}");
    assert_true(broker_comes_to_say(i, "the event log cannot be read"));
    task_done(i, task_next(i), "{\"n\": 2}");
    trouble_is_over(i);
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    assert_int_equal(broker_stop(i), 0);
}

/* It fails alone, once, and is over. */
static void an_execution_with_a_damaged_row_fails(void **state)
{
    struct installation *i = *state;
    int64_t id;
    struct bus_delivery *a = chain_without_broker(i, &id);
    trouble_is(i, arena_printf(&i->arena,
                               "IF execution = %lld AND event = 2 THEN"
                               " RAISE 'damaged' USING ERRCODE = 'XX001'; END IF",
                               (long long)id)
                      .ptr);
    broker_start(i);
    task_done(i, a, "{\"n\": 1}");
    await_failed(i, id);
    broker_kill(i);
    broker_start(i);
    steer(i, CONTROL_pause, id, NULL);
    finish_chain(i, execution_of(i, CHAIN, NULL));
    await_failed(i, id);
    assert_int_equal(broker_stop(i), 0);
    trouble_is_over(i);
}

/* While the brokers are replaced, one after the other: a newer one's setup has run. */
static void a_schema_that_is_too_new_is_an_answer_of_the_log(void **state)
{
    struct installation *i = *state;
    int64_t id;
    struct bus_delivery *a = chain_without_broker(i, &id);
    trouble_begins(i, "XX000");
    taking_is_no_trouble(i);
    broker_start(i);
    task_done(i, a, "{\"n\": 1}"); /* it waits */
    assert_true(task_none(i));
    assert_true(task_none(i));
    database_says(i, "INSERT INTO noetl.migration (version, name, digest) VALUES (9999, 'newer', '')");
    trouble_is_over(i);
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
    database_says(i, "DELETE FROM noetl.migration WHERE version = 9999");
    assert_int_equal(broker_stop(i), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_executions_go_on_while_postgres_is_away),
        cmocka_unit_test(a_keyed_request_waits_for_postgres_and_holds_up_nobody),
        cmocka_unit_test(a_keyed_request_that_waits_for_a_frozen_postgres_is_taken_once),
        cmocka_unit_test(rows_that_wait_for_postgres_are_bounded_by_their_memory),
        cmocka_unit_test(no_fact_is_taken_while_the_backlog_is_full),
        cmocka_unit_test(tasks_of_facts_that_came_while_postgres_was_away_say_so),
        cmocka_unit_test(tasks_of_facts_that_waited_for_postgres_say_behind_which),
        cmocka_unit_test(what_passes_in_the_database_ends_nothing),
        cmocka_unit_test(an_execution_whose_rows_take_long_to_come_goes_on),
        cmocka_unit_test(an_execution_with_a_damaged_row_fails),
        cmocka_unit_test(a_schema_that_is_too_new_is_an_answer_of_the_log),
    };
    return cmocka_run_group_tests(tests, installation_start_patiently, installation_stop);
}
