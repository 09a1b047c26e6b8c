/*
 * Runs worlds: those of the seeds that failed once, then as many as are asked for.
 *
 *   test_simulation [--worlds N] [--seed N] [--verbose]
 *
 * --seed N alone runs that world and tells what happened in it.
 */
#include <stdlib.h>
#include <time.h>

#include "world.h"

struct totals {
    uint64_t worlds, events, transitions, ticks;
};

static bool run_world(const struct scenario *s, FILE *trace, struct totals *totals, char *failure,
                      size_t size)
{
    static struct world w;
    world_begin(&w, s, trace);
    for (uint32_t i = 0; trace && i < s->draft_count; i++)
        fprintf(trace, "%" PRISTR "\n", ARGSTR(w.texts[i]));
    world_run(&w);
    totals->worlds++;
    totals->events += w.events;
    totals->transitions += w.transitions;
    totals->ticks += w.ticks;
    snprintf(failure, size, "%s", w.failure);
    bool fine = !w.failed;
    world_end(&w);
    return fine;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, worlds = 1000, failures = 0;
    bool verbose = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--seed") && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--worlds") && i + 1 < argc)
            worlds = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--verbose"))
            verbose = true;
    }
    struct totals totals = {0};
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (uint64_t i = 0; i < worlds && failures < 10; i++) {
        struct scenario s;
        char failure[2048];
        scenario_make(&s, seed + i);
        if (!run_world(&s, verbose ? stdout : NULL, &totals, failure, sizeof(failure))) {
            printf("seed %llu: %s\n", (unsigned long long)(seed + i), failure);
            failures++;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    double s = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    printf("%llu worlds, %llu events, %llu transitions, %llu ticks in %.1f s\n",
           (unsigned long long)totals.worlds, (unsigned long long)totals.events,
           (unsigned long long)totals.transitions, (unsigned long long)totals.ticks, s);
    return failures ? 1 : 0;
}
