/*
 * The meaning of a playbook, written a second time: slow, obvious, without events, tasks or time, and without
 * a line of the engine's transition. It runs one step after the other, in a random order of those that may
 * run, and tells what an execution must have done if its tasks answer as `nature` says.
 *
 * A step that fails for good stays where it is, as if it had not ended: what it keeps from running never ran,
 * and all that could have run beside it is told. An execution that failed did a part of that.
 *
 * Of one that was retried it is told how far it had come each time. It runs as much, gives up what the retry
 * gives up, and goes on.
 */
#ifndef SIMULATION_REFERENCE_H
#define SIMULATION_REFERENCE_H

#include "nature.h"
#include "playbook/playbook.h"

enum reference_end {
    REFERENCE_OPEN,
    REFERENCE_COMPLETED,
    REFERENCE_SKIPPED,
    REFERENCE_FAILED, /* and its execution went on */
    REFERENCE_FATAL,
    REFERENCE_STANDS,  /* it waits for what never comes */
    REFERENCE_DROPPED, /* a retry went on without it */
};

struct reference_visit {
    uint32_t step, number;
    enum reference_end end;
    bool too_many; /* more than the step's max_visits */
    uint32_t attempts;
    uint32_t iterations; /* attempts of the tasks of its items; */
    bool inexact;        /* at most so many: it depends on the order in which items fail */
    /* An attempt that a retry followed with others may have succeeded, and then what comes next could not be
     * chosen. */
    bool may_have_result;
    struct value args; /* merged, and rendered */
};

struct reference {
    bool fails;      /* some visit is FATAL */
    bool vague;      /* more than that depends on the order of things */
    bool overtaken;  /* a retry began before steps that were open and lead to where it began: a race */
    bool impossible; /* it cannot have come so far */
    struct value result;
    struct value *data; /* of each step; absent if it did not end */
    struct reference_visit *visits;
    uint32_t count, capacity;
};

/* The how manyth visit of a step; number 0: none. */
struct reference_place {
    struct str step;
    uint32_t number;
};

/*
 * An execution ended, and was retried: how far it had come, which is not the reference's to know, for it has
 * no time.
 */
struct reference_cut {
    struct str from;              /* the step that the retry begins with; "": from where it stood */
    struct reference_place *done; /* the visits that had ended by then */
    uint32_t done_count;
    struct reference_place failed; /* what it failed by, unless it was a visit too many */
    struct str too_many;           /* the step that was visited too often; "": none was */
    uint32_t end_visits;           /* of `end`, that had begun */
};

/* An attempt whose outcome is known otherwise: its task was lost, or it is another execution. */
struct given {
    struct str task_id;
    bool failed;
    struct value data, error;
};

struct reference_request {
    const struct playbook *playbook;
    const struct nature *nature;
    int64_t execution_id;
    struct value workload;
    const struct given *given;
    uint32_t given_count;
    const struct reference_cut *cuts; /* in their order */
    uint32_t cut_count;
    const struct str *skipped; /* ids of attempts that a retry of the execution has followed with others */
    uint32_t skipped_count;
    const struct str *lost; /* ids of attempts that were lost, and made again */
    uint32_t lost_count;
    uint64_t order; /* the seed of the order in which steps are taken */
};

/* Everything in *out lives in `a`. */
enum status reference_run(const struct reference_request *r, struct arena *a, struct reference *out,
                          struct error *err) MUST_CHECK;
/* The visit, or NULL. */
const struct reference_visit *reference_find(const struct reference *r, uint32_t step, uint32_t number);

#endif
