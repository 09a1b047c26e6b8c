#include "dev.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/json.h"
#include "dev_child.h"
#include "dev_note.h"
#include "dev_registry.h"
#include "dev_servers.h"
#include "dev_settings.h"
#include "publisher/subject.h"
#include "bus/connect.h"
#include "runtime/port.h"

enum { WORKERS_MAX = 64, CHILDREN_MAX = WORKERS_MAX + 3, TICK_MS = 200, READY_MS = 60000, GRACE_MS = 10000 };

struct dev {
    const struct dev_options *options;
    struct settings *settings; /* the parts' */
    struct server_folder data;
    struct dev_servers servers;
    struct dev_child children[CHILDREN_MAX];
    size_t child_count;
    struct arena arena; /* the parts' environments */
    struct dev_entry entry;
    int signals;  /* readable when a stop is asked for */
    int stopping; /* the signal that did; 0: none */
};

/* ---- the folder --------------------------------------------------------------------------------------- */

static enum status copy_path(const char *path, char *out, struct error *err)
{
    if (snprintf(out, SERVER_PATH_MAX, "%s", path) < SERVER_PATH_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_LIMIT, "the path of the data folder is longer than %d bytes",
                     SERVER_PATH_MAX - 1);
}

static enum status find_data_dir(const struct dev *d, char *out, struct error *err)
{
    const char *share = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    const char *told =
        d->options->data_dir ? d->options->data_dir : settings_text(d->settings, SETTING_DATA_DIR);
    if (told[0])
        return copy_path(told, out, err);
    if (share && share[0] == '/')
        return folder_join(share, "noetl", out, err);
    if (home && home[0] == '/')
        return folder_join(home, ".local/share/noetl", out, err);
    (void)error_set(err, STATUS_INVALID, "neither HOME nor XDG_DATA_HOME says where data may be kept");
    return error_hint(err, "Say it with --data-dir DIR.");
}

static enum status open_data_dir(struct dev *d, struct error *err)
{
    char path[SERVER_PATH_MAX], logs[SERVER_PATH_MAX], own_log[SERVER_PATH_MAX];
    TRY(find_data_dir(d, path, err));
    TRY(folder_join(path, "logs", logs, err));
    TRY(folder_make(logs, err));
    TRY(folder_join(logs, "dev.log", own_log, err));
    return server_folder_open(path, own_log, &d->data, err);
}

/* ---- signals ------------------------------------------------------------------------------------------ */

static enum status open_signals(struct dev *d, struct error *err)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    int code = pthread_sigmask(SIG_BLOCK, &set, NULL);
    d->signals = code ? -1 : signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    (void)signal(SIGPIPE, SIG_IGN); /* a terminal that is gone is no reason to leave the parts behind */
    return d->signals >= 0
               ? STATUS_OK
               : error_set(err, STATUS_IO, "cannot wait for Ctrl-C: %s", strerror(code ? code : errno));
}

/* A signal that came since the last look, or 0. */
static int next_signal(const struct dev *d)
{
    struct signalfd_siginfo info;
    return read(d->signals, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

/* ---- the parts ---------------------------------------------------------------------------------------- */

static enum status add_child(struct dev *d, const char *part, int number, struct error *err)
{
    char logs[SERVER_PATH_MAX];
    TRY(folder_join(d->data.path, "logs", logs, err));
    TRY(dev_child_open(&d->children[d->child_count], part, number, logs, err));
    d->child_count++;
    return STATUS_OK;
}

/* In the order of the stop: first nothing new comes in, then nothing is taken up, then what is done is
 * written. */
static enum status add_children(struct dev *d, struct error *err)
{
    TRY(add_child(d, "publisher", 0, err));
    for (int i = 1; i <= d->options->workers; i++)
        TRY(add_child(d, "worker", d->options->workers > 1 ? i : 0, err));
    TRY(add_child(d, "broker", 0, err));
    return add_child(d, "render", 0, err);
}

/* A port of its own, the same again after a restart if nobody has taken it. The publisher has its HTTP API.
 */
static enum status choose_metrics(const struct dev *d, struct dev_child *c, struct error *err)
{
    char address[32] = "";
    bool has_api = strcmp(c->part, "publisher") == 0 && settings_text(d->settings, SETTING_PUBLISHER_HTTP)[0];
    if (!has_api && (c->metrics == 0 || !port_is_free(c->metrics)))
        c->metrics = port_find_free();
    if (!has_api && c->metrics != 0)
        (void)snprintf(address, sizeof(address), "127.0.0.1:%u", c->metrics);
    return dev_settings_set(d->settings, SETTING_METRICS_HTTP, address, err);
}

static enum status start_child(struct dev *d, struct dev_child *c, struct error *err)
{
    const char *const *environment;
    arena_reset(&d->arena);
    TRY(choose_metrics(d, c, err));
    TRY(dev_environment(d->settings, c->part, &d->arena, &environment, err));
    return dev_child_start(c, environment, err);
}

/* Waits for up to `timeout_ms` for words of the parts or a signal, and passes the words on. */
static void pump(struct dev *d, int timeout_ms)
{
    struct pollfd fds[CHILDREN_MAX + 1];
    fds[0] = (struct pollfd){.fd = d->signals, .events = POLLIN};
    for (size_t i = 0; i < d->child_count; i++)
        fds[i + 1] = (struct pollfd){.fd = d->children[i].output, .events = POLLIN};
    (void)poll(fds, d->child_count + 1, timeout_ms);
    for (size_t i = 0; i < d->child_count; i++)
        if (fds[i + 1].revents)
            dev_child_read(&d->children[i]);
}

/* Notices parts that ended, and starts those whose pause is over. */
static void tend_children(struct dev *d)
{
    for (size_t i = 0; i < d->child_count; i++) {
        struct dev_child *c = &d->children[i];
        struct error err;
        int code;
        if (dev_child_ended(c, &code))
            dev_note(d->data.log, "the %s ended with code %d and is started again (%s/logs/%s.log)", c->name,
                     code, d->data.path, c->name);
        if (c->process.pid != 0 || mono_now().ns < c->start_again.ns)
            continue;
        if (start_child(d, c, &err) != STATUS_OK) {
            dev_note_error(d->data.log, &err);
            c->start_again.ns = mono_now().ns + c->pause_ms * 1000000;
        }
    }
}

/* ---- ready -------------------------------------------------------------------------------------------- */

/* What tells that a part does its work: that it answers, or, of a daemon that tells so, that it is ready. */
struct sign {
    const char *part, *operation;
    bool is_status;
};
static const struct sign SIGNS[] = {{"publisher", "playbooks", false},
                                    {"render", "list", false},
                                    {"broker", "status", true},
                                    {"worker", "status", true}};

static bool says_ready(struct arena *a, struct str reply)
{
    struct value answer;
    if (json_read_map(a, reply, "a status", &answer, NULL) != STATUS_OK)
        return false;
    struct value ready = VALUE_GET(answer, "ready");
    return ready.type == VALUE_BOOL && ready.u.b;
}

static bool is_ready(struct bus *bus, const struct subjects *s, const struct sign *sign)
{
    char subject[SUBJECT_MAX];
    struct arena a;
    struct str reply;
    arena_init(&a, 0);
    if (sign->is_status)
        (void)subject_daemon(s, sign->part, NULL, sign->operation, subject);
    else
        (void)subject_api(s, sign->operation, subject);
    bool ok = bus_request(bus, subject, NULL, 0, STR("{}"), TICK_MS, &a, &reply, NULL) == STATUS_OK &&
              (!sign->is_status || says_ready(&a, reply));
    arena_free(&a);
    return ok;
}

static enum status await_answers(struct dev *d, struct bus *bus, const struct subjects *s, struct error *err)
{
    struct mono_time start = mono_now();
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
        while (!is_ready(bus, s, &SIGNS[i])) {
            if ((d->stopping = next_signal(d)) != 0)
                return STATUS_OK;
            if (mono_ms_since(start) > READY_MS) {
                (void)error_set(err, STATUS_TIMEOUT, "the %s did not get ready within %d s", SIGNS[i].part,
                                READY_MS / 1000);
                return error_hint(err, "%.200s/logs/%s.log says what it does.", d->data.path, SIGNS[i].part);
            }
            pump(d, TICK_MS / 4);
            tend_children(d);
        }
    }
    return STATUS_OK;
}

static enum status await_ready(struct dev *d, struct error *err)
{
    struct subjects subjects;
    struct bus *bus;
    TRY(subjects_from_settings(d->settings, &subjects, err));
    TRY(bus_connect(d->settings, "dev", false, &bus, err));
    enum status s = await_answers(d, bus, &subjects, err);
    bus_close(&bus);
    return s;
}

/* ---- telling ------------------------------------------------------------------------------------------ */

static void fill_entry(struct dev *d)
{
    const char *http = settings_text(d->settings, SETTING_PUBLISHER_HTTP);
    d->entry = (struct dev_entry){.pid = getpid(), .started_ns = wall_now().ns};
    memcpy(d->entry.data_dir, d->data.path, sizeof(d->entry.data_dir));
    (void)snprintf(d->entry.nats_url, sizeof(d->entry.nats_url), "%s",
                   settings_text(d->settings, SETTING_NATS_URL));
    (void)snprintf(d->entry.postgres_url, sizeof(d->entry.postgres_url), "%s",
                   settings_text(d->settings, SETTING_POSTGRES_URL));
    if (http[0])
        (void)snprintf(d->entry.http, sizeof(d->entry.http), "http://%s", http);
}

static void tell_metrics(const struct dev *d)
{
    const char *http = settings_text(d->settings, SETTING_PUBLISHER_HTTP);
    for (size_t i = 0; i < d->child_count; i++) {
        const struct dev_child *c = &d->children[i];
        const char *label = i == 0 ? "metrics" : "";
        if (c->metrics != 0)
            (void)printf("  %-9s http://127.0.0.1:%u/metrics of the %s\n", label, c->metrics, c->name);
        else if (http[0])
            (void)printf("  %-9s http://%s/metrics of the %s\n", label, http, c->name);
    }
}

/* The URL of an external server may have a password that is not ours to show. */
static void tell(const struct dev *d)
{
    const struct dev_entry *e = &d->entry;
    (void)printf("noetl dev is ready\n");
    (void)printf("  data      %s\n", e->data_dir);
    (void)printf("  logs      %s/logs\n", e->data_dir);
    (void)printf("  nats      %s\n", d->servers.own_nats ? e->nats_url : "the server of nats.url");
    if (d->servers.own_postgres)
        (void)printf("  postgres  psql '%s'\n", e->postgres_url);
    else
        (void)printf("  postgres  the server of postgres.url\n");
    if (e->http[0])
        (void)printf("  http      %s\n", e->http);
    tell_metrics(d);
    bool usual =
        settings_source(d->settings, SETTING_DATA_DIR, NULL) == SOURCE_DEFAULT && !d->options->data_dir;
    (void)printf("  try       noetl run examples/hello_world.yaml --wait%s%s\n", usual ? "" : " --data-dir ",
                 usual ? "" : e->data_dir);
    (void)printf("Ctrl-C stops it.\n");
    (void)fflush(stdout);
}

/* ---- stopping ----------------------------------------------------------------------------------------- */

static bool any_runs(const struct dev *d, const char *part)
{
    for (size_t i = 0; i < d->child_count; i++)
        if (d->children[i].process.pid != 0 && strcmp(d->children[i].part, part) == 0)
            return true;
    return false;
}

/* A signal to the part alone: what it started is for it to end, until there is no more time. */
static void signal_part(const struct dev *d, const char *part, int signal)
{
    for (size_t i = 0; i < d->child_count; i++) {
        const struct process *p = &d->children[i].process;
        if (p->pid == 0 || strcmp(d->children[i].part, part) != 0)
            continue;
        if (signal == SIGKILL)
            process_signal(p, SIGKILL);
        else
            (void)kill(p->pid, signal);
    }
}

static void stop_part(struct dev *d, const char *part, int64_t grace_ms, bool *at_once)
{
    struct mono_time start = mono_now();
    signal_part(d, part, *at_once ? SIGKILL : SIGTERM);
    while (any_runs(d, part)) {
        int code;
        pump(d, TICK_MS / 10);
        if (next_signal(d) != 0 && !*at_once) {
            dev_note(d->data.log, "stopping at once");
            *at_once = true;
            signal_part(d, part, SIGKILL);
        }
        if (!*at_once && mono_ms_since(start) > grace_ms) {
            dev_note(d->data.log, "the %s did not stop in time and is killed", part);
            signal_part(d, part, SIGKILL);
            grace_ms = INT64_MAX;
        }
        for (size_t i = 0; i < d->child_count; i++)
            if (strcmp(d->children[i].part, part) == 0)
                (void)dev_child_ended(&d->children[i], &code);
    }
}

static void stop_all(struct dev *d)
{
    bool at_once = false;
    int64_t drain_ms = settings_int(d->settings, SETTING_WORKER_DRAIN);
    stop_part(d, "publisher", GRACE_MS, &at_once);
    stop_part(d, "worker", drain_ms + GRACE_MS, &at_once);
    stop_part(d, "broker", GRACE_MS, &at_once);
    stop_part(d, "render", GRACE_MS, &at_once);
    for (size_t i = 0; i < d->child_count; i++)
        dev_child_close(&d->children[i]);
    dev_servers_stop(&d->servers);
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static enum status start_all(struct dev *d, struct error *err)
{
    TRY(dev_servers_start(&d->servers, &d->data, d->options, d->settings, err));
    TRY(dev_servers_set_up(d->settings, err));
    TRY(add_children(d, err));
    for (size_t i = 0; i < d->child_count; i++)
        TRY(start_child(d, &d->children[i], err));
    TRY(await_ready(d, err));
    fill_entry(d);
    return d->stopping ? STATUS_OK : dev_registry_add(&d->entry, err);
}

static void watch(struct dev *d)
{
    while (d->stopping == 0) {
        pump(d, TICK_MS);
        d->stopping = next_signal(d);
        dev_servers_watch(&d->servers);
        if (d->stopping == 0)
            tend_children(d);
    }
}

static enum status run_in_folder(struct dev *d, struct error *err)
{
    enum status s = start_all(d, err);
    if (s == STATUS_OK && d->stopping == 0) {
        tell(d);
        watch(d);
        dev_registry_remove(&d->entry);
        dev_note(d->data.log, "stopping");
    }
    stop_all(d);
    return s;
}

enum status dev_run(const struct settings *settings, const struct dev_options *options, struct error *err)
{
    if (options->workers < 1 || options->workers > WORKERS_MAX) {
        (void)error_set(err, STATUS_INVALID, "there can be 1 to %d workers", WORKERS_MAX);
        return error_place(err, "--workers");
    }
    struct dev *d = calloc(1, sizeof(*d));
    if (!d)
        return error_set(err, STATUS_NO_MEMORY, "no memory for noetl dev");
    d->options = options;
    d->signals = -1;
    arena_init(&d->arena, 0);
    enum status s = dev_settings_copy(settings, &d->settings, err);
    if (s == STATUS_OK)
        s = open_data_dir(d, err);
    if (s == STATUS_OK)
        s = open_signals(d, err);
    if (s == STATUS_OK)
        s = run_in_folder(d, err);
    server_folder_close(&d->data);
    if (d->signals >= 0)
        (void)close(d->signals);
    settings_free(&d->settings);
    arena_free(&d->arena);
    free(d);
    return s;
}
