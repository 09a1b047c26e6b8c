/*
 * A request/reply service over NATS: a table of operations, each at <prefix>.api.<name> in a queue group, so
 * that several processes share the requests. Or each process answers for itself: at
 * <prefix>.<kind>.<id>.<name> it alone does, and at <prefix>.<kind>.<name> all of the kind do. Operations may
 * wait: they run on a few threads of the service, not on those of the connection. NATS services discovery
 * sees it ($SRV.PING, INFO and STATS, ADR-32).
 *
 * Answers go to inboxes only: whoever asks chooses where to, and must not choose a subject that this process
 * may publish on and the asker may not. What begins with "$" or with the prefix is not answered.
 *
 * An answer is a JSON map. One that fails is {"error":{"kind","message","place"?,"hint"?,…}} with the headers
 * Nats-Service-Error and Nats-Service-Error-Code, which clients of NATS services look at. A request or an
 * answer that no message holds is a reference (parcel.h); ask.h is the client's side.
 */
#ifndef PUBLISHER_SERVICE_H
#define PUBLISHER_SERVICE_H

#include "core/value.h"
#include "bus/bus.h"
#include "runtime/metrics.h"
#include "subject.h"

/* Of one call's arena: a whole execution with large results has room. */
#define OPERATION_MEMORY_MAX ((size_t)2 << 30)

struct call {
    struct str payload;
    struct str traceparent;  /* "" if none */
    struct str requested_by; /* by which way it came: "api", "http" */
    const char *service_id;  /* of the process that is asked, as discovery tells it; NULL over HTTP */
    struct arena *arena;     /* holds the answer, and all on the way to it */
};

struct answer {
    struct value body;    /* a map: what a success says */
    struct value details; /* a map of more members for the error object of a failure; or absent */
};

/* On several threads at once, with the context of the table's owner. */
typedef enum status operation_handler(void *context, const struct call *call, struct answer *answer,
                                      struct error *err);

struct operation {
    const char *name; /* the last token of its subject */
    operation_handler *handle;
    const char *doc; /* one line, for discovery */
};

/* Where the operations of a process are counted; the first two have the label `operation`. */
struct operation_metrics {
    enum metric requests, duration, queued, turned_away;
};

/* The operations of one process with the context that their handlers get; both outlive their users. */
struct operation_table {
    const struct operation *operations;
    size_t count;
    void *context;
    const struct operation_metrics *metrics;
};
/* Registers the metrics of a table's operations: before threads start. */
enum status operations_measure(const struct operation_table *table, struct error *err) MUST_CHECK;
/* NULL if the table has none of that name. */
const struct operation *operation_find(const struct operation_table *table, const char *name);
/*
 * Runs an operation. *text is the answer's JSON in call->arena, of a failure too; the status and `err` say
 * which it is. An answer of more than `max_bytes` becomes STATUS_LIMIT.
 */
enum status operation_run(const struct operation_table *table, const struct operation *operation,
                          const struct call *call, size_t max_bytes, struct str *text,
                          struct error *err) MUST_CHECK;

/* The error as a JSON text in `a`; `details` may be absent. Never fails: without memory it is a shorter text.
 */
struct str error_json(struct arena *a, const struct error *err, struct value details);
/* The code of HTTP that stands for a status: 404 for STATUS_NOT_FOUND, … */
int error_code(enum status s);
/* The same for an error: 507 when a stream is full. */
int error_code_of(const struct error *err);

/* What discovery tells of the process beside its host and process id. */
struct service_label {
    const char *name, *value;
};

struct service_options {
    struct bus *bus;
    const struct subjects *subjects;
    const char *name;        /* of the service and its queue group: "noetl-publisher" */
    const char *description; /* one line */
    struct operation_table table;
    uint32_t threads;
    const char *kind; /* "worker": each process answers for itself; NULL: they share requests */
    const struct service_label *labels;
    size_t label_count;
};

struct service;
enum status service_start(const struct service_options *options, struct service **out,
                          struct error *err) MUST_CHECK;
/* Takes no more requests, answers those it has, ends its threads. NULL is allowed. */
void service_stop(struct service **s);

#endif
