#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json.h"
#include "evidence.h"
#include "runtime/clock.h"

enum { PATIENCE_MS = 120000, PAUSE_MS = 50, SETTING_UP_MS = 40000, CLUSTERS = 3 };

/* Each of these tasks adds one line to the file: execution, step, and item or nothing. */
#define MARK(step, item)                                                                                     \
    "type: shell, command: 'echo {{ execution_id }}." step "." item " >> {{ workload.effects }}'"

static const char CALLED[] = "metadata: {path: test/called, description: \"%d\"}\n"
                             "workload: {effects: ''}\n"
                             "workflow:\n"
                             "  - {step: start, " MARK("start", "") "}\n";

/* Chain, fan and join, items, a timer, another playbook. */
static const char CALLER[] =
    "metadata: {path: test/caller}\n"
    "workload: {effects: ''}\n"
    "workflow:\n"
    "  - {step: start, " MARK(
        "start",
        "") ", next: [left, right]}\n"
            "  - {step: left, " MARK(
                "left",
                "") ", next: both}\n"
                    "  - {step: right, " MARK(
                        "right",
                        "") ", next: both}\n"
                            "  - {step: both, type: noop, next: items}\n"
                            "  - step: items\n"
                            "    type: iterator\n"
                            "    collection: [i0, i1, i2]\n"
                            "    element: item\n"
                            "    mode: async\n"
                            "    task: {" MARK(
                                "items",
                                "{{ item }}") "}\n"
                                              "    next: wait\n"
                                              "  - {step: wait, type: signal, name: never, timeout: 0.3, "
                                              "on_error: continue, next: call}\n"
                                              "  - {step: call, type: playbook, path: test/called, args: "
                                              "{effects: '{{ workload.effects }}'}, next: end}\n"
                                              "  - {step: end, " MARK("end", "") "}\n";

/* ---- names -------------------------------------------------------------------------------------------- */

const char *stage_stream(struct stage *s, enum stream_id stream)
{
    static char name[96];
    return stream_name(&s->subjects, stream, name);
}

const char *stage_catalog(struct stage *s)
{
    static char name[100];
    char bucket[96];
    snprintf(name, sizeof(name), "KV_%s", catalog_bucket(&s->subjects, bucket));
    return name;
}

/* ---- a caller who must not lose a request ---------------------------------------------------------------
 */

static void pause_between(void)
{
    nanosleep(&(struct timespec){0, PAUSE_MS * 1000000}, NULL);
}

/* Nobody knows whether it was done: to be asked again. */
static bool is_passing(enum status s)
{
    return s == STATUS_UNAVAILABLE || s == STATUS_TIMEOUT;
}

static void request_one(struct stage *s, int number)
{
    char key[32];
    struct run_answer answer;
    struct error err = {0};
    struct mono_time start = mono_now();
    struct run_request r = {.path = STR("test/caller"), .requested_by = STR("test")};
    struct str workload = arena_printf(&s->arena, "{\"effects\": \"%s\"}", s->effects);
    snprintf(key, sizeof(key), "key-%d", number);
    r.idempotency_key = str_of(key);
    assert_ok(json_read(&s->arena, workload, NULL, &r.workload, &err), &err);
    enum status status;
    do
        status = request_execution(s->bus, &s->subjects, 1, &r, &s->arena, &answer, &err);
    while (is_passing(status) && mono_ms_since(start) < PATIENCE_MS);
    assert_ok(status, &err);
}

void stage_request(struct stage *s, int executions)
{
    for (int n = 0; n < executions; n++)
        request_one(s, s->requested++);
    arena_reset(&s->arena);
}

static void register_text(struct stage *s, const char *text)
{
    struct diagnostics diagnostics;
    struct registration registration;
    struct error err = {0};
    struct mono_time start = mono_now();
    enum status status;
    do {
        diagnostics_init(&diagnostics);
        status = catalog_register(s->bus, &s->subjects, str_of(text), "test.yaml", &diagnostics, &s->arena,
                                  &registration, &err);
        diagnostics_free(&diagnostics);
    } while (is_passing(status) && mono_ms_since(start) < PATIENCE_MS);
    assert_ok(status, &err);
    arena_reset(&s->arena);
}

void stage_new_version(struct stage *s)
{
    static int version;
    char text[512];
    snprintf(text, sizeof(text), CALLED, version++);
    register_text(s, text);
}

void stage_await_ends(struct stage *s, int executions)
{
    struct mono_time start = mono_now();
    int64_t ended;
    while ((ended = evidence_number(s, "SELECT count(*) FROM noetl.event WHERE event_type = "
                                       "'execution_complete'")) < executions) {
        if (mono_ms_since(start) >= PATIENCE_MS)
            fail_msg("%lld of %d executions are over; the first that is not: %s", (long long)ended,
                     executions, evidence_open_execution(s));
        pause_between();
    }
    assert_int_equal(ended, executions);
}

/* ---- start and stop ----------------------------------------------------------------------------------- */

static void say(struct stage *s, size_t at, const char *name, const char *value)
{
    snprintf(s->texts[at], sizeof(s->texts[at]), "%s=%s", name, value);
    s->variables[at] = s->texts[at];
}

static void connect_to_all(struct stage *s)
{
    struct error err = {0};
    struct bus_options o = {.servers = s->cluster.url, .name = "test", .connect_timeout_ms = 10000};
    assert_ok(settings_new(&s->settings, &err), &err);
    assert_ok(settings_set(s->settings, SOURCE_FLAG, "test", STR("events.partitions"), STR("8"), &err), &err);
    assert_ok(subjects_from_settings(s->settings, &s->subjects, &err), &err);
    assert_ok(bus_open(&o, &s->bus, &err), &err);
}

/* A cluster that has just begun has no leader yet who could make streams. */
static bool set_up(struct stage *s)
{
    static const char *const arguments[] = {"setup", NULL};
    struct mono_time start = mono_now();
    int code = -1;
    while (code != 0 && mono_ms_since(start) < SETTING_UP_MS)
        code = noetl_run(arguments, s->variables);
    return code == 0;
}

/* Now and then one of 2.10 has a leader and finds no place for streams, for good: then another is begun. */
static void begin_cluster(struct stage *s)
{
    bool begun = false;
    for (int n = 0; n < CLUSTERS && !begun; n++) {
        char folder[320];
        struct error err = {0};
        snprintf(folder, sizeof(folder), "%s/cluster%d", s->servers.folder, n);
        assert_ok(folder_make(folder, &err), &err);
        nats_cluster_start(&s->cluster, folder);
        say(s, 0, "NOETL_NATS_URL", s->cluster.url);
        begun = set_up(s);
        if (!begun)
            nats_cluster_stop(&s->cluster);
    }
    assert_true(begun);
}

int stage_start(void **state)
{
    static const char *const broker[] = {"serve", "broker", NULL}, *const worker[] = {"serve", "worker",
                                                                                      NULL};
    struct stage *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    arena_init(&s->arena, 0);
    servers_start_postgres(&s->servers);
    snprintf(s->effects, sizeof(s->effects), "%s/effects", s->servers.folder);
    say(s, 1, "NOETL_POSTGRES_URL", s->servers.postgres.url);
    say(s, 2, "NOETL_NATS_REPLICAS", "3");
    say(s, 3, "NOETL_EVENTS_PARTITIONS", "8");
    say(s, 4, "NOETL_WORKER_ACK_WAIT", "5s");
    say(s, 5, "NOETL_BROKER_RECONCILE", "5s");
    say(s, 6, "NOETL_LOG_LEVEL",
        getenv("NOETL_TEST_CLUSTER_LOG") ? getenv("NOETL_TEST_CLUSTER_LOG") : "warn");
    begin_cluster(s);
    connect_to_all(s);
    stage_new_version(s);
    register_text(s, CALLER);
    for (int n = 0; n < STAGE_BROKERS; n++)
        s->brokers[n] = noetl_start(broker, s->variables);
    s->worker = noetl_start(worker, s->variables);
    *state = s;
    return 0;
}

int stage_stop(void **state)
{
    struct stage *s = *state;
    int code = noetl_stop(&s->worker);
    for (int n = 0; n < STAGE_BROKERS; n++)
        code |= noetl_stop(&s->brokers[n]);
    bus_close(&s->bus);
    nats_cluster_stop(&s->cluster);
    servers_stop(&s->servers);
    settings_free(&s->settings);
    arena_free(&s->arena);
    free(s);
    return code;
}
