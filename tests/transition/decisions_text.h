/* What a fact led to, as the lines of a case, and as a digest. */
#ifndef TRANSITION_DECISIONS_TEXT_H
#define TRANSITION_DECISIONS_TEXT_H

#include "core/buf.h"
#include "core/digest.h"
#include "transition/transition.h"

/* A line each, indented; the fact itself is not among them. `now_ns` is the clock, for timers. */
void decisions_print(struct arena *a, int64_t now_ns, const struct decisions *d, struct buf *out);
/* Adds every byte of events, tasks, notices and timers. */
void decisions_digest(struct arena *a, const struct decisions *d, struct sha256 *bytes);

#endif
