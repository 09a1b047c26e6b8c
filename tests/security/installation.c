#include "installation.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "document.h"
#include "runtime/clock.h"

enum { PATIENCE_MS = 30000, PAUSE_MS = 50, VARIABLES = 10 };

/* ---- Postgres ------------------------------------------------------------------------------------------ */

const char *installation_database(struct installation *i, const char *role)
{
    if (!role)
        return i->servers.postgres.url;
    return arena_printf(&i->arena, "postgresql://noetl_%s:change-me-%s@127.0.0.1:%u/noetl", role, role,
                        i->servers.postgres.port)
        .ptr;
}

const char *installation_sql(struct installation *i, const char *role, const char *sql)
{
    PGconn *pg = PQconnectdb(installation_database(i, role));
    PGresult *r = PQexec(pg, sql);
    ExecStatusType s = PQresultStatus(r);
    const char *message = NULL;
    if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK)
        message = arena_strdup(&i->arena, str_of(PQerrorMessage(pg)));
    PQclear(r);
    PQfinish(pg);
    return message;
}

const char *installation_says(struct installation *i, const char *sql)
{
    PGconn *pg = PQconnectdb(i->servers.postgres.url);
    PGresult *r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    const char *text = arena_strdup(&i->arena, str_of(PQntuples(r) ? PQgetvalue(r, 0, 0) : ""));
    PQclear(r);
    PQfinish(pg);
    return text;
}

static void run_block(struct installation *i, const char *role, int n)
{
    char *sql = document_block("sql", n);
    const char *message = installation_sql(i, role, sql);
    free(sql);
    if (message)
        fail_msg("SQL block %d: %s", n, message);
}

/* ---- NATS ---------------------------------------------------------------------------------------------- */

struct bus *installation_connect(struct installation *i, const char *user, const char *inbox,
                                 void (*on_event)(void *context, bool connected, const char *detail),
                                 void *context)
{
    char password[64];
    struct bus *bus = NULL;
    struct error err = {0};
    /* The password is that of the role, without the pool. */
    snprintf(password, sizeof(password), "change-me-%.*s", (int)strcspn(user, "_"), user);
    struct bus_options o = {.servers = i->servers.nats.url,
                            .name = "test",
                            .user = user,
                            .password = password,
                            .inbox_prefix = inbox,
                            .connect_timeout_ms = 10000,
                            .on_event = on_event,
                            .context = context};
    assert_ok(bus_open(&o, &bus, &err), &err);
    return bus;
}

struct value installation_ask(struct installation *i, struct bus *bus, const char *operation,
                              const char *payload)
{
    char subject[64];
    struct str reply;
    struct value v;
    struct error err = {0};
    struct mono_time start = mono_now();
    enum status s;
    snprintf(subject, sizeof(subject), "noetl.api.%s", operation);
    while ((s = bus_request(bus, subject, NULL, 0, str_of(payload), PATIENCE_MS, &i->arena, &reply, &err)) ==
               STATUS_UNAVAILABLE &&
           mono_ms_since(start) < PATIENCE_MS)
        usleep(PAUSE_MS * 1000); /* the daemons have just been started */
    assert_ok(s, &err);
    assert_ok(json_read_map(&i->arena, reply, "the answer", &v, &err), &err);
    if (v.len == 1 && VALUE_GET(v, "error").type == VALUE_MAP)
        fail_msg("%s: %" PRISTR, operation, ARGSTR(reply));
    return v;
}

const char *installation_run(struct installation *i, const char *path)
{
    struct str payload = arena_printf(&i->arena, "{\"path\": \"%s\"}", path);
    struct value answer = installation_ask(i, i->client, "run", payload.ptr);
    return arena_strdup(&i->arena, value_as_str(VALUE_GET(answer, "execution_id")));
}

struct value installation_await(struct installation *i, const char *id, const char *status)
{
    struct mono_time start = mono_now();
    struct str payload = arena_printf(&i->arena, "{\"execution_id\": \"%s\"}", id);
    for (;;) {
        struct value v = installation_ask(i, i->observer, "status", payload.ptr);
        struct str is = value_as_str(VALUE_GET(v, "status"));
        if (str_is(is, status))
            return v;
        if (mono_ms_since(start) > PATIENCE_MS)
            fail_msg("execution %s is %" PRISTR ", not %s", id, ARGSTR(is), status);
        usleep(PAUSE_MS * 1000);
    }
}

/* ---- processes ------------------------------------------------------------------------------------------
 */

struct role {
    const char *user;     /* on NATS */
    const char *password; /* change-me-… */
    const char *inbox;    /* NULL: as the program makes it */
    const char *database; /* NULL: none */
};
static const struct role SETUP = {"setup", "setup", "_INBOX_setup", "owner"},
                         BROKER = {"broker", "broker", NULL, "broker"},
                         WORKER = {"worker_default", "worker", "_INBOX_worker_default", NULL},
                         PUBLISHER = {"publisher", "publisher", NULL, NULL},
                         RENDER = {"render", "render", NULL, "render"};

static void set_variables(struct installation *i, const struct role *r, const char *variables[VARIABLES])
{
    struct arena *a = &i->arena;
    size_t n = 0;
    variables[n++] = arena_printf(a, "NOETL_NATS_URL=%s", i->servers.nats.url).ptr;
    variables[n++] = arena_printf(a, "NOETL_NATS_USER=%s", r->user).ptr;
    variables[n++] = arena_printf(a, "NOETL_NATS_PASSWORD=change-me-%s", r->password).ptr;
    variables[n++] = "NOETL_EVENTS_PARTITIONS=4";
    variables[n++] = "NOETL_BROKER_RECONCILE=1s";
    variables[n++] = "NOETL_PUBLISHER_HTTP=";
    variables[n++] = "NOETL_LOG_LEVEL=warn";
    if (r->inbox)
        variables[n++] = arena_printf(a, "NOETL_NATS_INBOX=%s", r->inbox).ptr;
    if (r->database)
        variables[n++] = arena_printf(a, "NOETL_POSTGRES_URL=%s", installation_database(i, r->database)).ptr;
    variables[n] = NULL;
}

static struct process serve(struct installation *i, const struct role *r, const char *part)
{
    const char *variables[VARIABLES];
    const char *const arguments[] = {"serve", part, NULL};
    set_variables(i, r, variables);
    return noetl_start(arguments, variables);
}

static void set_up(struct installation *i)
{
    static const char *const arguments[] = {"setup", NULL};
    const char *variables[VARIABLES];
    run_block(i, NULL, 0);
    set_variables(i, &SETUP, variables);
    assert_int_equal(noetl_run(arguments, variables), 0);
    run_block(i, "owner", 1);
}

/* And a user who may do what none of the document's may, for what somebody does by hand. */
static const char *with_administrator(struct installation *i, const char *configuration)
{
    static const char USERS[] = "users = [";
    const char *first = strstr(configuration, USERS);
    assert_non_null(first);
    first += strlen(USERS);
    return arena_printf(&i->arena, "%.*s {user: administrator, password: \"change-me-administrator\"} %s",
                        (int)(first - configuration), configuration, first)
        .ptr;
}

int installation_start(void **state)
{
    struct installation *i = calloc(1, sizeof(*i));
    assert_non_null(i);
    arena_init(&i->arena, 0);
    char *configuration = document_block("conf", 0);
    servers_start_nats_with(&i->servers, with_administrator(i, configuration));
    free(configuration);
    servers_start_postgres(&i->servers);
    set_up(i);
    i->daemons[0] = serve(i, &BROKER, "broker");
    i->daemons[1] = serve(i, &BROKER, "broker");
    i->daemons[2] = serve(i, &WORKER, "worker");
    i->daemons[3] = serve(i, &PUBLISHER, "publisher");
    i->daemons[4] = serve(i, &RENDER, "render");
    i->client = installation_connect(i, "client", "_INBOX_cli", NULL, NULL);
    i->observer = installation_connect(i, "observer", "_INBOX_observer", NULL, NULL);
    *state = i;
    return 0;
}

int installation_stop(void **state)
{
    struct installation *i = *state;
    int code = 0;
    for (int n = 0; n < INSTALLATION_DAEMONS; n++)
        code |= noetl_stop(&i->daemons[n]);
    bus_close(&i->client);
    bus_close(&i->observer);
    servers_stop(&i->servers);
    arena_free(&i->arena);
    free(i);
    return code;
}
