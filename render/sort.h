/* Stable sorting of values by their keys, where comparing may fail. */
#ifndef RENDER_SORT_H
#define RENDER_SORT_H

#include "vm.h"

struct sort_item {
    struct value key, value;
};

enum {
    SORT_REVERSE = 1,     /* equals keep their order */
    SORT_EQUAL_FIRST = 2, /* keys that are equal are not less, whether or not they have an order: in Python,
                             lists of one key */
};
/* By <, as Python's sorted(). */
enum status sort_items(struct vm *vm, struct sort_item *items, uint32_t count, int flags) MUST_CHECK;

#endif
