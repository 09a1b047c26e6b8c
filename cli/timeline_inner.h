/* What the files that write the story share. */
#ifndef CLI_TIMELINE_INNER_H
#define CLI_TIMELINE_INNER_H

#include "timeline.h"

/* "✔ examples/hello@3 completed in 5 ms" */
void timeline_write_verdict(const struct timeline *t, const struct output *o, struct buf *out);
/* A line a step, with what it called and which way it went below it; all behind `indent` spaces. */
enum status timeline_write_steps(const struct timeline *t, const struct output *o, size_t indent,
                                 struct arena *a, struct buf *out, struct error *err) MUST_CHECK;

#endif
