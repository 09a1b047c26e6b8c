/*
 * Finding an execution: in the log, or, before the broker has taken it up, as a request in the stream of
 * events.
 */
#ifndef RENDER_SERVICE_LOOKUP_H
#define RENDER_SERVICE_LOOKUP_H

#include <stdatomic.h>

#include "log_pool.h"
#include "publisher/subject.h"
#include "render/template_cache.h"
#include "bus/bus.h"

/* What the operations work with; outlives them. */
struct render_service {
    struct bus *bus;
    const struct subjects *subjects;
    struct log_pool *log;
    struct template_cache *templates; /* of the requests to render; NULL: none are kept */
    size_t answer_max;                /* bytes of one answer */
    int64_t wait_ms;                  /* the longest wait for an event to be in the log */
    atomic_bool started, stopping;    /* the latter ends such waits */
};

struct found_execution {
    struct event_list events; /* at least one */
    struct str hop;           /* where it is when the log does not know of it yet; "" if it does */
    bool cut;                 /* there may be more events behind these */
};

/*
 * All events of an execution. With `at_least` > 0 it first waits until the log has the event of that number:
 * STATUS_TIMEOUT says how far the log is. STATUS_NOT_FOUND: neither in the log nor requested.
 */
enum status lookup_execution(struct render_service *s, int64_t execution_id, uint32_t at_least,
                             struct arena *a, struct found_execution *out, struct error *err) MUST_CHECK;

/*
 * Those events of an execution that are asked for: there may be none. The request of one that the log has
 * nothing of counts as its first event, of no number. `at_least` and STATUS_NOT_FOUND as above.
 */
enum status lookup_chosen(struct render_service *s, int64_t execution_id, const struct event_choice *choice,
                          uint32_t at_least, struct arena *a, struct found_execution *out,
                          struct error *err) MUST_CHECK;

/* The next some thousand events behind `after`, for a page of them: there may be none. STATUS_NOT_FOUND as
 * above. */
enum status lookup_rest(struct render_service *s, int64_t execution_id, uint32_t after, struct arena *a,
                        struct found_execution *out, struct error *err) MUST_CHECK;

/* A moment in the life of an execution: up to an event or a time, included. All zero: now. */
struct lookup_moment {
    uint32_t event_id;
    int64_t time_ns;
};
/* Forgets the events behind it. STATUS_NOT_FOUND: there is no such event yet, or the execution began later.
 */
enum status lookup_cut(struct event_list *events, const struct lookup_moment *at,
                       struct error *err) MUST_CHECK;

#endif
