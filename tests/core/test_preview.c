/* Likenesses of values that are too large to be shown or told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/json.h"
#include "core/preview.h"
#include "test_arena.h"

enum { SMALL = 16384 };

static struct value read(const char *text)
{
    struct error err;
    struct value v;
    assert_int_equal(json_read(&arena, str_of(text), NULL, &v, &err), STATUS_OK);
    return v;
}

static struct value preview(struct value v)
{
    struct error err;
    struct value out;
    assert_int_equal(value_preview(&arena, v, &out, &err), STATUS_OK);
    return out;
}

static size_t length(struct value v)
{
    struct error err;
    struct str text;
    assert_int_equal(json_text(&arena, v, &text, &err), STATUS_OK);
    return text.len;
}

static void what_is_small_is_its_own_preview(void **state)
{
    (void)state;
    static const char *const texts[] = {"null",
                                        "-7",
                                        "1.5",
                                        "\"text\"",
                                        "[]",
                                        "{}",
                                        "{\"status\":\"success\",\"data\":{\"a\":[1,2,{\"b\":true}]}}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(value_identical(preview(read(texts[i])), read(texts[i])));
    assert_true(value_is_absent(preview((struct value){0})));
}

static void long_texts_and_lists_begin_as_they_do(void **state)
{
    (void)state;
    char *text = arena_alloc(&arena, 100000);
    memset(text, 'a', 100000);
    struct value s = preview(value_str((struct str){text, 100000}));
    assert_true(str_ends_with(value_as_str(s), STR("aaa…")));
    assert_int_equal(s.len, 256 + strlen("…"));
    struct value list = preview(read("[1,2,3,4,5,6,7,8,9,10]"));
    assert_true(value_identical(list, read("[1,2,3,4,5]")));
}

/* A list of 50 lists, of 50 lists, …, with texts at the bottom. */
static struct value wide(int depth)
{
    struct list_builder b;
    struct error err;
    struct value v = value_text("0123456789");
    for (int i = 0; i < depth; i++) {
        list_begin(&b, &arena);
        for (int k = 0; k < 50; k++)
            list_add(&b, v);
        assert_int_equal(list_end(&b, &v, &err), STATUS_OK);
    }
    return v;
}

static struct value wide_map(int depth)
{
    struct map_builder b;
    struct error err;
    struct value v = wide(2);
    for (int i = 0; i < depth; i++) {
        map_begin(&b, &arena);
        for (int k = 0; k < 100; k++)
            map_put(&b, arena_printf(&arena, "key %d", k), v);
        assert_int_equal(map_end(&b, &v, &err), STATUS_OK);
    }
    return v;
}

static void a_preview_is_small_however_wide_and_deep_the_value_is(void **state)
{
    (void)state;
    for (int depth = 1; depth < 20; depth++)
        assert_true(length(preview(wide(depth))) < SMALL);
    for (int depth = 1; depth < 10; depth++)
        assert_true(length(preview(wide_map(depth))) < SMALL);
}

static void an_event_keeps_who_it_is_and_its_token(void **state)
{
    (void)state;
    struct error err;
    struct event small,
        e = {.execution_id = 7,
             .event_id = 3,
             .type = EVENT_ACTION_COMPLETED,
             .node_name = STR("fetch"),
             .task_id = STR("s1v1a1"),
             .visit = 1,
             .attempt = 1,
             .meta = read("{\"token\":\"0123456789abcdef0123456789abcdef\",\"log\":\"short\"}"),
             .error = STR("a sentence")};
    e.result = wide_map(3);
    assert_int_equal(event_preview(&arena, &e, &small, &err), STATUS_OK);
    assert_int_equal(small.execution_id, 7);
    assert_true(str_equal(small.task_id, e.task_id) && str_equal(small.node_name, e.node_name));
    assert_true(value_identical(small.meta, e.meta));
    assert_true(str_equal(small.error, e.error));
    assert_true(length(small.result) < SMALL);
}

static void what_stands_behind_a_large_member_is_kept(void **state)
{
    (void)state;
    struct error err;
    struct map_builder b;
    struct value v, parent = read("{\"execution_id\":\"7\",\"task_id\":\"s1v1a1\",\"depth\":2}");
    map_begin(&b, &arena);
    map_put(&b, STR("workload"), wide_map(3));
    map_put(&b, STR("token_seed"), value_text("seed"));
    map_put(&b, STR("parent"), parent);
    assert_int_equal(map_end(&b, &v, &err), STATUS_OK);
    v = preview(v);
    assert_true(str_is(value_as_str(VALUE_GET(v, "token_seed")), "seed"));
    assert_true(value_identical(VALUE_GET(v, "parent"), parent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_small_is_its_own_preview, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(long_texts_and_lists_begin_as_they_do, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_preview_is_small_however_wide_and_deep_the_value_is, arena_begin,
                                        arena_end),
        cmocka_unit_test_setup_teardown(what_stands_behind_a_large_member_is_kept, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(an_event_keeps_who_it_is_and_its_token, arena_begin, arena_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
