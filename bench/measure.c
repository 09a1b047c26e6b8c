#include "measure.h"

#include <stdlib.h>

enum { WARM_UP = 20, WARM_UP_AT_A_TIME = 5 };

static enum status toll_of(const struct installation *i, struct toll *out, struct error *err)
{
    *out = (struct toll){
        .broker = usage_of(i->broker.pid),
        .worker = usage_of(i->worker.pid),
        .nats = usage_of(i->nats.process.pid),
        .postgres = usage_of_family(i->postgres.process.pid),
    };
    return storage_of(i, &out->storage, err);
}

static enum status drive_well(const struct settings *s, const struct drive_plan *plan,
                              struct drive_result *out, struct error *err)
{
    TRY(drive(s, plan, out, err));
    return out->failed == 0
               ? STATUS_OK
               : error_set(err, STATUS_FAILED, "%u of %u executions failed", out->failed, plan->executions);
}

static enum status warm_up(const struct installation *i, const struct drive_plan *plan, struct error *err)
{
    struct drive_plan less = {plan->shape, WARM_UP, WARM_UP_AT_A_TIME};
    struct drive_result r = {0};
    enum status status = drive_well(i->settings, &less, &r, err);
    free(r.latencies_ms);
    return status;
}

enum status measure(const struct installation *i, const struct drive_plan *plan, struct figures *out,
                    struct error *err)
{
    struct toll before, after;
    struct drive_result r = {0};
    TRY(warm_up(i, plan, err));
    TRY(toll_of(i, &before, err));
    enum status status = drive_well(i->settings, plan, &r, err);
    if (status == STATUS_OK)
        status = toll_of(i, &after, err);
    if (status == STATUS_OK)
        figures_of(plan, &r, &before, &after, out);
    free(r.latencies_ms);
    return status;
}

enum status measure_with(struct installation *i, const char *const *broker, const char *const *worker,
                         const struct drive_plan *plan, struct figures *out, struct error *err)
{
    TRY(installation_run(i, broker, worker, err));
    enum status status = measure(i, plan, out, err);
    installation_end(i);
    return status;
}
