/*
 * The engine: the one thread that folds facts. It takes what readers, writer and bus have put into its
 * mailbox, folds it into the current batch, and gives the batch to the writer as soon as that is idle, so
 * that under load many facts share a commit and at rest one fact does not wait.
 */
#ifndef BROKER_ENGINE_H
#define BROKER_ENGINE_H

#include "fold.h"

struct engine_options {
    size_t batch_rows;   /* a batch of as many rows is given to the writer even if that is busy */
    size_t backlog_rows; /* with as many rows waiting, no further fact is taken */
    int64_t stream_created_ns;
};

struct engine;

/* `log` is for reading executions and timers back and is taken over. `mailbox`, `writer` and `children`
 * outlive the engine. */
enum status engine_start(const struct engine_options *options, const struct subjects *s, struct bus *bus,
                         struct eventlog *log, struct mailbox *mailbox, struct writer *writer,
                         struct child_desk *children, const struct checkpoint *checkpoints,
                         struct engine **out, struct error *err) MUST_CHECK;
/* Whether it ended because the broker cannot go on; then *err says why. */
bool engine_failed(struct engine *e, struct error *err);
/* Gives the last batch to the writer and ends its thread. */
void engine_stop(struct engine *e);
/* After the writer has stopped: batches point into the executions. NULL is allowed. */
void engine_free(struct engine **e);

#endif
