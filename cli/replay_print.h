/* What a replay shows, for people and for programs. */
#ifndef CLI_REPLAY_PRINT_H
#define CLI_REPLAY_PRINT_H

#include "replay/view.h"

#include "invocation.h"

/* The newest fact: what it leads to, what then is open, and which names it has changed. */
enum status replay_print_fact(struct invocation *in, const struct replay *r, struct error *err) MUST_CHECK;
/* Behind the last: every name that templates see by then. */
enum status replay_print_end(struct invocation *in, const struct replay *r, struct error *err) MUST_CHECK;
/* Where the record and its evaluation part. `indent` spaces before each line. */
void mismatch_write(const struct mismatch *m, const struct output *o, size_t indent, struct buf *b);
/* {"event_id","kind","says","path","recorded","evaluated","why"?} */
enum status mismatch_value(struct arena *a, const struct mismatch *m, struct value *out,
                           struct error *err) MUST_CHECK;
/* A value as JSON on one line, cut at some width. */
void add_value_preview(struct buf *b, const struct output *o, size_t used, struct value v);

#endif
