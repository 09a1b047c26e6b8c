/*
 * From a message of NOETL_EVENTS to its effects: finds the execution (in memory, or folded back from the
 * log), applies the transition, and hands rows to the batch and messages to the dispatcher. Belongs to the
 * engine's thread.
 */
#ifndef BROKER_FOLD_H
#define BROKER_FOLD_H

#include "batch.h"
#include "dispatch.h"
#include "execution_table.h"
#include "fence.h"
#include "timekeeper.h"

struct folder {
    struct subjects subjects;
    struct dispatcher *dispatcher;
    struct timekeeper *timers;
    struct playbook_cache *playbooks;
    struct execution_table executions;
    struct fence *fence;
    struct eventlog *log; /* a connection of its own, for reading executions back */
    bool log_away;        /* it is not asked; what needs it is STATUS_UNAVAILABLE. The engine's to set */
    /* Ring of executions that ended lately: what still comes for them is dropped unread, but for what may
     * reopen them. */
    int64_t *over;
    size_t over_next, over_count;
};

enum status folder_init(struct folder *f, const struct subjects *s, struct dispatcher *d,
                        struct timekeeper *timers, struct fence *fence, struct eventlog *log,
                        struct error *err) MUST_CHECK;
void folder_free(struct folder *f);

/*
 * A message with the subject `at`, of a partition that is held as `held` says. One that is no event of its
 * subject is passed over. An error means that the broker cannot go on: STATUS_UNAVAILABLE and STATUS_TIMEOUT
 * when the log cannot be read, STATUS_NO_MEMORY.
 */
enum status fold_message(struct folder *f, struct batch *b, const struct bus_delivery *d,
                         const struct event_subject *at, const struct checkpoint *held,
                         struct error *err) MUST_CHECK;
/* Says in the log that a message cannot be used; it stays in the stream. */
void fold_pass_over(const struct bus_delivery *d, const struct error *why);
/*
 * Whether an attempt has ended, as far as its execution has been folded (transition/ended.h); its partition
 * is held under `epoch`. STATUS_UNAVAILABLE when that is not in memory and the log cannot be read; of a
 * partition that was lost meanwhile the answer says nothing.
 */
enum status fold_look(struct folder *f, int64_t execution_id, const struct task_id *attempt, int64_t epoch,
                      bool *ended, struct error *err) MUST_CHECK;
/* Executions of the partition leave memory; the log has all that is to be kept of them. */
void fold_forget_partition(struct folder *f, uint32_t partition);
/* The batch is in the log: executions that are over with it leave memory. */
void fold_committed(struct folder *f, const struct batch *b);

#endif
