/* An arena that each test of a program begins with empty: the setup and teardown of cmocka's tests. */
#ifndef TESTS_TEST_ARENA_H
#define TESTS_TEST_ARENA_H

#include "core/arena.h"

static struct arena arena;

static inline int arena_begin(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static inline int arena_end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

#endif
