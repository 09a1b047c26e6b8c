/*
 * What Jinja2 cannot be asked: the words of messages, the texts of values that have an address in Python, the
 * time, each limit, sources and loaders that are broken, and what a condition takes for true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

static const char CONTEXT[] = "{\"d\":{\"a\":1},\"li\":[3,1],\"s\":\"text\",\"f\":2.5,\"n\":7,\"z\":null}";
static const struct render_inputs STRICT = {.undefined = UNDEFINED_STRICT};

struct failure {
    const char *source, *message; /* which the error's begins with */
    enum status status;
};

static void assert_failures(struct fixture *f, const struct failure *failures, size_t count,
                            const struct render_inputs *inputs)
{
    for (size_t i = 0; i < count; i++) {
        struct value v;
        assert_int_equal(render(f, failures[i].source, TEMPLATE_STRING, CONTEXT, inputs, &v),
                         failures[i].status);
        f->err.message[strlen(failures[i].message)] = '\0';
        assert_string_equal(f->err.message, failures[i].message);
    }
}
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- Words -------------------------------------------------------------------------------------- */

static void a_missing_attribute_says_of_what_kind_of_value(void **state)
{
    static const struct failure FAILURES[] = {
        {"{{ f.x }}", "'float object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ n.x }}", "'int object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ z.x }}", "'None' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ true.x }}", "'bool object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ (1,).x }}", "'tuple object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ (s|e).x }}", "'markupsafe.Markup object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ range(3).x }}", "'range object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ (li|map('string')).x }}", "'generator object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{% for i in li %}{{ loop.x }}{% endfor %}",
         "'jinja2.runtime.LoopContext object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{% macro m() %}{% endmacro %}{{ m.x }}", "'jinja2.runtime.Macro object' has no attribute 'x'",
         STATUS_UNDEFINED},
        {"{{ namespace().x }}", "'jinja2.utils.Namespace object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ cycler(1).x }}", "'jinja2.utils.Cycler object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ joiner().x }}", "'jinja2.utils.Joiner object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ self.x }}", "'jinja2.runtime.TemplateReference object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ s.encode().x }}", "'bytes object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{{ dict(d).x }}", "'dict object' has no attribute 'x'", STATUS_UNDEFINED},
        {"{% set l = [] %}{% set _ = l.append(1) %}{{ l.x }}", "'list object' has no attribute 'x'",
         STATUS_UNDEFINED},
    };
    assert_failures(*state, FAILURES, COUNT(FAILURES), &STRICT);
}

static void an_undefined_argument_is_named(void **state)
{
    static const struct failure FAILURES[] = {
        {"{{ range(nope) }}", "'nope' is undefined", STATUS_UNDEFINED},
        {"{{ li[nope:] }}", "'nope' is undefined", STATUS_UNDEFINED},
        {"{{ s.center(nope) }}", "'nope' is undefined", STATUS_UNDEFINED},
        {"{{ s.strip(nope) }}", "'nope' is undefined", STATUS_UNDEFINED},
        {"{{ s.replace('t', nope) }}", "'nope' is undefined", STATUS_UNDEFINED},
        {"{{ nope|fromjson }}", "'nope' is undefined", STATUS_UNDEFINED},
        {"{{ dict(nope) }}", "'nope' is undefined", STATUS_UNDEFINED},
    };
    assert_failures(*state, FAILURES, COUNT(FAILURES), NULL);
}

static void what_is_no_json_and_no_base64_is_said(void **state)
{
    static const struct failure FAILURES[] = {
        {"{{ 5|fromjson }}", "fromjson: the JSON object must be text, not int", STATUS_RUNTIME},
        {"{{ '[1,\n]'|fromjson }}", "fromjson: ", STATUS_RUNTIME},
        {"{{ '*'|b64decode }}", "b64decode: the text is not base64", STATUS_RUNTIME},
        {"{{ '//8='|b64decode }}", "b64decode: the decoded bytes are not UTF-8 text", STATUS_RUNTIME},
        {"{{ now(5) }}", "now() takes a format as text, not int", STATUS_RUNTIME},
        {"{{ now('%Q') }}", "now() knows no format directive '%Q'", STATUS_RUNTIME},
        {"{{ (0 - 8) ** 0.5 }}", "a negative number raised to a fraction is a complex number",
         STATUS_RUNTIME},
        {"{{ (255).to_bytes(1).decode() }}", "the bytes are no UTF-8 text from number 0 on", STATUS_RUNTIME},
        {"{{ '\\N{BULLET}' }}", "\\N{…} in a string: write the character itself", STATUS_SYNTAX},
    };
    assert_failures(*state, FAILURES, COUNT(FAILURES), NULL);
}

static void many_names_in_scope_are_cut_short(void **state)
{
    struct fixture *f = *state;
    struct value v, names;
    struct map_builder b;
    map_begin(&b, &f->arena);
    for (int i = 10; i < 50; i++)
        map_put(&b, arena_printf(&f->arena, "a%d", i), value_int(i));
    assert_int_equal(map_end(&b, &names, &f->err), STATUS_OK);
    assert_int_equal(evaluate(f, "nope + 1", names, &STRICT, &v), STATUS_UNDEFINED);
    assert_string_equal(f->err.message + strlen(f->err.message) - 15, "a39 and 10 more");
}

static void a_name_that_is_also_set_in_the_template_is_listed_once(void **state)
{
    struct fixture *f = *state;
    struct value v;
    assert_int_equal(
        render(f, "{% set n = 2 %}{{ nope }}", TEMPLATE_STRING, "{\"m\":1,\"n\":1}", &STRICT, &v),
        STATUS_UNDEFINED);
    assert_string_equal(f->err.message, "'nope' is undefined; in scope: n, m");
}

static void an_error_may_be_of_no_interest(void **state)
{
    struct fixture *f = *state;
    struct template *t;
    struct value v;
    assert_int_equal(template_compile(STR("{{ nope }}"), TEMPLATE_STRING, "", &t, NULL), STATUS_OK);
    assert_int_equal(template_render(t, NULL, &STRICT, &f->arena, &v, NULL), STATUS_UNDEFINED);
    template_free(t);
    assert_int_equal(template_compile(STR("{{ 1 + }}"), TEMPLATE_STRING, "", &t, NULL), STATUS_SYNTAX);
    assert_null(t);
}

/* ---- Values that are more than data -------------------------------------------------------------- */

static void a_result_that_is_no_data_is_its_text(void **state)
{
    struct fixture *f = *state;
    static const char *const CASES[][2] = {
        {"namespace(a=1, b=[2])", "{\"a\":1,\"b\":[2]}"},
        {"range(3)", "[0,1,2]"},
        {"li|map('string')", "[\"3\",\"1\"]"},
        {"d.items()", "[[\"a\",1]]"},
        {"[d.keys(), namespace(x=range(2))]", "[[\"a\"],{\"x\":[0,1]}]"},
        {"{'x': nope, 'y': [nope]}", "{\"x\":null,\"y\":[null]}"},
        {"{(1, 1): 1, (3, 'a'): 2, (2, 5): 3, (3, 5): 4}|pprint",
         "\"{(1, 1): 1, (3, 'a'): 2, (2, 5): 3, (3, 5): 4}\""},
        {"cycler(1)", "\"<Cycler object at 0x7f0000000000>\""},
        {"joiner()", "\"<Joiner object at 0x7f0000000000>\""},
        {"range", "\"<function range>\""},
        {"s.upper", "\"<builtin_function_or_method object at 0x7f0000000000>\""},
        {"(li|map('string'))|string", "\"<generator object at 0x7f0000000000>\""},
        {"s.encode()", "\"b'text'\""},
        {"env", "{}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct value v;
        assert_int_equal(render(f, CASES[i][0], TEMPLATE_EXPRESSION, CONTEXT, NULL, &v), STATUS_OK);
        assert_json(f, v, CASES[i][1]);
    }
}

static void a_comment_that_ends_at_once_is_one(void **state)
{
    struct fixture *f = *state;
    struct value v;
    assert_int_equal(
        render(f, "'<!--> a --> b <!---> c --> d <!-- e'|striptags", TEMPLATE_EXPRESSION, "{}", NULL, &v),
        STATUS_OK);
    assert_json(f, v, "\"a --> b c --> d <!-- e\"");
}

static void the_time_can_be_written_in_many_ways(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int64_t now_ns;
        const char *format, *text;
    } CASES[] = {
        {INT64_C(1700000000123456789), "%Y-%m-%d %H:%M:%S.%f", "2023-11-14 22:13:20.123456"},
        {INT64_C(1700000000123456789), "%F %T %I %p", "2023-11-14 22:13:20 10 PM"},
        {INT64_C(1700000000123456789), "%a %A %b %B %y %j %w", "Tue Tuesday Nov November 23 318 2"},
        {INT64_C(1700000000123456789), "%s%z%Z%%%", "1700000000+0000UTC%%"},
        {INT64_C(1709164800000000000), "%F %I %p", "2024-02-29 12 AM"},
        {INT64_C(-1), "%F %T.%f %s", "1969-12-31 23:59:59.999999 -1"},
        {INT64_C(-518400000000000), "%F %a %w", "1969-12-26 Fri 5"},
        {INT64_C(-86400000000000), "%F %a", "1969-12-31 Wed"},
        {0, "", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct value v, names = json(f, "{}");
        struct map_builder b;
        struct render_inputs inputs = {.now_ns = CASES[i].now_ns};
        map_begin(&b, &f->arena);
        map_put(&b, STR("format"), value_text(CASES[i].format));
        assert_int_equal(map_end(&b, &names, &f->err), STATUS_OK);
        assert_int_equal(evaluate(f, "now(format)", names, &inputs, &v), STATUS_OK);
        assert_string_equal(arena_strdup(&f->arena, value_as_str(v)), CASES[i].text);
    }
}

static void a_condition_is_true_as_its_value_is(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *value;
        bool is_true;
    } CASES[] = {{"null", false},      {"true", true},      {"false", false},
                 {"0", false},         {"-1", true},        {"0.0", false},
                 {"0.5", true},        {"[]", false},       {"[0]", true},
                 {"{}", false},        {"{\"a\":0}", true}, {"\"\"", false},
                 {"\" TRUE \"", true}, {"\"x\"", false},    {"18446744073709551616", true}};
    for (size_t i = 0; i < COUNT(CASES); i++)
        assert_int_equal(condition_is_true(json(f, CASES[i].value)), CASES[i].is_true);
    assert_false(condition_is_true((struct value){0}));
}

/* ---- Limits and what is broken ------------------------------------------------------------------- */

static void each_size_has_an_end(void **state)
{
    static const struct failure FAILURES[] = {
        {"{{ (5).to_bytes(2000000) }}", "more than 1 MiB of bytes", STATUS_LIMIT},
        {"{{ 'a\nb'|indent(2000000000) }}", "an indention of more than ", STATUS_LIMIT},
        {"{{ '{:99999999999999999999}'.format(5) }}", "a width or precision of more than 10000",
         STATUS_LIMIT},
        {"{{ '%.99999999999f' % 5 }}", "a width or precision of more than 10000", STATUS_LIMIT},
        {"{{ 2 ** (10 ** 30) }}", "an integer of more than 10000 digits", STATUS_LIMIT},
        {"{{ (10 ** 9000) * (10 ** 9000) }}", "an integer of more than 10000 digits", STATUS_LIMIT},
        {"{% set ns = namespace(x=[]) %}{% for i in range(200) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x "
         "}}",
         "a value nested more than ", STATUS_LIMIT},
        {"{% set ns = namespace(x=[]) %}{% for i in range(200) %}{% set ns.x = [ns.x] %}{% endfor %}{{ "
         "ns.x|pprint }}",
         "a value nested more than ", STATUS_LIMIT},
        {"{% set ns = namespace(x=[1]) %}{% for i in range(200) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x "
         "== [ns.x] }}",
         "a value nested more than ", STATUS_LIMIT},
        {"{% set ns = namespace(x=[1], y=[2]) %}{% for i in range(200) %}{% set ns.x = [ns.x] %}{% set ns.y "
         "= [ns.y] %}"
         "{% endfor %}{{ ns.x < ns.y }}",
         "a value nested more than ", STATUS_LIMIT},
    };
    assert_failures(*state, FAILURES, COUNT(FAILURES), NULL);
}

static void a_source_has_an_end_too(void **state)
{
    struct fixture *f = *state;
    struct template *t;
    char brackets[3000], digits[12000];
    memset(brackets, '(', sizeof brackets);
    assert_int_equal(
        template_compile((struct str){brackets, sizeof brackets}, TEMPLATE_EXPRESSION, "", &t, &f->err),
        STATUS_LIMIT);
    memset(digits, '7', sizeof digits);
    digits[1] = '.';
    assert_int_equal(
        template_compile((struct str){digits, sizeof digits}, TEMPLATE_EXPRESSION, "", &t, &f->err),
        STATUS_LIMIT);
    assert_string_equal(f->err.message, "a number of 12000 digits is too long");
}

static void a_source_that_is_no_utf8_is_refused_at_its_place(void **state)
{
    struct fixture *f = *state;
    struct template *t;
    struct value v;
    assert_int_equal(template_compile(STR("a\nbc\xff"), TEMPLATE_STRING, "msg", &t, &f->err), STATUS_SYNTAX);
    assert_string_equal(f->err.message, "the template is not valid UTF-8 at byte 4");
    assert_int_equal(f->err.line, 2);
    assert_int_equal(template_compile((struct str){NULL, 0}, TEMPLATE_STRING, "msg", &t, &f->err), STATUS_OK);
    assert_int_equal(template_render(t, NULL, NULL, &f->arena, &v, &f->err), STATUS_OK);
    assert_json(f, v, "\"\"");
    template_free(t);
}

static enum status load_nothing(void *user, struct str name, const struct template **out, struct error *err)
{
    (void)user;
    (void)name;
    (void)err;
    *out = NULL;
    return STATUS_OK;
}

static void a_loader_that_gives_nothing_is_an_error_of_the_program(void **state)
{
    struct fixture *f = *state;
    struct template *t;
    struct value v;
    struct template_options options = TEMPLATE_OPTIONS_DEFAULT;
    options.loader = (struct template_loader){load_nothing, NULL};
    assert_int_equal(
        template_compile_with(STR("{% include 'x' %}"), TEMPLATE_STRING, "", &options, &t, &f->err),
        STATUS_OK);
    assert_int_equal(template_render(t, NULL, NULL, &f->arena, &v, &f->err), STATUS_INTERNAL);
    assert_string_equal(f->err.message, "the loader found 'x' but gave no template");
    template_free(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_attribute_says_of_what_kind_of_value),
        TEST(an_undefined_argument_is_named),
        TEST(what_is_no_json_and_no_base64_is_said),
        TEST(many_names_in_scope_are_cut_short),
        TEST(a_name_that_is_also_set_in_the_template_is_listed_once),
        TEST(an_error_may_be_of_no_interest),
        TEST(a_result_that_is_no_data_is_its_text),
        TEST(a_comment_that_ends_at_once_is_one),
        TEST(the_time_can_be_written_in_many_ways),
        TEST(a_condition_is_true_as_its_value_is),
        TEST(each_size_has_an_end),
        TEST(a_source_has_an_end_too),
        TEST(a_source_that_is_no_utf8_is_refused_at_its_place),
        TEST(a_loader_that_gives_nothing_is_an_error_of_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
