/*
 * Asking for an execution: resolves the playbook, merges the workload, gives the id and publishes the fact
 * `execution_requested`, which holds all that the execution will ever need of the catalog.
 */
#ifndef PUBLISHER_REQUEST_H
#define PUBLISHER_REQUEST_H

#include "catalog.h"

enum { RUN_KEY_MAX = 512 }; /* bytes of an idempotency key */

struct run_request {
    struct str path;
    uint64_t version;  /* 0: the newest */
    struct str text;   /* of the playbook; "": what the catalog has */
    struct value fork; /* what it takes over from another one (broker/transition/fork.c); absent: nothing */
    struct value workload;      /* merged over the playbook's defaults; absent: none */
    struct str idempotency_key; /* "": none; the same path and key give the same execution */
    struct str traceparent;     /* of a W3C trace; one that is not valid counts as none, "" */
    int64_t execution_id;       /* 0: made here; given by intake, which makes it from the command's message */
    struct value env;           /* a map that templates see as `env`; absent: nothing */
    struct value parent;        /* of a sub-playbook's execution: whose it is; absent: nobody's */
    int64_t timeout_ms;         /* after which it fails; 0: what the playbook says */
    struct str requested_by;    /* "cli", "api", "command", … */
    struct bus_permit permit;   /* to publish it */
};

struct run_answer {
    int64_t execution_id;
    struct str path;
    uint64_t version;
    bool duplicate; /* the execution existed already */
};

/* {"path", "version"?, "workload"? (or "parameters", "payload"), "idempotency_key"?, "timeout"?} → a request,
 * strictly.
 */
enum status run_request_from_value(struct value v, struct run_request *out, struct error *err) MUST_CHECK;

/*
 * {"playbook", "fork", "workload"?, "version"?, "idempotency_key"?, "timeout"?}: the text of a playbook that
 * begins where another execution was. Its path is the playbook's; `a` is for that.
 */
enum status run_request_from_fork(struct value v, struct arena *a, struct run_request *out,
                                  struct error *err) MUST_CHECK;

/* What a header says, unless the request has a valid one of its own. */
void run_request_trace(struct run_request *r, struct str header);
/* Waits for the stream's acknowledgement. `node` (0–1023) tells publishers' ids apart. Any thread. */
enum status request_execution(struct bus *bus, const struct subjects *s, uint32_t node,
                              const struct run_request *r, struct arena *a, struct run_answer *out,
                              struct error *err) MUST_CHECK;

#endif
