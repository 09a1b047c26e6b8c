/* Literals of the template language: strings with their escapes, numbers, newlines. */
#ifndef RENDER_LITERAL_H
#define RENDER_LITERAL_H

#include "core/arena.h"

/* Every \r\n, \r and \n becomes `newline`. */
enum status literal_newlines(struct arena *a, struct str text, const char *newline, struct str *out,
                             struct error *err) MUST_CHECK;
/* The inside of a quoted string with Python's escapes decoded; an unknown escape stays as written. */
enum status literal_string(struct arena *a, struct str inside, struct str *out, struct error *err) MUST_CHECK;
/*
 * Length of the number at the start of `text`, which starts with a digit: "0x1f", "1_000", and, unless
 * `may_be_float` is false, "1.5e3".
 */
size_t literal_number_length(struct str text, bool may_be_float, bool *is_float);
enum status literal_without_underscores(struct arena *a, struct str text, struct str *out,
                                        struct error *err) MUST_CHECK;

#endif
