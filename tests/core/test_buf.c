#include <stdlib.h>

#include "check.h"
#include "core/buf.h"

static void what_is_added_follows_in_order(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    assert_str(buf_str(&b), "");
    buf_add_text(&b, "one");
    buf_add_char(&b, ' ');
    buf_add_str(&b, STR("two"));
    buf_add(&b, " three!", 6);
    buf_printf(&b, " %d%s", 4, "ever");
    assert_str(buf_str(&b), "one two three 4ever");
    assert_int_equal(b.data[b.len], 0);
    buf_clear(&b);
    assert_str(buf_str(&b), "");
    buf_free(&b);
}

static void a_text_of_exactly_the_maximum_fits(void **state)
{
    (void)state;
    for (size_t max = 1; max < 1200; max += 7) {
        struct buf b;
        struct error err;
        buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            buf_add_char(&b, 'x');
        assert_ok(buf_status(&b, &err), &err);
        assert_int_equal(b.len, max);
        assert_true(b.cap <= max + 1);
        buf_add_char(&b, 'y');
        assert_status(buf_status(&b, &err), STATUS_LIMIT);
        assert_int_equal(b.len, max);
        buf_free(&b);
    }
}

static void a_failure_sticks_until_the_buffer_is_cleared(void **state)
{
    (void)state;
    struct buf b;
    struct error err;
    buf_init(&b, 10);
    buf_add_text(&b, "more than ten bytes");
    buf_add_text(&b, "x");
    buf_printf(&b, "%d", 1);
    assert_null(buf_reserve(&b, 1));
    buf_claim(&b, 1);
    assert_int_equal(b.len, 0);
    assert_status(buf_status(&b, &err), STATUS_LIMIT);
    assert_non_null(strstr(err.message, "10 bytes"));
    assert_null(buf_take(&b, NULL));
    buf_clear(&b);
    buf_add_text(&b, "x");
    assert_ok(buf_status(&b, &err), &err);
    buf_free(&b);
}

static void an_absurd_length_is_refused_without_an_overflow(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    buf_add_text(&b, "abc");
    assert_null(buf_reserve(&b, SIZE_MAX - 1));
    assert_status(buf_status(&b, NULL), STATUS_LIMIT);
    buf_free(&b);
}

static void reserved_room_counts_when_it_is_claimed(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    buf_add_text(&b, "a");
    memcpy(buf_reserve(&b, 1000), "bcd", 3);
    assert_int_equal(b.len, 1);
    buf_claim(&b, 3);
    assert_str(buf_str(&b), "abcd");
    buf_free(&b);
}

static void the_memory_can_be_taken_over(void **state)
{
    (void)state;
    struct buf b;
    size_t len = 9;
    buf_init(&b, 100);
    char *empty = buf_take(&b, &len);
    assert_string_equal(empty, "");
    assert_int_equal(len, 0);
    free(empty);
    buf_add_text(&b, "text");
    char *text = buf_take(&b, &len);
    assert_string_equal(text, "text");
    assert_int_equal(len, 4);
    free(text);
    assert_null(b.data);
    assert_int_equal(b.max, 100);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_follows_in_order),
        cmocka_unit_test(a_text_of_exactly_the_maximum_fits),
        cmocka_unit_test(a_failure_sticks_until_the_buffer_is_cleared),
        cmocka_unit_test(an_absurd_length_is_refused_without_an_overflow),
        cmocka_unit_test(reserved_room_counts_when_it_is_claimed),
        cmocka_unit_test(the_memory_can_be_taken_over),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
