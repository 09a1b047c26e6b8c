/*
 * Daemons whose setting is another number of partitions than the one that the streams were made for; and
 * those of another installation, with the database of this one.
 */
#include <libpq-fe.h>

#include "daemons.h"

#include <libpq-fe.h>

#include "publisher/request.h"

static int start(void **state)
{
    daemons_start(state);
    daemons_set_up(*state);
    daemons_set(*state, "broker.reconcile", "1s");
    return 0;
}

static void assert_says_which(struct daemons *d, enum part log)
{
    assert_int_equal(daemon_says(d, log, "made for 4 partitions, and the setting says 8"), 1);
    assert_int_equal(daemon_says(d, log, "set events.partitions to 4"), 1);
}

/* It would look for executions, or report on them, where nobody else does. */
static void whoever_has_another_number_ends_and_says_which(void **state)
{
    static const enum part PARTS[] = {BROKER, WORKER, PUBLISHER, RENDER};
    static const char *const COMMANDS[] = {"setup", "doctor"};
    struct daemons *d = *state;
    daemons_set(d, "events.partitions", "8");
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        assert_int_equal(daemon_start_in_vain(d, PARTS[i]), 4);
        assert_says_which(d, PARTS[i]);
    }
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
        assert_int_equal(daemons_command(d, COMMANDS[i], BROKER), 4);
        assert_says_which(d, BROKER);
    }
    daemons_set(d, "events.partitions", "4");
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        daemon_start(d, PARTS[i]);
        daemon_await_ready(d, PARTS[i]);
    }
}

/* The only way to another number. */
static void make_streams_anew(struct daemons *d, const char *partitions)
{
    struct error err = {0};
    nats_api(d, "STREAM.DELETE.NOETL_TASKS");
    nats_api(d, "STREAM.DELETE.NOETL_EVENTS");
    daemons_set(d, "events.partitions", partitions);
    assert_ok(subjects_from_settings(d->settings, &d->subjects, &err), &err);
    daemons_set_up(d);
}

static void streams_that_are_made_anew_for_another_number_end_whoever_has_the_old_one(void **state)
{
    struct daemons *d = *state;
    make_streams_anew(d, "8");
    for (int part = 0; part < PART_COUNT; part++) {
        assert_int_equal(daemon_await_end(d, (enum part)part), 4);
        assert_true(daemon_says(d, (enum part)part, "made for 8 partitions, and the setting says 4") > 0);
    }
}

/* ---- another installation ------------------------------------------------------------------------------ */

/* It would take the partitions of this one, and skip what is in them. */
static void another_installation_ends_and_says_whose_the_log_is(void **state)
{
    static const enum part PARTS[] = {BROKER, RENDER};
    static const char *const COMMANDS[] = {"setup", "doctor"};
    static const char SAYS[] =
        "is that of the installation \"noetl\" (nats.prefix), and the setting nats.prefix "
        "says \"other\"";
    static const char LOGGED[] = "is that of the installation \\\"noetl\\\" (nats.prefix), and the setting "
                                 "nats.prefix says \\\"other\\\"";
    struct daemons *d = *state;
    struct error err = {0};
    assert_int_equal(daemons_command(d, "setup", BROKER), 0); /* says that it is this one's */
    daemons_set(d, "nats.prefix", "other");
    assert_ok(subjects_from_settings(d->settings, &d->subjects, &err), &err);
    daemons_set_up(d);
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        assert_int_equal(daemon_start_in_vain(d, PARTS[i]), 4);
        assert_true(daemon_says(d, PARTS[i], SAYS) + daemon_says(d, PARTS[i], LOGGED) > 0);
        assert_true(daemon_says(d, PARTS[i], "a database of its own") > 0);
    }
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
        assert_int_equal(daemons_command(d, COMMANDS[i], BROKER), 4);
        assert_int_equal(daemon_says(d, BROKER, SAYS), 1);
    }
    daemons_set(d, "nats.prefix", "noetl");
    assert_ok(subjects_from_settings(d->settings, &d->subjects, &err), &err);
}

/* As a log that was made before it said whose it is. */
static void a_log_that_is_nobodys_becomes_that_of_its_first_broker(void **state)
{
    struct daemons *d = *state;
    PGconn *pg = PQconnectdb(d->servers.postgres.url);
    PQclear(PQexec(pg, "DELETE FROM noetl.installation"));
    daemon_start(d, BROKER);
    daemon_await_ready(d, BROKER);
    PGresult *r = PQexec(pg, "SELECT prefix FROM noetl.installation");
    assert_int_equal(PQntuples(r), 1);
    assert_string_equal(PQgetvalue(r, 0, 0), "noetl");
    PQclear(r);
    PQfinish(pg);
    daemon_stop(d, BROKER);
}

/* ---- what the log has -------------------------------------------------------------------------------- */

enum { EXECUTIONS = 12 }; /* with 2, 4 and 8 partitions, some of each move */

/* A task, a signal and a time, all of which are waited for. */
#define WAITING                                                                                              \
    "metadata: {path: test/waiting}\nworkflow:\n"                                                            \
    "  - {step: start, next: [work, ask, nap]}\n"                                                            \
    "  - {step: work, type: noop, args: {n: 1}, next: end}\n"                                                \
    "  - {step: ask, type: signal, name: go, next: end}\n"                                                   \
    "  - {step: nap, type: signal, name: never, timeout: 3, on_error: {step: end}}\n"                        \
    "  - step: end\n"

/* Neither the executions' places in the log nor their timers are where they were. */
static void assert_goes_on_with(struct daemons *d, const char *partitions)
{
    int64_t ids[EXECUTIONS];
    daemons_all_run(d);
    api_register(d, WAITING);
    daemon_stop(d, WORKER);
    for (int i = 0; i < EXECUTIONS; i++)
        ids[i] = api_run(d, "test/waiting");
    await_messages(d, STREAM_TASKS, EXECUTIONS);
    daemons_all_stop(d);
    make_streams_anew(d, partitions);
    daemons_all_run(d);
    daemon_await_says(d, BROKER, "timers=12");
    for (int i = 0; i < EXECUTIONS; i++) {
        struct str request =
            arena_printf(&d->arena, "{\"execution_id\":\"%lld\",\"name\":\"go\"}", (long long)ids[i]);
        api_call(d, "signal", request.ptr);
    }
    for (int i = 0; i < EXECUTIONS; i++)
        await_end(d, ids[i], EVENT_EXECUTION_COMPLETE);
}

static void what_the_log_has_goes_on_with_more_partitions(void **state)
{
    assert_goes_on_with(*state, "16");
}

static void what_the_log_has_goes_on_with_fewer_partitions(void **state)
{
    assert_goes_on_with(*state, "2");
}

/* ---- requests of the new number while a broker has the old one ----------------------------------------- */

#define ONE "metadata: {path: test/one}\nworkflow:\n  - {step: start, type: noop}\n"

/* Half of them are in partitions that the broker reads and takes for another's; nobody looks at the number
 * but who meets them. */
static void assert_passes_over_nothing(struct daemons *d)
{
    int64_t ids[EXECUTIONS];
    struct error err = {0};
    daemons_all_stop(d);
    daemons_set(d, "broker.reconcile", "1h");
    daemon_start(d, BROKER);
    daemon_await_ready(d, BROKER);
    make_streams_anew(d, "2");
    for (int i = 0; i < EXECUTIONS; i++) {
        const struct run_request request = {.path = STR("test/one"), .requested_by = STR("test")};
        struct run_answer answer;
        assert_ok(request_execution(d->bus, &d->subjects, 1, &request, &d->arena, &answer, &err), &err);
        ids[i] = answer.execution_id;
    }
    assert_int_equal(daemon_await_end(d, BROKER), 4);
    assert_true(daemon_says(d, BROKER, "made for 2 partitions, and the setting says 4") > 0);
    daemons_set(d, "broker.reconcile", "1s");
    daemons_all_run(d);
    for (int i = 0; i < EXECUTIONS; i++)
        await_end(d, ids[i], EVENT_EXECUTION_COMPLETE);
}

static void a_broker_that_has_read_with_the_old_number_passes_over_nothing(void **state)
{
    struct daemons *d = *state;
    int64_t ids[EXECUTIONS];
    daemons_all_stop(d);
    make_streams_anew(d, "4");
    daemons_all_run(d);
    api_register(d, ONE);
    for (int i = 0; i < EXECUTIONS; i++)
        ids[i] = api_run(d, "test/one");
    for (int i = 0; i < EXECUTIONS; i++)
        await_end(d, ids[i], EVENT_EXECUTION_COMPLETE);
    assert_passes_over_nothing(d);
}

/* No place of its is missing in the stream, then. */
static void a_broker_that_has_read_nothing_passes_over_nothing(void **state)
{
    struct daemons *d = *state;
    daemons_all_stop(d);
    make_streams_anew(d, "4");
    PGconn *pg = PQconnectdb(d->servers.postgres.url);
    PGresult *r = PQexec(pg, "DELETE FROM noetl.partition");
    assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
    PQclear(r);
    PQfinish(pg);
    assert_passes_over_nothing(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_has_another_number_ends_and_says_which),
        cmocka_unit_test(streams_that_are_made_anew_for_another_number_end_whoever_has_the_old_one),
        cmocka_unit_test(another_installation_ends_and_says_whose_the_log_is),
        cmocka_unit_test(a_log_that_is_nobodys_becomes_that_of_its_first_broker),
        cmocka_unit_test(what_the_log_has_goes_on_with_more_partitions),
        cmocka_unit_test(what_the_log_has_goes_on_with_fewer_partitions),
        cmocka_unit_test(a_broker_that_has_read_with_the_old_number_passes_over_nothing),
        cmocka_unit_test(a_broker_that_has_read_nothing_passes_over_nothing),
    };
    return cmocka_run_group_tests(tests, start, daemons_stop);
}
