/*
 * The writer: a thread that commits batches in their order, and then does what may only be done once the log
 * has them: tells the watchers (noetl.live) and withdraws the queued tasks that nobody waits for any more.
 */
#ifndef BROKER_WRITER_H
#define BROKER_WRITER_H

#include "batch.h"
#include "fence.h"
#include "mailbox.h"
#include "publisher/subject.h"

struct writer;

/*
 * Takes the log over. Commits are reported to `engine` as MAIL_COMMITTED. What a batch has of a partition
 * that another broker took over is left out of its commit; `lost` (any thread) then hears that the fence has
 * changed.
 */
struct writer_options {
    struct bus *bus;
    const struct subjects *subjects;
    struct mailbox *engine;
    struct fence *fence;
    void (*lost)(void *context);
    void *context;
};
enum status writer_start(struct eventlog *log, const struct writer_options *options, struct writer **out,
                         struct error *err) MUST_CHECK;
/* Commits what is queued, as far as it can until `until_ns` (monotonic), and ends its thread. */
void writer_stop(struct writer *w, int64_t until_ns);
/* After the bus is closed: acknowledgements that are still to come are for batches. NULL is allowed. */
void writer_free(struct writer **w);
/* Queues a batch; the writer's from now on. */
void writer_give(struct writer *w, struct batch *b);
bool writer_is_idle(struct writer *w);
/*
 * The execution goes on after all: no batch that was given withdraws tasks of it any more. Waits while one is
 * just doing that, so that what is published afterwards stays.
 */
void writer_spare(struct writer *w, int64_t execution_id);
/* What waits for its commit. */
struct backlog {
    size_t rows;
    size_t bytes; /* of memory that batches take, but for the one that is at work */
};
struct backlog writer_backlog(struct writer *w);
/* One of the batch's publishes was acknowledged; from any thread. */
void writer_acknowledged(struct writer *w, struct batch *b);

#endif
