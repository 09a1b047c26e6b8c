/* What a process has used so far, and the table of results. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <sys/types.h>

#include "drive.h"

struct usage {
    double cpu_seconds; /* user and system */
    double peak_mib;    /* resident */
};

/* From /proc; zero for a process that is gone. */
struct usage usage_of(pid_t pid);

struct figures {
    const char *workload;
    double steps_per_second;
    double step_p50_ms, step_p99_ms; /* an execution's latency over its steps */
    double broker_us, worker_us;     /* CPU of a step */
    double broker_mib, worker_mib;
};

void figures_of(const char *workload, const struct drive_plan *plan, const struct drive_result *r,
                struct usage broker, struct usage worker, struct figures *out);
/* One workload: the floor, the engine, and the engine over the floor. */
void figures_print(const struct figures *floor, const struct figures *engine);

#endif
