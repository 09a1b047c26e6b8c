#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "core/json.h"
#include "test_arena.h"

static struct value json(const char *text)
{
    struct value v = {0};
    struct error err;
    assert_ok(json_read(&arena, str_of(text), NULL, &v, &err), &err);
    return v;
}

static void assert_written(struct value v, enum json_style style, const char *expected)
{
    struct buf b;
    struct error err;
    buf_init(&b, 0);
    assert_ok(json_write(&b, v, style, &err), &err);
    assert_string_equal(b.data, expected);
    buf_free(&b);
}

static void the_three_styles_lay_out_the_same_value(void **state)
{
    (void)state;
    struct value v = json("{\"b\":[1,[],{}],\"a\":{\"d\":null,\"c\":\"x\"}}");
    assert_written(v, JSON_COMPACT, "{\"b\":[1,[],{}],\"a\":{\"d\":null,\"c\":\"x\"}}");
    assert_written(v, JSON_SORTED, "{\"a\":{\"c\":\"x\",\"d\":null},\"b\":[1,[],{}]}");
    assert_written(v, JSON_PRETTY,
                   "{\n  \"b\": [\n    1,\n    [],\n    {}\n  ],\n  \"a\": {\n    \"d\": null,\n    \"c\": "
                   "\"x\"\n  }\n}");
}

static void sorting_is_bytewise(void **state)
{
    (void)state;
    assert_written(json("{\"\xC3\xA9\":1,\"z\":2,\"Z\":3,\"aa\":4,\"a\":5,\"\":6}"), JSON_SORTED,
                   "{\"\":6,\"Z\":3,\"a\":5,\"aa\":4,\"z\":2,\"\xC3\xA9\":1}");
}

static void what_json_cannot_say_is_refused(void **state)
{
    (void)state;
    struct value object = {.type = VALUE_OBJECT}, out;
    struct map_builder m;
    struct error err;
    struct buf b;
    map_begin(&m, &arena);
    map_put_value(&m, value_int(1), value_null());
    assert_ok(map_end(&m, &out, &err), &err);
    const struct {
        struct value v;
        const char *message;
    } cases[] = {
        {value_float(NAN), "NaN"},
        {value_float(-INFINITY), "infinity"},
        {(struct value){0}, "undefined"},
        {object, "object"},
        {out, "integer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value list = {.type = VALUE_LIST, .len = 1, .u.list = &cases[i].v};
        buf_init(&b, 0);
        assert_status(json_write(&b, list, JSON_COMPACT, &err), STATUS_INVALID);
        assert_non_null(strstr(err.message, cases[i].message));
        buf_free(&b);
    }
}

static void what_json_cannot_say_is_found_where_it_is(void **state)
{
    (void)state;
    static const struct json_bounds any = {0};
    struct map_builder m;
    struct error err;
    struct value bad, outer;
    size_t bytes;
    map_begin(&m, &arena);
    map_put_value(&m, value_int(7), value_null());
    assert_ok(map_end(&m, &bad, &err), &err);
    struct value items[] = {value_null(), bad};
    map_begin(&m, &arena);
    map_put(&m, STR("rows"), (struct value){.type = VALUE_LIST, .len = 2, .u.list = items});
    assert_ok(map_end(&m, &outer, &err), &err);
    assert_status(json_check(outer, &any, &bytes, &err), STATUS_INVALID);
    assert_string_equal(err.place, "rows[1]");
    assert_string_equal(err.message, "the key 7 of a map is of type integer, and a key has to be text");
    items[1] = value_float(NAN);
    assert_status(json_check(outer, &any, &bytes, &err), STATUS_INVALID);
    assert_string_equal(err.place, "rows[1]");
    assert_status(json_check(value_float(INFINITY), &any, NULL, &err), STATUS_INVALID);
    assert_string_equal(err.place, "");
    assert_status(json_check((struct value){0}, &any, NULL, &err), STATUS_INVALID);
    assert_status(json_check((struct value){.type = VALUE_OBJECT}, &any, NULL, &err), STATUS_INVALID);
}

static void the_length_of_a_text_is_known_before_it_is_written(void **state)
{
    (void)state;
    static const char *const texts[] = {"null",
                                        "true",
                                        "false",
                                        "[]",
                                        "{}",
                                        "0",
                                        "-1",
                                        "-9223372036854775808",
                                        "9223372036854775807",
                                        "\"\"",
                                        "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\xC3\xA9\"",
                                        "{\"a\":[1,[],{\"b\":null}],\"\\n\":12345678901234567890123}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct error err;
        struct value v = json(texts[i]);
        size_t bytes, len = strlen(texts[i]);
        assert_ok(json_check(v, &(struct json_bounds){0}, &bytes, &err), &err);
        assert_in_range(bytes, len, len + 8); /* a comma behind each last one is counted too */
        assert_ok(json_check(v, &(struct json_bounds){.max_bytes = bytes}, NULL, &err), &err);
        if (bytes > 1)
            assert_status(json_check(v, &(struct json_bounds){.max_bytes = bytes - 1}, NULL, &err),
                          STATUS_LIMIT);
    }
}

static void a_value_may_be_as_deep_as_its_bound(void **state)
{
    (void)state;
    struct error err;
    struct value v = json("{\"a\":[{\"b\":1}]}");
    assert_ok(json_check(v, &(struct json_bounds){.max_depth = 3}, NULL, &err), &err);
    assert_status(json_check(v, &(struct json_bounds){.max_depth = 2}, NULL, &err), STATUS_LIMIT);
    assert_string_equal(err.place, "a[0]");
    assert_string_equal(err.message, "it is nested more than 2 levels deep");
}

static void a_buffer_that_is_full_is_an_error_of_every_style(void **state)
{
    (void)state;
    struct value v = json("{\"b\":[1,2.5,\"text\\u0001\",true],\"a\":{\"c\":null}}");
    for (int style = JSON_COMPACT; style <= JSON_SORTED; style++) {
        struct buf whole;
        struct error err;
        buf_init(&whole, 0);
        assert_ok(json_write(&whole, v, (enum json_style)style, &err), &err);
        for (size_t max = 1; max <= whole.len; max++) {
            struct buf b;
            buf_init(&b, max);
            enum status s = json_write(&b, v, (enum json_style)style, &err);
            assert_status(s, max == whole.len ? STATUS_OK : STATUS_LIMIT);
            buf_free(&b);
        }
        buf_free(&whole);
    }
}

static void a_string_is_written_with_its_quotes(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    buf_add_text(&b, "x=");
    json_write_string(&b, STR("a\"b\\c\n\x01\x7F\xE2\x80\xA8"));
    assert_str(buf_str(&b), "x=\"a\\\"b\\\\c\\n\\u0001\x7F\xE2\x80\xA8\"");
    assert_int_equal(b.data[b.len], 0);
    buf_free(&b);
}

static void strings_do_not_refer_to_the_text_that_was_read(void **state)
{
    (void)state;
    char *text = strdup("{\"key\":[\"plain\",\"esc\\n\",12345678901234567890123]}");
    struct value v;
    struct error err;
    assert_ok(json_read(&arena, str_of(text), NULL, &v, &err), &err);
    memset(text, 'X', strlen(text));
    free(text);
    assert_written(v, JSON_COMPACT, "{\"key\":[\"plain\",\"esc\\n\",12345678901234567890123]}");
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct json_limits limits = {.max_bytes = 10, .max_depth = 2};
    struct value v;
    struct error err;
    assert_ok(json_read(&arena, STR("[[1]]"), &limits, &v, &err), &err);
    assert_status(json_read(&arena, STR("[[[1]]]"), &limits, &v, &err), STATUS_LIMIT);
    assert_int_equal(err.column, 3);
    assert_ok(json_read(&arena, STR("[1,2,3,45]"), &limits, &v, &err), &err);
    assert_status(json_read(&arena, STR("[1,2,3,456]"), &limits, &v, &err), STATUS_LIMIT);
}

static void nesting_as_deep_as_allowed_needs_no_stack(void **state)
{
    (void)state;
    static const uint32_t depth = 1000000;
    struct json_limits limits = {.max_depth = depth};
    size_t len = (size_t)2 * depth;
    char *text = malloc(len);
    struct value v;
    struct error err;
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    assert_ok(json_read(&arena, (struct str){text, len}, &limits, &v, &err), &err);
    assert_status(json_read(&arena, (struct str){text, depth}, &limits, &v, &err), STATUS_SYNTAX);
    free(text);
}

static void a_huge_map_is_read_and_searched_in_linear_time(void **state)
{
    (void)state;
    enum { KEYS = 200000 }; /* comparing each key with every other would take minutes */
    struct buf b;
    struct value v;
    struct error err;
    buf_init(&b, 0);
    buf_add_text(&b, "{");
    for (int i = 0; i < KEYS; i++)
        buf_printf(&b, "%s\"key %d\":%d", i != 0 ? "," : "", i, i);
    buf_add_text(&b, "}");
    assert_ok(json_read(&arena, buf_str(&b), NULL, &v, &err), &err);
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(value_get(v, arena_printf(&arena, "key %d", i)).u.i, i);
    buf_free(&b);
}

static void a_document_that_has_to_be_a_map_is_one(void **state)
{
    (void)state;
    struct value v;
    struct error err;
    assert_ok(json_read_map(&arena, STR("{\"a\":1}"), "the payload", &v, &err), &err);
    assert_status(json_read_map(&arena, STR("[1]"), "the payload", &v, &err), STATUS_INVALID);
    assert_string_equal(err.message, "the payload has to be a JSON object, not a JSON list");
    assert_status(json_read_map(&arena, STR("{"), "the payload", &v, &err), STATUS_SYNTAX);
    assert_true(str_starts_with(str_of(err.message), STR("the payload: ")));
    assert_int_equal(err.column, 2);
    assert_status(json_read_map(&arena, STR("{"), "the payload", &v, NULL), STATUS_SYNTAX);
}

static void a_text_in_the_arena_ends_in_a_zero_byte(void **state)
{
    (void)state;
    struct str text;
    struct error err;
    assert_ok(json_text(&arena, json("{\"a\":[1]}"), &text, &err), &err);
    assert_int_equal(text.len, 9);
    assert_string_equal(text.ptr, "{\"a\":[1]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_three_styles_lay_out_the_same_value, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(sorting_is_bytewise, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(what_json_cannot_say_is_refused, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(what_json_cannot_say_is_found_where_it_is, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(the_length_of_a_text_is_known_before_it_is_written, arena_begin,
                                        arena_end),
        cmocka_unit_test_setup_teardown(a_value_may_be_as_deep_as_its_bound, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_buffer_that_is_full_is_an_error_of_every_style, arena_begin,
                                        arena_end),
        cmocka_unit_test_setup_teardown(a_string_is_written_with_its_quotes, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(strings_do_not_refer_to_the_text_that_was_read, arena_begin,
                                        arena_end),
        cmocka_unit_test_setup_teardown(limits_are_kept, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(nesting_as_deep_as_allowed_needs_no_stack, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_huge_map_is_read_and_searched_in_linear_time, arena_begin,
                                        arena_end),
        cmocka_unit_test_setup_teardown(a_document_that_has_to_be_a_map_is_one, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_text_in_the_arena_ends_in_a_zero_byte, arena_begin, arena_end),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
