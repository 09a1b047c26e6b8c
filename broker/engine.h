/*
 * The engine: the one thread that folds facts. It takes what readers, writer and bus have put into its
 * mailbox, folds it into the current batch, and gives the batch to the writer as soon as that is idle, so
 * that under load many facts share a commit and at rest one fact does not wait.
 */
#ifndef BROKER_ENGINE_H
#define BROKER_ENGINE_H

#include "fence.h"
#include "fold.h"
#include "holdings.h"
#include "occupancy.h"
#include "progress.h"

struct engine_options {
    struct bus *bus;
    const struct subjects *subjects;
    struct mailbox *mailbox;
    struct writer *writer;
    struct child_desk *children;
    struct fence *fence;
    struct occupancy *occupancy;
    struct progress *progress;
    size_t batch_rows;    /* a batch of as many rows is given to the writer even if that is busy */
    size_t backlog_rows;  /* with as many rows waiting, no further fact is taken, */
    size_t backlog_bytes; /* nor with batches that take as many bytes of memory */
    size_t
        executions;  /* most that are kept in memory; the others are read back from the log when they go on */
    int64_t idle_ms; /* an execution that stands still for as long leaves memory too */
};

struct engine;

/* `log` is for reading executions back and is taken over. What the options point to outlives the engine. */
enum status engine_new(const struct engine_options *options, struct eventlog *log, struct engine **out,
                       struct error *err) MUST_CHECK;
/* Its thread begins. `holdings` hear when a partition that was to leave has left. */
enum status engine_start(struct engine *e, struct holdings *holdings, struct error *err) MUST_CHECK;
/* Whether it ended because the broker cannot go on; then *err says why. */
bool engine_failed(struct engine *e, struct error *err);
/* Whether broker.backlog keeps facts from being taken. Any thread. */
bool engine_is_over_backlog(struct engine *e);
/* Gives the last batch to the writer and ends its thread. */
void engine_stop(struct engine *e);
/* After that: what could not be sent is sent again, or dropped, until the writer has written all, the lease
 * lapses or it is `until_ns` (monotonic). */
void engine_send_rest(struct engine *e, int64_t until_ns);
/* After the writer has stopped: batches point into the executions. NULL is allowed. */
void engine_free(struct engine **e);

#endif
