/*
 * noetl-hostile-bench FILE [COUNT]: what each template of tests/render/hostile.jsonl costs until it ends: of
 * compile and render together the time, and the memory of the process that does nothing else. The COUNT
 * slowest are printed (10), then the most of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "case.h"
#include "hostile_case.h"

enum { MAX_FILE = 16 << 20, MAX_CASES = 1000, ROUNDS = 3 };

struct cost {
    char id[64];
    enum status status;
    double ms;
    double mib; /* that were taken above what the case itself and the program need */
};

static void die(const char *what, const struct error *err)
{
    char text[2048];
    fprintf(stderr, "noetl-hostile-bench: %s: %s\n", what,
            err ? error_text(err, text, sizeof text) : "wrong");
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* ---- One case, in a process of its own ---------------------------------------------------------- */

static void render(struct value c, struct cost *cost)
{
    struct arena a;
    struct value result;
    struct error err;
    arena_init(&a, 0);
    double begin = now_ms();
    cost->status = case_render(c, NULL, &a, &result, &err);
    arena_free(&a);
    double ms = now_ms() - begin;
    cost->ms = cost->ms > 0 && cost->ms < ms ? cost->ms : ms;
}

/* Of some rounds the fastest: the one that the rest of the machine disturbed least. */
static struct cost measure(struct str line)
{
    struct arena input;
    struct value c;
    struct error err;
    struct cost cost = {.status = STATUS_OK};
    arena_init(&input, 0);
    if (hostile_case_read(&input, line, &c, &err) != STATUS_OK)
        die("a case", &err);
    snprintf(cost.id, sizeof cost.id, "%" PRISTR, ARGSTR(value_as_str(VALUE_GET(c, "id"))));
    double before = peak_mib();
    render(c, &cost);
    cost.mib = peak_mib() - before;
    for (int i = 1; i < ROUNDS; i++)
        render(c, &cost);
    arena_free(&input);
    return cost;
}

static struct cost measure_apart(struct str line)
{
    struct cost cost;
    int ends[2];
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child < 0)
        die("a process for a case", NULL);
    if (child == 0) {
        cost = measure(line);
        _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
    }
    close(ends[1]);
    bool complete = read(ends[0], &cost, sizeof cost) == sizeof cost;
    close(ends[0]);
    waitpid(child, NULL, 0);
    if (!complete)
        die("a case that ended its process", NULL);
    return cost;
}

/* ---- All ---------------------------------------------------------------------------------------- */

static int slower_first(const void *x, const void *y)
{
    const struct cost *a = (const struct cost *)x, *b = (const struct cost *)y;
    return (a->ms < b->ms) - (a->ms > b->ms);
}

static void print_costs(struct cost *costs, size_t count, size_t shown)
{
    double most_mib = 0;
    qsort(costs, count, sizeof *costs, slower_first);
    printf("%-34s %-10s %9s %9s\n", "slowest", "ends with", "ms", "MiB");
    for (size_t i = 0; i < count; i++) {
        most_mib = costs[i].mib > most_mib ? costs[i].mib : most_mib;
        if (i < shown)
            printf("%-34s %-10s %9.1f %9.1f\n", costs[i].id, status_name(costs[i].status), costs[i].ms,
                   costs[i].mib);
    }
    printf("%zu cases, at most %.1f ms and %.1f MiB\n", count, count ? costs[0].ms : 0, most_mib);
}

static struct str read_file(const char *path)
{
    static char text[MAX_FILE];
    FILE *f = fopen(path, "rb");
    if (!f)
        die(path, &(struct error){.message = "cannot be read"});
    size_t len = fread(text, 1, sizeof text, f);
    fclose(f);
    return (struct str){text, len};
}

int main(int argc, char **argv)
{
    static struct cost costs[MAX_CASES];
    size_t count = 0;
    long shown = argc > 2 ? strtol(argv[2], NULL, 10) : 10;
    if (argc < 2 || argc > 3 || shown < 0) {
        fprintf(stderr, "usage: noetl-hostile-bench FILE [COUNT]\n");
        return 2;
    }
    for (struct str rest = read_file(argv[1]); rest.len > 0;) {
        struct str line = str_split(&rest, '\n');
        if (line.len > 0 && count < MAX_CASES)
            costs[count++] = measure_apart(line);
    }
    print_costs(costs, count, (size_t)shown);
    return 0;
}
