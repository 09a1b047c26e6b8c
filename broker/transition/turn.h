/*
 * Between the files of this room: one call of transition(), and the parts that do it.
 *
 *   transition.c   facts, by the table
 *   control.c      pause, resume, timers, signals: facts that steer
 *   reopen.c       a retry
 *   fork.c         a beginning with what another execution had come to
 *   finish.c       how an execution ends
 *   join.c         arrivals and gates: when a visit starts
 *   step.c         a visit between its gate and its end
 *   route.c        what fires after a step
 *   attempt.c      a work: attempts, retries
 *   tool.c iterate.c items.c child.c listing.c   what an attempt of each type is
 *   input.c save.c scope.c             rendering: what goes in, what is kept, what is seen
 *   emit.c         decisions
 */
#ifndef TRANSITION_TURN_H
#define TRANSITION_TURN_H

#include "transition.h"

struct turn {
    struct execution *x;
    const struct event *fact;
    struct decisions *out;
    struct render_inputs inputs; /* time and randomness, from the fact */
    struct stop *stop;           /* or NULL */
    struct error *err;           /* of the caller */
};

static const struct value ABSENT = {.type = VALUE_UNDEFINED};

/*
 * Why an attempt, and with it perhaps the execution, failed: what the log keeps. Made by the parts that
 * render and those that take outcomes.
 */
struct failure {
    struct str kind, message;
    struct value detail; /* a map with more members of the error, or absent */
};

/*
 * Rendering may fail without the turn failing: then `failed` is set and `why` is filled, once; what is
 * rendered afterwards with the same trial is passed over.
 */
struct trial {
    bool failed;
    struct failure why;
};

/* ---- emit.c ---------------------------------------------------------------------------------------- */

/* Adds an event of the execution itself, or of a visit, and returns it for filling in; NULL: no memory. */
struct event *emit_event(struct turn *t, enum event_type type);
struct event *emit_visit_event(struct turn *t, enum event_type type, const struct visit *v);
/* Of a work's newest attempt, or of the one after it: `root` if it is a visit's own, `of_item` if it is an
 * item's. */
struct event *emit_work_event(struct turn *t, enum event_type root, enum event_type of_item,
                              const struct work *w, uint32_t attempt);
/* Adds the fact, with the id it gets. */
enum status emit_fact(struct turn *t) MUST_CHECK;
enum status emit_task(struct turn *t, struct str pool, const struct task *task) MUST_CHECK;
enum status emit_timer(struct turn *t, struct str id, int64_t due_ns) MUST_CHECK;
enum status emit_timer_cancelled(struct turn *t, struct str id) MUST_CHECK;
enum status emit_child(struct turn *t, const struct child_order *order) MUST_CHECK;
enum status emit_listing(struct turn *t, const struct listing_order *order) MUST_CHECK;
enum status emit_withdrawal(struct turn *t, const struct withdrawal *withdrawal) MUST_CHECK;
enum status emit_notice(struct turn *t, const struct event *fact, struct str message_id) MUST_CHECK;
/* {"kind", "message", …detail} */
enum status failure_to_value(struct turn *t, const struct failure *f, struct value *out) MUST_CHECK;
/* The failure that an error of a template or a playbook is, its place in front. */
enum status failure_from_error(struct turn *t, const struct error *e, struct failure *out) MUST_CHECK;
/* The first failure of a trial stands. `kind` lives for ever. */
void trial_fail(struct trial *trial, const char *kind, struct str message);
/* An error of the caller's if memory is what is missing, else the trial's failure. */
enum status trial_failed(struct turn *t, struct trial *trial, const struct error *e) MUST_CHECK;
/* A copy of the text, in the decisions' arena. */
enum status keep_text(struct turn *t, struct str text, struct str *out) MUST_CHECK;
/* The id of an attempt of the work, in the decisions' arena. */
enum status attempt_id(struct turn *t, const struct work *w, uint32_t attempt, struct str *out) MUST_CHECK;
/* An execution's id as text, in the decisions' arena. */
enum status id_text(struct turn *t, int64_t id, struct str *out) MUST_CHECK;
/* A moment as text, in the decisions' arena. */
enum status time_text(struct turn *t, int64_t time_ns, struct value *out) MUST_CHECK;
/*
 * What the outcome of a work's newest task has to echo: the first 32 hexadecimal digits of SHA-256(seed ":"
 * task id). Kept in the work, for when the outcome comes.
 */
/* The traceparent of an attempt's span, a child of the execution's; "" if that is part of no trace. */
enum status span_of_attempt(struct turn *t, struct str task_id, struct str *out) MUST_CHECK;
/* What the workers of the execution seal its references to secrets with; "" without memory. */
struct str task_seal(struct turn *t);
struct str task_token(const struct execution *x, struct work *w, struct str task_id);

/* ---- scope.c: the names that templates see --------------------------------------------------------- */

struct step_scope {
    struct scope frames[1 + TASK_ID_DEPTH + CONTEXT_SCOPES];
    const struct scope *top;
};
/* `extra` (a map, or absent) is looked at first, then what the items around `w` see; `w` may be NULL. */
enum status scope_for(struct turn *t, const struct work *w, struct value extra,
                      struct step_scope *out) MUST_CHECK;
/* The names of a step's own outcome: result, this, data, error, status and success, and attempt. */
enum status scope_of_outcome(struct turn *t, const struct visit *v, struct value data, struct value error,
                             struct step_scope *out) MUST_CHECK;
/* The same for an attempt of a work, with max_attempts and status_code. */
enum status scope_of_attempt(struct turn *t, const struct work *w, struct value data, struct value error,
                             struct step_scope *out) MUST_CHECK;
/* All names in one map, the inner ones over the outer ones. */
enum status scope_flatten(struct turn *t, const struct scope *scope, struct value *out) MUST_CHECK;
/* Absent if the name is in no frame. */
struct value scope_find(const struct scope *scope, struct str name);

/* An item as its tasks see it. */
struct item {
    const struct work *iterator;
    struct value value;
    uint32_t index, count;
    struct value earlier; /* what its earlier tasks gave, by name; or absent */
};
enum status item_names(struct turn *t, const struct item *item, struct value *out) MUST_CHECK;

/* ---- input.c ----------------------------------------------------------------------------------------- */

enum status render_object(struct turn *t, const struct object_template *o, const struct work *w,
                          struct value extra, struct value *out, struct trial *trial) MUST_CHECK;
/* A template of the step; `what` names it in the error. */
enum status render_template(struct turn *t, const struct template *template, const char *what,
                            const struct step_scope *scope, struct value *out,
                            struct trial *trial) MUST_CHECK;
/* The paths of an assertion have to lead to something in `names` or in `more`: else the trial failed. */
enum status look_for_paths(struct turn *t, const struct str *paths, uint32_t count, struct value names,
                           struct value more, struct trial *trial) MUST_CHECK;
/* Whether an execution may carry what was put together of several values (JSON_VALUE_BYTES, and
 * JSON_VALUE_DEPTH below the `levels` that it is put together with): else the trial failed. `what` names it
 * in the error. */
enum status check_carried(struct turn *t, const char *what, struct value v, uint32_t levels,
                          struct trial *trial) MUST_CHECK;
/* What an attempt is started with. */
struct input {
    struct value args;   /* the action's, with those of the edges over them; a map */
    struct value config; /* the tool's keys, rendered; a map */
};
/* `w` is NULL for a step that runs nothing. Looks at assert.expects too. */
enum status render_input(struct turn *t, const struct visit *v, const struct work *w, struct input *out,
                         struct trial *trial) MUST_CHECK;
/* `over` over `base`, key by key and not deeper; each may be absent. */
enum status args_merge(struct arena *a, struct value base, struct value over, struct value *out,
                       struct error *err) MUST_CHECK;

/* ---- save.c: what the broker keeps of a success ---------------------------------------------------- */

/* Variables get their values; *saved is a map for the log, absent if nothing was kept. */
enum status save_apply(struct turn *t, const struct action *action, const struct step_scope *scope,
                       struct value *saved, struct trial *trial) MUST_CHECK;
/* Whether the action keeps anything here. */
bool save_is_wanted(const struct action *action);

/* ---- join.c: arrivals and gates -------------------------------------------------------------------- */

/* A branch reaches a step over an edge. `args` may be absent. */
enum status join_arrive(struct turn *t, uint32_t step, bool over_loop_edge, struct value args) MUST_CHECK;
/* For a retry from a step: `end` has run, or was given up, and is to run after what comes now. */
enum status join_reopen_end(struct turn *t, struct value args) MUST_CHECK;
/* Opens gates until none can be opened, then ends the execution if nothing is open. Nothing while it is
 * paused. */
enum status join_settle(struct turn *t) MUST_CHECK;

/* ---- route.c: what fires after a step ---------------------------------------------------------------- */

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
/* Evaluates `next` of the visit's step; nothing arrives anywhere yet. */
enum status route_decide(struct turn *t, const struct visit *v, struct value data, struct value error,
                         struct routed *out, struct trial *trial) MUST_CHECK;
enum status route_fire(struct turn *t, const struct routed *r) MUST_CHECK;

/* ---- step.c: a visit's life ---------------------------------------------------------------------------- */

/* The gate is open: begins the step's work, or completes at once. */
enum status step_start(struct turn *t, struct visit *v) MUST_CHECK;
/* The visit's work is done. `saved` as save_apply() gave it. */
enum status step_succeeded(struct turn *t, struct visit *v, struct value data, struct value saved) MUST_CHECK;
enum status step_failed(struct turn *t, struct visit *v, struct value data,
                        const struct failure *why) MUST_CHECK;

/* ---- attempt.c: a work's life ------------------------------------------------------------------------- */

/* A READY work: starts its next attempt, or queues it while the execution is paused. */
enum status work_begin(struct turn *t, struct work *w) MUST_CHECK;
/* The attempt is counted, and the work moves. */
enum status attempt_begins(struct turn *t, struct work *w, enum work_state to) MUST_CHECK;
/* The newest attempt ended: `why` is NULL for a success. There may be another one. */
enum status attempt_ended(struct turn *t, struct work *w, struct value data,
                          const struct failure *why) MUST_CHECK;
/* The newest attempt is lost, and made again; it counts for no retry. Lost too often, it ended so. */
enum status attempt_lost(struct turn *t, struct work *w, const struct failure *why) MUST_CHECK;
/* No further attempt, whatever `retry` says. */
enum status work_failed(struct turn *t, struct work *w, struct value data,
                        const struct failure *why) MUST_CHECK;
/* What is under way in it outside is called back: timers, other executions, queued tasks; of an execution
 * that goes on these are told of one by one. It becomes STOPPED. */
enum status work_stop(struct turn *t, struct work *w) MUST_CHECK;
/* Tells the sub-playbook's execution that the work waits for that nobody does so any more. */
enum status cancel_child(struct turn *t, const struct work *w) MUST_CHECK;
/* A STOPPED work goes on, with attempts as if it had had none. */
enum status work_resume(struct turn *t, struct work *w) MUST_CHECK;

/* ---- what an attempt is: tool.c, child.c, listing.c, iterate.c, control.c ----------------------------- */

enum status tool_begin(struct turn *t, struct work *w) MUST_CHECK;
enum status child_begin(struct turn *t, struct work *w) MUST_CHECK;
enum status listing_begin(struct turn *t, struct work *w) MUST_CHECK;
enum status signal_begin(struct turn *t, struct work *w) MUST_CHECK;
enum status loop_begin(struct turn *t, struct work *w) MUST_CHECK;
/* A work in LOOP gets its loop: the items are copied. */
enum status loop_make(struct turn *t, struct work *w, struct value items, uint32_t concurrency) MUST_CHECK;
/* Starts items as far as there is room, and ends the attempt with the last one. */
enum status loop_pump(struct turn *t, struct work *w) MUST_CHECK;
/* A task of an item ended for good. */
enum status item_succeeded(struct turn *t, struct work *w, struct value data) MUST_CHECK;
enum status item_failed(struct turn *t, struct work *w, struct value data,
                        const struct failure *why) MUST_CHECK;
/* listing.c: what the call of a listed playbook gives: its path and version, and `v` under the key, or, where
 * there is none, the members of `v`. */
enum status listing_result(struct turn *t, const struct work *item, const char *key, struct value v,
                           struct value *out) MUST_CHECK;
/* items.c: the list of an iterator's items, after where, order_by, limit and chunk. */
enum status items_collect(struct turn *t, const struct work *w, struct value args, struct value *out,
                          struct trial *trial) MUST_CHECK;
/* A whole number that a template gives; the template may be NULL. `what` names it in the error. */
struct whole_number {
    const struct work *of; /* whose items' names are seen, with these args */
    struct value args;
    int64_t least, otherwise;
};
enum status whole_number(struct turn *t, const struct object_template *template, const char *what,
                         const struct whole_number *wanted, int64_t *out, struct trial *trial) MUST_CHECK;

/* ---- control.c: facts that steer --------------------------------------------------------------------- */

enum status on_pause(struct turn *t) MUST_CHECK;
enum status on_resume(struct turn *t) MUST_CHECK;
enum status on_timer(struct turn *t) MUST_CHECK;
enum status on_signal(struct turn *t) MUST_CHECK;
/* One that nobody waits for yet; there is room for it. */
enum status signal_keep(struct turn *t, struct str name, struct value payload) MUST_CHECK;
enum status on_child_ended(struct turn *t) MUST_CHECK;
enum status on_listed(struct turn *t) MUST_CHECK;
/* Sets the timer of an execution that has a deadline. */
enum status set_deadline(struct turn *t) MUST_CHECK;
enum status deadline_id(struct turn *t, struct str *out) MUST_CHECK;
/* The fact changes nothing. */
enum status ignore_fact(struct turn *t, const char *why) MUST_CHECK;

/* ---- reopen.c: an execution that was over goes on -------------------------------------------------------
 */

enum status on_retry(struct turn *t) MUST_CHECK;

/* ---- fork.c: an execution begins where another one was --------------------------------------------------
 */

/* In place of the step start: what the member "fork" of the request says. */
enum status fork_begin(struct turn *t, struct value fork) MUST_CHECK;

/* ---- finish.c: an execution's end ---------------------------------------------------------------------- */

enum status execution_end_completed(struct turn *t) MUST_CHECK;
/* `v` may be NULL: then no step is to blame. */
enum status execution_end_failed(struct turn *t, struct visit *v, const struct failure *why) MUST_CHECK;
enum status execution_end_cancelled(struct turn *t, struct str reason) MUST_CHECK;

#endif
