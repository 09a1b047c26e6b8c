/*
 * What a replay shows after a fact, as a value for programs; docs/REPLAY.md describes it.
 *
 *   {"event":{…},"decisions":[…],"ignored"?,"tasks":[{"pool","task_id","step","type","args"}],
 *    "timers":[{"id","due_at"}|{"id","cancelled"}],"calls":[{"execution_id","path","version"?,"task_id"}],
 *    "tells":[{"execution_id","event_type"}],
 *    "state":{"status","ended":[…],"open":[{"step","visit","state","waits_for","attempt"?,"task_id"?,"due_at"?,
 *             "execution_id"?}]},
 *    "context":{the names that the fact has changed}}
 */
#ifndef REPLAY_VIEW_H
#define REPLAY_VIEW_H

#include "replay.h"

/* After replay_take() or replay_fact() of a fact. Everything is in `a`, or shared with the replay. */
enum status view_of_fact(struct arena *a, const struct replay *r, struct value *out,
                         struct error *err) MUST_CHECK;
/* The member "state". */
enum status view_of_state(struct arena *a, const struct execution *x, struct value *out,
                          struct error *err) MUST_CHECK;
/* The names that the newest fact has changed: results of steps, saved values, the workload of a request. */
enum status view_of_changes(struct arena *a, const struct replay *r, struct value *out,
                            struct error *err) MUST_CHECK;
/* All names that templates see. */
enum status view_of_context(struct arena *a, const struct execution *x, struct value *out,
                            struct error *err) MUST_CHECK;
/* "requested", "running", "paused", "completed", "failed" or "cancelled". */
const char *view_status(const struct execution *x);

#endif
