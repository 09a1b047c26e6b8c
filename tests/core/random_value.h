/* Random values for properties that have to hold of all of them. */
#ifndef TESTS_CORE_RANDOM_VALUE_H
#define TESTS_CORE_RANDOM_VALUE_H

#include "core/value.h"

/* A seed that is printed, so that a failure can be repeated: NOETL_SEED if that is set, else a new one. */
uint64_t random_seed(const char *test);
/* Any finite double; whole numbers, short decimals and extremes more often than chance has them. */
double random_double(uint64_t *seed);
/* Anything that JSON can say. */
struct value random_value(struct arena *a, uint64_t *seed, int depth);

#endif
