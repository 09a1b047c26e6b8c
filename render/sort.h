/* Stable sorting of values by their keys, where comparing may fail. */
#ifndef RENDER_SORT_H
#define RENDER_SORT_H

#include "vm.h"

struct sort_item {
    struct value key, value;
};

/* By <, as Python's sorted(); `reverse` keeps the order of equals. */
enum status sort_items(struct vm *vm, struct sort_item *items, uint32_t count, bool reverse) MUST_CHECK;

#endif
