/* Everything that an execution needs goes through roles that may do no more than that, and what they may not
 * fails. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "installation.h"
#include "publisher/topology.h"

/* ---- what is allowed ------------------------------------------------------------------------------------
 */

static const char CALLED[] = "metadata: {path: test/all/called}\n"
                             "workflow:\n"
                             "  - {step: start, type: noop, args: {n: 1}}\n";

/* A task, what it saves, a second attempt, a timer, other playbooks, items, a signal. */
static const char CALLER[] =
    "metadata: {path: test/caller}\n"
    "workflow:\n"
    "  - step: start\n"
    "    type: shell\n"
    "    command: echo saved\n"
    "    save:\n"
    "      - {storage: shell, command: 'cat > saved-{{ execution_id }}', cwd: '%s', data: '{{ result.stdout "
    "}}'}\n"
    "    next: again\n"
    "  - step: again\n"
    "    type: shell\n"
    "    command: 'test -e again || { touch again; exit 1; }'\n"
    "    cwd: '%s'\n"
    "    retry: {max_attempts: 2, initial_delay: 0.1}\n"
    "    next: wait\n"
    "  - {step: wait, type: signal, name: never, timeout: 0.2, on_error: continue, next: call}\n"
    "  - {step: call, type: playbook, path: test/all/called, next: all}\n"
    "  - {step: all, type: playbooks, path: test/all, next: large}\n"
    "  - {step: large, type: noop, args: {x: \"{{ 'x' * 400000 }}\"}, next: items}\n" /* by reference */
    "  - {step: items, type: iterator, collection: [1, 2, 3], element: n, mode: async,\n"
    "     task: {type: noop, args: {n: '{{ n }}'}}, next: ask}\n"
    "  - {step: ask, type: signal, name: go, next: end}\n"
    "  - {step: end, result: '{{ ask.word }}'}\n";

static const char ELSEWHERE[] = "metadata: {path: test/elsewhere}\n"
                                "workflow:\n"
                                "  - {step: start, type: noop, pool: other}\n";

static void steer(struct installation *i, const char *control, const char *id, const char *more)
{
    struct str payload = arena_printf(&i->arena, "{\"execution_id\": \"%s\"%s}", id, more);
    installation_ask(i, i->client, control, payload.ptr);
}

static void an_execution_of_everything_goes_through_the_roles(void **state)
{
    struct installation *i = *state;
    char path[320];
    const char *folder = i->servers.folder;
    installation_ask(i, i->client, "register", CALLED);
    installation_ask(i, i->client, "register", arena_printf(&i->arena, CALLER, folder, folder).ptr);
    const char *id = installation_run(i, "test/caller");
    steer(i, "pause", id, "");
    installation_await(i, id, "paused");
    steer(i, "resume", id, "");
    steer(i, "signal", id, ", \"name\": \"go\", \"payload\": {\"word\": \"gone\"}");
    struct value v = installation_await(i, id, "completed");
    assert_str(value_as_str(VALUE_GET(v, "result")), "gone");
    snprintf(path, sizeof(path), "%s/saved-%s", folder, id);
    assert_int_equal(access(path, R_OK), 0);
    installation_ask(i, i->observer, "show", arena_printf(&i->arena, "{\"execution_id\": \"%s\"}", id).ptr);
    installation_ask(i, i->observer, "list", "{}");
    installation_ask(i, i->client, "playbooks", "{}");
}

static void what_was_cancelled_is_withdrawn_and_can_be_tried_again(void **state)
{
    struct installation *i = *state;
    installation_ask(i, i->client, "register", ELSEWHERE);
    const char *id = installation_run(i, "test/elsewhere");
    installation_await(i, id, "running");
    steer(i, "cancel", id, "");
    installation_await(i, id, "cancelled");
    steer(i, "retry", id, ", \"from\": \"start\"");
    installation_await(i, id, "running");
    steer(i, "cancel", id, "");
    installation_await(i, id, "cancelled");
}

/* Both brokers have partitions, so they hear each other. */
static void brokers_share_the_partitions(void **state)
{
    struct installation *i = *state;
    const char *says = "";
    for (int tries = 0; tries < 300 && strcmp(says, "2") != 0; tries++) {
        says = installation_says(i, "SELECT count(DISTINCT owner) FROM noetl.partition WHERE owner <> ''");
        usleep(100000);
    }
    assert_string_equal(says, "2");
}

/* Refusals that docs/SECURITY.md speaks of. */
static bool is_expected(const char *line)
{
    return (strstr(line, "publisher\"") && strstr(line, "\"$JS.API.STREAM.INFO.NOETL_TASKS\"")) ||
           (strstr(line, "worker_default\"") && strstr(line, "\"$JS.API.STREAM.MSG.GET.NOETL_EVENTS\""));
}

static void nobody_lacked_a_permission(void **state)
{
    struct installation *i = *state;
    char line[2048];
    FILE *f = fopen(i->servers.nats.folder.log_path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (strstr(line, "Violation") && !is_expected(line))
            fail_msg("%s", line);
    }
    (void)fclose(f);
}

/* ---- what is not ------------------------------------------------------------------------------------------
 */

struct attempt {
    const char *user, *inbox, *subject;
};

/* What the brokers need only when something is wrong; no such message or consumer is there. */
static const struct attempt ALLOWED[] = {
    {"broker", "_INBOX_broker", "$JS.API.STREAM.INFO.NOETL_TASKS"},
    {"broker", "_INBOX_broker", "$JS.API.STREAM.MSG.GET.NOETL_EVENTS"},
    {"broker", "_INBOX_broker", "$JS.API.STREAM.MSG.GET.NOETL_TASKS"},
    {"broker", "_INBOX_broker", "$JS.API.STREAM.MSG.DELETE.NOETL_TASKS"},
    {"broker", "_INBOX_broker", "$JS.API.CONSUMER.DELETE.NOETL_EVENTS.none"},
    {"publisher", "_INBOX_publisher", "$JS.API.STREAM.MSG.GET.NOETL_EVENTS"},
};

static const struct attempt FORBIDDEN[] = {
    {"worker_default", "_INBOX_worker_default", "$JS.API.STREAM.MSG.GET.NOETL_EVENTS"},
    {"worker_default", "_INBOX_worker_default", "$JS.API.DIRECT.GET.NOETL_EVENTS"},
    {"worker_default", "_INBOX_worker_default", "$JS.API.CONSUMER.CREATE.NOETL_EVENTS.x.noetl.events.0"},
    {"worker_default", "_INBOX_worker_default", "$JS.API.CONSUMER.MSG.NEXT.NOETL_TASKS.other"},
    {"worker_default", "_INBOX_worker_default", "$JS.API.STREAM.MSG.GET.NOETL_TASKS"},
    {"worker_default", "_INBOX_worker_default", "$JS.API.CONSUMER.DURABLE.CREATE.NOETL_TASKS.mine"},
    {"worker_default", "_INBOX_worker_default", "$JS.ACK.NOETL_TASKS.other.1.1.1.1.1"},
    {"worker_default", "_INBOX_worker_default", "noetl.brokers"},
    {"worker_default", "_INBOX_worker_default", "noetl.broker.status"},
    {"worker_default", "_INBOX_worker_default", "noetl.events.0.1.timer_fired"},
    {"worker_default", "_INBOX_worker_default", "noetl.events.0.1.action_lost"},
    {"worker_default", "_INBOX_worker_default", "noetl.events.0.1.execution_requested"},
    {"worker_default", "_INBOX_worker_default", "noetl.events.0.1.child_completed"},
    {"worker_default", "_INBOX_worker_default", "noetl.tasks.default.1.s0v1a1"},
    {"worker_default", "_INBOX_worker_default", "noetl.commands.cancel"},
    {"worker_default", "_INBOX_worker_default", "noetl.api.run"},
    {"publisher", "_INBOX_publisher", "noetl.events.0.1.action_completed"},
    {"publisher", "_INBOX_publisher", "noetl.events.0.1.timer_fired"},
    {"publisher", "_INBOX_publisher", "noetl.brokers"},
    {"publisher", "_INBOX_publisher", "noetl.tasks.default.1.s0v1a1"},
    {"publisher", "_INBOX_publisher", "$JS.API.STREAM.DELETE.NOETL_EVENTS"},
    {"render", "_INBOX_render", "noetl.events.0.1.execution_requested"},
    {"render", "_INBOX_render", "$JS.API.STREAM.PURGE.NOETL_TASKS"},
    {"broker", "_INBOX_broker", "$JS.API.STREAM.DELETE.NOETL_EVENTS"},
    {"broker", "_INBOX_broker", "$JS.API.STREAM.PURGE.NOETL_EVENTS"},
    {"broker", "_INBOX_broker", "$KV.noetl_catalog.test/caller"},
    {"client", "_INBOX_cli", "noetl.commands.run"},
    {"client", "_INBOX_cli", "noetl.events.0.1.execution_requested"},
    {"client", "_INBOX_cli", "$JS.API.STREAM.INFO.NOETL_EVENTS"},
    {"observer", "_INBOX_observer", "noetl.api.run"},
    {"observer", "_INBOX_observer", "noetl.api.cancel"},
    {"observer", "_INBOX_observer", "noetl.api.register"},
    {"observer", "_INBOX_observer", "noetl.commands.cancel"},
    {"observer", "_INBOX_observer", "noetl.live.1.execution_complete"},
    {"observer", "_INBOX_observer", "$JS.API.STREAM.MSG.GET.NOETL_EVENTS"},
    {"setup", "_INBOX_setup", "noetl.events.0.1.action_completed"},
    {"setup", "_INBOX_setup", "$KV.noetl_catalog.x"},
};

static enum status try_to_send(struct installation *i, const struct attempt *a)
{
    struct str reply;
    struct error err = {0};
    struct bus *bus = installation_connect(i, a->user, a->inbox, NULL, NULL);
    enum status s =
        bus_request(bus, a->subject, NULL, 0, STR("{\"seq\": 999999999}"), 20000, &i->arena, &reply, &err);
    bus_close(&bus);
    return s;
}

static void each_role_may_do_what_it_needs_when_something_is_wrong(void **state)
{
    for (size_t n = 0; n < sizeof(ALLOWED) / sizeof(ALLOWED[0]); n++) {
        enum status s = try_to_send(*state, &ALLOWED[n]);
        if (s != STATUS_OK)
            fail_msg("%s on %s: %s", ALLOWED[n].user, ALLOWED[n].subject, status_name(s));
    }
}

/* The broker that holds the partition answers; it may just have been given to another. */
static void a_worker_may_ask_whether_an_attempt_has_ended(void **state)
{
    struct installation *i = *state;
    struct str reply, question = STR("{\"execution_id\": \"7\", \"task_id\": \"s0v1a1\"}");
    struct error err = {0};
    struct bus *bus = installation_connect(i, "worker_default", "_INBOX_worker_default", NULL, NULL);
    enum status s = STATUS_TIMEOUT;
    for (int tries = 0; tries < 20 && s == STATUS_TIMEOUT; tries++)
        s = bus_request(bus, "noetl.broker.ended", NULL, 0, question, 1000, &i->arena, &reply, &err);
    assert_int_equal(s, STATUS_OK);
    assert_str(reply, "{\"ended\":false}");
    bus_close(&bus);
}

static void no_role_may_send_what_is_anothers(void **state)
{
    for (size_t n = 0; n < sizeof(FORBIDDEN) / sizeof(FORBIDDEN[0]); n++) {
        enum status s = try_to_send(*state, &FORBIDDEN[n]);
        if (s != STATUS_DENIED)
            fail_msg("%s on %s: %s", FORBIDDEN[n].user, FORBIDDEN[n].subject, status_name(s));
    }
}

static const struct attempt UNHEARD[] = {
    {"worker_default", "_INBOX_worker_default", "noetl.events.>"},
    {"worker_default", "_INBOX_worker_default", "noetl.tasks.>"},
    {"worker_default", "_INBOX_worker_default", "noetl.live.>"},
    {"worker_default", "_INBOX_worker_default", "_INBOX_broker.>"},
    {"worker_default", "_INBOX_worker_default", "_INBOX_worker_other.>"},
    {"worker_default", "_INBOX_worker_default", "_INBOX.>"},
    {"worker_default", "_INBOX_worker_default", ">"},
    {"publisher", "_INBOX_publisher", "noetl.tasks.>"},
    {"publisher", "_INBOX_publisher", "_INBOX_broker.>"},
    {"worker_default", "_INBOX_worker_default", "noetl.broker.>"},
    {"broker", "_INBOX_broker", "noetl.worker.>"},
    {"client", "_INBOX_cli", "noetl.api.>"},
    {"client", "_INBOX_cli", "noetl.worker.>"},
    {"observer", "_INBOX_observer", "$SRV.>"},
    {"client", "_INBOX_cli", "_INBOX_publisher.>"},
    {"observer", "_INBOX_observer", "_INBOX_cli.>"},
    {"observer", "_INBOX_observer", "noetl.brokers"},
    {"observer", "_INBOX_observer", "$KV.>"},
    {"broker", "_INBOX_broker", "noetl.tasks.>"},
    {"setup", "_INBOX_setup", "noetl.events.>"},
};

struct told {
    pthread_mutex_t mutex;
    char text[1024];
};

static void hear(void *context, bool connected, const char *detail)
{
    struct told *t = context;
    (void)connected;
    pthread_mutex_lock(&t->mutex);
    if (strstr(detail, "Permissions Violation for Subscription"))
        snprintf(t->text, sizeof(t->text), "%s", detail);
    pthread_mutex_unlock(&t->mutex);
}

static bool was_told(struct told *t, const char *subject)
{
    pthread_mutex_lock(&t->mutex);
    bool was = strstr(t->text, subject) != NULL;
    pthread_mutex_unlock(&t->mutex);
    return was;
}

static void ignore(void *context, const struct bus_message *m)
{
    (void)context;
    (void)m;
}

static bool is_refused(struct installation *i, const struct attempt *a)
{
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct bus_subscription *s = NULL;
    struct error err = {0};
    char quoted[128];
    struct bus *bus = installation_connect(i, a->user, a->inbox, hear, &told);
    snprintf(quoted, sizeof(quoted), "\"%s\"", a->subject);
    assert_ok(bus_subscribe(bus, a->subject, NULL, ignore, NULL, &s, &err), &err);
    assert_ok(bus_flush(bus, 20000, &err), &err); /* the refusal comes before the answer */
    for (int tries = 0; tries < 500 && !was_told(&told, quoted); tries++)
        usleep(10000); /* until it was told */
    bool refused = was_told(&told, quoted);
    bus_unsubscribe(&s);
    bus_close(&bus);
    return refused;
}

static void no_role_may_hear_what_is_anothers(void **state)
{
    for (size_t n = 0; n < sizeof(UNHEARD) / sizeof(UNHEARD[0]); n++)
        if (!is_refused(*state, &UNHEARD[n]))
            fail_msg("%s may listen to %s", UNHEARD[n].user, UNHEARD[n].subject);
}

/* ---- Postgres ---------------------------------------------------------------------------------------------
 */

static const struct {
    const char *role, *sql;
} DENIED_SQL[] = {
    {"broker", "DELETE FROM noetl.event"},
    {"broker", "UPDATE noetl.event SET status = 'x'"},
    {"broker", "TRUNCATE noetl.event"},
    {"broker", "DROP TABLE noetl.event"},
    {"broker", "CREATE TABLE noetl.mine (n integer)"},
    {"broker", "INSERT INTO noetl.migration (version, name, digest) VALUES (99, 'x', 'x')"},
    {"render", "INSERT INTO noetl.partition (partition) VALUES (1)"},
    {"render", "UPDATE noetl.partition SET epoch = epoch + 1"},
    {"render", "DELETE FROM noetl.timer"},
    {"render", "DELETE FROM noetl.event"},
    {"render", "CREATE TABLE noetl.mine (n integer)"},
};

static void no_role_may_change_what_is_anothers(void **state)
{
    for (size_t n = 0; n < sizeof(DENIED_SQL) / sizeof(DENIED_SQL[0]); n++) {
        const char *message = installation_sql(*state, DENIED_SQL[n].role, DENIED_SQL[n].sql);
        if (!message || (!strstr(message, "permission denied") && !strstr(message, "must be owner")))
            fail_msg("%s: %s: %s", DENIED_SQL[n].role, DENIED_SQL[n].sql, message ? message : "done");
    }
}

/* A broker ends the session of one that stands still within a commit. */
static void a_broker_may_end_the_session_of_another(void **state)
{
    struct installation *i = *state;
    char sql[128];
    PGconn *silent = PQconnectdb(installation_database(i, "broker"));
    assert_int_equal(PQstatus(silent), CONNECTION_OK);
    snprintf(sql, sizeof(sql), "SELECT 1 / pg_terminate_backend(%d)::integer", PQbackendPID(silent));
    assert_null(installation_sql(i, "broker", sql));
    PGresult *r = PQexec(silent, "SELECT 1");
    assert_int_not_equal(PQresultStatus(r), PGRES_TUPLES_OK);
    PQclear(r);
    PQfinish(silent);
}

/* The owner has not made it, and the broker may not. */
static void a_month_without_a_table_goes_to_the_default_one(void **state)
{
    struct installation *i = *state;
    const char *table =
        installation_says(i, "SELECT 'noetl.event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')");
    installation_sql(i, "owner", arena_printf(&i->arena, "DROP TABLE %s", table).ptr);
    installation_await(i, installation_run(i, "test/all/called"), "completed");
    assert_string_equal(installation_says(i, "SELECT count(*) > 0 FROM noetl.event_default"), "t");
}

/* Whether brokers say soon that, or no more that, they are not ready for this reason. */
static bool brokers_come_to_say(struct installation *i, const char *reason, bool expected)
{
    bool says = !expected;
    for (int tries = 0; tries < 200 && says != expected; tries++) {
        struct str answer;
        struct error err = {0};
        assert_ok(bus_request(i->observer, "noetl.broker.status", NULL, 0, STR("{}"), 5000, &i->arena,
                              &answer, &err),
                  &err);
        says = str_find(answer, str_of(reason)) >= 0;
        usleep(100000);
    }
    return says == expected;
}

static void a_broker_that_may_not_make_its_consumers_says_so(void **state)
{
    static const char *const CONSUMERS[] = {"NOETL_COMMANDS.intake", "NOETL_ADVISORIES.dead_letters"};
    static const char *const MISSING[] = {"the consumer of commands is missing",
                                          "the consumer of advisories about dead tasks is missing"};
    struct installation *i = *state;
    const struct subjects subjects = {.prefix = "noetl", .partitions = 4};
    struct bus *administrator = installation_connect(i, "administrator", "_INBOX_administrator", NULL, NULL);
    for (int n = 0; n < 2; n++) {
        struct error err = {0};
        struct value answer;
        char verb[96];
        snprintf(verb, sizeof(verb), "CONSUMER.DELETE.%s", CONSUMERS[n]);
        if (bus_api(administrator, verb, STR(""), &i->arena, &answer, &err) != STATUS_OK)
            assert_non_null(strstr(err.message, "directory not empty")); /* it is gone all the same */
        assert_true(brokers_come_to_say(i, MISSING[n], true));
        if (n == 0)
            assert_ok(topology_ensure_intake(administrator, &subjects, &err), &err);
        else
            assert_ok(topology_ensure_dead_letters(administrator, &subjects, &err), &err);
        assert_true(brokers_come_to_say(i, MISSING[n], false));
    }
    bus_close(&administrator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_execution_of_everything_goes_through_the_roles),
        cmocka_unit_test(what_was_cancelled_is_withdrawn_and_can_be_tried_again),
        cmocka_unit_test(brokers_share_the_partitions),
        cmocka_unit_test(nobody_lacked_a_permission),
        cmocka_unit_test(each_role_may_do_what_it_needs_when_something_is_wrong),
        cmocka_unit_test(a_worker_may_ask_whether_an_attempt_has_ended),
        cmocka_unit_test(no_role_may_send_what_is_anothers),
        cmocka_unit_test(no_role_may_hear_what_is_anothers),
        cmocka_unit_test(no_role_may_change_what_is_anothers),
        cmocka_unit_test(a_broker_may_end_the_session_of_another),
        cmocka_unit_test(a_month_without_a_table_goes_to_the_default_one),
        cmocka_unit_test(a_broker_that_may_not_make_its_consumers_says_so),
    };
    return cmocka_run_group_tests(tests, installation_start, installation_stop);
}
