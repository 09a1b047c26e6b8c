/* The text of what a save does to a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "worker/tools/save_sql.h"

static struct save_names names_of(struct arena *a, const char *text)
{
    struct str rest = str_of(text), *items = ARENA_ARRAY(a, struct str, 16);
    uint32_t count = 0;
    assert_non_null(items);
    while (rest.len > 0)
        items[count++] = str_split(&rest, '|');
    return (struct save_names){items, count};
}

static void each_verb_has_its_statement(void **state)
{
    static const struct {
        enum save_verb verb;
        const char *table, *keys, *columns, *sql;
    } cases[] = {
        {SAVE_INSERT, "t", "", "a|b", "INSERT INTO \"t\" (\"a\", \"b\") VALUES ($1, $2)"},
        {SAVE_INSERT, "t", "a", "a", "INSERT INTO \"t\" (\"a\") VALUES ($1)"},
        {SAVE_INSERT, "s.t", "", "a", "INSERT INTO \"s\".\"t\" (\"a\") VALUES ($1)"},
        {SAVE_INSERT, "d.s.t", "", "a", "INSERT INTO \"d\".\"s\".\"t\" (\"a\") VALUES ($1)"},
        {SAVE_INSERT, "\"a.b\".t", "", "a", "INSERT INTO \"a.b\".\"t\" (\"a\") VALUES ($1)"},
        {SAVE_INSERT, "\"say \"\"x\"\"\"", "", "a", "INSERT INTO \"say \"\"x\"\"\" (\"a\") VALUES ($1)"},
        {SAVE_INSERT, "t; DROP TABLE t", "", "x\"; --|select",
         "INSERT INTO \"t; DROP TABLE t\" (\"x\"\"; --\", \"select\") VALUES ($1, $2)"},
        {SAVE_UPSERT, "t", "id", "id|a|b",
         "INSERT INTO \"t\" (\"id\", \"a\", \"b\") VALUES ($1, $2, $3) ON CONFLICT (\"id\") DO UPDATE SET "
         "\"a\" = EXCLUDED.\"a\", \"b\" = EXCLUDED.\"b\""},
        {SAVE_UPSERT, "t", "day|city", "n|city|day",
         "INSERT INTO \"t\" (\"n\", \"city\", \"day\") VALUES ($1, $2, $3) ON CONFLICT (\"day\", \"city\") "
         "DO UPDATE "
         "SET \"n\" = EXCLUDED.\"n\""},
        {SAVE_UPSERT, "t", "id", "id",
         "INSERT INTO \"t\" (\"id\") VALUES ($1) ON CONFLICT (\"id\") DO NOTHING"},
        {SAVE_UPDATE, "t", "id|x", "a|id|b|x",
         "UPDATE \"t\" SET \"a\" = $1, \"b\" = $3 WHERE \"id\" = $2 AND \"x\" = $4"},
        {SAVE_DELETE, "t", "id|x", "id|x", "DELETE FROM \"t\" WHERE \"id\" = $1 AND \"x\" = $2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a;
        struct str sql;
        struct error err;
        arena_init(&a, 0);
        struct save_table table = {str_of(cases[i].table), names_of(&a, cases[i].keys)};
        assert_int_equal(save_table_check(table.name, &err), STATUS_OK);
        assert_int_equal(save_sql(&a, &table, cases[i].verb, names_of(&a, cases[i].columns), &sql, &err),
                         STATUS_OK);
        assert_string_equal(sql.ptr, cases[i].sql);
        arena_free(&a);
    }
}

static void an_update_of_nothing_but_keys_is_refused(void **state)
{
    (void)state;
    struct arena a;
    struct str sql;
    struct error err;
    arena_init(&a, 0);
    struct save_table table = {STR("t"), names_of(&a, "id")};
    assert_int_equal(save_sql(&a, &table, SAVE_UPDATE, names_of(&a, "id"), &sql, &err), STATUS_INVALID);
    arena_free(&a);
}

static void what_is_no_name_of_a_table_is_refused(void **state)
{
    static const char *const names[] = {"",       ".t",     "t.",      "a..t",      "a.b.c.d",
                                        "\"a",    "a\"b",   "\"\"",    "\"a\"b\"",  "\"a\".\"",
                                        "x\"y\"", "\"a\"b", "\"a\"\"", "a.\"b\"\"."};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct error err;
        if (save_table_check(str_of(names[i]), &err) != STATUS_SYNTAX)
            fail_msg("%s is taken for a table", names[i]);
        assert_true(err.hint[0]);
    }
    assert_int_equal(save_table_check(STR("a\0b"), NULL), STATUS_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_has_its_statement),
        cmocka_unit_test(an_update_of_nothing_but_keys_is_refused),
        cmocka_unit_test(what_is_no_name_of_a_table_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
