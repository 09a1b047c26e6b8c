/* Splitting and binding of SQL text, without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/buf.h"
#include "worker/tools/sql.h"

struct split_case {
    const char *text;
    const char *parts; /* joined by "|" */
};

static void statements_end_at_semicolons_of_their_own(void **state)
{
    static const struct split_case cases[] = {
        {"", ""},
        {" ;; ; ", ""},
        {"-- only a comment", ""},
        {"a;b", "a|b"},
        {" a ; b ", "a|b"},
        {"a -- x;y\n; b", "a|b"},
        {"a /* ; /* ; */ ; */ b; c", "a /* ; /* ; */ ; */ b|c"},
        {"'a;''b;' ; c", "'a;''b;'|c"},
        {"E'a\\';' ; c", "E'a\\';'|c"},
        {"'a\\';c", "'a\\'|c"},
        {"\"a;\"\"b\";c", "\"a;\"\"b\"|c"},
        {"$$;$$;c", "$$;$$|c"},
        {"$a$ $$;$$ $b$;$b$ $a$;c", "$a$ $$;$$ $b$;$b$ $a$|c"},
        {"a$b$c;d$b$", "a$b$c|d$b$"},
        {"$1;$2", "$1|$2"},
        {"(a;b);c", "(a;b)|c"},
        {"create function f() begin atomic select 1; select case when a then b end; end; c",
         "create function f() begin atomic select 1; select case when a then b end; end|c"},
        {"create or replace procedure f() begin atomic x; end;c",
         "create or replace procedure f() begin atomic x; end|c"},
        {"begin; x; end", "begin|x|end"},
        {"\xc3\xa9;\xc3\xa9", "\xc3\xa9|\xc3\xa9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a;
        struct sql_statement *found;
        uint32_t count;
        struct error err;
        struct buf joined;
        arena_init(&a, 0);
        buf_init(&joined, 0);
        assert_int_equal(sql_split(&a, str_of(cases[i].text), &found, &count, &err), STATUS_OK);
        for (uint32_t k = 0; k < count; k++)
            buf_printf(&joined, "%s%.*s", k ? "|" : "", ARGSTR(found[k].text));
        assert_string_equal(joined.data ? joined.data : "", cases[i].parts);
        buf_free(&joined);
        arena_free(&a);
    }
}

static void what_is_not_closed_is_found_with_its_place(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, column;
    } cases[] = {{"'a", 1, 1},       {"a;\n b \"c", 2, 4}, {"\xc3\xa9 /* /* */", 1, 3},
                 {"$x$ a $x", 1, 1}, {"E'a\\'", 1, 1},     {"'\\", 1, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a;
        struct sql_statement *found;
        uint32_t count;
        struct error err;
        arena_init(&a, 0);
        assert_int_equal(sql_split(&a, str_of(cases[i].text), &found, &count, &err), STATUS_SYNTAX);
        assert_int_equal(err.line, cases[i].line);
        assert_int_equal(err.column, cases[i].column);
        arena_free(&a);
    }
}

static bool any(void *context, struct str name)
{
    (void)context;
    return !str_is(name, "keep");
}

static void names_become_numbers_where_they_are_names(void **state)
{
    static const struct {
        enum sql_placeholder kind;
        const char *text, *bound, *names;
    } cases[] = {
        {SQL_NAMES, "select :a, :b, :a", "select $1, $2, $1", "a b"},
        {SQL_NAMES, "select :a::int, x::text", "select $1::int, x::text", "a"},
        {SQL_NAMES, "':a' \":a\" $$:a$$ E':a' -- :a\n/* :a */ :a",
         "':a' \":a\" $$:a$$ E':a' -- :a\n/* :a */ $1", "a"},
        {SQL_NAMES, "x[1:n] f(1)[a:b] y := :v", "x[1:n] f(1)[a:b] y := $1", "v"},
        {SQL_NAMES, ":keep :_x1", ":keep $1", "_x1"},
        {SQL_NAMES, "a = :a$1", "a = $1$1", "a"},
        {SQL_NAMES, ": :1 ::", ": :1 ::", ""},
        {SQL_NUMBERS, "$2 $10 $2 '$1' :a $$ $1 $$ a$1", "$1 $2 $1 '$1' :a $$ $1 $$ a$1", "2 10"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a;
        struct sql_bound bound;
        struct error err;
        struct buf names;
        arena_init(&a, 0);
        buf_init(&names, 0);
        assert_int_equal(sql_bind(&a, str_of(cases[i].text), cases[i].kind, any, NULL, &bound, &err),
                         STATUS_OK);
        assert_string_equal(bound.text.ptr, cases[i].bound);
        for (uint32_t k = 0; k < bound.count; k++)
            buf_printf(&names, "%s%.*s", k ? " " : "", ARGSTR(bound.names[k]));
        assert_string_equal(names.data ? names.data : "", cases[i].names);
        buf_free(&names);
        arena_free(&a);
    }
}

static void positions_lead_back_to_the_authors_text(void **state)
{
    (void)state;
    struct arena a;
    struct sql_statement *found;
    struct sql_bound bound;
    uint32_t count, line, column;
    struct error err;
    arena_init(&a, 0);
    struct str source = STR("first;\n  select :long_name, '\xc3\xa9', :x,\n oops");
    assert_int_equal(sql_split(&a, source, &found, &count, &err), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(sql_bind(&a, found[1].text, SQL_NAMES, any, NULL, &bound, &err), STATUS_OK);
    assert_string_equal(bound.text.ptr, "select $1, '\xc3\xa9', $2,\n oops");
    sql_locate(&found[1], &bound, 1, &line, &column); /* select */
    assert_int_equal(line, 2);
    assert_int_equal(column, 3);
    sql_locate(&found[1], &bound, 8, &line, &column); /* $1 */
    assert_int_equal(column, 10);
    sql_locate(&found[1], &bound, 12, &line, &column); /* the text behind it */
    assert_int_equal(column, 22);
    sql_locate(&found[1], &bound, 22, &line, &column); /* oops */
    assert_int_equal(line, 3);
    assert_int_equal(column, 2);
    sql_locate(&found[1], &bound, 1000, &line, &column); /* beyond the end */
    assert_int_equal(line, 3);
    arena_free(&a);
}

static void first_words_are_seen_in_any_case(void **state)
{
    (void)state;
    assert_true(sql_begins_with(STR("BEGIN"), "begin"));
    assert_true(sql_begins_with(STR("begin work"), "begin"));
    assert_false(sql_begins_with(STR("beginning"), "begin"));
    assert_false(sql_begins_with(STR("(begin)"), "begin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_at_semicolons_of_their_own),
        cmocka_unit_test(what_is_not_closed_is_found_with_its_place),
        cmocka_unit_test(names_become_numbers_where_they_are_names),
        cmocka_unit_test(positions_lead_back_to_the_authors_text),
        cmocka_unit_test(first_words_are_seen_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
