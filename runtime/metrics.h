/*
 * What a daemon counts, as Prometheus reads it (text format 0.0.4). The metrics are those of metrics.def, and
 * belong to the process, as its log does. At the start metrics_begin() and metrics_label() say which there
 * are; counting is one atomic operation without memory, from any thread, and does nothing for what was not
 * registered.
 *
 * A metric with labels has a series for each combination of their values. A series is found by the places of
 * its values: metric_place(b, count of b's label, a) for the second of two, and so on; 0 without labels.
 */
#ifndef RUNTIME_METRICS_H
#define RUNTIME_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

enum metric {
#define X(id, name, kind, labels, help) METRIC_##id,
#include "metrics.def"
#undef X
    METRIC_COUNT
};
enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

const char *metric_name(enum metric m);
enum metric_kind metric_kind_of(enum metric m);
const char *metric_kind_name(enum metric_kind kind); /* "counter", … */
const char *metric_labels(enum metric m);            /* "pool,type"; "" if none */
const char *metric_help(enum metric m);

/* Before threads start: the metrics of every daemon, and those of a part ("broker", …) as far as they have no
 * labels. A second call changes nothing. */
enum status metrics_begin(const char *part, struct error *err) MUST_CHECK;
/* The values of a label, in the order of their places; they are copied. */
struct metric_label {
    const char *const *values;
    size_t count;
};
/* The names of all statuses, at the places of their numbers. */
struct metric_label metric_statuses(void);
/* The series of a metric with as many labels; before threads count it. A second call changes nothing. */
enum status metrics_label(enum metric m, const struct metric_label *labels, size_t count,
                          struct error *err) MUST_CHECK;

static inline size_t metric_place(size_t place, size_t values, size_t next)
{
    return place * values + next;
}
void metric_add(enum metric m, size_t place, int64_t n); /* of a counter or a gauge */
void metric_set(enum metric m, size_t place, int64_t n); /* of a gauge */
void metric_observe(enum metric m, size_t place, int64_t ns);
/* As it is now; of a histogram, how many were observed. */
int64_t metric_value(enum metric m, size_t place);

/* All that is registered, in the order of the table. */
void metrics_write(struct buf *out);

#endif
