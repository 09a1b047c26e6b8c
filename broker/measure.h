/* The broker's metrics that have labels: their values, and counting them. */
#ifndef BROKER_MEASURE_H
#define BROKER_MEASURE_H

#include "core/event.h"
#include "runtime/metrics.h"

/* What the reconciler mends, and how a command's handling ends. */
enum repair { REPAIR_ATTEMPT, REPAIR_TIMER, REPAIR_END, REPAIR_COMMAND, REPAIR_COUNT };
enum command_end { COMMAND_DONE, COMMAND_REJECTED, COMMAND_PUT_BACK, COMMAND_END_COUNT };

/* Before threads start. */
enum status broker_metrics_begin(struct error *err) MUST_CHECK;
void measure_fact(enum event_type type);
static inline void measure_repair(enum repair what)
{
    metric_add(METRIC_BROKER_REPAIRS, what, 1);
}
static inline void measure_command(enum command_end end)
{
    metric_add(METRIC_BROKER_COMMANDS, end, 1);
}

#endif
