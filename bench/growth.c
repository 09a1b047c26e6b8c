#include "growth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "runtime/clock.h"

struct growth {
    const struct growth_plan *plan;
    struct installation installation;
    uint32_t open; /* executions that wait */
    int64_t log_events;
    struct figures first, now;
};

static enum status open_up_to(struct growth *g, uint32_t count, struct error *err)
{
    TRY(drive_requests(g->installation.settings, traffic_waiting_playbook(), count - g->open, err));
    g->open = count;
    return storage_await_timers(&g->installation, count, err);
}

static enum status measure_now(struct growth *g, struct error *err)
{
    char name[64];
    bool is_first = g->first.steps_per_second == 0;
    TRY(measure(&g->installation, &g->plan->load, &g->now, err));
    if (g->log_events)
        snprintf(name, sizeof(name), "%u open, %" PRId64 " in the log", g->open, g->log_events);
    else
        snprintf(name, sizeof(name), "%u open", g->open);
    figures_row(name, &g->now);
    if (is_first)
        g->first = g->now;
    else
        figures_ratio(&g->first, &g->now);
    return STATUS_OK;
}

/* Ends both processes and starts them again; until the first new execution has ended. */
static enum status start_again(struct growth *g, struct error *err)
{
    struct installation *i = &g->installation;
    struct drive_plan one = {.shape = {1, 1}, .executions = 1, .at_a_time = 1};
    struct drive_result r = {0};
    installation_end(i);
    struct mono_time begin = mono_now();
    TRY(installation_run(i, g->plan->broker, g->plan->worker, err));
    enum status status = drive(i->settings, &one, &r, err);
    free(r.latencies_ms);
    if (status == STATUS_OK)
        printf("    started again: the first execution has ended after %" PRId64
               " ms; the broker has %.0f MiB\n",
               mono_ms_since(begin), usage_of(i->broker.pid).peak_mib);
    return status;
}

static enum status fill_log(struct growth *g, struct error *err)
{
    struct mono_time begin = mono_now();
    TRY(storage_fill_log(&g->installation, g->plan->log_events, err));
    g->log_events = g->plan->log_events;
    printf("    the log was filled within %" PRId64 " s\n", mono_ms_since(begin) / 1000);
    return STATUS_OK;
}

static enum status run(struct growth *g, struct error *err)
{
    TRY(installation_start(&g->installation, err));
    TRY(installation_run(&g->installation, g->plan->broker, g->plan->worker, err));
    TRY(open_up_to(g, g->plan->few_open, err));
    TRY(measure_now(g, err));
    TRY(open_up_to(g, g->plan->many_open, err));
    TRY(measure_now(g, err));
    TRY(start_again(g, err));
    TRY(fill_log(g, err));
    TRY(measure_now(g, err));
    return start_again(g, err);
}

enum status growth_run(const struct growth_plan *plan, struct error *err)
{
    struct growth g = {.plan = plan};
    enum status status = run(&g, err);
    installation_end(&g.installation);
    installation_stop(&g.installation);
    return status;
}
