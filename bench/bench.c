/*
 * noetl-bench: how fast the engine is, beside a floor that moves the same messages and writes the same rows.
 *
 * Floor and engine take turns in one run, each on servers of its own (the floor's rows are no executions that
 * the engine could continue), so that their ratio holds on a noisy machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drive.h"
#include "figures.h"
#include "floor.h"
#include "installation.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

static const struct workload {
    const char *name;
    struct drive_plan plan;
} workloads[] = {
    {"1 step, idle", {.steps = 1, .executions = 300, .at_a_time = 1}},
    {"10 steps in a chain, idle", {.steps = 10, .executions = 100, .at_a_time = 1}},
    {"1 step, saturated", {.steps = 1, .executions = 20000, .at_a_time = 1000}},
    {"10 steps, 1,000 at a time", {.steps = 10, .executions = 5000, .at_a_time = 1000}},
};

static int report(const struct error *e)
{
    char text[2048];
    fprintf(stderr, "noetl-bench: %s\n", error_text(e, text, sizeof(text)));
    return status_exit_code(e->status);
}

/* One of the two parts of the floor, as a process of its own. */
static int run_part(const char *part, const char *steps)
{
    struct settings *s = NULL;
    struct error err = {0};
    daemon_setup();
    log_setup(part, LOG_WARN, false);
    extern char **environ;
    enum status status = settings_new(&s, &err);
    if (status == STATUS_OK)
        status = settings_load_environment(s, (const char *const *)environ, &err);
    if (status == STATUS_OK)
        status = strcmp(part, "floor-broker") == 0 ? floor_broker(s, (uint32_t)atoi(steps), &err)
                                                   : floor_worker(s, &err);
    settings_free(&s);
    return status == STATUS_OK ? 0 : report(&err);
}

/* Warms the two processes up and measures one workload with them. */
static enum status measure(struct installation *i, const struct workload *w, const char *const *broker,
                           const char *const *worker, struct figures *out, struct error *err)
{
    struct drive_plan warm_up = {.steps = w->plan.steps, .executions = 20, .at_a_time = 5};
    struct drive_result warm = {0}, r = {0};
    TRY(installation_run(i, broker, worker, err));
    enum status status = drive(i->settings, &warm_up, &warm, err);
    struct usage broker_before = usage_of(i->broker.pid), worker_before = usage_of(i->worker.pid);
    if (status == STATUS_OK)
        status = drive(i->settings, &w->plan, &r, err);
    struct usage broker_after = usage_of(i->broker.pid), worker_after = usage_of(i->worker.pid);
    broker_after.cpu_seconds -= broker_before.cpu_seconds;
    worker_after.cpu_seconds -= worker_before.cpu_seconds;
    installation_end(i);
    if (status == STATUS_OK && r.failed)
        status = error_set(err, STATUS_FAILED, "%u of %u executions failed", r.failed, w->plan.executions);
    if (status == STATUS_OK)
        figures_of(w->name, &w->plan, &r, broker_after, worker_after, out);
    free(warm.latencies_ms);
    free(r.latencies_ms);
    return status;
}

static enum status run_one(struct installation *floor, struct installation *engine, const char *self,
                           const char *noetl, const struct workload *w, struct error *err)
{
    char steps[16];
    snprintf(steps, sizeof(steps), "%u", w->plan.steps);
    const char *const floor_broker_argv[] = {self, "floor-broker", steps, NULL};
    const char *const floor_worker_argv[] = {self, "floor-worker", steps, NULL};
    const char *const broker_argv[] = {noetl, "serve", "broker", NULL};
    const char *const worker_argv[] = {noetl, "serve", "worker", NULL};
    struct figures of_floor, of_engine;
    TRY(measure(floor, w, floor_broker_argv, floor_worker_argv, &of_floor, err));
    TRY(measure(engine, w, broker_argv, worker_argv, &of_engine, err));
    figures_print(&of_floor, &of_engine);
    return STATUS_OK;
}

static enum status run_all(const char *self, const char *noetl, struct error *err)
{
    struct installation floor = {0}, engine = {0};
    enum status status = installation_start(&floor, err);
    if (status == STATUS_OK)
        status = installation_start(&engine, err);
    for (size_t k = 0; k < sizeof(workloads) / sizeof(workloads[0]) && status == STATUS_OK; k++)
        status = run_one(&floor, &engine, self, noetl, &workloads[k], err);
    installation_stop(&floor);
    installation_stop(&engine);
    return status;
}

int main(int argc, char **argv)
{
    char self[4096], noetl[4200];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (argc == 3 && strncmp(argv[1], "floor-", 6) == 0)
        return run_part(argv[1], argv[2]);
    if (argc > 2 || len < 0 || (argc == 2 && argv[1][0] == '-')) {
        printf("usage: noetl-bench [NOETL]\n\n"
               "Measures the program NOETL (../cli/noetl beside this one) against the floor, on servers of "
               "its own.\n"
               "p50 and p99 are an execution's time over its steps; CPU is of a step; memory is the peak in "
               "MiB.\n");
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    self[len] = '\0';
    const char *slash = strrchr(self, '/');
    snprintf(noetl, sizeof(noetl), "%.*s/../cli/noetl", (int)(slash - self), self);
    struct error err = {0};
    log_setup("bench", LOG_WARN, false);
    return run_all(self, argc == 2 ? argv[1] : noetl, &err) == STATUS_OK ? 0 : report(&err);
}
