/* The % operator of strings. */
#ifndef RENDER_PERCENT_H
#define RENDER_PERCENT_H

#include "vm.h"

/* format % args: a tuple of values, a map for %(name)s, or one value. Markup escapes what it takes in. */
enum status percent_format(struct vm *vm, struct value format, struct value args,
                           struct value *out) MUST_CHECK;

#endif
