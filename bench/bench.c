/*
 * noetl-bench: how fast the engine is, beside a floor that moves the same messages and writes the same rows.
 * docs/BENCHMARK.md says how to read what it prints.
 *
 * Floor and engine take turns in one run, each on servers of its own (the floor's rows are no executions that
 * the engine could continue), so that their ratio holds on a noisy machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figures.h"
#include "floor.h"
#include "growth.h"
#include "installation.h"
#include "measure.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

#define GROWTH "W5"

static const struct workload {
    const char *name, *what, *goal;
    struct drive_plan plan;
} workloads[] = {
#define X(name, what, goal, width, stages, executions, at_a_time)                                            \
    {name, what, goal, {{width, stages}, executions, at_a_time}},
#include "workload.def"
#undef X
};
enum { WORKLOADS = sizeof(workloads) / sizeof(workloads[0]) };

struct options {
    const char *workload; /* NULL: all */
    uint32_t runs, open;
    int64_t log_events;
    char self[4096], noetl[4200];
    bool help;
};

static int report(const struct error *e)
{
    char text[2048];
    fprintf(stderr, "noetl-bench: %s\n", error_text(e, text, sizeof(text)));
    return status_exit_code(e->status);
}

/* ---- the floor's processes ---------------------------------------------------------------------------- */

/* One of the two parts of the floor, as a process of its own. */
static int run_part(const char *part, const char *width, const char *stages)
{
    struct settings *s = NULL;
    struct error err = {0};
    struct shape shape = {(uint32_t)strtoul(width, NULL, 10), (uint32_t)strtoul(stages, NULL, 10)};
    daemon_setup();
    log_setup(part, LOG_WARN, false);
    enum status status = settings_new(&s, &err);
    if (status == STATUS_OK)
        status = settings_load_environment(s, (const char *const *)environ, &err);
    if (status == STATUS_OK)
        status = strcmp(part, "floor-broker") == 0 ? floor_broker(s, &shape, &err) : floor_worker(s, &err);
    settings_free(&s);
    return status == STATUS_OK ? 0 : report(&err);
}

/* ---- workloads ---------------------------------------------------------------------------------------- */

static enum status run_one(struct installation *floor, struct installation *engine, const struct options *o,
                           const struct workload *w, struct error *err)
{
    char width[16], stages[16];
    snprintf(width, sizeof(width), "%u", w->plan.shape.width);
    snprintf(stages, sizeof(stages), "%u", w->plan.shape.stages);
    const char *const floor_broker_argv[] = {o->self, "floor-broker", width, stages, NULL};
    const char *const floor_worker_argv[] = {o->self, "floor-worker", width, stages, NULL};
    const char *const broker_argv[] = {o->noetl, "serve", "broker", NULL};
    const char *const worker_argv[] = {o->noetl, "serve", "worker", NULL};
    char title[256];
    struct figures of_floor, of_engine;
    snprintf(title, sizeof(title), "%s: %s", w->name, w->what);
    figures_head(title, w->goal);
    for (uint32_t run = 0; run < o->runs; run++) {
        TRY(measure_with(floor, floor_broker_argv, floor_worker_argv, &w->plan, &of_floor, err));
        figures_row("floor", &of_floor);
        TRY(measure_with(engine, broker_argv, worker_argv, &w->plan, &of_engine, err));
        figures_row("engine", &of_engine);
        figures_ratio(&of_floor, &of_engine);
    }
    return STATUS_OK;
}

/* "W1" stands for "W1-idle" too. */
static bool is_wanted(const struct options *o, const char *name)
{
    return !o->workload || strcmp(name, o->workload) == 0 ||
           (strncmp(name, o->workload, strlen(o->workload)) == 0 && name[strlen(o->workload)] == '-');
}

static enum status run_workloads(const struct options *o, struct error *err)
{
    struct installation floor = {0}, engine = {0};
    enum status status = installation_start(&floor, err);
    if (status == STATUS_OK)
        status = installation_start(&engine, err);
    for (size_t k = 0; k < WORKLOADS && status == STATUS_OK; k++) {
        if (is_wanted(o, workloads[k].name))
            status = run_one(&floor, &engine, o, &workloads[k], err);
    }
    installation_stop(&floor);
    installation_stop(&engine);
    return status;
}

static enum status run_growth(const struct options *o, struct error *err)
{
    const char *const broker_argv[] = {o->noetl, "serve", "broker", NULL};
    const char *const worker_argv[] = {o->noetl, "serve", "worker", NULL};
    const struct growth_plan plan = {.load = workloads[WORKLOADS - 1].plan,
                                     .few_open = 1000,
                                     .many_open = o->open,
                                     .log_events = o->log_events,
                                     .broker = broker_argv,
                                     .worker = worker_argv};
    figures_head(GROWTH ": the load of W4 while executions wait, and with a long log",
                 "speed and latency within 20 % of what they are with 1,000 open");
    return growth_run(&plan, err);
}

static enum status run(const struct options *o, struct error *err)
{
    bool any = false;
    for (size_t k = 0; k < WORKLOADS; k++)
        any = any || is_wanted(o, workloads[k].name);
    if (any)
        TRY(run_workloads(o, err));
    return is_wanted(o, GROWTH) ? run_growth(o, err) : STATUS_OK;
}

/* ---- the command line --------------------------------------------------------------------------------- */

static void usage(void)
{
    printf("usage: noetl-bench [--workload NAME] [--runs N] [--open N] [--log-events N] [NOETL]\n\n"
           "Measures the program NOETL (../cli/noetl beside this one) against the floor, on servers of its "
           "own.\n\n"
           "  --workload NAME   only this one:\n");
    for (size_t k = 0; k < WORKLOADS; k++)
        printf("                      %-8s %s\n", workloads[k].name, workloads[k].what);
    printf("                      %-8s the load of W4 while executions wait, and with a long log\n"
           "  --runs N          floor and engine take turns N times (1)\n"
           "  --open N          executions that wait in W5, more than 1,000 (100000)\n"
           "  --log-events N    rows that are in the log already in W5 (1000000)\n",
           GROWTH);
}

static bool is_workload(const struct options *o)
{
    bool any = is_wanted(o, GROWTH);
    for (size_t k = 0; k < WORKLOADS; k++)
        any = any || is_wanted(o, workloads[k].name);
    return any;
}

/* A number of at least `least`; 0: it is none. */
static int64_t read_number(const char *text, int64_t least)
{
    int64_t n;
    return text && str_to_int64(str_of(text), &n) && n >= least && n <= INT32_MAX ? n : 0;
}

static bool read_option(struct options *o, const char *name, const char *value)
{
    if (strcmp(name, "--workload") == 0 && value)
        return (o->workload = value) && is_workload(o);
    if (strcmp(name, "--runs") == 0)
        return (o->runs = (uint32_t)read_number(value, 1)) > 0;
    if (strcmp(name, "--open") == 0)
        return (o->open = (uint32_t)read_number(value, 1001)) > 0;
    if (strcmp(name, "--log-events") == 0)
        return (o->log_events = read_number(value, 10)) > 0;
    return false;
}

static bool find_programs(struct options *o)
{
    ssize_t len = readlink("/proc/self/exe", o->self, sizeof(o->self) - 1);
    if (len < 0)
        return false;
    o->self[len] = '\0';
    const char *slash = strrchr(o->self, '/');
    snprintf(o->noetl, sizeof(o->noetl), "%.*s/../cli/noetl", (int)(slash - o->self), o->self);
    return true;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    *o = (struct options){.runs = 1, .open = 100000, .log_events = 1000000};
    if (!find_programs(o))
        return false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            o->help = true;
        else if (argv[i][0] != '-' && i == argc - 1)
            snprintf(o->noetl, sizeof(o->noetl), "%s", argv[i]);
        else if (!read_option(o, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o;
    struct error err = {0};
    if (argc == 4 && strncmp(argv[1], "floor-", 6) == 0)
        return run_part(argv[1], argv[2], argv[3]);
    bool is_right = read_options(&o, argc, argv);
    if (!is_right || o.help) {
        usage();
        return is_right ? 0 : 2;
    }
    log_setup("bench", LOG_WARN, false);
    return run(&o, &err) == STATUS_OK ? 0 : report(&err);
}
