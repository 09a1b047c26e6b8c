/*
 * The text of a playbook as a place for things to be at: lines, columns, and the way back from a position
 * inside a scalar's value to where that is written.
 *
 * Lines end where libyaml says so: \n, \r, \r\n, U+0085, U+2028, U+2029.
 */
#ifndef PLAYBOOK_SOURCE_H
#define PLAYBOOK_SOURCE_H

#include "core/arena.h"
#include "core/status.h"

#include "diagnostic.h"

struct source {
    struct str text; /* without a byte order mark */
    size_t *lines;   /* where each begins */
    uint32_t line_count;
};

/* Borrows the text; the table is in `a`. STATUS_NO_MEMORY or STATUS_LIMIT. */
enum status source_open(struct source *s, struct arena *a, struct str text, struct error *err) MUST_CHECK;
/* A line's text without its end; "" if there is no such line. */
struct str source_line(const struct source *s, uint32_t line);
/* The offset of a position, bounded by the text. */
size_t source_offset(const struct source *s, struct position at);
/* The position of an offset, of length 0. */
struct position source_position(const struct source *s, size_t offset);

/* How a scalar is written: what stands in the text that does not stand in its value. */
enum scalar_style { SCALAR_PLAIN, SCALAR_SINGLE, SCALAR_DOUBLE, SCALAR_BLOCK };

/*
 * Where the character at value[at] is written, for a scalar that begins (with its quote, or its | or >) at
 * offset `start`. White space may have been folded, so it is the characters that are no white space that are
 * counted off; a place in white space is that behind the last of them.
 */
struct position source_position_in_scalar(const struct source *s, size_t start, enum scalar_style style,
                                          struct str value, size_t at);

#endif
