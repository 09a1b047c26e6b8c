/* An error as the map that messages, events and answers show. */
#ifndef CORE_ERROR_VALUE_H
#define CORE_ERROR_VALUE_H

#include "value.h"

/* {"kind", "message", "place"?, "hint"?} in `a`; its texts are those of `why`, which has to outlive it. */
enum status error_value(struct arena *a, const struct error *why, struct value *out,
                        struct error *err) MUST_CHECK;

#endif
