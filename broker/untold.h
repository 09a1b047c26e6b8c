/*
 * What an execution that was given up has said to nobody: no fact in its log led to its end, so evaluating
 * them does not tell what its caller and those that it called were to hear. Made from its final event.
 */
#ifndef BROKER_UNTOLD_H
#define BROKER_UNTOLD_H

#include "eventlog/eventlog.h"
#include "transition/open_work.h"

/* The fact child_failed for the execution `caller`, whose work `w` waits for the one with these events, of
 * which the last is final. It lives in `a`, and borrows from both. */
enum status untold_end(struct arena *a, int64_t caller, const struct open_work *w,
                       const struct event_list *events, struct event *fact, struct error *err) MUST_CHECK;
/* The fact cancel_requested for `x`, which has a playbook, and which `caller` does not wait for any more. */
enum status untold_cancel(struct arena *a, const struct execution *x, int64_t caller, struct event *fact,
                          struct error *err) MUST_CHECK;

#endif
