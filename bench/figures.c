#include "figures.h"

#include <stdio.h>

/* The columns: heading, width, digits, the member of struct figures, whether a ratio of two says something.
 */
#define COLUMNS(X)                                                                                           \
    X("steps/s", 9, 0, steps_per_second, true)                                                               \
    X("execs/s", 9, 0, executions_per_second, true)                                                          \
    X("p50 ms", 9, 2, p50_ms, true)                                                                          \
    X("p99 ms", 9, 2, p99_ms, true)                                                                          \
    X("a hop", 8, 3, hop_ms, true)                                                                           \
    X("broker us", 10, 1, broker_us, true)                                                                   \
    X("worker us", 10, 1, worker_us, true)                                                                   \
    X("nats us", 9, 1, nats_us, true)                                                                        \
    X("pg us", 8, 1, postgres_us, true)                                                                      \
    X("b switch", 9, 2, broker_switches, true)                                                               \
    X("w switch", 9, 2, worker_switches, true)                                                               \
    X("log B", 7, 0, log_bytes, true)                                                                        \
    X("WAL B", 7, 0, wal_bytes, true)                                                                        \
    X("NATS B", 7, 0, stream_bytes, true)                                                                    \
    X("b MiB", 6, 0, broker_mib, false)                                                                      \
    X("w MiB", 6, 0, worker_mib, false)

enum { NAME_WIDTH = 30 };

static double quantile(const struct drive_result *r, double q)
{
    return r->count ? r->latencies_ms[(uint32_t)((double)(r->count - 1) * q)] : 0;
}

void figures_of(const struct drive_plan *plan, const struct drive_result *r, const struct toll *before,
                const struct toll *after, struct figures *out)
{
    double steps = (double)shape_tasks(&plan->shape) * r->count;
    struct usage broker = usage_between(&before->broker, &after->broker);
    struct usage worker = usage_between(&before->worker, &after->worker);
    struct usage nats = usage_between(&before->nats, &after->nats);
    struct usage postgres = usage_between(&before->postgres, &after->postgres);
    *out = (struct figures){
        .steps_per_second = steps / r->seconds,
        .executions_per_second = r->count / r->seconds,
        .p50_ms = quantile(r, 0.5),
        .p99_ms = quantile(r, 0.99),
        .hop_ms = quantile(r, 0.5) / plan->shape.stages,
        .broker_us = broker.cpu_seconds / steps * 1e6,
        .worker_us = worker.cpu_seconds / steps * 1e6,
        .nats_us = nats.cpu_seconds / steps * 1e6,
        .postgres_us = postgres.cpu_seconds / steps * 1e6,
        .broker_switches = (double)broker.switches / steps,
        .worker_switches = (double)worker.switches / steps,
        .log_bytes = (double)(after->storage.log_bytes - before->storage.log_bytes) / steps,
        .wal_bytes = (double)(after->storage.wal_bytes - before->storage.wal_bytes) / steps,
        .stream_bytes = (double)(after->storage.stream_bytes - before->storage.stream_bytes) / steps,
        .broker_mib = broker.peak_mib,
        .worker_mib = worker.peak_mib,
    };
}

void figures_head(const char *workload, const char *goal)
{
    printf("\n%s\n    goal: %s\n%-*s", workload, goal, NAME_WIDTH, "");
#define X(heading, width, digits, member, has_ratio) printf("%*s", width, heading);
    COLUMNS(X)
#undef X
    putchar('\n');
}

void figures_row(const char *name, const struct figures *f)
{
    printf("%-*s", NAME_WIDTH, name);
#define X(heading, width, digits, member, has_ratio) printf("%*.*f", width, digits, f->member);
    COLUMNS(X)
#undef X
    putchar('\n');
    fflush(stdout);
}

static void ratio(int width, double first, double second, bool has_ratio)
{
    if (has_ratio && first > 0)
        printf("%*.2f", width, second / first);
    else
        printf("%*s", width, "");
}

void figures_ratio(const struct figures *first, const struct figures *second)
{
    printf("%-*s", NAME_WIDTH, "  ratio");
#define X(heading, width, digits, member, has_ratio) ratio(width, first->member, second->member, has_ratio);
    COLUMNS(X)
#undef X
    putchar('\n');
    fflush(stdout);
}
