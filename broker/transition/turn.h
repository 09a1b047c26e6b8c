/* Between the files of this room: one call of transition(), and the parts that do it. */
#ifndef TRANSITION_TURN_H
#define TRANSITION_TURN_H

#include "transition.h"

struct turn {
    struct execution *x;
    const struct event *fact;
    struct decisions *out;
    struct render_inputs inputs; /* time and randomness, from the fact */
    struct error *err;           /* of the caller */
};

/*
 * Why a step, and with it perhaps the execution, failed: what the log keeps. Made by the parts that render
 * and those that take outcomes.
 */
struct failure {
    struct str kind, message;
    struct value detail; /* a map with more members of the error, or absent */
};

/* ---- emit.c ---------------------------------------------------------------------------------------- */

/* Adds an event of the execution itself, or of a visit, and returns it for filling in; NULL: no memory. */
struct event *emit_event(struct turn *t, enum event_type type);
struct event *emit_visit_event(struct turn *t, enum event_type type, const struct visit *v);
/* Adds the fact, with the id it gets. */
enum status emit_fact(struct turn *t) MUST_CHECK;
enum status emit_task(struct turn *t, struct str pool, const struct task *task) MUST_CHECK;
/* {"kind", "message", …detail} */
enum status failure_to_value(struct turn *t, const struct failure *f, struct value *out) MUST_CHECK;
/* The failure that an error of a template or a playbook is, its place in front. */
enum status failure_from_error(struct turn *t, const struct error *e, struct failure *out) MUST_CHECK;
/* The id of the visit's current attempt, in the decisions' arena. */
enum status visit_task_id(struct turn *t, const struct visit *v, struct str *out) MUST_CHECK;
/* What the outcome of a task has to echo: first 32 hexadecimal digits of SHA-256(seed ":" task id). */
void task_token(const struct execution *x, struct str task_id, char out[33]);

/* ---- scope.c: the names that templates see --------------------------------------------------------------
 */

struct step_scope {
    struct scope inner, outer;
};
/* `extra` (a map, or absent) is looked at first. */
enum status scope_for(struct turn *t, struct value extra, struct step_scope *out) MUST_CHECK;
/* The names of a step's own outcome: result, this, data, error, status and success, and attempt. */
enum status scope_of_outcome(struct turn *t, const struct visit *v, struct value data, struct value error,
                             struct step_scope *out) MUST_CHECK;

/* ---- join.c: arrivals and gates
 * ---------------------------------------------------------------------------- */

/* `over` over `base`, key by key and not deeper; each may be absent. */
enum status args_merge(struct arena *a, struct value base, struct value over, struct value *out,
                       struct error *err) MUST_CHECK;
/* A branch reaches a step over an edge. `args` may be absent. */
enum status join_arrive(struct turn *t, uint32_t step, bool over_loop_edge, struct value args) MUST_CHECK;
/* Opens gates until none can be opened, then ends the execution if nothing is open. */
enum status join_settle(struct turn *t) MUST_CHECK;

/* ---- route.c: what fires after a step
 * ------------------------------------------------------------------------ */

struct firing {
    const struct edge *edge;
    struct value args; /* rendered; absent if the edge has none */
};
struct routed {
    struct firing *firings; /* in the order of the playbook */
    uint32_t count, capacity;
    struct value explanation; /* the list for context.next: every edge, its condition and whether it fired */
    bool ends_branch;         /* nothing fired, or only what leads to `end` */
};
/*
 * Evaluates `next` of the visit's step; nothing arrives anywhere yet. If a condition or an edge's args cannot
 * be rendered, *failed is set and `why` is filled.
 */
enum status route_decide(struct turn *t, const struct visit *v, struct value data, struct value error,
                         struct routed *out, bool *failed, struct failure *why) MUST_CHECK;
enum status route_fire(struct turn *t, const struct routed *r) MUST_CHECK;

/* ---- step.c: a visit's life
 * ------------------------------------------------------------------------------------ */

/* The gate is open: renders the input and publishes the task, or completes at once. */
enum status step_start(struct turn *t, struct visit *v) MUST_CHECK;
/* The current attempt of a visit ended. */
enum status step_succeeded(struct turn *t, struct visit *v, struct value data) MUST_CHECK;
enum status step_failed(struct turn *t, struct visit *v, struct value data,
                        const struct failure *why) MUST_CHECK;

/* ---- transition.c: an execution's end
 * ------------------------------------------------------------------------------ */

enum status execution_end_completed(struct turn *t) MUST_CHECK;
/* `v` may be NULL: then no step is to blame. */
enum status execution_end_failed(struct turn *t, const struct visit *v, const struct failure *why) MUST_CHECK;
enum status execution_end_cancelled(struct turn *t, struct str reason) MUST_CHECK;

#endif
