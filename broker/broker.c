#include "broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child_desk.h"
#include "dead_letter.h"
#include "engine.h"
#include "holdings.h"
#include "inquiry.h"
#include "intake.h"
#include "measure.h"
#include "publisher/environment.h"
#include "publisher/topology.h"
#include "reconciler.h"
#include "runtime/clock.h"
#include "bus/connect.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "runtime/monitor.h"
#include "runtime/pulse.h"
#include "self.h"

enum {
    RETRY_MS = 1000,
    MAX_FACTS_IN_MAILBOX = 20000,
    MAX_BYTES_IN_MAILBOX = 64 << 20,
    STOP_WITHIN_MS = 10000,
    LAPSED_STOP_WITHIN_MS = 1000
};

struct broker {
    const struct settings *settings;
    struct subjects subjects;
    char name[128];
    struct bus *bus;
    int signal; /* that came before there was a connection */
    struct fence fence;
    struct occupancy occupancy;
    struct progress progress;
    struct mailbox mailbox;
    bool has_mailbox;
    struct writer *writer;
    struct engine *engine;
    struct holdings *holdings;
    struct reconciler *reconciler;
    struct inquiries *inquiries;
    struct child_desk *children;
    struct arena arena;
    struct value env; /* of executions that are requested here */
    struct intake *intake;
    struct dead_letters *dead_letters;
    struct monitor *monitor;
    struct broker_self self;
    struct service *service;
    atomic_bool no_intake, no_dead_letters; /* their consumers are missing */
    atomic_bool started, stopping;          /* what is_ready() may look at is there between them */
};

/* A connection of its own for each part that uses the log; a database that is away is waited for. */
static enum status open_log(struct broker *b, const char *what, struct eventlog **out, struct error *err)
{
    char name[160];
    snprintf(name, sizeof(name), "noetl broker %s", what);
    const char *url = settings_text(b->settings, SETTING_POSTGRES_URL);
    if (*url) {
        TRY(eventlog_open(url, name, out, err));
        eventlog_tell_waits(*out, pulse_waits);
        return STATUS_OK;
    }
    error_set(err, STATUS_INVALID, "the broker needs the event log's database");
    return error_hint(
        err, "Set postgres.url (NOETL_POSTGRES_URL, or postgres: {url: …} in the configuration file).");
}

/* As soon as JetStream answers, which may be later than its server does; or until b->signal. */
static enum status look_at_stream(struct broker *b, struct error *err)
{
    char stream[96];
    enum status status;
    while (status_may_retry(status = topology_check_partitions(b->bus, &b->subjects, STREAM_EVENTS, err))) {
        LOG(LOG_WARN, "the event stream cannot be seen yet", LOG_ERR(err));
        b->signal = daemon_pause(RETRY_MS);
        if (b->signal)
            return STATUS_OK;
    }
    if (status == STATUS_OK || status == STATUS_CONFLICT)
        return status;
    stream_name(&b->subjects, STREAM_EVENTS, stream);
    error_hint(err, "`noetl setup` makes the streams.");
    return error_wrap(err, "the stream %s", stream);
}

static void partitions_lost(void *context)
{
    struct broker *b = context;
    holdings_look(b->holdings);
}

/* Each of these takes its connection to the log over. */

static enum status start_writer(struct broker *b, struct error *err)
{
    struct eventlog *log = NULL;
    struct writer_options options = {.bus = b->bus,
                                     .subjects = &b->subjects,
                                     .engine = &b->mailbox,
                                     .fence = &b->fence,
                                     .lost = partitions_lost,
                                     .context = b};
    TRY(open_log(b, "writer", &log, err));
    enum status status = writer_start(log, &options, &b->writer, err);
    if (status != STATUS_OK)
        eventlog_close(&log);
    return status;
}

static enum status make_engine(struct broker *b, struct error *err)
{
    struct eventlog *log = NULL;
    struct engine_options options = {
        .bus = b->bus,
        .subjects = &b->subjects,
        .mailbox = &b->mailbox,
        .writer = b->writer,
        .children = b->children,
        .fence = &b->fence,
        .occupancy = &b->occupancy,
        .progress = &b->progress,
        .batch_rows = (size_t)settings_int(b->settings, SETTING_BROKER_BATCH),
        .backlog_rows = (size_t)settings_int(b->settings, SETTING_BROKER_BACKLOG),
        .backlog_bytes = (size_t)settings_int(b->settings, SETTING_BROKER_BACKLOG_SIZE),
        .executions = (size_t)settings_int(b->settings, SETTING_BROKER_EXECUTIONS),
        .idle_ms = settings_int(b->settings, SETTING_BROKER_IDLE)};
    metric_set(METRIC_BROKER_BACKLOG_LIMIT, 0, (int64_t)options.backlog_rows);
    metric_set(METRIC_BROKER_BACKLOG_BYTES_LIMIT, 0, (int64_t)options.backlog_bytes);
    metric_set(METRIC_BROKER_IN_FLIGHT_LIMIT, 0, (int64_t)b->occupancy.most);
    metric_set(METRIC_BROKER_EXECUTIONS_LIMIT, 0, (int64_t)options.executions);
    TRY(open_log(b, "reader", &log, err));
    enum status status = engine_new(&options, log, &b->engine, err);
    if (status != STATUS_OK)
        eventlog_close(&log);
    return status;
}

static enum status start_holdings(struct broker *b, struct error *err)
{
    struct holdings_options options = {.bus = b->bus,
                                       .subjects = &b->subjects,
                                       .engine = &b->mailbox,
                                       .fence = &b->fence,
                                       .occupancy = &b->occupancy,
                                       .name = b->name,
                                       .lease_ms = settings_int(b->settings, SETTING_BROKER_LEASE)};
    TRY(open_log(b, "partitions", &options.log, err));
    enum status status = holdings_start(&options, &b->holdings, err);
    if (status != STATUS_OK)
        eventlog_close(&options.log);
    return status;
}

static enum status start_reconciler(struct broker *b, struct error *err)
{
    struct reconciler_options options = {.bus = b->bus,
                                         .subjects = &b->subjects,
                                         .fence = &b->fence,
                                         .progress = &b->progress,
                                         .intake = b->intake,
                                         .every_ms = settings_int(b->settings, SETTING_BROKER_RECONCILE)};
    TRY(open_log(b, "reconciler", &options.log, err));
    enum status status = reconciler_start(&options, &b->reconciler, err);
    if (status != STATUS_OK)
        eventlog_close(&options.log);
    return status;
}

/* ---- for others to see -------------------------------------------------------------------------------- */

static enum status is_served(const atomic_bool *missing, const char *what, struct error *err)
{
    if (!atomic_load(missing))
        return STATUS_OK;
    error_set(err, STATUS_UNAVAILABLE, "the consumer of %s is missing, and this broker cannot make it", what);
    return error_hint(err, "`noetl setup` makes it.");
}

static enum status is_ready(void *context, struct error *err)
{
    struct broker *b = context;
    if (atomic_load(&b->stopping))
        return error_set(err, STATUS_UNAVAILABLE, "the broker stops");
    if (!atomic_load(&b->started))
        return error_set(err, STATUS_UNAVAILABLE, "the broker is starting");
    if (!bus_is_connected(b->bus))
        return error_set(err, STATUS_UNAVAILABLE, "there is no connection to NATS");
    if (!holdings_are_ready(b->holdings)) {
        error_set(err, STATUS_UNAVAILABLE, "the broker has not taken its share of the partitions yet");
        return error_hint(err, "It needs the event log for that: its log says whether Postgres answers.");
    }
    if (!fence_lease_lasts(&b->fence))
        return error_set(err, STATUS_UNAVAILABLE, "the broker has not heard itself for a lease");
    TRY(is_served(&b->no_intake, "commands", err));
    TRY(is_served(&b->no_dead_letters, "advisories about dead tasks", err));
    if (!atomic_load(&b->fence.log_away) || !engine_is_over_backlog(b->engine))
        return STATUS_OK;
    error_set(err, STATUS_UNAVAILABLE, "the event log cannot be written, and as much waits for it as may");
    error_place(err, "broker.backlog");
    return error_hint(err, "Nothing is lost; the broker goes on when Postgres answers.");
}

static enum status start_monitor(struct broker *b, struct error *err)
{
    const struct monitor_options options = {.ready = is_ready, .context = b};
    TRY(broker_metrics_begin(err));
    return monitor_start(b->settings, &options, &b->monitor, err);
}

static enum status start_service(struct broker *b, struct error *err)
{
    const struct settings *s = b->settings;
    b->self = (struct broker_self){.identity = {b->name, is_ready, b},
                                   .bus = b->bus,
                                   .subjects = &b->subjects,
                                   .fence = &b->fence,
                                   .progress = &b->progress,
                                   .occupancy = &b->occupancy,
                                   .mailbox = &b->mailbox,
                                   .writer = b->writer,
                                   .engine = b->engine,
                                   .holdings = b->holdings,
                                   .most = {(size_t)settings_int(s, SETTING_BROKER_BACKLOG),
                                            (size_t)settings_int(s, SETTING_BROKER_BACKLOG_SIZE)}};
    return broker_self_serve(&b->self, &b->service, err);
}

/* ---- its life ----------------------------------------------------------------------------------------- */

static enum status start_parts(struct broker *b, struct error *err)
{
    TRY(mailbox_init(&b->mailbox, MAX_FACTS_IN_MAILBOX, MAX_BYTES_IN_MAILBOX, b->bus, err));
    b->has_mailbox = true;
    TRY(start_writer(b, err));
    TRY(environment_for_templates(b->settings, &b->arena, &b->env, err));
    TRY(child_desk_open(b->bus, &b->subjects, b->env, b->writer, &b->children, err));
    TRY(make_engine(b, err));
    TRY(start_holdings(b, err));
    TRY(engine_start(b->engine, b->holdings, err));
    TRY(inquiries_start(b->bus, &b->subjects, &b->fence, &b->mailbox, &b->inquiries, err));
    TRY(dead_letters_start(b->bus, &b->subjects, &b->no_dead_letters, &b->dead_letters, err));
    TRY(intake_start(b->bus, &b->subjects, b->env, &b->occupancy,
                     (uint32_t)settings_int(b->settings, SETTING_BROKER_COMMANDS), &b->no_intake, &b->intake,
                     err));
    TRY(start_reconciler(b, err));
    atomic_store(&b->started, true);
    return start_service(b, err);
}

static enum status start(struct broker *b, struct error *err)
{
    daemon_name(settings_text(b->settings, SETTING_BROKER_NAME), b->name, sizeof(b->name));
    TRY(start_monitor(b, err));
    TRY(subjects_from_settings(b->settings, &b->subjects, err));
    TRY(fence_init(&b->fence, b->subjects.partitions, err));
    TRY(progress_init(&b->progress, b->subjects.partitions, err));
    b->occupancy.most = (size_t)settings_int(b->settings, SETTING_BROKER_IN_FLIGHT);
    TRY(bus_connect(b->settings, "broker", true, &b->bus, err));
    b->signal = bus_await_connection(b->bus);
    if (!b->signal)
        TRY(look_at_stream(b, err));
    return b->signal ? STATUS_OK : start_parts(b, err);
}

/* A lease that has lapsed does not come back now: then what may not be sent any more is not waited for. */
static void write_rest(struct broker *b)
{
    int64_t until_ns = mono_now().ns + STOP_WITHIN_MS * INT64_C(1000000);
    if (b->engine)
        engine_send_rest(b->engine, until_ns);
    if (!fence_lease_lasts(&b->fence))
        until_ns = mono_now().ns + LAPSED_STOP_WITHIN_MS * INT64_C(1000000);
    writer_stop(b->writer, until_ns);
}

/*
 * The order matters: first nothing new comes in, then what is in hand is committed and the partitions are
 * given back, then the connection closes so that no acknowledgement comes any more, and only then is freed
 * what acknowledgements and batches point to.
 */
static void stop(struct broker *b)
{
    atomic_store(&b->stopping, true);
    reconciler_stop(&b->reconciler);
    inquiries_stop(b->inquiries);
    intake_stop(&b->intake);
    dead_letters_stop(&b->dead_letters);
    if (b->has_mailbox)
        mailbox_close(&b->mailbox);
    if (b->holdings)
        holdings_stop_reading(b->holdings);
    if (b->engine)
        engine_stop(b->engine);
    if (b->writer)
        write_rest(b);
    service_stop(&b->service);
    monitor_stop(&b->monitor);
    holdings_close(&b->holdings);
    child_desk_close(&b->children);
    bus_close(&b->bus);
    engine_free(&b->engine);
    writer_free(&b->writer);
    if (b->has_mailbox)
        mailbox_free(&b->mailbox);
    inquiries_free(&b->inquiries);
    progress_free(&b->progress);
    fence_free(&b->fence);
    arena_free(&b->arena);
}

static bool has_failed(struct broker *b, struct error *err)
{
    return engine_failed(b->engine, err) || holdings_failed(b->holdings, err) ||
           reconciler_failed(b->reconciler, err);
}

static bool cannot_go_on(void *context)
{
    struct error ignored;
    return has_failed(context, &ignored);
}

enum status broker_serve(const struct settings *settings, struct error *err)
{
    struct broker b = {.settings = settings};
    arena_init(&b.arena, 0);
    enum status status = start(&b, err);
    if (status == STATUS_OK && !b.signal) {
        daemon_wait(cannot_go_on, &b);
        daemon_draining();
        if (has_failed(&b, err))
            status = err->status;
        LOG_LINE(LOG_INFO, "stopping");
    }
    stop(&b);
    return status;
}
