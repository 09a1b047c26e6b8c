#include "daemons.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/id.h"
#include "core/json.h"
#include "runtime/clock.h"
#include "runtime/port.h"
#include "standstill.h"

enum { PATIENCE_MS = 60000, LOOK_MS = 20, NODE_MS = 120000 };

static const char *const NAMES[PART_COUNT] = {"broker", "worker", "publisher", "render"};

const char *part_name(enum part part)
{
    return NAMES[part];
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){0, LOOK_MS * 1000000L}, NULL);
}

/* ---- the installation --------------------------------------------------------------------------------- */

void daemons_set(struct daemons *d, const char *name, const char *value)
{
    struct error err = {0};
    assert_ok(settings_set(d->settings, SOURCE_FLAG, "test", str_of(name), str_of(value), &err), &err);
}

void daemons_set_up(struct daemons *d)
{
    struct error err = {0};
    struct topology_options options;
    struct eventlog *log;
    int applied;
    topology_options_from_settings(d->settings, &options);
    assert_ok(topology_ensure(d->bus, &d->subjects, &options, &err), &err);
    assert_ok(eventlog_open(d->servers.postgres.url, "test", &log, &err), &err);
    assert_ok(eventlog_migrate(log, &applied, &err), &err);
    eventlog_close(&log);
}

int daemons_start(void **state)
{
    return daemons_start_with(state, "");
}

int daemons_start_with(void **state, const char *configuration)
{
    struct daemons *d = calloc(1, sizeof(*d));
    struct error err = {0};
    assert_non_null(d);
    *state = d;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    arena_init(&d->arena, 0);
    assert_ok(settings_new(&d->settings, &err), &err);
    servers_start_nats_with(&d->servers, configuration);
    servers_start_postgres(&d->servers);
    d->bus = servers_connect(&d->servers, "test");
    daemons_set(d, "nats.url", d->servers.nats.url);
    daemons_set(d, "postgres.url", d->servers.postgres.url);
    daemons_set(d, "events.partitions", "4");
    assert_ok(subjects_from_settings(d->settings, &d->subjects, &err), &err);
    return 0;
}

int daemons_stop(void **state)
{
    struct daemons *d = *state;
    int code;
    if (d->postgres_is_frozen) /* a test failed meanwhile: what stands still would outlive its server */
        postgres_thaw(d);
    for (int part = 0; part < PART_COUNT; part++) {
        if (d->parts[part].pid != 0)
            process_end(&d->parts[part], 20000, &code);
    }
    bus_close(&d->bus);
    servers_stop(&d->servers);
    settings_free(&d->settings);
    arena_free(&d->arena);
    curl_global_cleanup();
    free(d);
    return 0;
}

void nats_leave(struct daemons *d)
{
    private_nats_stop(&d->servers.nats);
}

void nats_return(struct daemons *d)
{
    nats_return_with(d, NULL);
}

void nats_return_with(struct daemons *d, const char *configuration)
{
    servers_start_nats_at(&d->servers, d->servers.nats.port, configuration);
}

void nats_api(struct daemons *d, const char *verb)
{
    struct error err = {0};
    struct value answer;
    assert_ok(bus_api(d->bus, verb, STR(""), &d->arena, &answer, &err), &err);
}

uint64_t messages_in(struct daemons *d, enum stream_id stream)
{
    char name[96];
    struct bus_stream_info info;
    struct error err = {0};
    assert_ok(bus_stream_info(d->bus, stream_name(&d->subjects, stream, name), &info, &err), &err);
    return info.messages;
}

void await_messages(struct daemons *d, enum stream_id stream, uint64_t count)
{
    struct mono_time start = mono_now();
    while (messages_in(d, stream) != count && mono_ms_since(start) < PATIENCE_MS)
        pause_a_little();
    assert_int_equal(messages_in(d, stream), count);
}

void postgres_leave(struct daemons *d)
{
    d->postgres_port = d->servers.postgres.port;
    private_postgres_stop(&d->servers.postgres);
}

void postgres_return(struct daemons *d)
{
    char folder[300];
    struct error err = {0};
    struct private_postgres_options options = {
        .folder = folder, .port = {.port = d->postgres_port}, .throwaway = true};
    snprintf(folder, sizeof(folder), "%s/postgres", d->servers.folder);
    assert_ok(private_postgres_start(&options, &d->servers.postgres, &err), &err);
}

/* A session that begins meanwhile gets no process: the postmaster stands first, and goes on last. */
static void signal_postgres(struct daemons *d, int signal)
{
    pid_t pid = d->servers.postgres.process.pid;
    char path[64];
    long child;
    if (signal == SIGSTOP)
        standstill_begin(&d->servers.postgres.process);
    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
    FILE *children = fopen(path, "r");
    assert_non_null(children);
    while (fscanf(children, "%ld", &child) == 1)
        kill((pid_t)child, signal);
    fclose(children);
    if (signal == SIGCONT)
        standstill_end(&d->servers.postgres.process);
}

void postgres_freeze(struct daemons *d)
{
    d->postgres_is_frozen = true;
    signal_postgres(d, SIGSTOP);
}

void postgres_thaw(struct daemons *d)
{
    signal_postgres(d, SIGCONT);
    d->postgres_is_frozen = false;
}

/* ---- daemons ------------------------------------------------------------------------------------------ */

static const char *log_path(struct daemons *d, enum part part)
{
    struct str path = arena_printf(&d->arena, "%s/%s.log", d->servers.folder, NAMES[part]);
    assert_non_null(path.ptr);
    return path.ptr;
}

/* NOETL_<NAME>=value */
static const char *variable(struct daemons *d, enum setting id)
{
    struct str line =
        arena_printf(&d->arena, "NOETL_%s=%s", setting_name(id), settings_text(d->settings, id));
    char *copy = arena_strdup(&d->arena, line);
    assert_non_null(copy);
    for (char *c = copy + 6; *c != '='; c++)
        *c = *c == '.' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    return copy;
}

static void await_listening(struct daemons *d, enum part part)
{
    struct mono_time start = mono_now();
    struct http_answer answer;
    while (!http_try(d->ports[part], "GET", "/healthz", &answer)) {
        int code;
        if (process_wait(&d->parts[part], 0, &code))
            fail_msg("the %s ended with code %d", NAMES[part], code);
        if (mono_ms_since(start) > PATIENCE_MS)
            fail_msg("the %s does not answer", NAMES[part]);
        pause_a_little();
    }
    assert_int_equal(answer.code, 200);
    free(answer.text);
}

/* `noetl` with these words; its output to the log of `part`, which begins anew. */
static void launch(struct daemons *d, const char *const argv[], enum part part, struct process *out)
{
    const char *env[SETTING_COUNT + 4] = {"HOME=/nonexistent"};
    size_t count = 1;
    struct error err = {0};
    env[count++] = arena_printf(&d->arena, "PATH=%s", getenv("PATH")).ptr;
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (settings_source(d->settings, (enum setting)id, NULL) != SOURCE_DEFAULT)
            env[count++] = variable(d, (enum setting)id);
    }
    env[count] = d->variable;
    int log = open(log_path(d, part), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    assert_true(log >= 0);
    struct process_options options = {
        .argv = argv, .env = env, .in = -1, .out = log, .error = log, .die_with_parent = true};
    assert_ok(process_start(&options, out, &err), &err);
    close(log);
}

static void choose_api_port(struct daemons *d)
{
    char api[32];
    d->api = port_find_free();
    snprintf(api, sizeof(api), "127.0.0.1:%u", d->api);
    daemons_set(d, "publisher.http", api);
}

static void launch_daemon(struct daemons *d, enum part part)
{
    const char *const argv[] = {getenv("NOETL_BINARY"), "serve", NAMES[part], NULL};
    char metrics[32];
    d->ports[part] = port_find_free();
    if (part == PUBLISHER)
        choose_api_port(d); /* somebody else may have the one that it had before */
    snprintf(metrics, sizeof(metrics), "127.0.0.1:%u", d->ports[part]);
    daemons_set(d, "metrics.http", metrics);
    launch(d, argv, part, &d->parts[part]);
}

void daemon_start(struct daemons *d, enum part part)
{
    launch_daemon(d, part);
    await_listening(d, part);
}

static int await_process(struct process *p, const char *name)
{
    int code;
    if (!process_wait(p, PATIENCE_MS, &code))
        fail_msg("the %s did not end", name);
    *p = (struct process){0};
    return code;
}

int daemon_await_end(struct daemons *d, enum part part)
{
    int code = await_process(&d->parts[part], NAMES[part]);
    d->parts[part] = (struct process){0};
    return code;
}

int daemon_start_in_vain(struct daemons *d, enum part part)
{
    launch_daemon(d, part);
    return daemon_await_end(d, part);
}

int daemons_command(struct daemons *d, const char *command, enum part log)
{
    const char *const argv[] = {getenv("NOETL_BINARY"), command, NULL};
    struct process p;
    launch(d, argv, log, &p);
    return await_process(&p, command);
}

static int end(struct daemons *d, enum part part, int signal)
{
    int code = -1;
    process_signal(&d->parts[part], signal);
    assert_true(process_wait(&d->parts[part], NODE_MS, &code));
    d->parts[part] = (struct process){0};
    return code;
}

void daemon_stop(struct daemons *d, enum part part)
{
    assert_int_equal(end(d, part, SIGTERM), 0);
}

void daemon_kill(struct daemons *d, enum part part)
{
    assert_int_equal(end(d, part, SIGKILL), 128 + SIGKILL);
}

size_t daemon_says(struct daemons *d, enum part part, const char *text)
{
    char line[8192];
    size_t count = 0;
    FILE *f = fopen(log_path(d, part), "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f))
        count += strstr(line, text) != NULL;
    fclose(f);
    return count;
}

void daemon_await_says(struct daemons *d, enum part part, const char *text)
{
    struct mono_time start = mono_now();
    while (daemon_says(d, part, text) == 0) {
        if (mono_ms_since(start) > PATIENCE_MS)
            fail_msg("the %s does not say \"%s\"", NAMES[part], text);
        pause_a_little();
    }
}

/* ---- looking ------------------------------------------------------------------------------------------ */

struct http_answer daemon_get(struct daemons *d, enum part part, const char *path)
{
    struct http_answer answer;
    http_send(d->ports[part], "GET", path, NULL, 0, false, &answer);
    char *kept = arena_strdup(&d->arena, (struct str){answer.text, answer.len});
    assert_non_null(kept);
    free(answer.text);
    answer.text = kept;
    return answer;
}

double daemon_metric(struct daemons *d, enum part part, const char *name, const char *labels)
{
    struct http_answer answer = daemon_get(d, part, "/metrics");
    assert_int_equal(answer.code, 200);
    exposition_read(&d->page, answer.text);
    return exposition_value(&d->page, name, labels);
}

static void await(struct daemons *d, enum part part, const char *name, const char *labels, double least,
                  double most)
{
    struct mono_time start = mono_now();
    for (;;) {
        double value = daemon_metric(d, part, name, labels);
        if (value >= least && value <= most)
            return;
        if (mono_ms_since(start) > PATIENCE_MS)
            fail_msg("%s{%s} of the %s stays at %g", name, labels, NAMES[part], value);
        pause_a_little();
    }
}

void daemon_await_least(struct daemons *d, enum part part, const char *name, const char *labels, double least)
{
    await(d, part, name, labels, least, 1e300);
}

void daemon_await(struct daemons *d, enum part part, const char *name, const char *labels, double value)
{
    await(d, part, name, labels, value, value);
}

static const char *await_readiness(struct daemons *d, enum part part, long code, const char *says)
{
    struct mono_time start = mono_now();
    for (;;) {
        struct http_answer answer = daemon_get(d, part, "/readyz");
        if (answer.code == code && strstr(answer.text, says))
            return answer.text;
        if (mono_ms_since(start) > PATIENCE_MS)
            fail_msg("/readyz of the %s stays at %ld: %s", NAMES[part], answer.code, answer.text);
        pause_a_little();
    }
}

void daemon_await_ready(struct daemons *d, enum part part)
{
    (void)await_readiness(d, part, 200, "");
}

const char *daemon_await_unready(struct daemons *d, enum part part, const char *says)
{
    return await_readiness(d, part, 503, says);
}

int daemons_start_all(void **state)
{
    if (daemons_start(state) != 0)
        return -1;
    struct daemons *d = *state;
    daemons_set_up(d);
    daemons_all_run(d);
    return 0;
}

void daemons_all_run(struct daemons *d)
{
    for (int part = 0; part < PART_COUNT; part++) {
        if (d->parts[part].pid == 0)
            daemon_start(d, (enum part)part);
    }
    for (int part = 0; part < PART_COUNT; part++)
        daemon_await_ready(d, (enum part)part);
}

void daemons_all_stop(struct daemons *d)
{
    static const enum part order[] = {PUBLISHER, WORKER, BROKER, RENDER};
    for (int i = 0; i < PART_COUNT; i++) {
        if (d->parts[order[i]].pid != 0)
            daemon_stop(d, order[i]);
    }
}

/* ---- executions --------------------------------------------------------------------------------------- */

struct value api_call(struct daemons *d, const char *operation, const char *payload)
{
    struct error err = {0};
    struct str reply;
    struct value v;
    char subject[SUBJECT_MAX];
    subject_api(&d->subjects, operation, subject);
    assert_ok(bus_request(d->bus, subject, NULL, 0, str_of(payload), PATIENCE_MS, &d->arena, &reply, &err),
              &err);
    assert_ok(json_read(&d->arena, reply, NULL, &v, &err), &err);
    return v;
}

void api_register(struct daemons *d, const char *text)
{
    struct value v = api_call(d, "register", text);
    if (!value_is_absent(VALUE_GET(v, "error")))
        fail_msg("%" PRISTR, ARGSTR(value_as_str(value_get_path(v, STR("error.message")))));
}

int64_t api_run(struct daemons *d, const char *path)
{
    char payload[256];
    int64_t id = 0;
    snprintf(payload, sizeof(payload), "{\"path\":\"%s\"}", path);
    struct value v = api_call(d, "run", payload);
    if (id_parse(value_as_str(VALUE_GET(v, "execution_id")), &id, NULL) != STATUS_OK)
        fail_msg("%" PRISTR, ARGSTR(value_as_str(value_get_path(v, STR("error.message")))));
    return id;
}

struct event_list await_end(struct daemons *d, int64_t id, enum event_type type)
{
    struct error err = {0};
    struct eventlog *log;
    struct event_list events = {0};
    struct mono_time start = mono_now();
    bool over = false;
    assert_ok(eventlog_open(d->servers.postgres.url, "test", &log, &err), &err);
    while (!over && mono_ms_since(start) < PATIENCE_MS) {
        assert_ok(eventlog_events(log, id, 0, 0, &d->arena, &events, &err), &err);
        over = events.count > 0 && event_type_is_final(events.items[events.count - 1].type);
        if (!over)
            pause_a_little();
    }
    eventlog_close(&log);
    const struct event *last = events.count > 0 ? &events.items[events.count - 1] : NULL;
    if (!last || last->type != type)
        fail_msg("execution %lld stands at %s: %.*s", (long long)id,
                 last ? event_type_name(last->type) : "nothing", last ? (int)last->error.len : 0,
                 last ? last->error.ptr : "");
    return events;
}

void daemons_run_node(struct daemons *d, const char *script, const char *url, const char *modules)
{
    struct error err = {0};
    struct process node;
    int code = -1;
    const char *source = getenv("NOETL_SOURCE_DIR");
    const char *folder = arena_printf(&d->arena, "%s/build/%s", source, modules).ptr;
    const char *const argv[] = {"node", arena_printf(&d->arena, "%s/tests/daemons/%s", source, script).ptr,
                                url, folder, NULL};
    const struct process_options options = {
        .argv = argv, .in = -1, .out = STDERR_FILENO, .error = STDERR_FILENO, .die_with_parent = true};
    if (access(folder, R_OK) != 0)
        fail_msg("%s is missing: scripts/%s fetches it", folder, modules);
    assert_ok(process_start(&options, &node, &err), &err);
    if (!process_wait(&node, NODE_MS, &code))
        process_end(&node, 0, &code);
    assert_int_equal(code, 0);
}
