/* Lines on a terminal that are drawn again and again in the same place. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "output.h"

struct picture {
    size_t drawn; /* lines that are on the screen */
};

/* In the place of what was drawn before; the text is whole lines, which are cut at the terminal's edge. */
enum status picture_draw(struct picture *p, struct output *o, struct str lines, struct error *err) MUST_CHECK;
/* Takes it away, so that something else can be printed. */
enum status picture_hide(struct picture *p, struct output *o, struct error *err) MUST_CHECK;
/* How many lines there is room for. */
size_t picture_rows(const struct output *o);

/* A bar of `width` columns for `done` of `count`. */
void add_bar(const struct output *o, struct buf *b, uint64_t done, uint64_t count, size_t width);

#endif
