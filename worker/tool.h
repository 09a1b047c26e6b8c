/*
 * What a tool is. To add one: write worker/tools/<name>.c with its `const struct tool`, add it to
 * worker/tools/tools.def and its keys to docs/TOOLS.md. worker/tools/noop.c is the annotated example.
 */
#ifndef WORKER_TOOL_H
#define WORKER_TOOL_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/status.h"
#include "core/task.h"
#include "core/value.h"
#include "config/settings.h"
#include "bus/bus.h"

/* Set from another thread when the attempt's time is over or the execution was cancelled. */
struct task_stop {
    _Atomic int reason; /* 0: go on; else an enum status: STATUS_TIMEOUT, STATUS_CANCELLED */
    int fd;             /* an eventfd that is readable once reason is set; for poll() */
};

struct outcome {
    struct value data;  /* absent: null */
    struct value meta;  /* a map, or absent: what the tool wants told beside its data */
    struct value error; /* a map, or absent: what the tool adds to the error ({"status_code": 503}) */
    struct buf *log;    /* what the task printed, bounded; the caller's */
};

/* Where a tool runs; outlives what it opens. */
struct tool_host {
    const struct settings *settings;
    struct bus *bus; /* the worker's own connection; NULL where there is none */
};

struct tool_thread; /* what a tool keeps for one executing thread: a warm child, a connection */

struct tool {
    const char *name;
    const char *const *keys; /* the keys it knows in a step, NULL-ended: others are refused */
    /* Once per worker thread, before the first task of the tool there; may be NULL. */
    enum status (*open)(const struct tool_host *host, struct tool_thread **out, struct error *err);
    /*
     * Runs one attempt and returns when nothing of it is left running. `timeout` and `stop` bound it: a tool
     * polls stop->fd, or is ended by the deadline. Results live in `a`. A failure is a status and an error
     * whose message the playbook's author reads; outcome->data may be set beside it.
     */
    enum status (*run)(struct tool_thread *thread, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err);
    /*
     * The same for an entry of `save` that has the tool as its storage. The task's config is the entry's
     * keys, without `name` and `data`, which is what to save, and the task has no args. NULL: it is no
     * storage.
     */
    enum status (*save)(struct tool_thread *thread, const struct task *task, struct value data,
                        const struct task_stop *stop, struct arena *a, struct outcome *out,
                        struct error *err);
    const char *const *save_keys;              /* what such an entry may have beside `keys`; NULL: nothing */
    const char *verbatim;                      /* the key whose text is not rendered; NULL: none */
    void (*close)(struct tool_thread *thread); /* may be NULL */
};

/*
 * One run of a tool as a part of an attempt: of the step, or with `data` for an entry of its `save`, whose
 * task then has the storage as its type. Who runs attempts has one: it knows the thread's tools and the stop.
 */
struct tool_runner {
    enum status (*run)(void *context, const struct task *task, struct value data, struct outcome *out,
                       struct error *err);
    void *context;
};

/* The names of all, NULL-ended, in the order of tools.def. */
const char *const *tool_names(void);
/* NULL for a word that is no tool. */
const struct tool *tool_find(struct str name);
/*
 * The tool that is to run a task, as a storage or as itself. STATUS_UNSUPPORTED if there is none, and the
 * hint has those that there are; STATUS_INVALID when the config has a key that the tool does not know. Keys
 * that start with "x-" are the author's.
 */
enum status tool_for(const struct task *task, bool as_storage, const struct tool **out,
                     struct error *err) MUST_CHECK;

/*
 * What a step can give to whoever must not do a thing twice: "<execution id>.<task id>", the same each time
 * that an attempt is delivered, and another for each attempt. In `a`; ptr NULL when there is no memory.
 */
struct str task_idempotency_key(const struct task *task, struct arena *a);
#define TRACE_VARIABLE       "TRACEPARENT" /* of task->traceparent */
#define IDEMPOTENCY_VARIABLE "NOETL_IDEMPOTENCY_KEY"

/* The first of the keys (NULL-ended) that `config` has, with its value; absent if it has none. */
struct value tool_config(struct value config, const char *const *keys);
/* A text under one of the keys, "" if there is none; STATUS_INVALID for another type. */
enum status tool_config_text(struct value config, const char *const *keys, struct str *out,
                             struct error *err) MUST_CHECK;
#define TOOL_KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
