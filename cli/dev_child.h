/* One part of the program as a child process of `noetl dev`: its log, its warnings, its restarts. */
#ifndef CLI_DEV_CHILD_H
#define CLI_DEV_CHILD_H

#include "runtime/clock.h"
#include "runtime/process.h"

struct dev_child {
    char name[32];    /* "broker", "worker-2": of its log, and in front of its warnings */
    const char *part; /* "broker", "worker", …: the argument of `noetl serve` */
    uint16_t metrics; /* the port at which it serves /metrics; 0: at none of its own */
    struct process process;
    int output; /* where its words come from; -1: it does not run */
    int log;
    char line[4096]; /* what came since the last end of a line */
    size_t line_len;
    struct mono_time started;
    struct mono_time start_again; /* when it does not run */
    int64_t pause_ms; /* before the next start; doubles while starts are followed by a quick end */
};

/* Opens <logs>/<name>.log; starts nothing. `number` 0: none in the name. */
enum status dev_child_open(struct dev_child *c, const char *part, int number, const char *logs,
                           struct error *err) MUST_CHECK;
void dev_child_close(struct dev_child *c);

/* `noetl serve <part>` of the same program file, with that environment. */
enum status dev_child_start(struct dev_child *c, const char *const *environment,
                            struct error *err) MUST_CHECK;
/* To be called when `output` is readable: to the log, and warnings to standard error too. */
void dev_child_read(struct dev_child *c);
/* Whether it has ended since the last look; *code says how. It is then due to start again at `start_again`.
 */
bool dev_child_ended(struct dev_child *c, int *code);

#endif
