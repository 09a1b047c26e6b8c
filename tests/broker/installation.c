#include "installation.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/id.h"
#include "core/json.h"
#include "core/task.h"
#include "publisher/parcel.h"
#include "runtime/clock.h"

enum { PATIENCE_MS = 30000, INBOX = 4096 };

/* Tasks that came and were not yet asked for. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct bus_delivery *items[INBOX];
    size_t first, count;
} inbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};

static void deliver(void *context, struct bus_delivery *d)
{
    (void)context;
    pthread_mutex_lock(&inbox.lock);
    if (inbox.count < INBOX)
        inbox.items[(inbox.first + inbox.count++) % INBOX] = d;
    pthread_cond_signal(&inbox.filled);
    pthread_mutex_unlock(&inbox.lock);
}

static void set(struct installation *i, const char *name, const char *value)
{
    struct error err = {0};
    assert_ok(settings_set(i->settings, SOURCE_FLAG, "test", str_of(name), str_of(value), &err), &err);
}

static void set_up(struct installation *i)
{
    struct error err = {0};
    struct eventlog *log;
    struct topology_options options;
    char consumer[96], stream[96];
    int applied;
    set(i, "nats.url", i->servers.nats.url);
    set(i, "postgres.url", i->servers.postgres.url);
    set(i, "events.partitions", "4");
    set(i, "worker.ack_wait", "2s");
    set(i, "worker.max_deliver", "3");
    assert_ok(subjects_from_settings(i->settings, &i->subjects, &err), &err);
    topology_options_from_settings(i->settings, &options);
    assert_ok(topology_ensure(i->bus, &i->subjects, &options, &err), &err);
    assert_ok(eventlog_open(i->servers.postgres.url, "test", &log, &err), &err);
    assert_ok(eventlog_migrate(log, &applied, &err), &err);
    eventlog_close(&log);
    stream_name(&i->subjects, STREAM_TASKS, stream);
    assert_ok(bus_pull_start(i->bus, stream, pool_consumer("default", consumer), deliver, NULL, NULL,
                             &i->tasks, &err),
              &err);
}

bool brokers_clock(struct installation *i, int64_t ahead_s)
{
    const int64_t ahead_ns = ahead_s * 1000000000; /* as tests/faults/clock_step.c reads it */
    if (!getenv("FAULTS_CLOCK_LIBRARY"))
        return false;
    i->clock = arena_printf(&i->arena, "%s/clock", i->servers.folder).ptr;
    FILE *f = fopen(i->clock, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(&ahead_ns, sizeof(ahead_ns), 1, f), 1);
    assert_int_equal(fclose(f), 0);
    return true;
}

pid_t broker_start(struct installation *i)
{
    char nats[128], postgres[256], path[4096], partitions[] = "NOETL_EVENTS_PARTITIONS=4";
    char library[4096], clock[4096];
    const char *inherited = getenv("PATH");
    snprintf(nats, sizeof(nats), "NOETL_NATS_URL=%s", i->nats_url ? i->nats_url : i->servers.nats.url);
    snprintf(postgres, sizeof(postgres), "NOETL_POSTGRES_URL=%s", i->servers.postgres.url);
    snprintf(path, sizeof(path), "PATH=%s", inherited ? inherited : "/usr/bin:/bin");
    snprintf(library, sizeof(library), "LD_PRELOAD=%s", i->clock ? getenv("FAULTS_CLOCK_LIBRARY") : "");
    snprintf(clock, sizeof(clock), "FAULTS_CLOCK=%s", i->clock ? i->clock : "");
    const char *const argv[] = {getenv("NOETL_BINARY"), "serve", "broker", NULL};
    const char *const env[] = {
        nats,    postgres, path,        partitions, "NOETL_LOG_LEVEL=warn", "HOME=/nonexistent",
        library, clock,    i->variable, NULL};
    struct process_options options = {.argv = argv,
                                      .env = env,
                                      .in = -1,
                                      .out = STDERR_FILENO,
                                      .error = STDERR_FILENO,
                                      .die_with_parent = true};
    struct error err = {0};
    assert_ok(process_start(&options, &i->broker, &err), &err);
    return i->broker.pid;
}

int broker_wait(struct installation *i)
{
    int code = -1;
    assert_true(process_wait(&i->broker, PATIENCE_MS, &code));
    return code;
}

int broker_stop(struct installation *i)
{
    process_signal(&i->broker, SIGTERM);
    return broker_wait(i);
}

void broker_kill(struct installation *i)
{
    process_signal(&i->broker, SIGKILL);
    assert_int_equal(broker_wait(i), 128 + SIGKILL);
}

int installation_start(void **state)
{
    struct installation *i = calloc(1, sizeof(*i));
    struct error err = {0};
    assert_non_null(i);
    arena_init(&i->arena, 0);
    assert_ok(settings_new(&i->settings, &err), &err);
    servers_start_nats(&i->servers);
    servers_start_postgres(&i->servers);
    i->bus = servers_connect(&i->servers, "test");
    set_up(i);
    *state = i;
    return 0;
}

int installation_stop(void **state)
{
    struct installation *i = *state;
    bus_pull_stop(&i->tasks);
    bus_close(&i->bus);
    servers_stop(&i->servers);
    settings_free(&i->settings);
    arena_free(&i->arena);
    free(i);
    return 0;
}

void tasks_wait_for(struct installation *i, int64_t ack_wait_ms)
{
    struct topology_options options;
    struct error err = {0};
    i->ack_wait_ms = ack_wait_ms;
    topology_options_from_settings(i->settings, &options);
    options.task_ack_wait_ms = ack_wait_ms;
    assert_ok(topology_ensure_pool(i->bus, &i->subjects, &options, "default", &err), &err);
}

int installation_start_patiently(void **state)
{
    int code = installation_start(state);
    if (code == 0)
        tasks_wait_for(*state, 600000);
    return code;
}

static struct topology_options topology_of(const struct installation *i)
{
    struct topology_options options;
    topology_options_from_settings(i->settings, &options);
    if (i->ack_wait_ms)
        options.task_ack_wait_ms = i->ack_wait_ms;
    return options;
}

uint64_t events_stored(struct installation *i)
{
    struct bus_stream_info info;
    struct error err = {0};
    char name[96];
    assert_ok(bus_stream_info(i->bus, stream_name(&i->subjects, STREAM_EVENTS, name), &info, &err), &err);
    return info.messages;
}

void events_forget_ids(struct installation *i, bool full)
{
    struct topology_options options = topology_of(i);
    struct error err = {0};
    options.duplicates_ms = 100;
    if (full)
        options.events_limit.messages = (int64_t)events_stored(i);
    assert_ok(topology_ensure(i->bus, &i->subjects, &options, &err), &err);
}

uint64_t stream_purge(struct installation *i, enum stream_id stream, const char *filter)
{
    char name[96];
    uint64_t purged = 0;
    struct error err = {0};
    assert_ok(bus_stream_purge(i->bus, stream_name(&i->subjects, stream, name), filter, &purged, &err), &err);
    assert_true(purged > 0);
    return purged;
}

void stream_made_anew(struct installation *i, enum stream_id stream)
{
    struct topology_options options = topology_of(i);
    struct value answer;
    struct error err = {0};
    char name[96], verb[160];
    snprintf(verb, sizeof(verb), "STREAM.DELETE.%s", stream_name(&i->subjects, stream, name));
    assert_ok(bus_api(i->bus, verb, STR(""), &i->arena, &answer, &err), &err);
    assert_ok(topology_ensure(i->bus, &i->subjects, &options, &err), &err);
}

void database_leave(struct installation *i)
{
    i->postgres_port = i->servers.postgres.port;
    private_postgres_stop(&i->servers.postgres);
}

void database_return(struct installation *i)
{
    char folder[300];
    struct error err = {0};
    struct private_postgres_options options = {
        .folder = folder, .port = {.port = i->postgres_port}, .throwaway = true};
    snprintf(folder, sizeof(folder), "%s/postgres", i->servers.folder);
    assert_ok(private_postgres_start(&options, &i->servers.postgres, &err), &err);
}

/* ---- a publisher and a worker, by hand ---------------------------------------------------------------- */

static int64_t ask(struct installation *i, const struct run_request *request)
{
    struct error err = {0};
    struct run_answer answer;
    assert_ok(request_execution(i->bus, &i->subjects, 1, request, &i->arena, &answer, &err), &err);
    return answer.execution_id;
}

struct registration register_playbook(struct installation *i, const char *text)
{
    struct error err = {0};
    struct diagnostics diagnostics;
    struct registration registration;
    diagnostics_init(&diagnostics);
    assert_ok(catalog_register(i->bus, &i->subjects, str_of(text), "test.yaml", &diagnostics, &i->arena,
                               &registration, &err),
              &err);
    diagnostics_free(&diagnostics);
    return registration;
}

int64_t execution_of(struct installation *i, const char *playbook, const char *workload)
{
    struct error err = {0};
    struct run_request request = {.path = register_playbook(i, playbook).path, .requested_by = STR("test")};
    if (workload)
        assert_ok(json_read(&i->arena, str_of(workload), NULL, &request.workload, &err), &err);
    return ask(i, &request);
}

int64_t execution_beside(struct installation *i, const char *path, int64_t other)
{
    uint32_t partition = id_partition(other, i->subjects.partitions);
    struct str key;
    do {
        key = arena_printf(&i->arena, "beside-%d", i->keys++);
    } while (id_partition(id_from_key(str_of(path), key), i->subjects.partitions) != partition);
    return execution_once(i, path, key.ptr);
}

bool broker_comes_to_say(struct installation *i, const char *hindrance)
{
    for (int tries = 0; tries < 600; tries++) {
        struct error err;
        struct str answer;
        enum status status =
            bus_request(i->bus, "noetl.broker.status", NULL, 0, STR("{}"), 5000, &i->arena, &answer, &err);
        if (status == STATUS_OK && str_find(answer, str_of(hindrance)) >= 0)
            return true;
        usleep(50000); /* one that has just started does not answer yet */
    }
    return false;
}

bool backlog_fills(struct installation *i)
{
    return broker_comes_to_say(i, "as much waits for the event log as may");
}

int64_t execution_limited(struct installation *i, const char *path, int64_t timeout_ms)
{
    struct run_request request = {
        .path = str_of(path), .requested_by = STR("test"), .timeout_ms = timeout_ms};
    return ask(i, &request);
}

int64_t execution_once(struct installation *i, const char *path, const char *key)
{
    struct run_request request = {
        .path = str_of(path), .requested_by = STR("test"), .idempotency_key = str_of(key)};
    return ask(i, &request);
}

void steer(struct installation *i, enum control_id control, int64_t id, const char *context)
{
    static int count;
    struct error err = {0};
    struct control_request r = {.control = control, .execution_id = id};
    if (context)
        assert_ok(json_read(&i->arena, str_of(context), NULL, &r.context, &err), &err);
    struct str message_id = arena_printf(&i->arena, "steer.%d", count++);
    assert_ok(control_publish(i->bus, &i->subjects, &r, message_id, &err), &err);
}

/* NULL when none comes in time. */
static struct bus_delivery *wait_for_task(struct installation *i, int64_t timeout_ms)
{
    struct timespec until;
    struct bus_delivery *d = NULL;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    bus_pull_want(i->tasks, 1);
    pthread_mutex_lock(&inbox.lock);
    while (inbox.count == 0 && pthread_cond_timedwait(&inbox.filled, &inbox.lock, &until) == 0)
        continue;
    if (inbox.count) {
        d = inbox.items[inbox.first];
        inbox.first = (inbox.first + 1) % INBOX;
        inbox.count--;
    }
    pthread_mutex_unlock(&inbox.lock);
    return d;
}

struct bus_delivery *task_next(struct installation *i)
{
    struct bus_delivery *d = wait_for_task(i, PATIENCE_MS);
    if (!d)
        fail_msg("no task came within %d s", PATIENCE_MS / 1000);
    return d;
}

bool task_none(struct installation *i)
{
    struct bus_delivery *d = wait_for_task(i, 500);
    if (d)
        bus_delivery_free(d);
    return d == NULL;
}

struct str task_text(struct installation *i, const struct bus_delivery *d, const char *member)
{
    struct error err = {0};
    struct value v;
    assert_ok(json_read(&i->arena, d->payload, NULL, &v, &err), &err);
    return value_as_str(value_get(v, str_of(member)));
}

int64_t task_execution(struct installation *i, const struct bus_delivery *d)
{
    struct error err = {0};
    int64_t id = 0;
    assert_ok(id_parse(task_text(i, d, "execution_id"), &id, &err), &err);
    return id;
}

/* An event's message, as a worker makes it of one that is large. */
static struct str referred_to(struct installation *i, int64_t execution_id, struct str text)
{
    struct error err = {0};
    struct value v, summary;
    struct event e;
    struct str message;
    char owner[ID_TEXT];
    id_format(execution_id, owner);
    assert_ok(json_read(&i->arena, text, NULL, &v, &err), &err);
    assert_ok(event_from_value(v, &e, &err), &err);
    assert_ok(parcel_event_summary(&i->arena, &e, &summary, &err), &err);
    assert_ok(
        parcel_wrap(i->bus, &i->subjects, BLOB_RESULTS, owner, text, summary, &i->arena, &message, &err),
        &err);
    return message;
}

/* `result` is the envelope, JSON. */
static void publish_outcome(struct installation *i, struct bus_delivery *d, enum event_type type,
                            const char *result, bool by_reference)
{
    struct error err = {0};
    struct value v;
    struct task t;
    char subject[SUBJECT_MAX];
    assert_ok(json_read(&i->arena, d->payload, NULL, &v, &err), &err);
    assert_ok(task_from_value(v, &t, &err), &err);
    struct str payload =
        arena_printf(&i->arena,
                     "{\"execution_id\":\"%lld\",\"event_type\":\"%s\",\"node_name\":\"%" PRISTR
                     "\",\"node_type\":\"noop\","
                     "\"task_id\":\"%" PRISTR "\",\"visit\":%u,\"attempt\":%u,"
                     "\"result\":%s,\"meta\":{\"token\":\"%" PRISTR "\"}}",
                     (long long)t.execution_id, event_type_name(type), ARGSTR(t.step), ARGSTR(t.task_id),
                     t.visit, t.attempt, result, ARGSTR(t.token));
    struct str id =
        arena_printf(&i->arena, "%lld.%" PRISTR ".outcome", (long long)t.execution_id, ARGSTR(t.task_id));
    if (by_reference)
        payload = referred_to(i, t.execution_id, payload);
    struct bus_publication p = {
        .subject = subject_event(&i->subjects, t.execution_id, type, subject),
        .message_id = id.ptr,
        .payload = payload,
        .give_up_ms = PATIENCE_MS,
    };
    struct bus_ack ack;
    assert_ok(bus_publish_wait(i->bus, &p, &ack, &err), &err);
    bus_deliver_ack(i->bus, d);
    bus_delivery_free(d);
}

void task_done(struct installation *i, struct bus_delivery *d, const char *data)
{
    struct str result = arena_printf(&i->arena, "{\"status\":\"success\",\"data\":%s}", data);
    publish_outcome(i, d, EVENT_ACTION_COMPLETED, result.ptr, false);
}

void task_done_large(struct installation *i, struct bus_delivery *d, const char *data)
{
    struct str result = arena_printf(&i->arena, "{\"status\":\"success\",\"data\":%s}", data);
    publish_outcome(i, d, EVENT_ACTION_COMPLETED, result.ptr, true);
}

void task_failed(struct installation *i, struct bus_delivery *d)
{
    publish_outcome(i, d, EVENT_ACTION_ERROR,
                    "{\"status\":\"error\",\"error\":{\"kind\":\"failed\",\"message\":\"it broke\"}}", false);
}

/* ---- what the log says -------------------------------------------------------------------------------- */

/* Reads an execution until it has an event of that number, or, for 0, its end. */
static struct event_list wait_for_events(struct installation *i, int64_t id, size_t count)
{
    struct error err = {0};
    struct eventlog *log;
    struct event_list events = {0};
    struct mono_time start = mono_now();
    bool there = false;
    assert_ok(eventlog_open(i->servers.postgres.url, "test", &log, &err), &err);
    while (!there && mono_ms_since(start) < PATIENCE_MS) {
        assert_ok(eventlog_events(log, id, 0, 0, &i->arena, &events, &err), &err);
        there = count ? events.count >= count
                      : events.count && event_type_is_final(events.items[events.count - 1].type);
        if (!there)
            nanosleep(&(struct timespec){0, 20 * 1000000}, NULL);
    }
    eventlog_close(&log);
    if (!there)
        fail_msg("execution %lld did not come so far within %d s; its story: %s", (long long)id,
                 PATIENCE_MS / 1000, story(i, events));
    return events;
}

struct event_list execution_end(struct installation *i, int64_t id)
{
    return wait_for_events(i, id, 0);
}

struct event_list execution_events(struct installation *i, int64_t id, size_t count)
{
    return wait_for_events(i, id, count);
}

const char *database_says(struct installation *i, const char *sql)
{
    PGconn *pg = PQconnectdb(i->servers.postgres.url);
    PGresult *r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    const char *text = arena_strdup(&i->arena, str_of(PQntuples(r) ? PQgetvalue(r, 0, 0) : ""));
    PQclear(r);
    PQfinish(pg);
    return text;
}

const char *story(struct installation *i, struct event_list events)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t k = 0; k < events.count; k++) {
        const struct event *e = &events.items[k];
        assert_int_equal(e->event_id, k + 1);
        buf_printf(&b, "%s%s", k ? ", " : "", event_type_name(e->type));
        if (e->visit)
            buf_printf(&b, " %" PRISTR, ARGSTR(e->node_name));
    }
    const char *text = arena_strdup(&i->arena, buf_str(&b));
    buf_free(&b);
    return text;
}

void finish_chain(struct installation *i, int64_t id)
{
    task_done(i, task_next(i), "{\"n\": 1}");
    task_done(i, task_next(i), "{\"n\": 2}");
    assert_string_equal(story(i, execution_end(i, id)), CHAIN_STORY);
}

void database_comes_to_say(struct installation *i, const char *sql, const char *expected)
{
    for (int tries = 0; tries < 300 && strcmp(database_says(i, sql), expected) != 0; tries++)
        usleep(100000);
    assert_string_equal(database_says(i, sql), expected);
}

void delete_rows(struct installation *i, const char *from)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "WITH gone AS (DELETE FROM %s RETURNING 1) SELECT count(*) > 0 FROM gone",
             from);
    assert_string_equal(database_says(i, sql), "t");
}

void caller_hears_nothing(struct installation *i, int64_t id)
{
    char of[128];
    snprintf(of, sizeof(of), "noetl.event WHERE execution_id = %lld AND event_id > 3", (long long)id);
    delete_rows(i, of);
    stream_made_anew(i, STREAM_EVENTS);
}

enum status broker_says_ended(struct installation *i, int64_t id, const char *attempt, bool *ended,
                              struct error *err)
{
    struct str reply, question = arena_printf(&i->arena, "{\"execution_id\":\"%lld\",\"task_id\":\"%s\"}",
                                              (long long)id, attempt);
    TRY(bus_request(i->bus, "noetl.broker.ended", NULL, 0, question, 500, &i->arena, &reply, err));
    *ended = str_is(reply, "{\"ended\":true}");
    assert_true(*ended || str_is(reply, "{\"ended\":false}"));
    return STATUS_OK;
}
