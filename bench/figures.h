/* The results: what a drive and the processes' use of the machine come to, a step, as a table. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "drive.h"
#include "storage.h"
#include "usage.h"

/* What all that takes part has used. */
struct toll {
    struct usage broker, worker, nats, postgres;
    struct storage storage;
};

/* Everything but memory is of a step. */
struct figures {
    double steps_per_second, executions_per_second;
    double p50_ms, p99_ms;                             /* of an execution */
    double hop_ms;                                     /* p50 over the tasks that wait for each other */
    double broker_us, worker_us, nats_us, postgres_us; /* CPU */
    double broker_switches, worker_switches;
    double log_bytes, wal_bytes, stream_bytes;
    double broker_mib, worker_mib; /* peak */
};

void figures_of(const struct drive_plan *plan, const struct drive_result *r, const struct toll *before,
                const struct toll *after, struct figures *out);

/* The columns' names, then a workload's. */
void figures_head(const char *workload, const char *goal);
void figures_row(const char *name, const struct figures *f);
/* The second over the first. */
void figures_ratio(const struct figures *first, const struct figures *second);

#endif
