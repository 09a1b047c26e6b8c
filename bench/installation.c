#include "installation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "eventlog/eventlog.h"
#include "publisher/topology.h"
#include "bus/connect.h"

static enum status set(struct installation *i, const char *name, const char *value, struct error *err)
{
    return settings_set(i->settings, SOURCE_FLAG, "noetl-bench", str_of(name), str_of(value), err);
}

static enum status set_up(struct installation *i, struct error *err)
{
    struct bus *bus = NULL;
    struct eventlog *log = NULL;
    struct subjects subjects;
    struct topology_options options;
    int applied;
    TRY(set(i, "nats.url", i->nats.url, err));
    TRY(set(i, "postgres.url", i->postgres.url, err));
    TRY(subjects_from_settings(i->settings, &subjects, err));
    topology_options_from_settings(i->settings, &options);
    TRY(bus_connect(i->settings, "bench_setup", false, &bus, err));
    enum status status = topology_ensure(bus, &subjects, &options, err);
    bus_close(&bus);
    TRY(status);
    TRY(eventlog_open(i->postgres.url, "bench setup", &log, err));
    status = eventlog_migrate(log, &applied, err);
    eventlog_close(&log);
    return status;
}

enum status installation_start(struct installation *i, struct error *err)
{
    char nats[96], postgres[96];
    *i = (struct installation){.folder = "/tmp/noetl-bench-XXXXXX"};
    if (!mkdtemp(i->folder))
        return error_set(err, STATUS_IO, "no folder can be made in /tmp");
    snprintf(nats, sizeof(nats), "%s/nats", i->folder);
    snprintf(postgres, sizeof(postgres), "%s/postgres", i->folder);
    TRY(settings_new(&i->settings, err));
    TRY(private_nats_start(&(struct private_nats_options){.folder = nats}, &i->nats, err));
    TRY(private_postgres_start(&(struct private_postgres_options){.folder = postgres}, &i->postgres, err));
    snprintf(i->nats_variable, sizeof(i->nats_variable), "NOETL_NATS_URL=%s", i->nats.url);
    snprintf(i->postgres_variable, sizeof(i->postgres_variable), "NOETL_POSTGRES_URL=%s", i->postgres.url);
    return set_up(i, err);
}

void installation_stop(struct installation *i)
{
    if (!i->folder[0])
        return;
    private_nats_stop(&i->nats);
    private_postgres_stop(&i->postgres);
    settings_free(&i->settings);
    const char *const argv[] = {"rm", "-rf", i->folder, NULL};
    struct process rm = {0};
    struct error err = {0};
    int code;
    if (process_start(&(struct process_options){.argv = argv, .in = -1, .out = -1, .error = -1}, &rm, &err) ==
        STATUS_OK)
        process_wait(&rm, -1, &code);
}

static enum status start_one(struct installation *i, const char *const *argv, struct process *out,
                             struct error *err)
{
    const char *path = getenv("PATH");
    char path_variable[4096], home[] = "HOME=/nonexistent";
    snprintf(path_variable, sizeof(path_variable), "PATH=%s", path ? path : "/usr/bin:/bin");
    const char *const env[] = {i->nats_variable,
                               i->postgres_variable,
                               "NOETL_LOG_LEVEL=warn",
                               "NOETL_WORKER_CONCURRENCY=128",
                               path_variable,
                               home,
                               NULL};
    struct process_options options = {.argv = argv,
                                      .env = env,
                                      .in = -1,
                                      .out = STDERR_FILENO,
                                      .error = STDERR_FILENO,
                                      .die_with_parent = true};
    return process_start(&options, out, err);
}

enum status installation_run(struct installation *i, const char *const *broker, const char *const *worker,
                             struct error *err)
{
    TRY(start_one(i, broker, &i->broker, err));
    TRY(start_one(i, worker, &i->worker, err));
    /* The warm-up that follows waits for an execution's end, so nothing is measured before both are ready. */
    return STATUS_OK;
}

void installation_end(struct installation *i)
{
    int code;
    process_end(&i->worker, 5000, &code);
    process_end(&i->broker, 5000, &code);
    i->worker = i->broker = (struct process){0};
}
