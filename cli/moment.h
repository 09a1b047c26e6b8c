/* A moment in an execution, as flags name it: the number of an event, or a time. */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include "core/event.h"

#include "args.h"

struct moment {
    uint32_t event_id; /* up to this event, included; 0: it is a time */
    int64_t time_ns;   /* up to this time, included; 0: there is no moment */
};

/* "12"; "2026-01-02T03:04:05Z"; without the flag there is none. STATUS_INVALID. */
enum status moment_from_args(const struct args *args, const char *flag, struct moment *out,
                             struct error *err) MUST_CHECK;
static inline bool moment_is_set(const struct moment *m)
{
    return m->event_id > 0 || m->time_ns != 0;
}
/* For a request: the number, or the time as it was written. */
struct value moment_value(const struct args *args, const char *flag, const struct moment *m);
/* Whether the event is later than the moment; none is if there is no moment. */
bool moment_is_past(const struct moment *m, const struct event *e);

/* "2026-01-02T03:04:05Z", or a duration: that long ago. Nanoseconds since 1970; 0 without the flag. */
enum status since_from_args(const struct args *args, const char *flag, int64_t *out,
                            struct error *err) MUST_CHECK;

#endif
