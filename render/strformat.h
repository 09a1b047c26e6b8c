/* str.format() and str.format_map(). */
#ifndef RENDER_STRFORMAT_H
#define RENDER_STRFORMAT_H

#include "builtin.h"

/* The first value is the format. `map`: where names are looked up for format_map, else absent. */
enum status str_format(struct vm *vm, const struct arguments *all, struct value map,
                       struct value *out) MUST_CHECK;

#endif
