#include "measure.h"

/* The names of the facts, and the place of each event's type among them. */
static const char *facts[EVENT_COUNT];
static size_t places[EVENT_COUNT];

enum status broker_metrics_begin(struct error *err)
{
    static const char *const repairs[REPAIR_COUNT] = {"attempt", "timer", "end", "command"};
    static const char *const ends[COMMAND_END_COUNT] = {"done", "rejected", "put_back"};
    struct metric_label fact = {facts, 0};
    const struct metric_label repair = {repairs, REPAIR_COUNT}, end = {ends, COMMAND_END_COUNT};
    for (int t = 0; t < EVENT_COUNT; t++) {
        if (event_type_kind((enum event_type)t) != EVENT_KIND_FACT)
            continue;
        places[t] = fact.count;
        facts[fact.count++] = event_type_name((enum event_type)t);
    }
    TRY(metrics_begin("broker", err));
    TRY(metrics_label(METRIC_BROKER_FACTS, &fact, 1, err));
    TRY(metrics_label(METRIC_BROKER_REPAIRS, &repair, 1, err));
    return metrics_label(METRIC_BROKER_COMMANDS, &end, 1, err);
}

void measure_fact(enum event_type type)
{
    metric_add(METRIC_BROKER_FACTS, places[type], 1);
}
