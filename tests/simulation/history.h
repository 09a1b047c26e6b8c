/*
 * What the log of an execution tells, and what must be true of any log: nothing is started twice or without a
 * reason, nothing ends twice, nothing is started while the execution is paused, signals go to who waited
 * first.
 */
#ifndef SIMULATION_HISTORY_H
#define SIMULATION_HISTORY_H

#include "reference.h"
#include "world.h"

/* A visit, as the log tells it. */
struct told {
    struct str step;
    uint32_t number, attempts, iterations;
    enum reference_end end;
    struct value args;
};

/* The newest attempt at one place. */
struct attempt {
    struct str task_id;
    uint32_t retries;  /* of the execution, when it was started */
    int64_t child;     /* the execution that it is; 0: none */
    int64_t due_ns;    /* of one that is announced: not before that */
    struct value args; /* as it was started with them */
};

/* A step that waits for a signal. */
struct waiting {
    struct str name, task_id, step;
    struct str due_at; /* when its timeout is over */
    uint32_t number;   /* of the visit */
    bool for_ever;     /* without a timeout */
};

struct history {
    LIST(struct told) visits;
    LIST(struct given) given;
    LIST(struct attempt) attempts;
    LIST(struct attempt) announced;  /* by step_retried */
    LIST(struct str) started, ended; /* task ids */
    LIST(struct str) withdrawn;      /* of tasks that nobody waits for any more */
    LIST(struct str) lost;           /* attempts that were made again, and count for no retry */
    uint32_t forgiven;               /* how many of these the newest retry of the execution forgot */
    LIST(struct str) skipped;        /* attempts that a retry has followed with others */
    LIST(struct waiting) waiting;    /* the first who came first */
    LIST(struct str) kept;           /* names of signals that came before anybody waited */
    struct waiting taken;            /* whose signal came with the row before; no name if none did */
    LIST(struct reference_cut) cuts; /* their lists are malloc's */
    struct str too_many; /* the step that the newest end is because of: it was visited too often; or "" */
    uint32_t retries;
    bool paused;
    int64_t began_ns; /* the request, or the newest retry of the execution */
    const struct event *last;
};

/* The world fails if something in there must not be. */
void history_read(struct world *w, const struct record *r, struct history *h);
void history_free(struct history *h);
/* The visit that an event is of; one that was not told of yet is added. */
struct told *history_visit(struct history *h, const struct event *e);
/* Whether it waits for a signal, and without a time. */
bool history_waits(const struct history *h);
/* Whether nobody waits for the task any more. */
bool history_was_withdrawn(const struct history *h, struct str task_id);
/* Whether an attempt has its outcome. */
bool history_has_ended(const struct history *h, struct str task_id);

#endif
