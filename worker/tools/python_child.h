/*
 * A warm Python process and the conversation with it (python_child.py is its other half). Each executing
 * thread has its own, started at first use and again after it was killed.
 */
#ifndef WORKER_TOOLS_PYTHON_CHILD_H
#define WORKER_TOOLS_PYTHON_CHILD_H

#include "worker/child.h"
#include "worker/tool.h"

struct python_child {
    struct process process; /* pid 0: not running */
    int exit_fd;
    struct child_stream requests; /* the socket, to the child */
    struct child_stream answers;  /* the same socket, from it */
    struct child_stream prints;   /* what it writes to 1 and 2 */
};

void python_child_init(struct python_child *c);
/* Starts it unless it runs, and waits until it is ready. `program`: the setting worker.python. */
enum status python_child_start(struct python_child *c, const char *program, const struct task_stop *stop,
                               struct error *err) MUST_CHECK;
/*
 * Sends a request and waits for its answer, into `answer`, which must be empty; what is printed meanwhile
 * goes to `log`, and *printed says how many bytes that were. An answer longer than `answer_max` is refused.
 * After a failure (STATUS_TIMEOUT and STATUS_CANCELLED from `stop` among them) the child is dead.
 */
enum status python_child_ask(struct python_child *c, struct str request, const struct task_stop *stop,
                             size_t answer_max, struct buf *answer, struct buf *log, uint64_t *printed,
                             struct error *err) MUST_CHECK;
/* Kills it, with all processes that it started; nothing when it doesn't run. Gives its exit code. */
int python_child_kill(struct python_child *c);

#endif
