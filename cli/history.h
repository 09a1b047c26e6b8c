/* The log of one execution, read through the render part, which answers in pages. */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include "client.h"
#include "core/event.h"

/* {"execution_id": "…"} with further members, for the requests about one execution. */
enum status execution_request(struct arena *a, int64_t execution_id, struct map_builder *map,
                              struct error *err) MUST_CHECK;

/* The events behind number `after`, as far as one message holds them; *next: `after` of the next page, or -1.
 * `extra_ms` as for client_call(). */
enum status history_page(struct client *c, int64_t execution_id, int64_t after, int64_t extra_ms,
                         struct arena *a, struct value *events, int64_t *next, struct error *err) MUST_CHECK;
/* All events, and the execution's document. STATUS_NOT_FOUND when there is no such execution. */
enum status history_read(struct client *c, int64_t execution_id, struct arena *a, struct value *execution,
                         struct value *events, struct error *err) MUST_CHECK;

/* The documents of events as events, in `a`, sharing their values. */
enum status history_parse(struct arena *a, struct value events, struct event **out,
                          struct error *err) MUST_CHECK;
/*
 * The document of an execution (docs/API.md, "status"), in `a`; the log is waited for until it has the event
 * `at_least`, if that is not 0. STATUS_NOT_FOUND.
 */
enum status history_document(struct client *c, int64_t execution_id, uint32_t at_least, struct arena *a,
                             struct value *out, struct error *err) MUST_CHECK;

#endif
