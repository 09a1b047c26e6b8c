/*
 * noetl-transition-bench [SECONDS]: the pure function alone, on one core. Facts a second and events a second,
 * and the memory that a state takes at its largest, for chains, fans, iterators and works that wait for a
 * timer. The outcome of every task is a success with a small result; there is no server, no worker and no
 * log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "transition/transition.h"

enum { EXECUTION = 42 };

static void die(const char *what, const struct error *err)
{
    char text[2048];
    fprintf(stderr, "noetl-transition-bench: %s: %s\n", what,
            err ? error_text(err, text, sizeof text) : "no memory");
    exit(1);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- one execution ------------------------------------------------------------------------------------ */

/* What the outcome of a task has to say. */
struct open_task {
    char id[64], token[33], step[32];
};

struct run {
    struct execution *x;
    struct playbook_cache *playbooks;
    struct arena decisions; /* of one fact */
    struct value result, request;
    struct open_task *tasks; /* a ring: first in, first out */
    size_t first, count, capacity;
    int64_t clock_ns;
    bool fails; /* tasks fail: what is tried again waits for its timer */
    size_t facts, events, largest, timers;
};

static void keep_task(struct run *r, const struct task *task)
{
    if (r->count == r->capacity)
        die("more tasks are open than there is room for", NULL);
    struct open_task *t = &r->tasks[(r->first + r->count++) % r->capacity];
    snprintf(t->id, sizeof t->id, "%" PRISTR, ARGSTR(task->task_id));
    snprintf(t->step, sizeof t->step, "%" PRISTR, ARGSTR(task->step));
    memcpy(t->token, task->token.ptr, sizeof t->token);
}

static void fold(struct run *r, struct event *fact)
{
    struct decisions d;
    struct error err = {0};
    fact->execution_id = EXECUTION;
    fact->time_ns = r->clock_ns += 1000;
    arena_reset(&r->decisions);
    decisions_init(&d, &r->decisions);
    if (transition(r->x, fact, r->playbooks, &d, &err) != STATUS_OK)
        die("a fact", &err);
    for (uint32_t i = 0; i < d.task_count; i++)
        keep_task(r, &d.tasks[i].task);
    size_t memory = execution_memory(r->x);
    r->largest = memory > r->largest ? memory : r->largest;
    r->facts++;
    r->events += d.event_count;
    r->timers += d.timer_count;
}

static void end_task(struct run *r, const struct open_task *t)
{
    struct value_entry entry = {value_text("token"), value_text(t->token)};
    struct value_map map = {.entries = &entry};
    struct event fact = {
        .type = r->fails ? EVENT_ACTION_ERROR : EVENT_ACTION_COMPLETED,
        .node_name = str_of(t->step),
        .node_type = STR("noop"),
        .task_id = str_of(t->id),
        .result = r->result,
        .meta = {.type = VALUE_MAP, .len = 1, .u.map = &map},
    };
    fold(r, &fact);
}

static void run_one(struct run *r)
{
    struct error err = {0};
    struct event request = {
        .type = EVENT_EXECUTION_REQUESTED, .node_name = STR("bench"), .context = r->request};
    if (execution_new(EXECUTION, &r->x, &err) != STATUS_OK)
        die("an execution", &err);
    fold(r, &request);
    while (r->count > 0) {
        struct open_task t = r->tasks[r->first];
        r->first = (r->first + 1) % r->capacity;
        r->count--;
        end_task(r, &t);
    }
    if (!r->fails && r->x->phase != PHASE_COMPLETED)
        die("an execution did not complete", NULL);
    execution_free(r->x);
}

/* ---- workloads ---------------------------------------------------------------------------------------- */

static void chain(struct buf *b, uint32_t steps)
{
    buf_add_text(b, "metadata: {path: bench}\nworkflow:\n  - {step: start, next: s1}\n");
    for (uint32_t i = 1; i <= steps; i++)
        buf_printf(b,
                   i < steps ? "  - {step: s%u, type: noop, next: s%u}\n" : "  - {step: s%u, type: noop}\n",
                   i, i + 1);
}

static void fan(struct buf *b, uint32_t branches)
{
    buf_add_text(b, "metadata: {path: bench}\nworkflow:\n  - step: start\n    next: [");
    for (uint32_t i = 0; i < branches; i++)
        buf_printf(b, "%sb%u", i ? ", " : "", i);
    buf_add_text(b, "]\n");
    for (uint32_t i = 0; i < branches; i++)
        buf_printf(b, "  - {step: b%u, type: noop, next: join}\n", i);
    buf_add_text(b, "  - {step: join, type: noop}\n");
}

static void fan_if(struct buf *b, uint32_t branches)
{
    struct buf plain;
    buf_init(&plain, 0);
    fan(&plain, branches);
    struct str rest = buf_str(&plain);
    while (rest.len) {
        struct str line = str_split(&rest, '\n');
        ptrdiff_t at = str_find(line, STR("next: join"));
        if (at < 0)
            buf_printf(b, "%" PRISTR "\n", ARGSTR(line));
        else
            buf_printf(b, "%.*snext: {step: join, when: \"{{ result.n == 1 }}\"}}\n", (int)at, line.ptr);
    }
    buf_free(&plain);
}

static void iterator(struct buf *b, uint32_t items)
{
    buf_printf(
        b,
        "metadata: {path: bench}\nworkflow:\n  - step: start\n    type: iterator\n"
        "    collection: \"{{ range(%u) }}\"\n    element: item\n    mode: async\n    concurrency: 100\n"
        "    task: {type: noop, args: {n: \"{{ item }}\"}}\n",
        items);
}

static void waiting(struct buf *b, uint32_t items)
{
    buf_printf(
        b,
        "metadata: {path: bench}\nworkflow:\n  - step: start\n    type: iterator\n"
        "    collection: \"{{ range(%u) }}\"\n    element: item\n    mode: async\n    concurrency: %u\n"
        "    task: {type: noop, args: {n: \"{{ item }}\"}, retry: 2}\n",
        items, items);
}

static const struct workload {
    const char *name;
    void (*write)(struct buf *b, uint32_t n);
    uint32_t n;
    bool fails;
} workloads[] = {
    {"chain of 10 steps", chain, 10, false},
    {"1 → 100 → 1", fan, 100, false},
    {"1 → 1,000 → 1", fan, 1000, false},
    {"the same, if", fan_if, 1000, false},
    {"iterator of 100", iterator, 100, false},
    {"iterator of 1,000", iterator, 1000, false},
    {"iterator of 10,000", iterator, 10000, false},
    {"1,000 that wait", waiting, 1000, true},
    {"10,000 that wait", waiting, 10000, true},
};

static struct value map_of(struct arena *a, const char *key, struct value v, const char *key2,
                           struct value v2)
{
    struct map_builder m;
    struct value out;
    map_begin(&m, a);
    map_put(&m, str_of(key), v);
    map_put(&m, str_of(key2), v2);
    if (map_end(&m, &out, NULL) != STATUS_OK)
        die("a value", NULL);
    return out;
}

static void measure(const struct workload *w, double seconds)
{
    struct arena a;
    struct buf text;
    struct run r = {.capacity = 20000, .clock_ns = INT64_C(1700000000000000000), .fails = w->fails};
    struct error err = {0};
    arena_init(&a, 0);
    arena_init(&r.decisions, 0);
    buf_init(&text, 0);
    w->write(&text, w->n);
    r.tasks = calloc(r.capacity, sizeof *r.tasks);
    if (!r.tasks || playbook_cache_new(2, &r.playbooks, &err) != STATUS_OK)
        die("memory", &err);
    r.request = map_of(&a, "playbook", value_str(buf_str(&text)), "token_seed", value_text("seed"));
    r.result = map_of(&a, "status", value_text("success"), "data",
                      map_of(&a, "ok", value_bool(true), "n", value_int(1)));
    run_one(&r);
    r.facts = r.events = r.timers = 0;
    double begin = now_ns(), ns;
    size_t runs = 0;
    do {
        run_one(&r);
        runs++;
    } while ((ns = now_ns() - begin) < seconds * 1e9);
    printf("%-20s %12.0f %12.0f %10.0f %12zu %10.0f %8zu\n", w->name, (double)r.facts / ns * 1e9,
           (double)r.events / ns * 1e9, ns / (double)r.facts, r.largest, (double)r.largest / w->n,
           r.timers / runs);
    playbook_cache_free(&r.playbooks);
    free(r.tasks);
    buf_free(&text);
    arena_free(&r.decisions);
    arena_free(&a);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    if (argc > 2 || !(seconds > 0)) {
        fprintf(stderr, "usage: noetl-transition-bench [SECONDS]\n");
        return 2;
    }
    printf("%-20s %12s %12s %10s %12s %10s %8s\n", "", "facts/s", "events/s", "ns a fact", "state bytes",
           "bytes each", "timers");
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        measure(&workloads[i], seconds);
    return 0;
}
