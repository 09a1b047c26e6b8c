/* What an attempt printed, and how it failed, as its outcome tells. */
#ifndef CLI_ATTEMPT_LOG_H
#define CLI_ATTEMPT_LOG_H

#include "core/event.h"

#include "output.h"

struct attempt_log_style {
    bool with_execution; /* lines begin with the id of the execution */
};

/* Whether the event is an attempt's outcome with something to show. */
bool attempt_log_is_of(const struct event *e);
/* Each line behind "step | ", or "step ! " for the error. */
enum status attempt_log_print(struct output *o, const struct attempt_log_style *style, const struct event *e,
                              struct error *err) MUST_CHECK;
/* {"execution_id", "event_id", "step", "visit", "item", "attempt", "ended_at", "worker", "status", "log",
 * "error"}, in `a`. */
enum status attempt_log_value(struct arena *a, const struct event *e, struct value *out,
                              struct error *err) MUST_CHECK;

#endif
