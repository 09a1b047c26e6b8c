/*
 * What an execution waits for: for each work that is open, who will bring the fact that makes it go on
 * (work.def). For whoever looks whether that is there: the reconciler.
 */
#ifndef TRANSITION_OPEN_WORK_H
#define TRANSITION_OPEN_WORK_H

#include "execution.h"

struct open_work {
    enum work_state state;
    struct str step; /* its name; "": the execution itself, which has a deadline */
    struct str type; /* of what is run */
    uint32_t visit, attempt;
    struct str task_id;  /* of its newest attempt */
    struct str token;    /* which a fact about that has to echo */
    struct str timer_id; /* with due_ns; "": it has none */
    int64_t due_ns;
    int64_t child;     /* the other execution's id, in CHILD */
    struct str pool;   /* whose workers run it, in TASK */
    struct str signal; /* the name that it waits for, in SIGNAL */
};

/*
 * A step that was reached and whose gate is not open: each step at which something is open that could still
 * come to it.
 */
struct open_join {
    struct str step;
    uint32_t visit;
    struct str *arms; /* names of steps */
    size_t arm_count;
};

/*
 * All of them, in `a`; but for those that wait within the execution, in LOOP, READY and STOPPED. None if the
 * execution is over.
 */
enum status execution_open_works(const struct execution *x, struct arena *a, struct open_work **out,
                                 size_t *count, struct error *err) MUST_CHECK;
/* The gates that are not open, in the order in which they were reached. None if the execution is over. */
enum status execution_open_joins(const struct execution *x, struct arena *a, struct open_join **out,
                                 size_t *count, struct error *err) MUST_CHECK;
/* The id of the timer of the execution's deadline, which each run has of its own; ptr NULL when there is no
 * memory. */
struct str execution_deadline_id(const struct execution *x, struct arena *a);

#endif
