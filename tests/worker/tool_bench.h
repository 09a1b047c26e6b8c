/* Runs one attempt in the test's own thread, as an executor of the worker would. */
#ifndef TESTS_WORKER_TOOL_BENCH_H
#define TESTS_WORKER_TOOL_BENCH_H

#include "worker/secret_source.h"
#include "worker/tool.h"

enum { BENCH_TOOLS = 16 };

struct tool_bench {
    struct settings *settings;
    struct tool_host host; /* `bus` is set by who has one, before the first run */
    struct secret_source secrets;
    const char *tool;   /* of the tasks */
    const char *seal;   /* of the execution; NULL: none */
    struct value after; /* a map: `returns`, `saves` and `names` of the tasks; absent: they have none */
    struct {
        const struct tool *tool;
        struct tool_thread *thread;
    } opened[BENCH_TOOLS];
    size_t opened_count;
    struct arena arena;
};

void bench_open(struct tool_bench *b, const char *tool);
/* A setting, before the first run. */
void bench_set(struct tool_bench *b, const char *name, const char *text);
void bench_close(struct tool_bench *b);

/* What ends an attempt from outside, after some milliseconds. */
struct bench_stop {
    int64_t after_ms; /* 0: nothing does */
    enum status reason;
};
/* The event that the worker would publish. `config`, `args`: maps. */
struct value bench_run(struct tool_bench *b, struct value config, struct value args, struct bench_stop stop);
/* The same from JSON texts. */
struct value bench_run_json(struct tool_bench *b, const char *config, const char *args);
/* A value at a path of an event ("result.data.rows") as JSON, "" if there is none. */
const char *bench_text(struct tool_bench *b, struct value event, const char *path);

/* Whether every member that `part` has is in `whole` with the same value; in lists item by item. */
bool value_has(struct value whole, struct value part);

#endif
