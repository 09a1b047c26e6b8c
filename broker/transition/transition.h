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

/* At that time the fact timer_fired with this task_id is to be published, unless the timer is cancelled
 * before. */
struct timer_order {
    struct str id;  /* of an attempt, or EXECUTION_TIMER */
    int64_t due_ns; /* since 1970, by the stream's clock */
    bool cancelled; /* of a timer that was set before: it need not fire any more */
};
#define EXECUTION_TIMER STR("execution")

/*
 * A sub-playbook's execution is to be requested: the newest text of the path, or that of a version, with
 * these arguments over its workload. Its id is a function of the attempt's, so asking twice changes nothing.
 * If it cannot be requested for good, the fact child_failed with this task_id is the parent's answer.
 */
struct child_order {
    int64_t execution_id;
    struct str path;
    int64_t version;        /* 0: the newest */
    struct value args;      /* a map */
    struct str traceparent; /* of the call's span; "" if it is part of no trace */
    struct value parent; /* goes into the request's context under "parent": {"execution_id", "task_id", …} */
    struct str task_id;
};

/* Nobody waits for the task any more: if it is queued still, it is to be removed. */
struct withdrawal {
    struct str pool, task_id;
};

/*
 * The playbooks that the catalog has under a path, but for the caller's own, are to become the fact
 * playbooks_listed with this task_id: its context has "playbooks", a list of {"path", "version"} in the order
 * of the paths, or "error" if it cannot be known for good. The first such fact counts.
 */
struct listing_order {
    struct str prefix, caller; /* paths */
    struct str task_id;
};

/* A fact for another execution: child_completed or child_failed for the parent, cancel_requested for a child.
 */
struct notice {
    struct event fact; /* without id, time and sequence */
    struct str message_id;
};

/* What one fact led to. Everything in it lives in `arena`. */
struct decisions {
    struct arena *arena;
    struct event *events; /* rows of the log in their order, the fact first */
    uint32_t event_count, event_capacity;
    struct task_order *tasks;
    uint32_t task_count, task_capacity;
    struct timer_order *timers;
    uint32_t timer_count, timer_capacity;
    struct child_order *children;
    uint32_t child_count, child_capacity;
    struct listing_order *listings;
    uint32_t listing_count, listing_capacity;
    struct notice *notices;
    uint32_t notice_count, notice_capacity;
    struct withdrawal *withdrawals; /* of an execution that goes on */
    uint32_t withdrawal_count, withdrawal_capacity;
    bool withdraw;       /* the execution is over early: tasks that are still queued are to be removed */
    const char *ignored; /* why the fact changed nothing (then there are no events); NULL if it was taken */
};

/* Empty, for transition(). */
void decisions_init(struct decisions *d, struct arena *arena);

/*
 * Folds one fact into `x`. The fact must be of x's execution and is borrowed until the decisions are done
 * with. One that tells of an attempt has to have its task's token, unless it is of the log (event_id) and was
 * read from a copy without it (core/event.h). A playbook that cannot run, a template that cannot be rendered,
 * a loop without end are no errors here: they end the execution as failed, in the decisions. An error
 * (STATUS_NO_MEMORY, STATUS_LIMIT, STATUS_INTERNAL) leaves a state that must be thrown away and folded again
 * from the log.
 */
enum status transition(struct execution *x, const struct event *fact, struct playbook_cache *playbooks,
                       struct decisions *out, struct error *err) MUST_CHECK;

/*
 * Ends an execution that cannot go on: as failed by `why`, behind `fact` and as its event `event_id`, and for
 * good. Whoever called it learns that, and, if `undone` is given, so do those that it called: these are the
 * decisions that came of the fact and cannot be carried out, with which `x` is as it is. NULL: what is open
 * in `x` is not to be trusted, or not known.
 */
enum status execution_give_up(struct execution *x, const struct event *fact, uint32_t event_id,
                              const struct error *why, const struct decisions *undone, struct decisions *out,
                              struct error *err) MUST_CHECK;

/* The visit of a step before which an evaluation stops. */
struct stop {
    uint32_t step, visit;
    bool reached;
};
/*
 * transition() that stops where the gate of that visit opens, before it starts: with everything that came
 * before, and nothing that comes behind it. If that was reached, the state is for looking at only: fold
 * nothing more into it. `stop` may be NULL.
 */
enum status transition_until(struct execution *x, const struct event *fact, struct playbook_cache *playbooks,
                             struct stop *stop, struct decisions *out, struct error *err) MUST_CHECK;

/*
 * Folds an execution's events from the log: facts go through transition() and what they lead to is dropped,
 * because it is in the log already. Stops at an event id that does not fit (STATUS_INTERNAL).
 */
enum status execution_replay(struct execution *x, const struct event *events, size_t count,
                             struct playbook_cache *playbooks, struct error *err) MUST_CHECK;

#endif
