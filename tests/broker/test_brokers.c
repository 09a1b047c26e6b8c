/*
 * Several brokers on one installation of four partitions: they share it, and whatever becomes of one of them,
 * every execution goes on at another, once. A worker by hand holds tasks while brokers come and go.
 */
#include "installation.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "standstill.h"

enum { MANY = 24 };

static const char SHARED[] = "metadata: {path: test/shared}\n"
                             "workflow:\n"
                             "  - {step: start, type: noop, next: b}\n"
                             "  - {step: b, type: noop, next: c}\n"
                             "  - {step: c, type: noop}\n";
static const char SHARED_STORY[] =
    "execution_requested, execution_start, step_started start, action_completed start, step_completed start, "
    "step_started b, action_completed b, step_completed b, step_started c, action_completed c, "
    "step_completed c, execution_complete";

static struct process start_one(struct installation *i)
{
    broker_start(i);
    return i->broker;
}

static void end_one(struct process *p, int signal, int expected)
{
    int code = -1;
    process_signal(p, signal);
    assert_true(process_wait(p, 30000, &code));
    assert_int_equal(code, expected);
}

/* Waits until the log says "<partitions>/<owners>", of the partitions that somebody owns. */
static void await_owners(struct installation *i, const char *expected)
{
    const char *says = "";
    for (int tries = 0; tries < 300; tries++) {
        says = database_says(i, "SELECT count(*) || '/' || count(DISTINCT owner) FROM noetl.partition"
                                " WHERE owner <> ''");
        if (strcmp(says, expected) == 0)
            return;
        usleep(100000);
    }
    assert_string_equal(says, expected);
}

static void await_shares(struct installation *i, const char *expected)
{
    const char *says = "";
    for (int tries = 0; tries < 300; tries++) {
        says = database_says(i, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM (SELECT count(*) n FROM"
                                " noetl.partition WHERE owner <> '' GROUP BY owner) s");
        if (strcmp(says, expected) == 0)
            return;
        usleep(100000);
    }
    assert_string_equal(says, expected);
}

struct load {
    int64_t ids[MANY];
    struct bus_delivery *held[MANY];
};

/* Executions of every partition, each with its first task in a worker's hand. */
static void begin(struct installation *i, struct load *l)
{
    for (int n = 0; n < MANY; n++)
        l->ids[n] = execution_of(i, SHARED, NULL);
    for (int n = 0; n < MANY; n++)
        l->held[n] = task_next(i);
}

/* The tasks that are held, and those that follow, until every execution is over: three of each, no more. */
static void finish(struct installation *i, struct load *l)
{
    for (int n = 0; n < MANY; n++)
        task_done(i, l->held[n], "1");
    for (int n = 0; n < 2 * MANY; n++)
        task_done(i, task_next(i), "2");
    for (int n = 0; n < MANY; n++)
        assert_string_equal(story(i, execution_end(i, l->ids[n])), SHARED_STORY);
    assert_true(task_none(i));
}

static void brokers_share_the_partitions_evenly(void **state)
{
    struct installation *i = *state;
    struct load l;
    struct process a = start_one(i);
    await_shares(i, "4");
    begin(i, &l);
    struct process b = start_one(i);
    await_shares(i, "2 2");
    finish(i, &l);
    struct process c = start_one(i);
    await_shares(i, "1 1 2");
    begin(i, &l);
    finish(i, &l);
    end_one(&b, SIGTERM, 0);
    await_shares(i, "2 2");
    begin(i, &l);
    end_one(&a, SIGTERM, 0);
    await_shares(i, "4");
    finish(i, &l);
    end_one(&c, SIGTERM, 0);
    await_owners(i, "0/0");
}

static void what_a_killed_broker_had_goes_on_at_another(void **state)
{
    struct installation *i = *state;
    struct load l;
    struct process a = start_one(i), b = start_one(i);
    await_shares(i, "2 2");
    begin(i, &l);
    end_one(&a, SIGKILL, 128 + SIGKILL);
    finish(i, &l);
    await_shares(i, "4");
    end_one(&b, SIGTERM, 0);
}

/* It is taken for dead, and wakes up with the other's partitions in its memory. */
static void a_frozen_broker_loses_what_others_took_and_gets_a_share_again(void **state)
{
    struct installation *i = *state;
    struct load l;
    struct process a = start_one(i), b = start_one(i);
    await_shares(i, "2 2");
    begin(i, &l);
    standstill_begin(&a);
    for (int n = 0; n < MANY; n++)
        task_done(i, l.held[n], "1");
    await_shares(i, "4");
    for (int n = 0; n < MANY; n++)
        l.held[n] = task_next(i); /* the second step of each */
    standstill_end(&a);
    await_shares(i, "2 2");
    for (int n = 0; n < MANY; n++)
        task_done(i, l.held[n], "2");
    for (int n = 0; n < MANY; n++)
        task_done(i, task_next(i), "3");
    for (int n = 0; n < MANY; n++)
        assert_string_equal(story(i, execution_end(i, l.ids[n])), SHARED_STORY);
    assert_true(task_none(i));
    end_one(&a, SIGTERM, 0);
    end_one(&b, SIGTERM, 0);
}

static void a_broker_waits_for_nats_when_it_starts(void **state)
{
    struct installation *i = *state;
    struct load l;
    servers_kill_nats(&i->servers);
    struct process a = start_one(i), stopped = start_one(i);
    sleep(1); /* it takes signals by then */
    end_one(&stopped, SIGTERM, 0);
    servers_revive_nats(&i->servers);
    await_shares(i, "4");
    begin(i, &l);
    finish(i, &l);
    end_one(&a, SIGTERM, 0);
}

static void a_broker_waits_for_a_database_that_is_away_when_it_starts(void **state)
{
    struct installation *i = *state;
    struct load l;
    struct process a = start_one(i);
    begin(i, &l);
    end_one(&a, SIGKILL, 128 + SIGKILL);
    database_leave(i);
    a = start_one(i);
    for (int n = 0; n < MANY; n++)
        task_done(i, l.held[n], "1");
    assert_true(task_none(i)); /* nobody knows yet what they lead to */
    database_return(i);
    for (int n = 0; n < 2 * MANY; n++)
        task_done(i, task_next(i), "2");
    for (int n = 0; n < MANY; n++)
        assert_string_equal(story(i, execution_end(i, l.ids[n])), SHARED_STORY);
    end_one(&a, SIGTERM, 0);
}

static void a_stream_made_anew_is_read_from_where_the_log_stands(void **state)
{
    struct installation *i = *state;
    struct load l;
    struct process a = start_one(i);
    begin(i, &l);
    stream_made_anew(i, STREAM_EVENTS);
    finish(i, &l);
    begin(i, &l);
    end_one(&a, SIGTERM, 0);
    stream_made_anew(i, STREAM_EVENTS); /* while nobody looks */
    for (int n = 0; n < MANY; n++)
        task_done(i, l.held[n], "1");
    a = start_one(i);
    for (int n = 0; n < 2 * MANY; n++)
        task_done(i, task_next(i), "2");
    for (int n = 0; n < MANY; n++)
        assert_string_equal(story(i, execution_end(i, l.ids[n])), SHARED_STORY);
    end_one(&a, SIGTERM, 0);
}

/* Runs an execution of that key to its end, and ends the broker. */
static int64_t run_once(struct installation *i, struct process *a, const char *key)
{
    int64_t id = execution_once(i, "test/shared", key);
    for (int n = 0; n < 3; n++)
        task_done(i, task_next(i), "1");
    execution_end(i, id);
    end_one(a, SIGTERM, 0);
    return id;
}

/* The stream does not know any more that it had the request; the log does. */
static void a_request_that_a_stream_made_anew_has_again_starts_nothing(void **state)
{
    struct installation *i = *state;
    register_playbook(i, SHARED);
    struct process a = start_one(i);
    int64_t id = run_once(i, &a, "once");
    stream_made_anew(i, STREAM_EVENTS);
    a = start_one(i);
    assert_true(execution_once(i, "test/shared", "once") == id);
    assert_true(task_none(i));
    assert_string_equal(story(i, execution_end(i, id)), SHARED_STORY);
    end_one(&a, SIGTERM, 0);
}

/* As by age: the request is gone, and its message id is forgotten; what came behind it is there. */
static void a_request_that_the_stream_has_dropped_and_has_again_starts_nothing(void **state)
{
    struct installation *i = *state;
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored request;
    struct bus_ack ack;
    struct error err;
    uint64_t purged = 0;
    register_playbook(i, SHARED);
    struct process a = start_one(i);
    int64_t id = run_once(i, &a, "again");
    a = start_one(i);
    subject_event(&i->subjects, id, EVENT_EXECUTION_REQUESTED, subject);
    stream_name(&i->subjects, STREAM_EVENTS, stream);
    assert_ok(bus_stream_last(i->bus, stream, subject, &i->arena, &request, &err), &err);
    assert_ok(bus_stream_purge(i->bus, stream, subject, &purged, &err), &err);
    assert_int_equal(purged, 1);
    struct bus_publication p = {
        .subject = subject, .message_id = "later", .payload = request.payload, .only_first = true};
    assert_ok(bus_publish_wait(i->bus, &p, &ack, &err), &err);
    assert_false(ack.duplicate);
    assert_true(task_none(i));
    assert_string_equal(story(i, execution_end(i, id)), SHARED_STORY);
    end_one(&a, SIGTERM, 0);
}

/* Each fact finds its execution gone. */
static void what_left_memory_goes_on(void **state)
{
    struct installation *i = *state;
    struct load l;
    i->variable = "NOETL_BROKER_IDLE=100ms";
    struct process a = start_one(i);
    i->variable = NULL;
    begin(i, &l);
    sleep(2); /* the broker looks for what stands still once a second */
    finish(i, &l);
    end_one(&a, SIGTERM, 0);
}

/* Nobody can write events, so the first broker has facts that it may not fold yet, some of partitions that
 * another takes: these are folded there. */
static void what_a_broker_keeps_on_hold_goes_on_at_another(void **state)
{
    struct installation *i = *state;
    int64_t ids[MANY];
    i->variable = "NOETL_BROKER_BACKLOG=8";
    struct process a = start_one(i);
    await_shares(i, "4");
    PGconn *pg = PQconnectdb(i->servers.postgres.url);
    PQclear(PQexec(pg, "BEGIN"));
    PGresult *locked = PQexec(pg, "LOCK TABLE noetl.event IN EXCLUSIVE MODE");
    assert_int_equal(PQresultStatus(locked), PGRES_COMMAND_OK);
    PQclear(locked);
    ids[0] = execution_of(i, SHARED, NULL);
    for (int n = 1; n < 4; n++)
        ids[n] = execution_beside(i, "test/shared", ids[0]); /* the commit holds the lock of one partition */
    assert_true(backlog_fills(i));
    for (int n = 4; n < MANY; n++)
        ids[n] = execution_of(i, SHARED, NULL);
    struct process b = start_one(i);
    i->variable = NULL;
    await_owners(i, "4/2");
    PQclear(PQexec(pg, "COMMIT"));
    PQfinish(pg);
    for (int n = 0; n < 3 * MANY; n++)
        task_done(i, task_next(i), "1");
    for (int n = 0; n < MANY; n++)
        assert_string_equal(story(i, execution_end(i, ids[n])), SHARED_STORY);
    assert_true(task_none(i));
    end_one(&a, SIGTERM, 0);
    await_shares(i, "4");
    end_one(&b, SIGTERM, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brokers_share_the_partitions_evenly),
        cmocka_unit_test(what_a_killed_broker_had_goes_on_at_another),
        cmocka_unit_test(a_frozen_broker_loses_what_others_took_and_gets_a_share_again),
        cmocka_unit_test(a_broker_waits_for_nats_when_it_starts),
        cmocka_unit_test(a_broker_waits_for_a_database_that_is_away_when_it_starts),
        cmocka_unit_test(a_request_that_the_stream_has_dropped_and_has_again_starts_nothing),
        cmocka_unit_test(a_request_that_a_stream_made_anew_has_again_starts_nothing),
        cmocka_unit_test(what_left_memory_goes_on),
        cmocka_unit_test(a_stream_made_anew_is_read_from_where_the_log_stands),
        cmocka_unit_test(what_a_broker_keeps_on_hold_goes_on_at_another),
    };
    return cmocka_run_group_tests(tests, installation_start_patiently, installation_stop);
}
