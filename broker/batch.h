/*
 * A batch: the rows that a run of facts led to, committed in one transaction with the checkpoints behind
 * these facts.
 *
 * It may be committed once every message that its facts led to is acknowledged by its stream: a checkpoint
 * must never say "done" of a fact whose task is not in the tasks stream, or the task would be lost with a
 * crash. Until then the facts are read again after a crash, and publishing again is harmless because the
 * messages carry the same ids.
 *
 * The engine fills a batch, the writer commits it; only `open_publishes` is touched by others (threads of the
 * bus).
 */
#ifndef BROKER_BATCH_H
#define BROKER_BATCH_H

#include <stdatomic.h>

#include "core/arena.h"
#include "core/event.h"
#include "eventlog/eventlog.h"

/* A task of an execution that goes on, which nobody waits for. */
struct given_up {
    int64_t execution_id;
    const char *subject;
};

struct batch {
    struct batch *next; /* in the writer's queue */
    uint64_t number;    /* 1, 2, 3, … */
    struct arena arena; /* rows, and what their values point to */
    struct event *events;
    size_t event_count, event_capacity;
    size_t bytes_given;             /* batch_bytes() when the writer got it */
    struct checkpoint *checkpoints; /* one for each partition; `dirty` says which count */
    struct checkpoint *before;      /* of these, up to where the batches before this one read */
    bool *dirty;
    uint32_t partitions;
    struct timer_change *timers;
    size_t timer_count, timer_capacity;
    int64_t *ended; /* executions that are over with this batch */
    size_t ended_count, ended_capacity;
    int64_t *withdrawn; /* of these, the ones with tasks to withdraw; 0: none after all */
    size_t withdrawn_count, withdrawn_capacity;
    struct given_up *given_up;
    size_t given_up_count, given_up_capacity;
    /* Messages that are not acknowledged, and one more while the engine fills the batch: at 0 it may be
     * committed. */
    atomic_uint open_publishes;
};

enum status batch_new(uint64_t number, uint32_t partitions, struct batch **out, struct error *err) MUST_CHECK;
void batch_free(struct batch *b);
/* Copies the event structs; what they point to is in b->arena already, or outlives the batch. */
enum status batch_add_events(struct batch *b, const struct event *events, size_t count,
                             struct error *err) MUST_CHECK;
/* Copies the struct; the id is in b->arena already, or outlives the batch. */
enum status batch_add_timer(struct batch *b, const struct timer_change *change, struct error *err) MUST_CHECK;
enum status batch_add_ended(struct batch *b, int64_t execution_id, bool withdraw,
                            struct error *err) MUST_CHECK;
/* The subject lives as long as the batch. */
enum status batch_add_given_up(struct batch *b, int64_t execution_id, const char *subject,
                               struct error *err) MUST_CHECK;
/* The execution goes on after all: its tasks are not withdrawn. */
void batch_spare(struct batch *b, int64_t execution_id);
/* The partition has been read up to there, from `before` on. */
void batch_advance(struct batch *b, const struct checkpoint *before, const struct checkpoint *c);
/* Nothing of the partition is to be committed: another broker has it. */
void batch_drop_partition(struct batch *b, uint32_t partition);
bool batch_is_empty(const struct batch *b);
/* The memory that it takes: rows, messages, and the facts that they are made of. */
size_t batch_bytes(const struct batch *b);

#endif
