/*
 * A task: one attempt of one step, as the broker publishes it on NOETL_TASKS and a worker reads it.
 *
 *   {"execution_id":"…","task_id":"s3v1a1","step":"fetch","type":"http","path":"examples/hello","visit":1,
 *    "attempt":1,"timeout_ms":300000,"token":"…","args":{…},"config":{…},
 *    "run":1,"seal":"…","traceparent":"…","returns":["result.rows"],"saves":[{"tool":"postgres","keys":{…}}],"names":{…}}
 */
#ifndef CORE_TASK_H
#define CORE_TASK_H

#include "arena.h"
#include "status.h"
#include "str.h"
#include "value.h"

/*
 * A header of a task's message that may have been published before: the sequence on NOETL_EVENTS of the fact
 * that led to it. If the task has an outcome already, it is behind that.
 */
#define TASK_AGAIN_HEADER "Noetl-Again"

struct task {
    int64_t execution_id;
    struct str task_id; /* "s3v1a1" */
    struct str step;    /* its name */
    struct str type;    /* the tool's word */
    struct str path;    /* of the playbook */
    uint32_t visit, attempt;
    uint32_t run; /* how often the execution had been retried: its end ends the tasks of this run, and earlier
                     ones */
    int64_t timeout_ms; /* of this attempt; 0: the worker's default */
    struct str seal;    /* of the execution's references to secrets (worker/reference.h); "" if it has none */
    struct str traceparent; /* of the attempt's span, for whom its tool asks (core/trace.h); "" if none */
    struct str token;       /* the outcome echoes it, so that only who got the task can report it */
    struct value args;      /* a map, rendered */
    struct value config;    /* a map: the tool's keys, rendered */
    /* What belongs to the attempt after the tool has answered, in this order; each absent if there is
     * nothing. */
    struct value returns; /* a list of paths that the outcome has to have (core/path.h) */
    struct value
        saves; /* a list of {"tool", "keys"}: keys with templates, for the worker to render and run */
    struct value names; /* a map: what these templates see beside result, this, data, status and args */
};

enum status task_to_value(struct arena *a, const struct task *t, struct value *out,
                          struct error *err) MUST_CHECK;
/* Borrows from `v`; STATUS_INVALID names the member that is missing or wrong. */
enum status task_from_value(struct value v, struct task *out, struct error *err) MUST_CHECK;

#endif
