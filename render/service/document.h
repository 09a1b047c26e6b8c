/*
 * An execution in one document, made from its events alone; docs/API.md shows one.
 *
 *   {"execution_id","path","version","status":"requested|running|paused|completed|failed|cancelled",
 *    "result",
 *    "error":{"step","attempt","kind","message"},"requested_at","started_at","ended_at","duration_ms",
 *    "forked_from"?:{"execution_id","at","visit","event_id"},
 *    "steps":[{"step","type","status":"running|completed|failed|skipped|cancelled","runs","attempts",
 *              "started_at","ended_at","duration_ms","items"?,"child"?,"waits"?,"error"?,"next"?}]}
 *
 * Members without a value are null, but for those with a question mark, which are left out. Steps are in the
 * order in which they first started; one that never did is not there. `runs` is how often it ran to an
 * outcome, `attempts` how often a worker was asked, over all of its visits. `duration_ms` is from a visit's
 * start to its end, added up over the visits that ended. A step that was open when its execution ended counts
 * as cancelled. `next` is what the last visit decided. `items` {"count","done"} are those of an iterator,
 * `child` is the id of a sub-playbook's execution, and `waits` says for what an open step waits that is no
 * worker: {"for":"retry","attempt","max_attempts","due_at"?,"because"} or {"for":"signal","name","due_at"?}.
 */
#ifndef RENDER_SERVICE_DOCUMENT_H
#define RENDER_SERVICE_DOCUMENT_H

#include "core/event.h"

/*
 * `events` are all of one execution's, in the order of their ids. The document shares their values.
 * STATUS_NOT_FOUND when there are none.
 */
enum status document_build(struct arena *a, const struct event *events, size_t count, struct value *out,
                           struct error *err) MUST_CHECK;

/* "2026-…Z" in `a`, or null for 0. An absent value: no memory. */
struct value document_time(struct arena *a, int64_t time_ns);
/* The id as text in `a`. An absent value: no memory. */
struct value document_id(struct arena *a, int64_t execution_id);

#endif
