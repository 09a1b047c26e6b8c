#include "fleet.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"

enum { PATIENCE_S = 60, MAX_SETTINGS = 16 };

void fleet_ok(enum status s, const struct error *err)
{
    char text[2048];
    if (s != STATUS_OK)
        fail_msg("%s", error_text(err, text, sizeof(text)));
}

/* ---- servers -------------------------------------------------------------------------------------- */

static void set(struct fleet *f, const char *name, const char *text)
{
    struct error err;
    fleet_ok(settings_set(f->settings, SOURCE_FLAG, "test", str_of(name), str_of(text), &err), &err);
}

static void on_event(void *context, struct bus_delivery *d)
{
    struct fleet *f = context;
    bool is_outcome = strstr(d->subject, ".action_") != NULL;
    pthread_mutex_lock(&f->mutex);
    bool kept = is_outcome && f->event_count < FLEET_EVENTS;
    if (kept)
        f->events[f->event_count++] = d;
    pthread_cond_broadcast(&f->came);
    pthread_mutex_unlock(&f->mutex);
    if (!kept)
        bus_delivery_free(d);
}

/* As a broker does. On a thread of the connection. */
static void on_question(void *context, const struct bus_message *m)
{
    struct fleet *f = context;
    struct arena a;
    struct value v;
    int64_t id;
    struct error err;
    f->asked++;
    if (f->silent)
        return;
    arena_init(&a, 0);
    fleet_ok(json_read_map(&a, m->payload, "a question", &v, &err), &err);
    fleet_ok(id_parse(value_as_str(VALUE_GET(v, "execution_id")), &id, &err), &err);
    struct str answer = id == f->ended ? STR("{\"ended\":true}") : STR("{\"ended\":false}");
    fleet_ok(bus_publish(f->bus, m->reply, NULL, NULL, 0, answer, &err), &err);
    bus_push(f->bus);
    arena_free(&a);
}

int fleet_start(void **state)
{
    struct fleet *f = calloc(1, sizeof(*f));
    struct error err;
    struct topology_options options;
    char stream[96];
    assert_non_null(f);
    *state = f;
    pthread_mutex_init(&f->mutex, NULL);
    pthread_cond_init(&f->came, NULL);
    arena_init(&f->arena, 0);
    f->next_execution = 1000;
    servers_start_nats(&f->servers);
    fleet_ok(settings_new(&f->settings, &err), &err);
    set(f, "nats.url", f->servers.nats.url);
    set(f, "worker.ack_wait", "1s");
    f->bus = servers_connect(&f->servers, "fleet");
    fleet_ok(subjects_from_settings(f->settings, &f->subjects, &err), &err);
    topology_options_from_settings(f->settings, &options);
    fleet_ok(topology_ensure(f->bus, &f->subjects, &options, &err), &err);
    options.task_ack_wait_ms = 600000; /* longer than any test waits: only what is given back comes again */
    fleet_ok(topology_ensure_pool(f->bus, &f->subjects, &options, "patient", &err), &err);
    stream_name(&f->subjects, STREAM_EVENTS, stream);
    fleet_ok(bus_reader_start(f->bus, stream, "noetl.events.>", (struct bus_place){0}, on_event, NULL, f,
                              &f->reader, &err),
             &err);
    fleet_ok(bus_subscribe(f->bus, "noetl.broker.ended", NULL, on_question, f, &f->questions, &err), &err);
    return 0;
}

int fleet_stop(void **state)
{
    struct fleet *f = *state;
    bus_unsubscribe(&f->questions);
    bus_reader_stop(&f->reader);
    for (size_t i = 0; i < f->event_count; i++)
        bus_delivery_free(f->events[i]);
    bus_close(&f->bus);
    servers_stop(&f->servers);
    settings_free(&f->settings);
    arena_free(&f->arena);
    pthread_cond_destroy(&f->came);
    pthread_mutex_destroy(&f->mutex);
    free(f);
    return 0;
}

/* ---- workers -------------------------------------------------------------------------------------- */

struct process fleet_worker(struct fleet *f, const char *const *settings)
{
    char nats[160];
    const char *argv[MAX_SETTINGS + 8] = {WORKER_PROCESS, nats, "worker.ack_wait=1s"};
    size_t count = 3;
    snprintf(nats, sizeof(nats), "nats.url=%s", f->servers.nats.url);
    for (size_t i = 0; settings && settings[i] && i < MAX_SETTINGS; i++)
        argv[count++] = settings[i];
    struct process_options options = {
        .argv = argv, .in = -1, .out = STDERR_FILENO, .error = STDERR_FILENO, .die_with_parent = true};
    struct process p;
    struct error err;
    fleet_ok(process_start(&options, &p, &err), &err);
    return p;
}

static int wait_end(struct process *worker)
{
    int code = -1;
    if (!process_wait(worker, PATIENCE_S * 1000, &code)) {
        process_end(worker, 0, &code);
        fail_msg("the worker did not end");
    }
    return code;
}

int fleet_end_worker(struct process *worker)
{
    process_signal(worker, SIGTERM);
    return wait_end(worker);
}

void fleet_kill_worker(struct process *worker)
{
    process_signal(worker, SIGKILL);
    assert_int_equal(wait_end(worker), 128 + SIGKILL);
}

/* ---- tasks ---------------------------------------------------------------------------------------- */

void fleet_message(struct fleet *f, const char *pool, int64_t execution_id, const char *task_id,
                   const char *payload)
{
    char subject[SUBJECT_MAX], id[64];
    struct bus_ack ack;
    struct error err;
    snprintf(id, sizeof(id), "%lld.%s", (long long)execution_id, task_id);
    subject_task(&f->subjects, str_of(pool), execution_id, task_id, subject);
    struct bus_publication p = {
        .subject = subject, .message_id = id, .payload = str_of(payload), .give_up_ms = 10000};
    fleet_ok(bus_publish_wait(f->bus, &p, &ack, &err), &err);
}

static struct value parsed(struct fleet *f, struct str text)
{
    struct value v;
    struct error err;
    fleet_ok(json_read(&f->arena, text, NULL, &v, &err), &err);
    return v;
}

static void publish_task(struct fleet *f, const char *pool, int64_t id, const char *task_id, const char *tool,
                         const char *config, const char *args, int64_t timeout_ms)
{
    struct task task = {.execution_id = id,
                        .task_id = str_of(task_id),
                        .step = STR("probe"),
                        .type = str_of(tool),
                        .path = STR("test"),
                        .visit = 1,
                        .attempt = 1,
                        .timeout_ms = timeout_ms,
                        .token = STR("secret-token"),
                        .args = parsed(f, str_of(args)),
                        .config = parsed(f, str_of(config))};
    struct value v;
    struct str text;
    struct error err;
    fleet_ok(task_to_value(&f->arena, &task, &v, &err), &err);
    fleet_ok(json_text(&f->arena, v, &text, &err), &err);
    fleet_message(f, pool, id, task_id, text.ptr);
}

int64_t fleet_pool_task(struct fleet *f, const char *pool, const char *tool, const char *config,
                        const char *args, int64_t timeout_ms)
{
    int64_t id = f->next_execution++;
    publish_task(f, pool, id, "s1v1a1", tool, config, args, timeout_ms);
    return id;
}

void fleet_task_of(struct fleet *f, int64_t execution_id, const char *task_id, const char *tool,
                   const char *config)
{
    publish_task(f, "default", execution_id, task_id, tool, config, "{}", 0);
}

int64_t fleet_task(struct fleet *f, const char *tool, const char *config, const char *args,
                   int64_t timeout_ms)
{
    return fleet_pool_task(f, "default", tool, config, args, timeout_ms);
}

/* ---- waiting -------------------------------------------------------------------------------------- */

static bool is_of(const struct bus_delivery *d, int64_t execution_id)
{
    char part[64];
    snprintf(part, sizeof(part), ".%lld.action_", (long long)execution_id);
    return strstr(d->subject, part) != NULL;
}

/* With the mutex held. */
static struct bus_delivery *find(struct fleet *f, int64_t execution_id)
{
    for (size_t i = 0; i < f->event_count; i++)
        if (is_of(f->events[i], execution_id))
            return f->events[i];
    return NULL;
}

struct value fleet_outcome(struct fleet *f, int64_t execution_id)
{
    struct timespec until;
    struct bus_delivery *d;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&f->mutex);
    while (!(d = find(f, execution_id)) && pthread_cond_timedwait(&f->came, &f->mutex, &until) == 0)
        ;
    pthread_mutex_unlock(&f->mutex);
    if (!d)
        fail_msg("no outcome of execution %lld came", (long long)execution_id);
    return parsed(f, d->payload);
}

size_t fleet_outcomes(struct fleet *f, int64_t execution_id)
{
    size_t count = 0;
    pthread_mutex_lock(&f->mutex);
    for (size_t i = 0; i < f->event_count; i++)
        count += is_of(f->events[i], execution_id);
    pthread_mutex_unlock(&f->mutex);
    return count;
}

void fleet_wait_empty(struct fleet *f)
{
    struct bus_stream_info info;
    struct error err;
    char stream[96];
    stream_name(&f->subjects, STREAM_TASKS, stream);
    for (int i = 0; i < PATIENCE_S * 50; i++) {
        fleet_ok(bus_stream_info(f->bus, stream, &info, &err), &err);
        if (info.messages == 0)
            return;
        usleep(20000);
    }
    fail_msg("%lu tasks were not acked", (unsigned long)info.messages);
}

void fleet_limit_events(struct fleet *f, bool full)
{
    struct topology_options options;
    struct bus_stream_info info;
    struct error err;
    char stream[96];
    stream_name(&f->subjects, STREAM_EVENTS, stream);
    fleet_ok(bus_stream_info(f->bus, stream, &info, &err), &err);
    assert_true(info.messages > 0);
    topology_options_from_settings(f->settings, &options);
    options.events_limit.messages = full ? (int64_t)info.messages : 0;
    fleet_ok(topology_ensure(f->bus, &f->subjects, &options, &err), &err);
}

void fleet_wait_file(const char *path)
{
    for (int i = 0; i < PATIENCE_S * 100; i++) {
        if (access(path, F_OK) == 0)
            return;
        usleep(10000);
    }
    fail_msg("%s did not come to be", path);
}

const char *fleet_path(struct fleet *f)
{
    struct str path =
        arena_printf(&f->arena, "%s/mark-%lld", f->servers.folder, (long long)f->next_execution);
    assert_non_null(path.ptr);
    return path.ptr;
}
