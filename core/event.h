/*
 * An event of an execution: a row of the log, a message on NOETL_EVENTS and a message on noetl.live are the
 * same thing in three places, and this is its one form in memory, with its one JSON form.
 *
 *   {"execution_id":"…","event_id":7,"event_type":"step_started","node_name":"fetch","node_type":"http",
 *    "status":"RUNNING","created_at":"2026-01-02T03:04:05.678901234Z","stream_seq":4711,"task_id":"s1v1a1",
 *    "visit":1,"attempt":1,"context":…,"result":…,"error":"…","meta":…}
 *
 * Members without a value are left out. A fact on its way to the broker has no event_id, no created_at and no
 * stream_seq: the broker gives the id (1, 2, 3, … in each execution, so a function of the facts), and time
 * and sequence are the stream's.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "arena.h"
#include "value.h"

enum event_type {
#define X(name, wire, kind, status, doc) EVENT_##name,
#include "event.def"
#undef X
    EVENT_COUNT
};

enum event_kind { EVENT_KIND_FACT, EVENT_KIND_DECISION, EVENT_KIND_LIFECYCLE };

struct event {
    int64_t execution_id;
    uint32_t event_id; /* from 1; 0 while it has none */
    enum event_type type;
    int64_t time_ns;      /* since 1970: of the stream's message that it is, or that led to it */
    uint64_t stream_seq;  /* sequence in NOETL_EVENTS of that message */
    struct str node_name; /* the step, or the playbook's path */
    struct str node_type; /* the step's type, or "playbook" */
    struct str task_id;   /* "" if the event is not of a task */
    uint32_t visit;       /* of the step, from 1; 0 if the event is of no step */
    uint32_t attempt;     /* from 1; 0 if none */
    struct value context, result, meta; /* absent if there is none */
    struct str error;                   /* a sentence, "" if none */
};

const char *event_type_name(enum event_type t);
enum event_kind event_type_kind(enum event_type t);
/* "STARTED", "COMPLETED", … */
const char *event_type_status(enum event_type t);
const char *event_type_doc(enum event_type t);
/* EVENT_COUNT for a name that is none. */
enum event_type event_type_from_name(struct str name);
/* Whether an execution is over with this event. */
bool event_type_is_final(enum event_type t);

/*
 * Whether an execution, by its first event, was only imported from elsewhere: it is history, and no broker
 * goes on with it. Its meta says "imported":true.
 */
bool event_is_imported(const struct event *first);

/* A copy that owes nothing to what the event borrows from; its values are as JSON would give them back. */
enum status event_copy(struct arena *a, const struct event *e, struct event *out,
                       struct error *err) MUST_CHECK;
/*
 * The event for whoever looks at an execution: without what only its workers may know, its meta's "token",
 * by which an outcome is believed, and a request's "token_seed", of which tokens are made. Shares with `e`.
 * An event of the log that lacks them is evaluated as if it had them (transition.h).
 */
enum status event_shown(struct arena *a, const struct event *e, struct event *out,
                        struct error *err) MUST_CHECK;
/* The JSON form as a value; shares the event's strings and values. */
enum status event_to_value(struct arena *a, const struct event *e, struct value *out,
                           struct error *err) MUST_CHECK;
/* Back. Borrows from `v`. STATUS_INVALID names the member that is missing or wrong. */
enum status event_from_value(struct value v, struct event *out, struct error *err) MUST_CHECK;

/* "2026-01-02T03:04:05.678901234Z", zero-terminated, of nanoseconds since 1970. */
void time_format(int64_t time_ns, char out[32]);
enum status time_parse(struct str text, int64_t *time_ns, struct error *err) MUST_CHECK;

#endif
