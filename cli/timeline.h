/*
 * The story of an execution for people: which steps ran, how often and how long, which way it went and why,
 * and for a failure what the step was given, what it said and what to do next. Made from the events alone.
 */
#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H

#include "core/event.h"
#include "core/step_progress.h"

#include "output.h"

struct timeline;
struct timeline_child { /* an execution that a step called */
    int64_t execution_id;
    int64_t item;                 /* of the iterator that the step is, or -1 */
    const char *status;           /* "running", "completed", "failed" */
    const struct timeline *story; /* for whoever wants to show it; NULL as it comes */
};

struct timeline_step { /* one visit of a step */
    struct str name, type;
    const char *status; /* "running", "completed", "failed", "skipped", "cancelled" */
    uint32_t visit;
    struct step_progress progress;
    int64_t started_ns, ended_ns; /* 0: not yet */
    struct value input;           /* what it was given: {"args", "config"} */
    struct value next;            /* list of {"step", "when"?, "fired"}, or absent */
    struct value error;           /* {"kind", "message", …}, or absent */
    struct str error_text;
    struct str log;                  /* what the last attempt printed */
    struct timeline_child *children; /* in the order in which they were called */
    uint32_t child_count, child_capacity;
};

struct timeline {
    int64_t execution_id;
    struct str path;
    int64_t version;
    const char *status; /* "requested", "running", "paused", "completed", "failed", "cancelled" */
    int64_t started_ns, ended_ns;
    struct value result, error; /* of the execution; or absent */
    struct str error_text;
    struct str pause_reason;
    int64_t now_ns;    /* when it is looked at, for how long what runs has run; 0: that is not told */
    bool imported;     /* it does not go on in this installation */
    struct value fork; /* what it took over from another execution, or absent */
    uint32_t retries;  /* how often it went on after it had failed */
    struct timeline_step *steps; /* in the order of their starts */
    size_t count;
};

/* Shares the events' values; everything else is in `a`. */
enum status timeline_build(struct arena *a, const struct event *events, size_t count, struct timeline *out,
                           struct error *err) MUST_CHECK;
/* Header, steps with the stories of executions that they called, and the result or the failure. `color` and
 * width as of `o`. */
enum status timeline_write(const struct timeline *t, const struct output *o, struct arena *a, struct buf *out,
                           struct error *err) MUST_CHECK;

/* What a running step is at: "12/100 items", "waits for the signal x", …; "" if that is its worker. In `a`.
 */
struct str timeline_step_waits(const struct timeline_step *s, struct arena *a);

/* For other views: an icon of one column, and its colour, for a status. */
const char *status_icon(const char *status);
enum paint status_paint(const char *status);

/* `v` with every text under a key that looks like a password, token, key, … replaced by "***". */
enum status mask_secrets(struct arena *a, struct value v, struct value *out, struct error *err) MUST_CHECK;
/* An event's document with the secrets of its context and meta masked; and a list of them. */
enum status mask_event(struct arena *a, struct value event, struct value *out, struct error *err) MUST_CHECK;
enum status mask_events(struct arena *a, struct value events, struct value *out,
                        struct error *err) MUST_CHECK;

#endif
