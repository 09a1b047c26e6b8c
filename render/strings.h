/* Python's methods of str, as functions of text; the methods and the filters are made of them. */
#ifndef RENDER_STRINGS_H
#define RENDER_STRINGS_H

#include "unicode.h"
#include "vm.h"

enum string_case { STRING_LOWER, STRING_UPPER, STRING_TITLE, STRING_CAPITALIZE, STRING_SWAP, STRING_FOLD };
void string_case(struct writer *w, struct str s, enum string_case how);

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };
/* Without characters of `chars` (NULL: white space) at the ends. */
struct str string_strip(struct str s, const struct str *chars, int ends);

/* Up to `count` times (-1: all). */
enum status string_replace(struct writer *w, struct str s, struct str old, struct str new,
                           int64_t count) MUST_CHECK;
/* Cuts the next line off `rest`; false when there is none. Python's line ends; `keep` leaves them on. */
bool string_line(struct str *rest, struct str *line, bool keep);
/* Characters to bytes: the offset of character `index`. */
size_t string_offset(struct str s, uint64_t index);
/* str.center() and its kin: left and right filling. */
void string_justify(struct writer *w, struct str s, uint64_t width, struct str fill, char align);
/* The character at s[*at], and past it; what is not valid counts as one replacement character. */
uint32_t string_next(struct str s, size_t *at);
/* The last `needle`, or -1. */
ptrdiff_t string_find_last(struct str s, struct str needle);

#endif
