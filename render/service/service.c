#include "service.h"

#include "operations.h"
#include "publisher/partitions_watch.h"
#include "bus/connect.h"
#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "runtime/monitor.h"

enum {
    CONNECTIONS = 4,
    /* More than connections: a call that waits for the log to catch up has none. */
    THREADS = 16,
    WAIT_MS = 10000,
    LOOK_MS = 2000,
    HEADERS_BYTES = 1024,
    TEMPLATES_KEPT = 4096,
    TEMPLATES_BYTES = 64 << 20,
};

static enum status is_ready(void *context, struct error *err)
{
    struct render_service *s = context;
    if (atomic_load(&s->stopping))
        return error_set(err, STATUS_UNAVAILABLE, "the render service stops");
    if (!atomic_load(&s->started))
        return error_set(err, STATUS_UNAVAILABLE, "the render service is starting");
    if (!bus_is_connected(s->bus))
        return error_set(err, STATUS_UNAVAILABLE, "there is no connection to NATS");
    return log_pool_check(s->log, err);
}

static enum status start_monitor(const struct settings *settings, struct render_service *s,
                                 struct monitor **out, struct error *err)
{
    const struct monitor_options options = {.ready = is_ready, .context = s};
    struct operation_table table = render_service_operations(s);
    TRY(metrics_begin("render", err));
    TRY(operations_measure(&table, err));
    return monitor_start(settings, &options, out, err);
}

/* Whether the streams, or the log, are no longer, or were never, those of this process. */
struct watch {
    struct partitions_watch partitions;
    struct log_pool *log;
    struct mono_time looked; /* in vain, at the log */
    bool log_is_ours;
};

/* The log is asked until it has said whose it is: a database may be away when the service starts. */
static bool is_anothers(struct watch *w)
{
    struct error err;
    if (w->log_is_ours || (w->looked.ns != 0 && mono_ms_since(w->looked) < LOOK_MS))
        return false;
    enum status status = log_pool_check_prefix(w->log, w->partitions.subjects->prefix, &err);
    w->log_is_ours = status == STATUS_OK;
    w->looked = mono_now();
    if (status != STATUS_CONFLICT)
        return false;
    *w->partitions.err = err;
    w->partitions.status = status;
    return true;
}

static bool cannot_go_on(void *context)
{
    struct watch *w = context;
    return is_anothers(w) || partitions_watch_refuses(&w->partitions);
}

static enum status serve_bus(struct render_service *s, struct error *err)
{
    struct service *service = NULL;
    struct watch watch = {.partitions = {.bus = s->bus, .subjects = s->subjects, .err = err}, .log = s->log};
    struct service_options options = {.bus = s->bus,
                                      .subjects = s->subjects,
                                      .name = "noetl-render",
                                      .description =
                                          "tells of executions and renders templates in their context",
                                      .table = render_service_operations(s),
                                      .threads = THREADS};
    TRY(service_start(&options, &service, err));
    atomic_store(&s->started, true);
    LOG(LOG_INFO, "render service ready", LOG_TEXT("prefix", s->subjects->prefix));
    int signal = daemon_wait(cannot_go_on, &watch);
    LOG(LOG_INFO, "render service stops", LOG_NUM("signal", signal));
    daemon_draining();
    atomic_store(&s->stopping, true);
    service_stop(&service);
    return watch.partitions.status;
}

static enum status serve_log(const struct settings *settings, struct render_service *s, struct error *err)
{
    TRY(bus_connect(settings, "render", true, &s->bus, err));
    s->answer_max = (size_t)bus_max_payload(s->bus) - HEADERS_BYTES;
    return serve_bus(s, err);
}

enum status render_service_serve(const struct settings *settings, struct error *err)
{
    struct subjects subjects;
    struct render_service s = {.subjects = &subjects, .wait_ms = WAIT_MS};
    TRY(subjects_from_settings(settings, &subjects, err));
    const char *url = settings_text(settings, SETTING_POSTGRES_URL);
    if (url[0] == '\0') {
        error_set(err, STATUS_INVALID,
                  "postgres.url is not set: the render service reads the event log there");
        error_place(err, "postgres.url");
        return error_hint(err, "set it, for example to postgresql://noetl@127.0.0.1:5432/noetl");
    }
    struct monitor *monitor;
    TRY(start_monitor(settings, &s, &monitor, err));
    enum status status = log_pool_open(url, CONNECTIONS, &s.log, err);
    if (status == STATUS_OK)
        status = template_cache_new(TEMPLATES_KEPT, TEMPLATES_BYTES, &s.templates, err);
    if (status == STATUS_OK)
        status = serve_log(settings, &s, err);
    monitor_stop(&monitor);
    bus_close(&s.bus);
    template_cache_free(&s.templates);
    log_pool_close(&s.log);
    return status;
}
