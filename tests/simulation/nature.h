/*
 * What tasks answer: a pure function of the world's seed, the step, the visit, the place in its iterators and
 * the attempt, so that the reference knows it without running anything.
 */
#ifndef SIMULATION_NATURE_H
#define SIMULATION_NATURE_H

#include "core/arena.h"
#include "core/id.h"
#include "core/task.h"
#include "draft.h"

struct nature {
    uint64_t seed;
    const struct draft *draft; /* of the playbook whose tasks are asked about */
};

struct answer {
    bool success;
    struct value data;  /* absent if there is none */
    struct value error; /* absent if there is none */
};

/* `attempt` counts from 1 since the visit began, or since the execution was retried. */
struct answer nature_answer(const struct nature *n, struct str step, const struct task_id *id,
                            struct value args, struct arena *a);

/* What comes with a signal, always the same with the same name. */
struct value nature_signal(uint64_t seed, struct str name, struct arena *a);

#endif
