#include "publisher.h"

#include <inttypes.h>

#include "environment.h"
#include "execution_id.h"
#include "http.h"
#include "operations.h"
#include "bus/connect.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "runtime/monitor.h"
#include "partitions_watch.h"
#include "topology.h"

enum { THREADS = 8, RETRY_MS = 1000, MOST_CONNECTIONS = 100000 };

static uint32_t node_of(const struct settings *settings)
{
    int64_t node = settings_int(settings, SETTING_PUBLISHER_NODE);
    return node < 0 ? execution_id_node() : (uint32_t)node;
}

/* ---- waiting for NATS --------------------------------------------------------------------------------- */

/*
 * The streams are made, or found, as soon as a server answers: a publisher may be started before it. *signal
 * is not 0 when a stop was asked for meanwhile.
 */
static enum status wait_for_streams(const struct settings *settings, struct publisher *publisher, int *signal,
                                    struct error *err)
{
    struct topology_options topology;
    topology_options_from_settings(settings, &topology);
    for (;;) {
        *signal = bus_await_connection(publisher->bus);
        if (*signal != 0)
            return STATUS_OK;
        enum status status = topology_ensure(publisher->bus, publisher->subjects, &topology, err);
        if (status == STATUS_DENIED) {
            LOG(LOG_INFO, "streams are left as they are: this account may not make them", LOG_ERR(err));
            return STATUS_OK;
        }
        if (!status_may_retry(status))
            return status;
        LOG(LOG_WARN, "the streams are not there yet", LOG_ERR(err));
        *signal = daemon_pause(RETRY_MS);
        if (*signal != 0)
            return STATUS_OK;
    }
}

/* ---- for others to see -------------------------------------------------------------------------------- */

static enum status is_ready(void *context, struct error *err)
{
    struct publisher *p = context;
    if (!atomic_load(&p->started)) {
        error_set(err, STATUS_UNAVAILABLE, "the publisher waits for NATS and its streams");
        return error_hint(err, "Its log says what is missing.");
    }
    if (!bus_is_connected(p->bus))
        return error_set(err, STATUS_UNAVAILABLE, "there is no connection to NATS");
    return STATUS_OK;
}

static enum status start_monitor(const struct settings *settings, struct publisher *publisher,
                                 const struct monitor_options *options, struct monitor **out,
                                 struct error *err)
{
    struct operation_table table = publisher_operations(publisher);
    TRY(metrics_begin("publisher", err));
    TRY(operations_measure(&table, err));
    TRY(http_measure(err));
    return monitor_start(settings, options, out, err);
}

/* ---- serving ------------------------------------------------------------------------------------------ */

/* A number from `least` on, as a setting. */
static enum status read_number(const struct settings *settings, enum setting id, int64_t least, uint32_t *out,
                               struct error *err)
{
    int64_t number = settings_int(settings, id);
    *out = (uint32_t)number;
    if (number >= least && number <= MOST_CONNECTIONS)
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "%s has to be from %" PRId64 " to %d, and it is %" PRId64,
              setting_name(id), least, MOST_CONNECTIONS, number);
    return error_place(err, "%s", setting_name(id));
}

/* With everything started: until a signal comes, or it may not go on. */
static enum status serve_http(const struct settings *settings, struct publisher *publisher, struct error *err)
{
    struct http *http = NULL;
    const struct monitor_options monitor = {.ready = is_ready, .context = publisher};
    struct partitions_watch watch = {.bus = publisher->bus, .subjects = publisher->subjects, .err = err};
    const char *listen = settings_text(settings, SETTING_PUBLISHER_HTTP);
    if (listen[0]) {
        struct http_options options = {
            .listen = listen,
            .bus = publisher->bus,
            .subjects = publisher->subjects,
            .table = publisher_operations(publisher),
            .connections = (uint32_t)settings_int(settings, SETTING_PUBLISHER_HTTP_CONNECTIONS),
            .rate = (uint32_t)settings_int(settings, SETTING_PUBLISHER_HTTP_RATE),
            .idle_ms = settings_int(settings, SETTING_PUBLISHER_HTTP_IDLE),
            .monitor = &monitor};
        TRY(read_number(settings, SETTING_PUBLISHER_HTTP_CONNECTIONS, 2, &options.connections, err));
        TRY(read_number(settings, SETTING_PUBLISHER_HTTP_RATE, 0, &options.rate, err));
        TRY(http_start(&options, &http, err));
    }
    atomic_store(&publisher->started, true);
    LOG(LOG_INFO, "publisher ready", LOG_TEXT("prefix", publisher->subjects->prefix),
        LOG_NUM("node", publisher->node), LOG_TEXT("http", listen));
    int signal = daemon_wait(partitions_watch_refuses, &watch);
    LOG(LOG_INFO, "publisher stops", LOG_NUM("signal", signal));
    daemon_draining();
    atomic_store(&publisher->started, false);
    http_stop(&http);
    return watch.status;
}

static enum status serve_bus(const struct settings *settings, struct publisher *publisher, struct error *err)
{
    int signal;
    TRY(wait_for_streams(settings, publisher, &signal, err));
    if (signal != 0)
        return STATUS_OK;
    struct service *service = NULL;
    struct service_options options = {.bus = publisher->bus,
                                      .subjects = publisher->subjects,
                                      .name = "noetl-publisher",
                                      .description = "registers playbooks and asks for their execution",
                                      .table = publisher_operations(publisher),
                                      .threads = THREADS};
    TRY(service_start(&options, &service, err));
    enum status status = serve_http(settings, publisher, err);
    service_stop(&service);
    return status;
}

enum status publisher_serve(const struct settings *settings, struct error *err)
{
    struct subjects subjects;
    TRY(subjects_from_settings(settings, &subjects, err));
    struct publisher publisher = {.subjects = &subjects,
                                  .node = node_of(settings),
                                  .timeout_ms = settings_int(settings, SETTING_NATS_TIMEOUT)};
    struct arena a;
    struct monitor *monitor = NULL;
    const struct monitor_options options = {.ready = is_ready, .context = &publisher};
    TRY(start_monitor(settings, &publisher, &options, &monitor, err));
    arena_init(&a, 0);
    enum status status = environment_for_templates(settings, &a, &publisher.env, err);
    if (status == STATUS_OK)
        status = bus_connect(settings, "publisher", true, &publisher.bus, err);
    if (status == STATUS_OK)
        status = brokers_listen(publisher.bus, &subjects, &publisher.brokers, err);
    if (status == STATUS_OK)
        status = serve_bus(settings, &publisher, err);
    monitor_stop(&monitor);
    brokers_close(&publisher.brokers);
    bus_close(&publisher.bus);
    arena_free(&a);
    return status;
}
