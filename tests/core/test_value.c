#include <math.h>
#include <stdio.h>

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

static struct value bigint(const char *digits)
{
    return (struct value){.type = VALUE_BIGINT, .len = (uint32_t)strlen(digits), .u.s = digits};
}

static void assert_json(struct value v, const char *expected)
{
    struct str text;
    struct error err;
    assert_ok(json_text(&arena, v, &text, &err), &err);
    assert_string_equal(text.ptr, expected);
}

static void equal_numbers_are_equal_whatever_their_type(void **state)
{
    (void)state;
    const struct {
        struct value a, b;
    } equal[] = {
        {value_int(1), value_float(1)},
        {value_int(1), value_bool(true)},
        {value_bool(false), value_float(-0.0)},
        {value_int(-2), value_float(-2)},
        {value_int(INT64_MIN), value_float(-0x1p63)},
        {value_int(INT64_C(1) << 61), value_float(0x1p61)},
        {value_int((INT64_C(1) << 61) - 1), bigint("2305843009213693951")},
        {bigint("9223372036854775808"), value_float(0x1p63)},
        {bigint("-9223372036854777856"), value_float(-0x1.0000000000001p63)},
        {bigint("10000000000000000000000"), value_float(1e22)},
        {bigint("99999999999999991611392"), value_float(1e23)},
        {value_float(INFINITY), value_float(INFINITY)},
    };
    for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++) {
        if (i != 6) /* a bigint that fits is not canonical, but its hash is right all the same */
            assert_true(value_equal(equal[i].a, equal[i].b) && value_equal(equal[i].b, equal[i].a));
        assert_true(value_hash(equal[i].a) == value_hash(equal[i].b));
    }
}

static void numbers_that_only_nearly_agree_are_different(void **state)
{
    (void)state;
    const struct {
        struct value a, b;
    } different[] = {
        {value_int(9007199254740993), value_float(9007199254740992.0)},
        {value_int(INT64_MAX), value_float(0x1p63)},
        {bigint("9223372036854775809"), value_float(0x1p63)},
        {bigint("100000000000000000000000"), value_float(1e23)},
        {bigint("9223372036854775808"), bigint("9223372036854775809")},
        {bigint("9223372036854775808"), value_float(INFINITY)},
        {value_float(NAN), value_float(NAN)},
        {value_int(0), value_float(NAN)},
        {value_int(0), value_float(5e-324)},
        {value_bool(true), value_int(2)},
        {value_int(1), value_text("1")},
        {value_int(0), value_null()},
        {value_bool(false), value_null()},
        {value_null(), (struct value){.type = VALUE_UNDEFINED}},
    };
    for (size_t i = 0; i < sizeof different / sizeof different[0]; i++) {
        if (value_equal(different[i].a, different[i].b) || value_equal(different[i].b, different[i].a))
            fail_msg("case %zu is equal", i);
    }
}

static void maps_are_equal_in_any_order_and_lists_only_in_one(void **state)
{
    (void)state;
    struct value a = json("{\"a\":1,\"b\":[1,{\"x\":2}],\"c\":null}"),
                 b = json("{\"c\":null,\"b\":[1.0,{\"x\":2}],\"a\":true}");
    assert_true(value_equal(a, b));
    assert_true(value_hash(a) == value_hash(b));
    assert_false(value_identical(a, b));
    assert_true(value_identical(a, json("{\"a\":1,\"b\":[1,{\"x\":2}],\"c\":null}")));
    assert_false(value_equal(json("[1,2]"), json("[2,1]")));
    assert_false(value_equal(json("[1,2]"), json("[1,2,3]")));
    assert_false(value_equal(json("{\"a\":1}"), json("{\"a\":2}")));
    assert_false(value_equal(json("{\"a\":1}"), json("{\"b\":1}")));
    assert_false(value_equal(json("[]"), json("{}")));
    assert_false(value_identical(value_float(0.0), value_float(-0.0)));
}

static void objects_are_equal_to_themselves_only(void **state)
{
    (void)state;
    struct value a = {.type = VALUE_OBJECT, .u.object = "a"}, b = {.type = VALUE_OBJECT, .u.object = &a};
    struct value undefined = {.type = VALUE_UNDEFINED, .u.object = "name"}, other = {.type = VALUE_UNDEFINED};
    assert_true(value_equal(a, a) && value_identical(a, a));
    assert_true(value_hash(a) == value_hash(a));
    assert_false(value_equal(a, b) || value_identical(a, b));
    assert_true(value_equal(undefined, other) && value_identical(undefined, other));
    assert_true(value_hash(undefined) == value_hash(other));
    assert_false(value_identical(json("[1,2]"), json("[1,3]")));
}

static void keys_are_found_in_maps_of_every_size(void **state)
{
    (void)state;
    for (uint32_t size = 0; size < 200; size++) {
        struct map_builder b;
        struct value map;
        struct error err;
        map_begin(&b, &arena);
        for (uint32_t i = 0; i < size; i++)
            map_put(&b, arena_printf(&arena, "key %u", i), value_int(i));
        assert_ok(map_end(&b, &map, &err), &err);
        assert_int_equal(map.len, size);
        assert_int_equal(map.u.map->index != NULL, size > 8);
        for (uint32_t i = 0; i < size; i++) {
            assert_int_equal(value_get(map, arena_printf(&arena, "key %u", i)).u.i, i);
            assert_int_equal(map.u.map->entries[i].value.u.i, i);
        }
        assert_true(value_is_absent(VALUE_GET(map, "key")));
        assert_true(value_is_absent(VALUE_GET(map, "")));
    }
}

static void a_key_put_twice_keeps_its_place_and_takes_the_new_value(void **state)
{
    (void)state;
    for (int size = 3; size < 20; size += 16) {
        struct map_builder b;
        struct value map;
        struct error err;
        map_begin(&b, &arena);
        for (int i = 0; i < size; i++)
            map_put(&b, arena_printf(&arena, "%d", i), value_int(i));
        assert_int_equal(map_peek(&b, STR("1")).u.i, 1);
        map_put(&b, STR("1"), value_text("new"));
        assert_str(value_as_str(map_peek(&b, STR("1"))), "new");
        assert_true(value_is_absent(map_peek(&b, STR("x"))));
        assert_ok(map_end(&b, &map, &err), &err);
        assert_int_equal(map.len, size);
        assert_str(value_as_str(map.u.map->entries[1].value), "new");
    }
}

static void keys_that_are_equal_numbers_are_one_key(void **state)
{
    (void)state;
    for (int others = 0; others < 20; others += 19) {
        struct map_builder b;
        struct value map;
        struct error err;
        map_begin(&b, &arena);
        for (int i = 0; i < others; i++)
            map_put_value(&b, value_int(100 + i), value_null());
        map_put_value(&b, value_int(1), value_text("int"));
        map_put_value(&b, value_float(1), value_text("float"));
        map_put_value(&b, value_bool(true), value_text("bool"));
        map_put_value(&b, json("[1,2]"), value_text("list"));
        assert_ok(map_end(&b, &map, &err), &err);
        assert_int_equal(map.len, others + 2);
        assert_str(value_as_str(value_get_by_value(map, value_float(1))), "bool");
        assert_str(value_as_str(value_get_by_value(map, json("[1.0,2]"))), "list");
        assert_true(value_is_absent(value_get_by_value(map, value_text("1"))));
    }
}

static void getting_from_what_is_no_map_gives_nothing(void **state)
{
    (void)state;
    assert_true(value_is_absent(VALUE_GET(value_int(1), "a")));
    assert_true(value_is_absent(VALUE_GET(json("[1]"), "0")));
    struct value v = json("{\"a\":{\"b\":{\"c\":7}},\"x\":1}");
    assert_int_equal(value_get_path(v, STR("a.b.c")).u.i, 7);
    assert_int_equal(value_get_path(v, STR("x")).u.i, 1);
    assert_true(value_is_absent(value_get_path(v, STR("a.x.c"))));
    assert_true(value_is_absent(value_get_path(v, STR("x.a"))));
    assert_true(value_is_absent(value_get_path(v, STR(""))));
}

static void a_copy_owes_nothing_to_its_source(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1,2.5,\"text\",null,true,123456789012345678901234567890,{}],\"b\":1,\"c\":2,"
        "\"d\":3,\"e\":4,\"f\":5,\"g\":6,\"h\":7,\"i\":8,\"j\":[]}";
    struct arena source;
    struct value v, copy;
    struct error err;
    arena_init(&source, 0);
    assert_ok(json_read(&source, str_of(text), NULL, &v, &err), &err);
    v.flags = VALUE_STEP_DATA;
    assert_ok(value_copy(&arena, v, &copy, &err), &err);
    assert_true(value_identical(v, copy));
    arena_free(&source);
    assert_json(copy, text);
    assert_int_equal(copy.flags, VALUE_STEP_DATA);
    assert_int_equal(VALUE_GET(copy, "j").type, VALUE_LIST);
}

static void what_cannot_be_copied_is_refused(void **state)
{
    (void)state;
    struct value v, inner = {.type = VALUE_OBJECT, .u.object = &inner};
    struct error err;
    assert_status(value_copy(&arena, inner, &v, &err), STATUS_INVALID);
    struct value undefined = {.type = VALUE_UNDEFINED, .u.object = "in the source"};
    assert_ok(value_copy(&arena, undefined, &v, &err), &err);
    assert_null(v.u.object);
    struct value deep = VALUE_EMPTY_LIST;
    for (int i = 0; i < 100000; i++) {
        struct value *item = ARENA_NEW(&arena, struct value);
        *item = deep;
        deep = (struct value){.type = VALUE_LIST, .len = 1, .u.list = item};
    }
    assert_status(value_copy(&arena, deep, &v, &err), STATUS_LIMIT);
    struct str text;
    assert_status(json_text(&arena, deep, &text, &err), STATUS_LIMIT);
    assert_true(value_size(deep) > 1000);
    assert_int_equal(value_hash(deep), value_hash(deep));
    struct value other = {.type = VALUE_LIST, .len = 1, .u.list = &deep};
    assert_false(value_equal(deep, other));
}

static void a_merge_is_deep_in_maps_and_replaces_everything_else(void **state)
{
    (void)state;
    static const struct {
        const char *base, *over, *merged;
    } cases[] = {
        {"{\"a\":1,\"b\":{\"x\":1,\"y\":{\"p\":1}}}", "{\"b\":{\"y\":{\"q\":2},\"z\":3},\"c\":4}",
         "{\"a\":1,\"b\":{\"x\":1,\"y\":{\"p\":1,\"q\":2},\"z\":3},\"c\":4}"},
        {"{\"a\":[1,2,3]}", "{\"a\":[4]}", "{\"a\":[4]}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":5}", "{\"a\":5}"},
        {"{\"a\":5}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":{}}", "{\"a\":{\"b\":1}}"},
        {"{\"a\":1}", "{\"a\":null}", "{\"a\":null}"},
        {"{}", "{\"a\":1}", "{\"a\":1}"},
        {"1", "{\"a\":1}", "{\"a\":1}"},
        {"{\"a\":1}", "2", "2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value merged;
        struct error err;
        assert_ok(value_merge(&arena, json(cases[i].base), json(cases[i].over), &merged, &err), &err);
        assert_json(merged, cases[i].merged);
    }
    struct value merged;
    assert_ok(value_merge(&arena, json("[1]"), (struct value){0}, &merged, NULL), NULL);
    assert_json(merged, "[1]");
}

static void size_grows_with_what_is_inside(void **state)
{
    (void)state;
    assert_int_equal(value_size(value_int(1)), sizeof(struct value));
    assert_int_equal(value_size(value_text("1234")), sizeof(struct value) + 4);
    assert_true(value_size(json("{\"a\":[1,2,3]}")) > value_size(json("{\"a\":[1,2]}")));
    struct value shared = value_text("text");
    for (int i = 0; i < 100; i++) { /* 2^100 strings to whom counts them one by one */
        struct value *items = ARENA_ARRAY(&arena, struct value, 2);
        items[0] = items[1] = shared;
        shared = (struct value){.type = VALUE_LIST, .len = 2, .u.list = items};
    }
    assert_int_equal(value_size(shared), VALUE_SIZE_MAX);
    assert_true(value_equal(shared, shared));
}

static void every_type_has_a_word(void **state)
{
    (void)state;
    assert_string_equal(value_type_name(json("{}")), "map");
    assert_string_equal(value_type_name(json("[]")), "list");
    assert_string_equal(value_type_name(json("1")), "integer");
    assert_string_equal(value_type_name(json("99999999999999999999")), "integer");
    assert_string_equal(value_type_name(json("1.5")), "number");
    assert_string_equal(value_type_name(json("null")), "null");
    assert_string_equal(value_type_name(json("true")), "boolean");
    assert_string_equal(value_type_name(json("\"\"")), "string");
    assert_string_equal(value_type_name((struct value){0}), "undefined");
    assert_string_equal(value_type_name((struct value){.type = VALUE_OBJECT}), "object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equal_numbers_are_equal_whatever_their_type, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(numbers_that_only_nearly_agree_are_different, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(maps_are_equal_in_any_order_and_lists_only_in_one, arena_begin,
                                        arena_end),
        cmocka_unit_test_setup_teardown(objects_are_equal_to_themselves_only, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(keys_are_found_in_maps_of_every_size, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_key_put_twice_keeps_its_place_and_takes_the_new_value, arena_begin,
                                        arena_end),
        cmocka_unit_test_setup_teardown(keys_that_are_equal_numbers_are_one_key, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(getting_from_what_is_no_map_gives_nothing, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_copy_owes_nothing_to_its_source, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(what_cannot_be_copied_is_refused, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_merge_is_deep_in_maps_and_replaces_everything_else, arena_begin,
                                        arena_end),
        cmocka_unit_test_setup_teardown(size_grows_with_what_is_inside, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(every_type_has_a_word, arena_begin, arena_end),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
