/*
 * Every case of cases.jsonl and more_cases.jsonl, which were made with the real Jinja2, gives what Jinja2
 * gave. The cases of known_differences.txt are expected to differ, and have to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "read_file.h"
#include "case.h"

enum { TIERS = 3 };

struct tally {
    unsigned passed[TIERS + 1], total[TIERS + 1];
    unsigned unexpected;
};

/* The kind of error that Jinja2's has here. */
static const char *kind_of(enum status s)
{
    return s == STATUS_SYNTAX      ? "syntax"
           : s == STATUS_UNDEFINED ? "undefined"
           : s == STATUS_NOT_FOUND ? "notfound"
                                   : status_name(s);
}

static bool error_matches(struct value c, enum status s, const struct error *err)
{
    struct value kind = VALUE_GET(c, "error_kind"), line = VALUE_GET(c, "error_line");
    if (!str_is(value_as_str(kind), kind_of(s)))
        return false;
    return s != STATUS_SYNTAX || line.type != VALUE_INT || line.u.i == err->line;
}

static bool is_type(struct value v, struct str type)
{
    return str_is(type, "bool")     ? v.type == VALUE_BOOL
           : str_is(type, "int")    ? v.type == VALUE_INT || v.type == VALUE_BIGINT
           : str_is(type, "float")  ? v.type == VALUE_FLOAT
           : str_is(type, "str")    ? v.type == VALUE_STRING && !(v.flags & VALUE_MARKUP)
           : str_is(type, "markup") ? v.type == VALUE_STRING && (v.flags & VALUE_MARKUP)
           : str_is(type, "none")   ? v.type == VALUE_NULL
           : str_is(type, "list")   ? v.type == VALUE_LIST && !(v.flags & VALUE_TUPLE)
           : str_is(type, "tuple")  ? v.type == VALUE_LIST && (v.flags & VALUE_TUPLE)
           : str_is(type, "dict")   ? v.type == VALUE_MAP
                                    : true;
}

static bool result_matches(struct arena *a, struct value c, struct value result)
{
    struct value expect = VALUE_GET(c, "expect"), type = VALUE_GET(c, "type");
    if (type.type == VALUE_STRING && str_is(value_as_str(type), "undefined"))
        return value_is_absent(result);
    if (type.type == VALUE_STRING && !is_type(result, value_as_str(type)))
        return false;
    struct str want, got;
    if (value_is_absent(expect) || json_text(a, expect, &want, NULL) != STATUS_OK ||
        json_text(a, result, &got, NULL) != STATUS_OK)
        return false;
    return str_equal(want, got);
}

static bool is_known_difference(struct str known, struct str id)
{
    while (known.len > 0) {
        struct str line = str_split(&known, '\n');
        if (str_equal(str_split(&line, ' '), id))
            return true;
    }
    return false;
}

static void run_case(struct str text, struct str known, struct tally *t)
{
    struct arena a;
    struct value c, result = {0};
    struct error err = {0};
    arena_init(&a, 0);
    assert_int_equal(json_read(&a, text, NULL, &c, &err), STATUS_OK);
    int64_t tier = VALUE_GET(c, "tier").u.i;
    struct str id = value_as_str(VALUE_GET(c, "id"));
    enum status s = case_render(c, NULL, &a, &result, &err);
    bool wants_error = !value_is_absent(VALUE_GET(c, "error"));
    bool passed = s == STATUS_OK ? !wants_error && result_matches(&a, c, result)
                                 : wants_error && error_matches(c, s, &err);
    t->total[tier]++;
    t->passed[tier] += passed;
    if (passed == is_known_difference(known, id)) {
        struct str got = {"", 0};
        t->unexpected++;
        if (s == STATUS_OK && json_text(&a, result, &got, NULL) != STATUS_OK)
            got = STR("(no JSON)");
        struct str template = value_as_str(VALUE_GET(c, "template"));
        print_message("%" PRISTR "%s: %" PRISTR "\n    got %" PRISTR "%s%s (line %u)\n", ARGSTR(id),
                      passed ? " passes now" : "", ARGSTR(template), ARGSTR(got),
                      s == STATUS_OK ? "" : kind_of(s), s == STATUS_OK ? "" : err.message, err.line);
    }
    arena_free(&a);
}

static void run_cases(const char *file, struct str known, struct tally *t)
{
    struct buf cases = read_test_file(file);
    struct str rest = buf_str(&cases);
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        if (line.len > 0)
            run_case(line, known, t);
    }
    buf_free(&cases);
}

static void every_case_gives_what_jinja2_gave(void **state)
{
    (void)state;
    struct buf known = read_test_file("known_differences.txt");
    struct tally t = {0};
    run_cases("cases.jsonl", buf_str(&known), &t);
    run_cases("more_cases.jsonl", buf_str(&known), &t);
    for (int tier = 1; tier <= TIERS; tier++)
        print_message("tier %d: %u of %u\n", tier, t.passed[tier], t.total[tier]);
    buf_free(&known);
    assert_int_equal(t.passed[1], t.total[1]);
    assert_int_equal(t.unexpected, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_gives_what_jinja2_gave)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
