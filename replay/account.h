/* What became of an execution, step by step, as its events tell: for comparing it with another one. */
#ifndef REPLAY_ACCOUNT_H
#define REPLAY_ACCOUNT_H

#include "core/event.h"

/* Of a step whose result comes from the execution that this one was forked from. */
#define TAKEN_OVER "taken over"

struct step_account {
    struct str name, type;
    const char *status;  /* "running", "completed", "failed", "skipped": of the newest visit; or TAKEN_OVER */
    uint32_t visits;     /* how many there were */
    uint32_t attempts;   /* of all of them */
    int64_t duration_ms; /* of those that ended, added up */
    struct value input;  /* "args" and "config" of the newest start; absent if it runs nothing */
    struct value result; /* of the newest visit; absent if there is none */
    struct value error;  /* likewise */
    struct value next;   /* what the newest end decided; absent if nothing */
    int64_t started_ns;  /* of the newest visit */
    struct value outcome; /* data of the newest outcome, until the step ends */
};

struct account {
    int64_t execution_id;
    struct str path, digest, playbook;
    int64_t version;
    struct value workload;
    const char *status; /* "requested", "running", "completed", "failed", "cancelled" */
    int64_t duration_ms;
    struct value result, error; /* of the execution, or absent */
    struct step_account *steps; /* in the order in which they came first */
    size_t count;
};

/* Shares the events' values. */
enum status account_build(struct arena *a, const struct event *events, size_t count, struct account *out,
                          struct error *err) MUST_CHECK;
/* NULL if it was not reached. */
const struct step_account *account_step(const struct account *account, struct str name);

#endif
