/* Which events somebody wants to see: the flags --type and --step. */
#ifndef CLI_EVENT_FILTER_H
#define CLI_EVENT_FILTER_H

#include "args.h"
#include "core/event.h"

#define STEP_FLAG                                                                                            \
    {                                                                                                        \
        "step", 0, true, "STEP", NO_SETTING, "only of this step"                                             \
    }
#define TYPE_FLAG                                                                                            \
    {                                                                                                        \
        "type", 0, true, "TYPE,...", NO_SETTING, "only events of these types, as step_failed,action_error"   \
    }

struct event_filter {
    bool by_type;
    bool types[EVENT_COUNT];
    const struct args *args; /* for --step */
};

/* STATUS_INVALID names a type that there is not, with a suggestion. */
enum status event_filter_read(const struct args *args, struct event_filter *out,
                              struct error *err) MUST_CHECK;
bool event_filter_takes(const struct event_filter *f, const struct event *e);

#endif
