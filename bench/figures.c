#include "figures.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct usage usage_of(pid_t pid)
{
    struct usage u = {0};
    char path[64], line[1024];
    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "r");
    if (f && fgets(line, sizeof(line), f)) {
        unsigned long long user = 0, system = 0;
        const char *behind_name = strrchr(line, ')');
        if (behind_name && sscanf(behind_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
                                  &user, &system) == 2)
            u.cpu_seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    }
    if (f)
        fclose(f);
    snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f)) {
        unsigned long long kib;
        if (sscanf(line, "VmHWM: %llu", &kib) == 1)
            u.peak_mib = (double)kib / 1024;
    }
    if (f)
        fclose(f);
    return u;
}

static double quantile(const struct drive_result *r, double q)
{
    return r->count ? r->latencies_ms[(uint32_t)((double)(r->count - 1) * q)] : 0;
}

void figures_of(const char *workload, const struct drive_plan *plan, const struct drive_result *r,
                struct usage broker, struct usage worker, struct figures *out)
{
    double steps = (double)plan->steps * r->count;
    *out = (struct figures){
        .workload = workload,
        .steps_per_second = steps / r->seconds,
        .step_p50_ms = quantile(r, 0.5) / plan->steps,
        .step_p99_ms = quantile(r, 0.99) / plan->steps,
        .broker_us = broker.cpu_seconds / steps * 1e6,
        .worker_us = worker.cpu_seconds / steps * 1e6,
        .broker_mib = broker.peak_mib,
        .worker_mib = worker.peak_mib,
    };
}

static void row(const char *name, const struct figures *f)
{
    printf("%-34s %-7s %9.0f %9.3f %9.3f %9.1f %9.1f %8.0f %8.0f\n", f->workload, name, f->steps_per_second,
           f->step_p50_ms, f->step_p99_ms, f->broker_us, f->worker_us, f->broker_mib, f->worker_mib);
}

static double over(double a, double b)
{
    return b > 0 ? a / b : 0;
}

void figures_print(const struct figures *floor, const struct figures *engine)
{
    static bool headed;
    if (!headed)
        printf("%-34s %-7s %9s %9s %9s %9s %9s %8s %8s\n", "workload", "", "steps/s", "p50 ms", "p99 ms",
               "broker us", "worker us", "broker", "worker");
    headed = true;
    row("floor", floor);
    row("engine", engine);
    printf("%-34s %-7s %9.2f %9.2f %9.2f %9.2f %9.2f\n", "", "ratio",
           over(engine->steps_per_second, floor->steps_per_second),
           over(engine->step_p50_ms, floor->step_p50_ms), over(engine->step_p99_ms, floor->step_p99_ms),
           over(engine->broker_us, floor->broker_us), over(engine->worker_us, floor->worker_us));
    fflush(stdout);
}
