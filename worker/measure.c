#include "measure.h"

static const char *const types[] = {
#define X(name) #name,
#include "tools/tools.def"
#undef X
    "other"};
enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

enum status worker_metrics_begin(const char *pool, struct error *err)
{
    static const char *const ends[TASK_END_COUNT] = {"completed", "failed", "given_back", "dropped"};
    static const enum metric of_pool[] = {METRIC_WORKER_RUNNING, METRIC_WORKER_CONCURRENCY,
                                          METRIC_WORKER_LEASES,  METRIC_WORKER_REDELIVERED,
                                          METRIC_WORKER_STOOD,   METRIC_WORKER_COPIES,
                                          METRIC_WORKER_REFUSED, METRIC_WORKER_OUTCOMES_WAITING,
                                          METRIC_POOL_WAITING,   METRIC_POOL_TAKEN,
                                          METRIC_POOL_LIMIT,     METRIC_POOL_REACHED};
    const struct metric_label labels[] = {{&pool, 1}, {types, TYPE_COUNT}, {ends, TASK_END_COUNT}};
    TRY(metrics_begin("worker", err));
    TRY(metrics_label(METRIC_WORKER_TASKS, labels, 3, err));
    TRY(metrics_label(METRIC_WORKER_DURATION, labels, 2, err));
    for (size_t i = 0; i < sizeof(of_pool) / sizeof(of_pool[0]); i++)
        TRY(metrics_label(of_pool[i], labels, 1, err));
    return STATUS_OK;
}

void measure_task(struct str type, enum task_end end, int64_t duration_ns)
{
    size_t place = 0;
    while (place + 1 < TYPE_COUNT && !str_is(type, types[place]))
        place++;
    metric_add(METRIC_WORKER_TASKS, metric_place(place, TASK_END_COUNT, end), 1);
    metric_observe(METRIC_WORKER_DURATION, place, duration_ns);
}
