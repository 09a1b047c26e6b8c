#include "publisher.h"

#include <inttypes.h>

#include "execution_id.h"
#include "http.h"
#include "operations.h"
#include "runtime/connect.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "topology.h"

enum { THREADS = 8 };

static uint32_t node_of(const struct settings *settings)
{
    int64_t node = settings_int(settings, SETTING_PUBLISHER_NODE);
    return node < 0 ? execution_id_node() : (uint32_t)node;
}

/* With everything started: until a signal comes. */
static enum status serve_http(const struct settings *settings, struct publisher *publisher, struct error *err)
{
    struct http *http = NULL;
    const char *listen = settings_text(settings, SETTING_PUBLISHER_HTTP);
    if (listen[0]) {
        struct http_options options = {.listen = listen,
                                       .bus = publisher->bus,
                                       .subjects = publisher->subjects,
                                       .table = publisher_operations(publisher)};
        TRY(http_start(&options, &http, err));
    }
    LOG(LOG_INFO, "publisher ready", LOG_TEXT("prefix", publisher->subjects->prefix),
        LOG_NUM("node", publisher->node), LOG_TEXT("http", listen));
    int signal = daemon_wait(NULL, NULL);
    LOG(LOG_INFO, "publisher stops", LOG_NUM("signal", signal));
    daemon_draining();
    http_stop(&http);
    return STATUS_OK;
}

static enum status serve_bus(const struct settings *settings, struct publisher *publisher, struct error *err)
{
    struct topology_options topology;
    topology_options_from_settings(settings, &topology);
    enum status status = topology_ensure(publisher->bus, publisher->subjects, &topology, err);
    if (status == STATUS_DENIED)
        LOG(LOG_INFO, "streams are left as they are: this account may not make them", LOG_ERR(err));
    else if (status != STATUS_OK)
        return status;

    struct service *service = NULL;
    struct service_options options = {.bus = publisher->bus,
                                      .subjects = publisher->subjects,
                                      .name = "noetl-publisher",
                                      .description = "registers playbooks and asks for their execution",
                                      .table = publisher_operations(publisher),
                                      .threads = THREADS};
    TRY(service_start(&options, &service, err));
    status = serve_http(settings, publisher, err);
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
    TRY(bus_connect(settings, "publisher", true, &publisher.bus, err));
    enum status status = serve_bus(settings, &publisher, err);
    bus_close(&publisher.bus);
    return status;
}
