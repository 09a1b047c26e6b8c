/*
 * The timekeeper: holds the timers that executions have set, publishes the fact `timer_fired` when one is
 * due, and has the log's database know of them, so that they outlive every restart. Belongs to the engine's
 * thread.
 *
 * A timer is dropped when the stream has its fact, its row when that fact is folded: whatever happens
 * between, it fires again, with the same message id, and the second fact changes nothing.
 */
#ifndef BROKER_TIMEKEEPER_H
#define BROKER_TIMEKEEPER_H

#include "batch.h"
#include "execution_table.h"
#include "fence.h"
#include "mailbox.h"
#include "publisher/subject.h"
#include "timer_queue.h"
#include "transition/transition.h"

struct timekeeper {
    struct bus *bus;
    struct subjects subjects;
    const struct fence *fence;
    struct mailbox *engine; /* gets MAIL_FIRED */
    struct timer_queue queue;
    bool refused; /* that facts are refused has been said, and none was taken since */
};

/* The publishing of one timer's fact. */
struct firing {
    struct timekeeper *keeper;
    struct due_timer timer;
    struct tenure tenure;
    bool refused;
    struct error refusal;
    char id[]; /* the timer's */
};

void timekeeper_init(struct timekeeper *k, struct bus *bus, const struct subjects *s,
                     const struct fence *fence, struct mailbox *engine);
void timekeeper_free(struct timekeeper *k);
/* A timer that the log's database has. */
enum status timekeeper_load(struct timekeeper *k, int64_t execution_id, struct str id, int64_t due_ns,
                            struct error *err) MUST_CHECK;
/* Those of the partition are another broker's; their rows stay. */
void timekeeper_forget_partition(struct timekeeper *k, uint32_t partition);

/* What a fact's decisions say of timers; the rows go with the batch. */
enum status timekeeper_take(struct timekeeper *k, struct batch *b, int64_t execution_id,
                            const struct decisions *decisions, struct error *err) MUST_CHECK;
/* The execution is over: none of its timers need fire. */
enum status timekeeper_over(struct timekeeper *k, struct batch *b, int64_t execution_id,
                            struct error *err) MUST_CHECK;
/* A `timer_fired` was read from the stream, whatever it led to. */
enum status timekeeper_read(struct timekeeper *k, struct batch *b, const struct event *fact,
                            struct error *err) MUST_CHECK;

/* Until the next one is due, in milliseconds, rounded up; at most `most`. */
int64_t timekeeper_wait_ms(const struct timekeeper *k, int64_t most);
/* Publishes the facts of those that are due, a number at a time; `executions` gives their steps' names. */
enum status timekeeper_fire(struct timekeeper *k, const struct execution_table *executions,
                            struct error *err) MUST_CHECK;
/* MAIL_FIRED: the stream has answered. Frees it. */
void timekeeper_fired(struct timekeeper *k, struct firing *f);

#endif
