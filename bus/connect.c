#include "connect.h"

#include <stdio.h>
#include <unistd.h>

#include "runtime/daemon.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

static void log_connection(void *context, bool connected, const char *detail)
{
    (void)context;
    metric_set(METRIC_NATS_CONNECTED, 0, connected);
    metric_add(METRIC_NATS_CONNECTS, 0, connected);
    LOG(connected ? LOG_INFO : LOG_WARN, connected ? "nats connection" : "nats connection is down",
        LOG_TEXT("detail", detail));
}

static const char *text_or_null(const struct settings *s, enum setting id)
{
    const char *text = settings_text(s, id);
    return text[0] ? text : NULL;
}

enum status bus_connect(const struct settings *settings, const char *role, bool daemon, struct bus **out,
                        struct error *err)
{
    char host[DAEMON_HOST_MAX], name[160], own_inbox[64];
    snprintf(name, sizeof(name), "noetl-%s %s/%d", role, daemon_host(host), (int)getpid());
    snprintf(own_inbox, sizeof(own_inbox), "_INBOX_%s", role);
    const char *inbox = text_or_null(settings, SETTING_NATS_INBOX);
    struct bus_options o = {
        .servers = settings_text(settings, SETTING_NATS_URL),
        .name = name,
        .user = text_or_null(settings, SETTING_NATS_USER),
        .password = text_or_null(settings, SETTING_NATS_PASSWORD),
        .token = text_or_null(settings, SETTING_NATS_TOKEN),
        .credentials = text_or_null(settings, SETTING_NATS_CREDS),
        .nkey = text_or_null(settings, SETTING_NATS_NKEY),
        .tls_cert = text_or_null(settings, SETTING_NATS_TLS_CERT),
        .tls_key = text_or_null(settings, SETTING_NATS_TLS_KEY),
        .tls_ca = text_or_null(settings, SETTING_NATS_TLS_CA),
        .inbox_prefix = inbox ? inbox : own_inbox,
        .connect_timeout_ms = settings_int(settings, SETTING_NATS_TIMEOUT),
        .retry_connect = daemon,
        .on_event = daemon ? log_connection : NULL,
    };
    int64_t window = settings_int(settings, SETTING_NATS_WINDOW);
    TRY(bus_open(&o, out, err));
    bus_set_window(*out, (uint32_t)window);
    metric_set(METRIC_NATS_WINDOW, 0, window);
    return STATUS_OK;
}

static bool is_connected(void *context)
{
    return bus_is_connected(context);
}

int bus_await_connection(struct bus *bus)
{
    if (is_connected(bus))
        return 0;
    LOG_LINE(LOG_WARN, "there is no connection to NATS yet; waiting for one");
    return daemon_wait(is_connected, bus);
}
