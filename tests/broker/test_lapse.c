/* A broker stands still for longer than its lease, and goes on when another has taken its partitions. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "core/task.h"
#include "installation.h"
#include "network_link.h"
#include "standstill.h"

static const char ONE[] = "metadata: {path: test/one}\n"
                          "workflow:\n"
                          "  - {step: start, type: noop}\n";

static bool says_again(const struct bus_delivery *d)
{
    return bus_delivery_header(d, TASK_AGAIN_HEADER) != NULL;
}

/* Whether the task said that it may have been run. */
static bool run_one(struct installation *i)
{
    int64_t id = execution_of(i, ONE, NULL);
    struct bus_delivery *d = task_next(i);
    bool again = says_again(d);
    task_done(i, d, "1");
    execution_end(i, id);
    return again;
}

/* Runs until one says so, or says no more so. */
static void run_until(struct installation *i, bool again, useconds_t pause_us)
{
    for (int runs = 0; run_one(i) != again; runs++) {
        assert_true(runs < 1000);
        usleep(pause_us);
    }
}

static void await_taken(struct installation *i)
{
    static const char sql[] = "SELECT count(*) FROM noetl.partition p JOIN kept k USING (partition)"
                              " WHERE p.epoch > k.epoch";
    database_comes_to_say(i, sql, "4");
}

/* The other's: it takes everything and has the log say so, and a worker gets the execution's task. Killed, it
 * leaves nothing but facts in the event stream. */
static int64_t another_begins_one(struct installation *i)
{
    broker_start(i);
    await_taken(i);
    int64_t id = execution_of(i, ONE, NULL);
    bus_delivery_free(task_next(i));
    execution_events(i, id, 3);
    broker_kill(i);
    return id;
}

static void set_back(struct installation *i, int64_t id)
{
    database_says(i,
                  arena_printf(&i->arena,
                               "BEGIN; DELETE FROM noetl.event WHERE execution_id = %lld;"
                               "DELETE FROM noetl.partition; INSERT INTO noetl.partition SELECT * FROM kept;"
                               "DROP TABLE kept; COMMIT",
                               (long long)id)
                      .ptr);
}

/*
 * Postgres is set back behind what the other did, the tasks stream forgets what it had, and the other is
 * gone. The first finds itself the owner still, and publishes the task a second time: it has to say so, since
 * nobody else can.
 */
static void lapse(struct installation *i)
{
    broker_start(i);
    struct process first = i->broker;
    i->clock = NULL;
    run_one(i);
    standstill_begin(&first);
    database_says(i, "CREATE TABLE kept AS SELECT * FROM noetl.partition");
    sleep(2); /* longer than a lease */
    int64_t id = another_begins_one(i);
    set_back(i, id);
    stream_made_anew(i, STREAM_TASKS);
    standstill_end(&first);
    struct bus_delivery *again = task_next(i);
    assert_true(says_again(again));
    task_done(i, again, "1");
    execution_end(i, id);
    run_until(i, false, 0); /* it comes to know that nobody has what it has */
    i->broker = first;
    assert_int_equal(broker_stop(i), 0);
}

static void
a_task_that_another_published_while_the_lease_had_lapsed_says_that_it_may_have_been_run(void **state)
{
    lapse(*state);
}

static void so_it_does_where_the_brokers_clock_is_behind(void **state)
{
    if (!brokers_clock(*state, -90))
        skip();
    lapse(*state);
}

static void await_shared(struct installation *i)
{
    static const char sql[] = "SELECT count(DISTINCT owner) FROM noetl.partition WHERE owner <> ''";
    database_comes_to_say(i, sql, "2");
}

static void forget_request(struct installation *i, int64_t child)
{
    struct str filter = arena_printf(&i->arena, "noetl.events.*.%lld.execution_requested", (long long)child);
    assert_int_equal(stream_purge(i, STREAM_EVENTS, filter.ptr), 1);
}

/* A caller, and a broker that is to ask for what it calls, and cannot: the event stream is full. */
static int64_t broker_cannot_ask(struct installation *i)
{
    register_playbook(i, ONE);
    int64_t id = execution_of(i,
                              "metadata: {path: test/caller}\n"
                              "workflow:\n"
                              "  - {step: start, type: playbook, path: test/one}\n",
                              NULL);
    events_forget_ids(i, true);
    broker_start(i);
    assert_true(broker_comes_to_say(i, "a stream does not take what the broker publishes"));
    return id;
}

/* The stream has room now, and another has the partition: it says what the execution led to. The stream loses
 * the request of the sub-playbook, or it would not take another. */
static void another_goes_through_it(struct installation *i, int64_t id)
{
    events_forget_ids(i, false);
    broker_start(i);
    struct bus_delivery *task = task_next(i);
    int64_t child = task_execution(i, task);
    task_done(i, task, "1");
    execution_end(i, id);
    forget_request(i, child);
    sleep(1); /* longer than ids are known */
}

/* `first` goes on, beside i->broker. */
static void nothing_more_is_said(struct installation *i, const struct process *first, uint64_t stored)
{
    await_shared(i);
    assert_int_equal(broker_stop(i), 0);
    i->broker = *first;
    assert_int_equal(broker_stop(i), 0);
    assert_int_equal(events_stored(i), stored);
}

static void what_waits_for_its_stream_is_not_sent_when_another_has_the_partition(void **state)
{
    struct installation *i = *state;
    int64_t id = broker_cannot_ask(i);
    struct process first = i->broker;
    standstill_begin(&first);
    another_goes_through_it(i, id);
    uint64_t stored = events_stored(i);
    standstill_end(&first);
    nothing_more_is_said(i, &first, stored);
}

/* What it begins to send between the cut and the end of its lease waits for a connection. */
static void what_waits_for_a_connection_is_not_sent_when_another_has_the_partition(void **state)
{
    struct installation *i = *state;
    struct network_link link;
    char url[64];
    network_link_open(&link, i->servers.nats.port);
    snprintf(url, sizeof(url), "nats://127.0.0.1:%u", link.port);
    i->nats_url = url;
    int64_t id = broker_cannot_ask(i);
    struct process first = i->broker;
    network_link_cut(&link);
    i->nats_url = NULL;
    another_goes_through_it(i, id);
    uint64_t stored = events_stored(i);
    network_link_mend(&link);
    nothing_more_is_said(i, &first, stored);
    network_link_close(&link);
}

/* It has a lease, as far as anybody knows: it goes on in time, and gives back what the other is to have. */
static void a_broker_that_starts_waits_for_an_owner_that_does_not_answer(void **state)
{
    struct installation *i = *state;
    i->variable = "NOETL_BROKER_LEASE=20s";
    broker_start(i);
    run_one(i);
    struct process first = i->broker;
    database_says(i, "CREATE TABLE taken_over (partition integer);"
                     "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
                     " 'BEGIN INSERT INTO public.taken_over VALUES (old.partition); RETURN new; END';"
                     "CREATE TRIGGER note AFTER UPDATE ON noetl.partition FOR EACH ROW"
                     " WHEN (old.owner <> '' AND new.owner <> old.owner AND new.owner <> '')"
                     " EXECUTE FUNCTION note()");
    standstill_begin(&first);
    broker_start(i);
    sleep(2); /* longer than answers are waited for, shorter than a lease */
    standstill_end(&first);
    await_shared(i);
    assert_string_equal(database_says(i, "SELECT count(*) FROM taken_over"), "0");
    assert_int_equal(broker_stop(i), 0);
    i->broker = first;
    assert_int_equal(broker_stop(i), 0);
    database_says(i, "DROP FUNCTION note() CASCADE; DROP TABLE taken_over");
    i->variable = NULL;
}

/* What a broker says of itself: it holds all partitions, or it leaves. */
static void another_says(struct installation *i, bool leaves)
{
    struct error err = {0};
    struct str text = leaves ? STR("{\"broker\":\"other\",\"leaving\":true}")
                             : STR("{\"broker\":\"other\",\"partitions\":[0,1,2,3]}");
    assert_ok(bus_publish(i->bus, "noetl.brokers", NULL, NULL, 0, text, &err), &err);
    bus_push(i->bus);
}

static void tasks_say_that_they_may_have_been_run_while_another_claims_their_partition(void **state)
{
    struct installation *i = *state;
    i->variable = "NOETL_BROKER_LEASE=5s"; /* the other is not silent for as long */
    broker_start(i);
    run_until(i, false, 0);
    another_says(i, false);
    run_until(i, true, 0);
    for (int runs = 0; runs < 50; runs++) {
        another_says(i, false);
        assert_true(run_one(i));
        usleep(20000);
    }
    another_says(i, true);
    run_until(i, false, 20000);
    assert_int_equal(broker_stop(i), 0);
    i->variable = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_task_that_another_published_while_the_lease_had_lapsed_says_that_it_may_have_been_run),
        cmocka_unit_test(so_it_does_where_the_brokers_clock_is_behind),
        cmocka_unit_test(what_waits_for_its_stream_is_not_sent_when_another_has_the_partition),
        cmocka_unit_test(what_waits_for_a_connection_is_not_sent_when_another_has_the_partition),
        cmocka_unit_test(a_broker_that_starts_waits_for_an_owner_that_does_not_answer),
        cmocka_unit_test(tasks_say_that_they_may_have_been_run_while_another_claims_their_partition),
    };
    return cmocka_run_group_tests(tests, installation_start_patiently, installation_stop);
}
