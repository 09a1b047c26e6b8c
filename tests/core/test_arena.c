#include <stdalign.h>

#include "check.h"
#include "core/arena.h"

#define MIB ((size_t)1024 * 1024)

static void memory_is_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    char *pieces[300];
    for (size_t i = 0; i < 300; i++) {
        pieces[i] = arena_alloc(&a, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_equal((unsigned char)pieces[i][j], i & 0xFF);
    }
    arena_free(&a);
    assert_int_equal(a.used, 0);
}

static void zeroed_memory_is_zero_also_after_a_reset(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    memset(arena_alloc(&a, 1000), 0xFF, 1000);
    arena_reset(&a);
    unsigned char *p = arena_zalloc(&a, 100, 10);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    arena_free(&a);
}

static void a_product_that_overflows_gives_nothing(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    assert_null(arena_zalloc(&a, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 8));
    assert_status(arena_error(&a, NULL, "it"), STATUS_NO_MEMORY);
    arena_free(&a);
}

static void the_limit_bounds_what_is_taken(void **state)
{
    (void)state;
    for (size_t limit = 1; limit < 20000; limit += 97) {
        struct arena a;
        struct error err;
        arena_init(&a, limit);
        while (arena_alloc(&a, 100) != NULL)
            assert_true(a.used <= limit);
        assert_true(a.used <= limit);
        assert_status(arena_error(&a, &err, "a thing"), STATUS_LIMIT);
        assert_non_null(strstr(err.message, "a thing"));
        arena_free(&a);
        assert_int_equal(a.limit, limit);
    }
}

static void an_arena_that_refused_something_large_still_gives_something_small(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 8192);
    assert_null(arena_alloc(&a, 10000));
    assert_non_null(arena_alloc(&a, 100));
    arena_free(&a);
}

static void a_reset_keeps_a_block_but_no_huge_one(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    arena_alloc(&a, 100);
    arena_alloc(&a, 50 * MIB);
    arena_reset(&a);
    assert_true(a.used > 0);
    assert_true(a.used <= MIB);
    size_t used = a.used;
    arena_alloc(&a, 100);
    assert_int_equal(a.used, used);
    arena_free(&a);
}

static void a_large_piece_does_not_waste_the_current_block(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    char *first = arena_alloc(&a, 16);
    arena_alloc(&a, MIB);
    char *second = arena_alloc(&a, 16);
    assert_ptr_equal(second, first + 16);
    arena_free(&a);
}

static void what_an_arena_adopts_lives_on(void **state)
{
    (void)state;
    struct arena into, from;
    arena_init(&into, 1000);
    arena_init(&from, 0);
    arena_adopt(&into, &from);
    assert_int_equal(into.used, 0);
    char *late = NULL;
    for (int i = 0; i < 10; i++) {
        char *piece = arena_strdup(&from, STR("adopted"));
        arena_alloc(&from, 5000);
        size_t used = into.used + from.used;
        arena_adopt(&into, &from);
        assert_int_equal(into.used, used);
        assert_int_equal(from.used, 0);
        assert_string_equal(piece, "adopted");
        late = piece;
    }
    assert_null(arena_alloc(&into, 10)); /* its own limit was passed by what it adopted */
    assert_status(arena_error(&into, NULL, "it"), STATUS_LIMIT);
    into.limit = 0;
    char *own = arena_strdup(&into, STR("own"));
    arena_strdup(&from, STR("third"));
    arena_adopt(&into, &from);
    assert_ptr_equal(arena_alloc(&into, 1), own + 16); /* and its own block goes on being filled */
    assert_string_equal(late, "adopted");
    arena_free(&into);
    arena_free(&from);
}

static void only_the_newest_piece_can_be_extended(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    char *first = arena_alloc(&a, 100);
    assert_true(arena_extend(&a, first, 100, 200));
    memset(first, 1, 200);
    char *second = arena_alloc(&a, 100);
    assert_true(second >= first + 200);
    assert_false(arena_extend(&a, first, 200, 300));
    assert_false(arena_extend(&a, second, 100, MIB));
    assert_false(arena_extend(&a, NULL, 0, 10));
    arena_free(&a);
}

static void texts_are_copied_and_printed(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    assert_string_equal(arena_strdup(&a, STR("abc")), "abc");
    assert_string_equal(arena_strdup(&a, (struct str){NULL, 0}), "");
    assert_str(arena_printf(&a, "%s-%d", "x", 7), "x-7");
    struct str longer = arena_printf(&a, "%010000d", 1);
    assert_int_equal(longer.len, 10000);
    assert_int_equal(longer.ptr[10000], 0);
    arena_free(&a);
    arena_init(&a, 8);
    assert_null(arena_printf(&a, "%s", "longer than eight bytes").ptr);
    arena_free(&a);
    arena_free(NULL);
}

static void what_was_allocated_since_a_mark_is_told_from_what_was_before(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 100, 3000, 5000000, 40, 70000, 2000000, 16};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (size_t at = 0; at <= COUNT; at++) {
        struct arena a;
        char *made[COUNT];
        struct arena_mark mark = {0};
        arena_init(&a, 0);
        for (size_t i = 0; i <= COUNT; i++) {
            if (i == at)
                mark = arena_mark(&a);
            if (i < COUNT)
                made[i] = arena_alloc(&a, sizes[i]);
        }
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(arena_is_since(&a, &mark, made[i]), i >= at);
            assert_int_equal(arena_is_since(&a, &mark, made[i] + sizes[i] - 1), i >= at);
        }
        assert_false(arena_is_since(&a, &mark, &a));
        assert_false(arena_is_since(&a, &mark, NULL));
        arena_free(&a);
    }
}

static void an_array_grows_and_keeps_its_items(void **state)
{
    (void)state;
    struct arena a;
    uint32_t *items = NULL, capacity = 0;
    arena_init(&a, 0);
    for (uint32_t n = 0; n < 1000; n++) {
        items = arena_grow(&a, items, sizeof(*items), n, &capacity);
        assert_non_null(items);
        assert_true(capacity > n);
        assert_int_equal(items[n], 0);
        items[n] = n + 1;
    }
    for (uint32_t n = 0; n < 1000; n++)
        assert_int_equal(items[n], n + 1);
    assert_ptr_equal(arena_grow(&a, items, sizeof(*items), capacity - 1, &capacity), items);
    arena_free(&a);
    arena_init(&a, 64);
    uint32_t none = 0;
    assert_null(arena_grow(&a, NULL, 1000, 0, &none));
    assert_int_equal(none, 0);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_allocated_since_a_mark_is_told_from_what_was_before),
        cmocka_unit_test(memory_is_aligned_and_apart),
        cmocka_unit_test(zeroed_memory_is_zero_also_after_a_reset),
        cmocka_unit_test(a_product_that_overflows_gives_nothing),
        cmocka_unit_test(the_limit_bounds_what_is_taken),
        cmocka_unit_test(an_arena_that_refused_something_large_still_gives_something_small),
        cmocka_unit_test(a_reset_keeps_a_block_but_no_huge_one),
        cmocka_unit_test(a_large_piece_does_not_waste_the_current_block),
        cmocka_unit_test(what_an_arena_adopts_lives_on),
        cmocka_unit_test(only_the_newest_piece_can_be_extended),
        cmocka_unit_test(an_array_grows_and_keeps_its_items),
        cmocka_unit_test(texts_are_copied_and_printed),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
