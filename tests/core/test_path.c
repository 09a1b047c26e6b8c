/* Paths to a value within a value, and what is said of those that lead nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/json.h"
#include "core/path.h"
#include "test_arena.h"

static const struct value absent = {.type = VALUE_UNDEFINED};

static struct value json(const char *text)
{
    struct value v;
    struct error err;
    assert_int_equal(json_read(&arena, str_of(text), NULL, &v, &err), STATUS_OK);
    return v;
}

static void what_is_a_path_passes(void **state)
{
    static const char *const paths[] = {
        "a",          "_a1",   "a-b",      "a.b.c",      "a[0]",
        "a[-1]",      "[0]",   "[0][1].b", "a['x y']",   "a[\"it's\"].z",
        "a['b.c]d']", "a['']", "['a']",    "\xc3\xa9.b", "a[0000000007]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct error err;
        if (path_check(str_of(paths[i]), &err) != STATUS_OK)
            fail_msg("%s: %s", paths[i], err.message);
    }
}

static void what_is_no_path_is_refused_with_its_column(void **state)
{
    static const struct {
        const char *path;
        uint32_t column;
    } cases[] = {
        {"", 1},
        {".", 1},
        {".a", 1},
        {"a.", 3},
        {"a..b", 3},
        {"a b", 2},
        {"1a", 1},
        {"-a", 1},
        {"a[", 3},
        {"a[0", 4},
        {"a[-", 4},
        {"a[-]", 4},
        {"a[]", 3},
        {"a[b]", 3},
        {"a['x", 5},
        {"a['x'", 6},
        {"a['x'b]", 6},
        {"a[0]b", 5},
        {"a]", 2},
        {"a.[0]", 3},
        {"a[1 ]", 4},
        {"a[\"x'", 6},
        {"a[12345678901]", 13},
        {"a|b", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        if (path_check(str_of(cases[i].path), &err) != STATUS_SYNTAX)
            fail_msg("%s is taken for a path", cases[i].path);
        if (err.column != cases[i].column)
            fail_msg("%s: column %u", cases[i].path, err.column);
        assert_true(err.hint[0]);
    }
}

static void a_path_leads_to_what_is_there(void **state)
{
    static const struct {
        const char *path, *value; /* NULL: nothing is there */
    } cases[] = {
        {"a", "1"},          {"none", "null"},     {"none.x", NULL},     {"no", NULL},
        {"rows[0].id", "7"}, {"rows[-1].id", "8"}, {"rows[-2].id", "7"}, {"rows[2]", NULL},
        {"rows[-3]", NULL},  {"rows.id", NULL},    {"rows['0']", NULL},  {"h['x-id']", "\"q\""},
        {"h.x-id", "\"q\""}, {"h['a.b']", "true"}, {"h.a.b", NULL},      {"h['']", "0"},
        {"h[0]", NULL},      {"a.b", NULL},        {"rows[0", NULL},     {"", NULL},
    };
    (void)state;
    struct value v = json("{\"a\": 1, \"none\": null, \"rows\": [{\"id\": 7}, {\"id\": 8}],"
                          " \"h\": {\"x-id\": \"q\", \"a.b\": true, \"\": 0}}");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct value found = value_at_path(v, str_of(cases[i].path));
        if (value_is_absent(found) != (cases[i].value == NULL) ||
            (cases[i].value && !value_identical(found, json(cases[i].value))))
            fail_msg("%s leads elsewhere", cases[i].path);
    }
    assert_true(value_is_absent(value_at_path(absent, STR("a"))));
    assert_true(value_identical(value_at_path(json("[[1], [2, 3]]"), STR("[1][0]")), value_int(2)));
}

/* The message about paths, which are separated by spaces. */
static const char *missing(const char *paths, struct value names, struct value more)
{
    struct str list[8], rest = str_of(paths), message;
    struct error err;
    uint32_t count = 0;
    while (rest.len > 0)
        list[count++] = str_split(&rest, ' ');
    assert_int_equal(paths_missing(&arena, list, count, names, more, &message, &err), STATUS_OK);
    return arena_strdup(&arena, message);
}

static void paths_that_all_lead_somewhere_leave_no_message(void **state)
{
    (void)state;
    struct value names = json("{\"result\": {\"rows\": []}, \"status\": null}"),
                 more = json("{\"rows\": [1]}");
    assert_string_equal(missing("", names, more), "");
    assert_string_equal(missing("result.rows status", names, more), "");
    assert_string_equal(missing("rows[0]", names, more), "");
    assert_string_equal(missing("rows", absent, more), "");
    assert_string_equal(missing("status", names, absent), "");
    assert_string_equal(missing("[0]", absent, json("[1]")), "");
}

static void a_path_that_leads_nowhere_is_told_with_what_there_is(void **state)
{
    (void)state;
    struct value names =
        json("{\"result\": {\"code\": 1, \"body\": {\"deep\": 1}}, \"status\": \"ok\", \"e\": {}}");
    assert_string_equal(missing("status rows", names, absent),
                        "rows is missing; there is: result (code, body), status, e");
    assert_string_equal(missing("rows result.x[1]", names, json("{\"code\": 1}")),
                        "rows, result.x[1] are missing; there is: result (code, body), status, e, code");
    assert_string_equal(missing("rows", absent, json("{\"code\": {\"a\": 1}}")),
                        "rows is missing; there is: code (a)");
    assert_string_equal(missing("rows", absent, json("[1]")), "rows is missing; there is: nothing");
    assert_string_equal(missing("no[path", names, absent),
                        "no[path is missing; there is: result (code, body), status, e");
}

static void a_map_with_several_names_is_told_once(void **state)
{
    struct value data = json("{\"code\": 1}"), names;
    struct map_builder map;
    struct error err;
    (void)state;
    map_begin(&map, &arena);
    map_put(&map, STR("result"), data);
    map_put(&map, STR("this"), data);
    assert_int_equal(map_end(&map, &names, &err), STATUS_OK);
    assert_string_equal(missing("rows", names, data), "rows is missing; there is: result (code), this");
}

static void of_many_names_some_are_told(void **state)
{
    struct map_builder map;
    struct value many;
    struct error err;
    (void)state;
    map_begin(&map, &arena);
    for (int i = 0; i < 25; i++)
        map_put(&map, arena_printf(&arena, "k%d", i), value_int(i));
    assert_int_equal(map_end(&map, &many, &err), STATUS_OK);
    assert_string_equal(
        missing("x", many, absent),
        "x is missing; there is: k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14, "
        "k15, k16, k17, k18, k19, and 5 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_path_passes),
        cmocka_unit_test(what_is_no_path_is_refused_with_its_column),
        cmocka_unit_test(a_path_leads_to_what_is_there),
        cmocka_unit_test(paths_that_all_lead_somewhere_leave_no_message),
        cmocka_unit_test(a_path_that_leads_nowhere_is_told_with_what_there_is),
        cmocka_unit_test(a_map_with_several_names_is_told_once),
        cmocka_unit_test(of_many_names_some_are_told),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
