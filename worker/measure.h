/* The worker's metrics: their labels, and counting what happens to tasks. */
#ifndef WORKER_MEASURE_H
#define WORKER_MEASURE_H

#include "core/str.h"
#include "runtime/metrics.h"

/* How the run of a tool ended for its task: with an outcome, given back to be run again, or dropped because
 * its execution is over. */
enum task_end { TASK_COMPLETED, TASK_FAILED, TASK_GIVEN_BACK, TASK_DROPPED, TASK_END_COUNT };

/* Before threads start. */
enum status worker_metrics_begin(const char *pool, struct error *err) MUST_CHECK;
/* `type` is the task's; one that is no tool counts as "other". */
void measure_task(struct str type, enum task_end end, int64_t duration_ns);

#endif
