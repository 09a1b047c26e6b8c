/* Formatting one value: what % and str.format() share. */
#ifndef RENDER_FORMAT_H
#define RENDER_FORMAT_H

#include "vm.h"

enum { FORMAT_MAX_WIDTH = 10000 };

/* Python's format specification: [[fill]align][sign][z][#][0][width][,_][.precision][type]. */
struct format_spec {
    uint32_t fill;     /* a character */
    char align;        /* '<', '>', '^', '=', or 0: by the value */
    char sign;         /* '+', ' ' or '-' */
    bool alternate;    /* # */
    bool zero;         /* 0 before the width */
    char grouping;     /* ',' or '_', or 0 */
    int32_t width;     /* -1: none */
    int32_t precision; /* -1: none */
    char type;         /* 0: none */
};

/* Text, cut to the precision and filled up to the width. */
void format_padded(struct writer *w, struct str text, const struct format_spec *spec, char align);
/* Types d b o x X c n of an integer, and e f g % n of any number; fails for others. */
enum status format_integer(struct writer *w, struct value v, const struct format_spec *spec) MUST_CHECK;
enum status format_float(struct writer *w, double f, const struct format_spec *spec) MUST_CHECK;
/* format(v, spec): what {:spec} does. */
enum status format_value(struct writer *w, struct value v, struct str spec) MUST_CHECK;
/* A width or precision that is too large is a limit error. */
enum status format_check_width(struct vm *vm, int64_t width) MUST_CHECK;

#endif
