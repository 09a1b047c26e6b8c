#include "worker.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/json.h"
#include "executor.h"
#include "measure.h"
#include "publisher/topology.h"
#include "runtime/clock.h"
#include "bus/connect.h"
#include "runtime/daemon.h"
#include "runtime/guard.h"
#include "runtime/log.h"
#include "runtime/monitor.h"
#include "self.h"

enum { LOOK_AGAIN_MS = 5000, LAST_OUTCOMES_MS = 5000, UNCONNECTED_MS = 1000, HEAR_MS = 1000 };

enum { ENDS = 3 }; /* kinds of events after which tasks are stopped */

struct worker {
    struct station station;
    struct subjects subjects;
    struct crew *crew;
    struct bus_pull *pull;
    struct bus_subscription *ends[ENDS];
    const char *pool;
    struct monitor *monitor;
    struct worker_self self;
    struct service *service;
    _Atomic bool started, stopping;
    _Atomic bool looks_missing; /* the consumer doesn't answer */
    _Atomic bool compared; /* the streams with the settings, and they may not have been made anew since */
    bool may_not_look;     /* the account is not allowed to see consumers */
    bool attached;         /* the crew asks for tasks */
    bool pool_full;        /* its workers have as many tasks as they may; that has been said */
    int64_t ack_wait_ms;   /* of the consumer */
    struct mono_time began, looked;
    bool told_unconnected;
    bool is_refused;  /* the streams are for other settings than this worker's: it ends */
    struct error why; /* with this */
};

/* ---- preparing ------------------------------------------------------------------------------------ */

/* libpq would send these to whatever server a playbook names. */
static void forget_postgres_variables(void)
{
    static const char *const names[] = {"PGPASSWORD", "PGPASSFILE", "PGUSER",     "PGHOST",
                                        "PGHOSTADDR", "PGPORT",     "PGDATABASE", "PGSERVICE",
                                        "PGOPTIONS",  "PGSSLCERT",  "PGSSLKEY",   "PGSERVICEFILE"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

static enum status make_consumer(struct worker *w, const char *stream, struct error *err)
{
    struct topology_options options;
    topology_options_from_settings(w->station.settings, &options);
    enum status s = topology_ensure_pool(w->station.bus, &w->subjects, &options, w->pool, err);
    again_doubt(&w->station.again);
    if (s == STATUS_OK)
        LOG(LOG_INFO, "the pool's consumer was missing and has been made", LOG_TEXT("pool", w->pool),
            LOG_TEXT("stream", stream));
    else
        LOG(LOG_WARN, "the pool has no consumer, and this worker cannot make it; it goes on looking",
            LOG_TEXT("pool", w->pool), LOG_TEXT("stream", stream), LOG_ERR(err));
    return s;
}

/* What holds is what the consumer was made with, be the settings of this worker others. */
static void learn(struct worker *w, int64_t ack_wait_ms, uint64_t max_deliver)
{
    w->ack_wait_ms = ack_wait_ms;
    again_learn(&w->station.again, ack_wait_ms, max_deliver);
    lease_keeper_set_ack_wait(w->station.keeper, ack_wait_ms);
    bus_pull_holds_for(w->pull, lease_holds_for(ack_wait_ms));
}

static void see_pool(struct worker *w, const struct bus_consumer_info *info)
{
    int64_t most = (int64_t)info->max_ack_pending;
    bool full = most > 0 && info->pending > 0 && (int64_t)info->ack_pending >= most;
    if (info->ack_wait_ms > 0)
        learn(w, info->ack_wait_ms, info->max_deliver);
    metric_set(METRIC_POOL_LIMIT, 0, most);
    metric_set(METRIC_POOL_WAITING, 0, (int64_t)info->pending);
    metric_set(METRIC_POOL_TAKEN, 0, (int64_t)info->ack_pending);
    metric_add(METRIC_POOL_REACHED, 0, full);
    if (full && !w->pool_full)
        LOG(LOG_WARN, "the pool's workers have as many tasks as they may; others wait in the stream",
            LOG_TEXT("pool", w->pool), LOG_NUM("tasks.max_running", most), LOG_NUM("waiting", info->pending));
    w->pool_full = full;
}

/*
 * Before the first task of the streams that there are: outcomes under another number of partitions would be
 * read by no broker. An account that may not see the stream has to trust its settings.
 */
static bool may_look_for_tasks(struct worker *w)
{
    struct error err;
    if (atomic_exchange(&w->compared, true))
        return true;
    enum status s = topology_check_partitions(w->station.bus, &w->subjects, STREAM_TASKS, &err);
    bool may = s == STATUS_OK || s == STATUS_DENIED;
    if (s == STATUS_CONFLICT) {
        w->is_refused = true;
        w->why = err;
    } else if (!may) {
        LOG(LOG_WARN, "the stream of tasks cannot be seen yet", LOG_ERR(&err));
        atomic_store(&w->compared, false);
    }
    return may;
}

/* As an answer about the consumer, where there is none: what is read behind it has not been on its way for
 * long. */
static void hear(struct worker *w)
{
    w->looked = mono_now();
    if (bus_flush(w->station.bus, HEAR_MS, NULL) != STATUS_OK)
        LOG_LINE(LOG_DEBUG, "NATS does not answer now");
}

/*
 * Makes the pool's consumer if there is none. An account that may not look has to trust that there is one.
 * Tasks are asked for once it is there: who asks before gets no answer.
 */
static void look_for_consumer(struct worker *w)
{
    struct error err;
    struct bus_consumer_info info;
    char stream[96], consumer[96];
    w->looked = mono_now();
    stream_name(&w->subjects, STREAM_TASKS, stream);
    pool_consumer(w->pool, consumer);
    enum status s = bus_consumer_info(w->station.bus, stream, consumer, &info, &err);
    if (s == STATUS_OK)
        see_pool(w, &info);
    else if (s == STATUS_NOT_FOUND)
        s = make_consumer(w, stream, &err);
    else if (status_may_retry(s))
        hear(w);
    w->may_not_look = s == STATUS_DENIED;
    if (s != STATUS_NOT_FOUND && !may_look_for_tasks(w))
        return;
    bool was_missing = atomic_exchange(&w->looks_missing, s != STATUS_OK && s != STATUS_DENIED);
    if (!w->attached && s != STATUS_NOT_FOUND) {
        again_look(&w->station.again);
        crew_attach(w->crew, w->pull);
        w->attached = true;
    } else if (was_missing && s == STATUS_OK) {
        bus_pull_again(w->pull);
    }
}

/* By who reads the connection, or a thread of it. */
static void on_trouble(void *context, const struct error *err)
{
    struct worker *w = context;
    if (err)
        LOG(LOG_WARN, "no tasks can be pulled for now", LOG_TEXT("pool", w->pool), LOG_ERR(err));
    else
        LOG(LOG_INFO, "tasks can be pulled again", LOG_TEXT("pool", w->pool));
    atomic_store(&w->looks_missing, err != NULL);
    if (err)
        atomic_store(&w->compared, false);
    if (err && (err->status == STATUS_NOT_FOUND || err->status == STATUS_UNAVAILABLE))
        again_doubt(&w->station.again);
}

static void on_delivery(void *context, struct bus_delivery *delivery)
{
    struct worker *w = context;
    crew_deliver(w->crew, delivery);
}

/* Which run of the execution ended: meta.run of the event, 0 where there is none. */
static uint32_t run_that_ended(struct value event)
{
    struct value run = value_get_path(event, STR("meta.run"));
    return run.type == VALUE_INT && run.u.i > 0 && run.u.i <= UINT32_MAX ? (uint32_t)run.u.i : 0;
}

static void stop_what_ended(struct worker *w, int64_t execution_id, struct value event)
{
    struct str type = value_as_str(VALUE_GET(event, "event_type"));
    if (str_is(type, event_type_name(EVENT_TASKS_WITHDRAWN)))
        lease_keeper_stop_attempt(w->station.keeper, execution_id, value_as_str(VALUE_GET(event, "task_id")));
    else
        lease_keeper_stop_execution(w->station.keeper, execution_id, run_that_ended(event));
}

/* <prefix>.live.<execution_id>.<event_type>, on a thread of the connection. */
static void on_end(void *context, const struct bus_message *message)
{
    struct worker *w = context;
    struct str rest = str_of(message->subject);
    struct arena a;
    struct value event;
    int64_t id;
    rest.ptr += strlen(w->subjects.prefix) + strlen(".live.");
    rest.len -= strlen(w->subjects.prefix) + strlen(".live.");
    arena_init(&a, 0);
    if (json_read(&a, message->payload, NULL, &event, NULL) != STATUS_OK)
        event = value_null();
    if (id_parse(str_split(&rest, '.'), &id, NULL) == STATUS_OK)
        stop_what_ended(w, id, event);
    arena_free(&a);
}

static enum status listen_for_ends(struct worker *w, struct error *err)
{
    static const enum event_type types[ENDS] = {EVENT_EXECUTION_CANCELLED, EVENT_EXECUTION_FAILED,
                                                EVENT_TASKS_WITHDRAWN};
    for (size_t i = 0; i < ENDS; i++) {
        char subject[SUBJECT_MAX];
        snprintf(subject, sizeof(subject), "%s.live.*.%s", w->subjects.prefix, event_type_name(types[i]));
        TRY(bus_subscribe(w->station.bus, subject, NULL, on_end, w, &w->ends[i], err));
    }
    return STATUS_OK;
}

static enum status is_ready(void *context, struct error *err)
{
    struct worker *w = context;
    if (atomic_load(&w->stopping))
        return error_set(err, STATUS_UNAVAILABLE, "the worker stops");
    if (!atomic_load(&w->started))
        return error_set(err, STATUS_UNAVAILABLE, "the worker is starting");
    if (!bus_is_connected(w->station.bus))
        return error_set(err, STATUS_UNAVAILABLE, "there is no connection to NATS");
    if (!atomic_load(&w->looks_missing))
        return STATUS_OK;
    error_set(err, STATUS_UNAVAILABLE, "the pool \"%s\" has no consumer, or it does not answer", w->pool);
    error_place(err, "worker.pool");
    return error_hint(err, "`noetl setup` makes the consumers of the pools that the setting pools names.");
}

static enum status start_monitor(struct worker *w, struct error *err)
{
    const struct settings *s = w->station.settings;
    const struct monitor_options options = {.ready = is_ready, .context = w};
    TRY(worker_metrics_begin(w->pool, err));
    metric_set(METRIC_WORKER_CONCURRENCY, 0, settings_int(s, SETTING_WORKER_CONCURRENCY));
    metric_set(METRIC_POOL_LIMIT, 0, settings_int(s, SETTING_TASKS_MAX_RUNNING)); /* until it can be seen */
    return monitor_start(s, &options, &w->monitor, err);
}

static enum status start(struct worker *w, struct error *err)
{
    const struct settings *s = w->station.settings;
    char stream[96], consumer[96];
    TRY(lease_keeper_open(w->station.bus, settings_int(s, SETTING_WORKER_ACK_WAIT), &w->station.keeper, err));
    TRY(reporter_open(w->station.bus, &w->subjects, w->station.keeper, &w->station.reporter, err));
    TRY(listen_for_ends(w, err));
    TRY(crew_open(&w->station, (uint32_t)settings_int(s, SETTING_WORKER_CONCURRENCY), &w->crew, err));
    atomic_store(&w->looks_missing, true); /* until it was looked for once */
    TRY(bus_pull_start(w->station.bus, stream_name(&w->subjects, STREAM_TASKS, stream),
                       pool_consumer(w->pool, consumer), on_delivery, on_trouble, w, &w->pull, err));
    learn(w, settings_int(s, SETTING_WORKER_ACK_WAIT), (uint64_t)settings_int(s, SETTING_WORKER_MAX_DELIVER));
    atomic_store(&w->started, true);
    w->self = (struct worker_self){
        .identity = {w->station.name, is_ready, w}, .station = &w->station, .pool = w->pool};
    return worker_self_serve(&w->self, &w->service, err);
}

/* ---- running and ending --------------------------------------------------------------------------- */

/* Once: later the connection's own messages tell. An address with a password in it is not shown. */
static void tell_unconnected(struct worker *w)
{
    const char *url = settings_text(w->station.settings, SETTING_NATS_URL);
    if (w->told_unconnected || mono_ms_since(w->began) < UNCONNECTED_MS)
        return;
    w->told_unconnected = true;
    LOG(LOG_WARN, "NATS does not answer yet; the worker goes on trying",
        LOG_TEXT("nats.url", strchr(url, '@') ? "***" : url));
}

/* An answer now and then tells, too, that what is read now has not been on its way for long, and that the
 * renewals of leases have arrived (lease.h). */
static int64_t look_again_ms(const struct worker *w)
{
    int64_t part_ms = w->ack_wait_ms / 8;
    return part_ms < LOOK_AGAIN_MS ? part_ms : LOOK_AGAIN_MS;
}

/* Every 200 ms, on the main thread; true to end. */
static bool tick(void *context)
{
    struct worker *w = context;
    reporter_tick(w->station.reporter);
    if (!bus_is_connected(w->station.bus)) {
        tell_unconnected(w);
        return false;
    }
    w->told_unconnected = true;
    bool is_due = w->looked.ns == 0 || mono_ms_since(w->looked) >= look_again_ms(w);
    if (is_due && (!w->may_not_look || atomic_load(&w->looks_missing) || !atomic_load(&w->compared)))
        look_for_consumer(w);
    else if (is_due)
        hear(w);
    return w->is_refused;
}

static void drain(struct worker *w)
{
    struct mono_time begin = mono_now();
    int64_t time_ms = settings_int(w->station.settings, SETTING_WORKER_DRAIN);
    daemon_draining();
    atomic_store(&w->stopping, true);
    crew_attach(w->crew, NULL);
    bus_pull_stop(&w->pull);
    uint32_t busy = crew_finish(w->crew, time_ms);
    if (busy > 0)
        LOG(LOG_WARN, "tasks did not end within worker.drain and are given back", LOG_NUM("tasks", busy));
    crew_close(&w->crew);
    reporter_tick(w->station.reporter);
    if (lease_keeper_wait_empty(w->station.keeper, LAST_OUTCOMES_MS) > 0)
        reporter_give_up(w->station.reporter);
    LOG(LOG_INFO, "worker drained", LOG_NUM("ms", mono_ms_since(begin)));
}

/* Whatever was started. */
static void stop(struct worker *w)
{
    struct error err;
    atomic_store(&w->stopping, true);
    bus_pull_stop(&w->pull);
    crew_close(&w->crew);
    for (size_t i = 0; i < ENDS; i++)
        bus_unsubscribe(&w->ends[i]);
    service_stop(&w->service);
    bool is_connected = bus_is_connected(w->station.bus);
    if (is_connected && bus_flush(w->station.bus, LAST_OUTCOMES_MS, &err) != STATUS_OK)
        LOG(LOG_WARN, "the last acks may not have arrived; those tasks come again", LOG_ERR(&err));
    lease_keeper_stop(w->station.keeper);
    monitor_stop(&w->monitor);
    bus_close(&w->station.bus);
    reporter_close(&w->station.reporter);
    lease_keeper_close(&w->station.keeper);
}

static enum status serve(const struct settings *settings, struct error *err)
{
    struct worker w = {.station = {.settings = settings},
                       .pool = settings_text(settings, SETTING_WORKER_POOL)};
    w.station.subjects = &w.subjects;
    w.began = mono_now();
    daemon_name(settings_text(settings, SETTING_WORKER_NAME), w.station.name, sizeof(w.station.name));
    TRY(topology_check_pool(w.pool, "worker.pool", err));
    TRY(subjects_from_settings(settings, &w.subjects, err));
    TRY(start_monitor(&w, err));
    enum status s = bus_connect(settings, "worker", true, &w.station.bus, err);
    if (s != STATUS_OK) {
        monitor_stop(&w.monitor);
        return s;
    }
    again_init(&w.station.again, w.station.bus, &w.subjects, settings);
    elsewhere_init(&w.station.elsewhere, w.station.bus, &w.subjects, &w.station.again, w.station.name);
    s = start(&w, err);
    if (s == STATUS_OK) {
        LOG(LOG_INFO, "worker ready", LOG_TEXT("name", w.station.name), LOG_TEXT("pool", w.pool),
            LOG_NUM("concurrency", settings_int(settings, SETTING_WORKER_CONCURRENCY)));
        int signal_number = daemon_wait(tick, &w);
        LOG(LOG_INFO, "worker stops", LOG_NUM("signal", signal_number));
        drain(&w);
    }
    if (w.is_refused) {
        *err = w.why;
        s = w.why.status;
    }
    stop(&w);
    elsewhere_free(&w.station.elsewhere);
    again_free(&w.station.again);
    return s;
}

enum status worker_serve(const struct settings *settings, struct error *err)
{
    forget_postgres_variables();
    daemon_setup();
    TRY(guard_start(err));
    enum status s = serve(settings, err);
    guard_stop();
    return s;
}
