/*
 * transition(state, fact) → events and tasks: what the broker does, without the broker.
 *
 * Deterministic: time and everything random come from the fact. Evaluating the same facts again gives the
 * same events with the same ids and the same tasks with the same ids and bytes; that is what makes it safe to
 * publish tasks before the log has them.
 */
#ifndef TRANSITION_TRANSITION_H
#define TRANSITION_TRANSITION_H

#include "core/event.h"
#include "core/task.h"

#include "execution.h"
#include "playbook_cache.h"

struct task_order {
    struct str pool;
    struct task task;
};

/* What one fact led to. Everything in it lives in `arena`. */
struct decisions {
    struct arena *arena;
    struct event *events; /* rows of the log in their order, the fact first */
    uint32_t event_count, event_capacity;
    struct task_order *tasks;
    uint32_t task_count, task_capacity;
    bool withdraw;       /* the execution is over early: tasks that are still queued are to be removed */
    const char *ignored; /* why the fact changed nothing (then there are no events); NULL if it was taken */
};

/* Empty, for transition(). */
void decisions_init(struct decisions *d, struct arena *arena);

/*
 * Folds one fact into `x`. The fact must be of x's execution and is borrowed until the decisions are done
 * with. A playbook that cannot run, a template that cannot be rendered, a loop without end are no errors
 * here: they end the execution as failed, in the decisions. An error (STATUS_NO_MEMORY, STATUS_LIMIT,
 * STATUS_INTERNAL) leaves a state that must be thrown away and folded again from the log.
 */
enum status transition(struct execution *x, const struct event *fact, struct playbook_cache *playbooks,
                       struct decisions *out, struct error *err) MUST_CHECK;

/*
 * Folds an execution's events from the log: facts go through transition() and what they lead to is dropped,
 * because it is in the log already. Stops at an event id that does not fit (STATUS_INTERNAL).
 */
enum status execution_replay(struct execution *x, const struct event *events, size_t count,
                             struct playbook_cache *playbooks, struct error *err) MUST_CHECK;

#endif
