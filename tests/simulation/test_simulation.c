/*
 * Runs worlds: those of the seeds that failed once, then as many new ones as are asked for.
 *
 *   test_simulation [--seeds FILE] [--worlds N] [--seed N] [--verbose] [--no-shrink]
 *
 * Without --seed the first seed is of the clock; it is printed, and the others follow it. --seed N --worlds 1
 * runs one world again; --verbose tells what happens in it. The first world that fails is made as small as
 * possible and printed: its playbooks, and all that happened.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "shrink.h"
#include "world.h"

struct options {
    const char *seeds;
    uint64_t worlds, seed;
    bool verbose, no_shrink;
};

struct totals {
    uint64_t worlds, events, transitions, ticks;
    uint64_t tally[TALLY_COUNT];
};

/* Too large for the stack; worlds come one after the other. */
static struct world world;

static void run_world(const struct scenario *s, FILE *trace, struct totals *totals)
{
    world_begin(&world, s, trace);
    for (uint32_t i = 0; trace && i < s->draft_count; i++)
        fprintf(trace, "%" PRISTR "\n", ARGSTR(world.texts[i]));
    world_run(&world);
    world_end(&world);
    if (!totals)
        return;
    totals->worlds++;
    totals->events += world.events;
    totals->transitions += world.transitions;
    totals->ticks += world.ticks;
    for (uint32_t i = 0; i < TALLY_COUNT; i++)
        totals->tally[i] += world.tally[i];
}

static void run_for_shrinking(const struct scenario *s, char *failure, unsigned long size, uint32_t *ticks)
{
    run_world(s, NULL, NULL);
    snprintf(failure, size, "%s", world.failed ? world.failure : "");
    *ticks = world.ticks;
}

static void explain(struct scenario *s)
{
    printf("\nThe smallest world that fails so:\n\n");
    shrink(s, run_for_shrinking);
    run_world(s, stdout, NULL);
}

/* Whether the world is as it should be. */
static bool try_seed(uint64_t seed, const struct options *o, struct totals *totals)
{
    struct scenario s;
    scenario_make(&s, seed);
    run_world(&s, o->verbose ? stdout : NULL, totals);
    if (!world.failed)
        return true;
    printf("seed %" PRIu64 ": %s\n", seed, world.failure);
    if (!o->no_shrink)
        explain(&s);
    return false;
}

/* False as soon as one fails. */
static bool try_kept(const struct options *o, struct totals *totals)
{
    char line[256];
    bool fine = true;
    FILE *f = fopen(o->seeds, "r");
    if (!f) {
        fprintf(stderr, "%s cannot be read\n", o->seeds);
        return false;
    }
    while (fine && fgets(line, sizeof(line), f)) {
        if (line[0] >= '0' && line[0] <= '9')
            fine = try_seed(strtoull(line, NULL, 10), o, totals);
    }
    fclose(f);
    return fine;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--verbose"))
            o->verbose = true;
        else if (!strcmp(argv[i], "--no-shrink"))
            o->no_shrink = true;
        else if (!strcmp(argv[i], "--seeds") && value)
            o->seeds = argv[++i];
        else if (!strcmp(argv[i], "--worlds") && value)
            o->worlds = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--seed") && value)
            o->seed = strtoull(argv[++i], NULL, 10);
        else
            return false;
    }
    return true;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(const struct totals *t, double seconds)
{
    static const char *const names[TALLY_COUNT] = {
#define T(name, text) text,
#include "tally.def"
#undef T
    };
    printf("%" PRIu64 " worlds, %" PRIu64 " events in the log, %" PRIu64 " transitions, %" PRIu64
           " ticks in %.1f s: %.0f worlds and %.0f events a second\nexecutions:",
           t->worlds, t->events, t->transitions, t->ticks, seconds, (double)t->worlds / seconds,
           (double)t->events / seconds);
    for (uint32_t i = 0; i < TALLY_COUNT; i++)
        printf("%s %" PRIu64 " %s", i ? "," : "", t->tally[i], names[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    struct options o = {.worlds = 1000, .seed = (uint64_t)time(NULL) * 1000000};
    struct totals totals = {0};
    if (!read_options(argc, argv, &o)) {
        fprintf(stderr,
                "usage: test_simulation [--seeds FILE] [--worlds N] [--seed N] [--verbose] [--no-shrink]\n");
        return 2;
    }
    double start = now_s();
    bool fine = !o.seeds || try_kept(&o, &totals);
    printf("seeds from %" PRIu64 "\n", o.seed);
    for (uint64_t i = 0; fine && i < o.worlds; i++)
        fine = try_seed(o.seed + i, &o, &totals);
    report(&totals, now_s() - start);
    return fine ? 0 : 1;
}
