/* Between the files of the reference: one run of a playbook, and the attempts of what its steps do. */
#ifndef SIMULATION_REFERENCE_RUN_H
#define SIMULATION_REFERENCE_RUN_H

#include "reference.h"

#define ABSENT ((struct value){.type = VALUE_UNDEFINED})

/* A step as far as it has come. */
struct progress {
    uint32_t visits;
    bool ended, any_taken, is_last;
    struct value data, error;
};

struct run {
    const struct reference_request *request;
    const struct playbook *playbook;
    struct arena *a;
    struct reference *out;
    struct progress *steps;
    uint32_t *ended; /* in the order in which they first ended */
    uint32_t ended_count;
    struct value variables; /* a map, or absent */
    bool *behind;           /* [from × steps + to] */
    uint64_t random;
    struct error *err;
};

/* What rendering or running came to: fine, or failed with an error, or nothing yet. */
struct outcome {
    bool failed, stands;
    uint32_t attempt; /* within its budget */
    struct value data, error;
};

/* The names of one item, over those of the items around. */
struct around {
    struct value names;
    const struct around *outer;
};

/* An action that is run: of a visit, or a task of an item. */
struct job {
    const struct action *action;
    struct task_id id;      /* its place; the newest attempt in the last of places */
    struct value edge_args; /* absent for an item's */
    const struct around *around;
    struct reference_visit *visit;
};

/* ---- reference.c -------------------------------------------------------------------------------------- */

enum status reference_arrive(struct run *r, uint32_t step, bool around, struct value args) MUST_CHECK;
/* Whether `to` comes somewhere behind `from`, loops aside; every step comes behind itself. */
bool reference_comes_behind(const struct run *r, uint32_t from, uint32_t to);
bool reference_may_run(const struct run *r, const struct reference_visit *v);
/* Whether `end` is reached now, without an edge: nothing else is open. */
bool reference_reaches_end(const struct run *r);
/* What a visit comes to, before anything is routed; args and counts of *v are filled. */
enum status reference_perform(struct run *r, struct reference_visit *v, struct outcome *o) MUST_CHECK;
enum status reference_run_visit(struct run *r, uint32_t index) MUST_CHECK;

/* ---- reference_cut.c ---------------------------------------------------------------------------------- */

/* Up to the cut, and over it. */
enum status reference_cut(struct run *r, const struct reference_cut *cut) MUST_CHECK;

/* ---- reference_render.c: a failure is told in *o ----------------------------------------------------- */

enum status reference_error(struct run *r, const char *kind, const char *message,
                            struct outcome *o) MUST_CHECK;
enum status reference_merge(struct run *r, struct value base, struct value over,
                            struct value *out) MUST_CHECK;
/* `nearer`, a map or absent, is looked at first. */
enum status reference_render(struct run *r, const struct object_template *t, struct value nearer,
                             const struct around *around, struct value *out, struct outcome *o) MUST_CHECK;
enum status reference_evaluate(struct run *r, const struct template *t, struct value nearer,
                               const struct around *around, struct value *out, struct outcome *o) MUST_CHECK;
enum status reference_holds(struct run *r, const struct template *t, struct value nearer,
                            const struct around *around, bool *out, struct outcome *o) MUST_CHECK;
/* result, this, data, error, …; with a policy also what its conditions see. */
enum status reference_outcome_names(struct run *r, const struct outcome *o, const struct retry_policy *retry,
                                    struct value *out) MUST_CHECK;
/* Whether a path, "a.b", leads to something in the names of an execution. */
enum status reference_is_there(struct run *r, struct str path, struct value nearer, bool *out) MUST_CHECK;

/* ---- reference_work.c --------------------------------------------------------------------------------- */

/* Whether the type has attempts. */
bool reference_is_work(const struct action *a);
enum status reference_args(struct run *r, const struct job *j, struct value *out,
                           struct outcome *o) MUST_CHECK;
/* All attempts, to what they come to in the end. */
enum status reference_work(struct run *r, struct job *j, struct outcome *o) MUST_CHECK;

/* ---- reference_loop.c --------------------------------------------------------------------------------- */

enum status reference_items(struct run *r, const struct job *j, struct value args, struct value *items,
                            struct outcome *o) MUST_CHECK;
/* One attempt of an iterator. */
enum status reference_loop(struct run *r, struct job *j, struct value args, struct value items,
                           struct outcome *o) MUST_CHECK;

#endif
