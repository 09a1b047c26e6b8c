#include "dev_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "dev_note.h"
#include "dev_settings.h"
#include "eventlog/eventlog.h"
#include "publisher/topology.h"
#include "bus/connect.h"

enum { NATS_PORT = 4222, POSTGRES_PORT = 5432, PORT_MAX = 65535 };
#define PAUSE_NS INT64_C(2000000000) /* between two tries to start a server again */

/* ---- ports -------------------------------------------------------------------------------------------- */

static enum status wish(int64_t port, uint16_t usual, const char *flag, struct port_wish *out,
                        struct error *err)
{
    if (port < -1 || port > PORT_MAX) {
        (void)error_set(err, STATUS_INVALID, "a port is a number from 0 (any free one) to %d", PORT_MAX);
        return error_place(err, "%s", flag);
    }
    *out =
        (struct port_wish){.port = port < 0 ? usual : (uint16_t)port, .or_other = port < 0, .setting = flag};
    return STATUS_OK;
}

static void say_other_port(const struct dev_servers *s, const struct port_wish *wish, uint16_t got,
                           const char *what)
{
    char holder[128];
    if (wish->port != 0 && wish->port != got)
        dev_note(s->log, "port %u is taken by %s: %s is on %u", wish->port,
                 port_holder(wish->port, holder, sizeof(holder)), what, got);
}

/*
 * "host:port" for the publisher, checked while there is still somebody to tell. Only ports of this machine's
 * loopback can be looked at; for others the publisher says what is wrong.
 */
static enum status choose_http(const struct dev_servers *s, const struct dev_options *options,
                               struct settings *settings, struct error *err)
{
    const char *text = options->http ? options->http : settings_text(settings, SETTING_PUBLISHER_HTTP);
    const char *colon = strrchr(text, ':');
    bool chosen = options->http || settings_source(settings, SETTING_PUBLISHER_HTTP, NULL) != SOURCE_DEFAULT;
    int64_t number = -1;
    if (text[0] == '\0')
        return dev_settings_set(settings, SETTING_PUBLISHER_HTTP, "", err);
    if (!colon || colon == text || !str_to_int64(str_of(colon + 1), &number) || number < 0 ||
        number > PORT_MAX) {
        (void)error_set(err, STATUS_INVALID, "\"%s\" is not host:port", text);
        (void)error_place(err, options->http ? "--http" : "publisher.http");
        return error_hint(err, "127.0.0.1:8082, for example; port 0 is any free one.");
    }
    struct str host = {text, (size_t)(colon - text)};
    struct port_wish wished = {.port = (uint16_t)number, .or_other = !chosen, .setting = "--http"};
    uint16_t port = (uint16_t)number;
    if (number == 0 || str_is(host, "127.0.0.1") || str_is(host, "localhost"))
        TRY(port_choose(&wished, &port, err));
    say_other_port(s, &wished, port, "HTTP");
    char where[300];
    (void)snprintf(where, sizeof(where), "%.*s:%u", host.len > 255 ? 255 : (int)host.len, host.ptr, port);
    return dev_settings_set(settings, SETTING_PUBLISHER_HTTP, where, err);
}

/* ---- starting ----------------------------------------------------------------------------------------- */

static enum status start_nats(struct dev_servers *s, struct error *err)
{
    struct private_nats_options o = {.folder = s->nats_folder, .log_path = s->nats_log, .port = s->nats_port};
    TRY(private_nats_start(&o, &s->nats, err));
    say_other_port(s, &s->nats_port, s->nats.port, "NATS");
    s->nats_port = (struct port_wish){.port = s->nats.port, .setting = "--nats-port"};
    return STATUS_OK;
}

static enum status start_postgres(struct dev_servers *s, struct error *err)
{
    struct private_postgres_options o = {
        .folder = s->postgres_folder, .log_path = s->postgres_log, .port = s->postgres_port};
    TRY(private_postgres_start(&o, &s->postgres, err));
    say_other_port(s, &s->postgres_port, s->postgres.port, "Postgres");
    s->postgres_port = (struct port_wish){.port = s->postgres.port, .setting = "--postgres-port"};
    return STATUS_OK;
}

/* The credential of the examples, unless the user has a file of their own. */
static enum status write_credentials(const struct dev_servers *s, const struct server_folder *data,
                                     struct settings *settings, struct error *err)
{
    char path[SERVER_PATH_MAX], text[512];
    if (settings_text(settings, SETTING_WORKER_CREDENTIALS)[0] != '\0')
        return STATUS_OK;
    (void)snprintf(
        text, sizeof(text),
        "# Written at each start of `noetl dev`; for others, set worker.credentials to a file of yours.\n"
        "pg_local: {type: postgres, url: \"%s\"}\n",
        s->postgres.playbook_url);
    TRY(server_folder_write(data, "credentials.yaml", text, err));
    TRY(folder_join(data->path, "credentials.yaml", path, err));
    return dev_settings_set(settings, SETTING_WORKER_CREDENTIALS, path, err);
}

static enum status lay_out(struct dev_servers *s, const char *data, const struct dev_options *options,
                           struct error *err)
{
    TRY(folder_join(data, "nats", s->nats_folder, err));
    TRY(folder_join(data, "postgres", s->postgres_folder, err));
    TRY(folder_join(data, "logs/nats.log", s->nats_log, err));
    TRY(folder_join(data, "logs/postgres.log", s->postgres_log, err));
    TRY(wish(options->nats_port, NATS_PORT, "--nats-port", &s->nats_port, err));
    return wish(options->postgres_port, POSTGRES_PORT, "--postgres-port", &s->postgres_port, err);
}

enum status dev_servers_start(struct dev_servers *s, const struct server_folder *data,
                              const struct dev_options *options, struct settings *settings, struct error *err)
{
    *s = (struct dev_servers){.log = data->log,
                              .own_nats = !dev_settings_names(settings, SETTING_NATS_URL),
                              .own_postgres = !dev_settings_names(settings, SETTING_POSTGRES_URL)};
    TRY(lay_out(s, data->path, options, err));
    TRY(choose_http(s, options, settings, err));
    if (s->own_nats) {
        TRY(start_nats(s, err));
        dev_settings_drop_login(settings);
        TRY(dev_settings_set(settings, SETTING_NATS_URL, s->nats.url, err));
    }
    if (s->own_postgres) {
        TRY(start_postgres(s, err));
        TRY(dev_settings_set(settings, SETTING_POSTGRES_URL, s->postgres.url, err));
        TRY(write_credentials(s, data, settings, err));
    }
    return STATUS_OK;
}

static enum status set_up_streams(const struct settings *settings, struct error *err)
{
    struct subjects subjects;
    struct topology_options options;
    struct bus *bus;
    TRY(subjects_from_settings(settings, &subjects, err));
    topology_options_from_settings(settings, &options);
    TRY(bus_connect(settings, "dev", false, &bus, err));
    enum status status = topology_ensure(bus, &subjects, &options, err);
    bus_close(&bus);
    return status;
}

static enum status set_up_log(const struct settings *settings, struct error *err)
{
    struct eventlog *log;
    struct subjects subjects;
    int applied;
    TRY(subjects_from_settings(settings, &subjects, err));
    TRY(eventlog_open(settings_text(settings, SETTING_POSTGRES_URL), "noetl-dev", &log, err));
    enum status status = eventlog_migrate(log, &applied, err);
    if (status == STATUS_OK)
        status = eventlog_claim(log, subjects.prefix, err);
    eventlog_close(&log);
    return status;
}

enum status dev_servers_set_up(const struct settings *settings, struct error *err)
{
    TRY(set_up_streams(settings, err));
    return set_up_log(settings, err);
}

/* ---- watching and stopping ---------------------------------------------------------------------------- */

/* Whether a server of ours is down and to be started now. */
static bool is_due(bool own, struct process *p, struct mono_time *next, const char *name, int log)
{
    int code;
    if (!own)
        return false;
    if (p->pid > 0) {
        if (!process_wait(p, 0, &code))
            return false;
        *p = (struct process){0};
        dev_note(log, "%s ended with code %d", name, code);
    }
    if (mono_now().ns < next->ns)
        return false;
    next->ns = mono_now().ns + PAUSE_NS;
    return true;
}

static void say_started(const char *name, enum status status, const struct error *err, int log)
{
    if (status == STATUS_OK)
        dev_note(log, "%s runs again", name);
    else
        dev_note_error(log, err);
}

void dev_servers_watch(struct dev_servers *s)
{
    struct error err;
    if (is_due(s->own_nats, &s->nats.process, &s->next_nats, "the NATS server", s->log)) {
        private_nats_stop(&s->nats);
        say_started("the NATS server", start_nats(s, &err), &err, s->log);
    }
    if (is_due(s->own_postgres, &s->postgres.process, &s->next_postgres, "Postgres", s->log)) {
        private_postgres_stop(&s->postgres);
        say_started("Postgres", start_postgres(s, &err), &err, s->log);
    }
}

void dev_servers_stop(struct dev_servers *s)
{
    private_postgres_stop(&s->postgres);
    private_nats_stop(&s->nats);
}
