/* The tests behind `is`, in the order of their names. */
#include "core/utf8.h"
#include "number.h"
#include "strings.h"
#include "tables.h"
#include "thing.h"
#include "unicode.h"

/* A test that looks only at the value. */
#define SIMPLE_TEST(name, truth)                                                                             \
    static BUILTIN(name)                                                                                     \
    {                                                                                                        \
        struct value v = argv[0];                                                                            \
        (void)vm;                                                                                            \
        (void)all;                                                                                           \
        *out = value_bool(truth);                                                                            \
        return STATUS_OK;                                                                                    \
    }

static bool is_callable(struct value v)
{
    return thing_is(v, THING_MACRO) || thing_is(v, THING_FUNCTION) || thing_is(v, THING_METHOD) ||
           thing_is(v, THING_JOINER) || thing_is(v, THING_BLOCK) || thing_is(v, THING_LOOP) ||
           v.type == VALUE_UNDEFINED;
}

/* Whether it has a length and items: what is undefined has none, and in strict mode says so. */
static bool is_sequence(const struct vm *vm, struct value v)
{
    return v.type == VALUE_STRING || v.type == VALUE_LIST || v.type == VALUE_MAP ||
           (v.type == VALUE_UNDEFINED && !undefined_is_strict(vm, v)) || thing_is(v, THING_RANGE) ||
           thing_is(v, THING_BYTES);
}

SIMPLE_TEST(test_boolean, v.type == VALUE_BOOL)
SIMPLE_TEST(test_callable, is_callable(v))
SIMPLE_TEST(test_defined, v.type != VALUE_UNDEFINED)
SIMPLE_TEST(test_escaped, text_is_html(vm, v))
SIMPLE_TEST(test_false, v.type == VALUE_BOOL && !v.u.b)
SIMPLE_TEST(test_float, v.type == VALUE_FLOAT)
SIMPLE_TEST(test_integer, v.type == VALUE_INT || v.type == VALUE_BIGINT)
SIMPLE_TEST(test_mapping, v.type == VALUE_MAP)
SIMPLE_TEST(test_none, v.type == VALUE_NULL)
SIMPLE_TEST(test_number, number_is(v))
SIMPLE_TEST(test_sequence, is_sequence(vm, v))
SIMPLE_TEST(test_string, v.type == VALUE_STRING)
SIMPLE_TEST(test_true, v.type == VALUE_BOOL && v.u.b)
SIMPLE_TEST(test_undefined, v.type == VALUE_UNDEFINED)

static BUILTIN(test_iterable)
{
    (void)all;
    *out = value_bool(iter_can(argv[0]));
    return is_undefined(argv[0]) ? undefined_strict(vm, argv[0]) : STATUS_OK;
}

/* ---- Comparisons -------------------------------------------------------------------------------- */

static enum status compare(struct vm *vm, const struct value *argv, enum compare how, struct value *out)
{
    bool result;
    TRY(op_compare(vm, how, argv[0], argv[1], &result));
    *out = value_bool(result);
    return STATUS_OK;
}

static BUILTIN(test_lt)
{
    (void)all;
    return compare(vm, argv, COMPARE_LT, out);
}

static BUILTIN(test_le)
{
    (void)all;
    return compare(vm, argv, COMPARE_LE, out);
}

static BUILTIN(test_gt)
{
    (void)all;
    return compare(vm, argv, COMPARE_GT, out);
}

static BUILTIN(test_ge)
{
    (void)all;
    return compare(vm, argv, COMPARE_GE, out);
}

static BUILTIN(test_eq)
{
    bool equal;
    (void)all;
    TRY(op_equal(vm, argv[0], argv[1], &equal));
    *out = value_bool(equal);
    return STATUS_OK;
}

static BUILTIN(test_ne)
{
    TRY(test_eq(vm, argv, all, out));
    *out = value_bool(!out->u.b);
    return STATUS_OK;
}

static BUILTIN(test_in)
{
    bool found;
    (void)all;
    TRY(op_contains(vm, argv[0], argv[1], &found));
    *out = value_bool(found);
    return STATUS_OK;
}

/* `is` of Python: one object. Equal constants and small integers are one. */
static BUILTIN(test_sameas)
{
    struct value x = argv[0], y = argv[1];
    bool same = x.type == y.type;
    (void)vm;
    if (same && (x.type == VALUE_LIST || x.type == VALUE_MAP || x.type == VALUE_OBJECT))
        same = x.u.object == y.u.object && all->values[0].u.object == all->values[1].u.object;
    else if (same && (x.type == VALUE_FLOAT || x.type == VALUE_UNDEFINED))
        same = false;
    else if (same)
        same = value_equal(x, y);
    *out = value_bool(same);
    return STATUS_OK;
}

/* ---- Numbers and text --------------------------------------------------------------------------- */

static enum status remainder_is(struct vm *vm, struct value v, struct value by, int64_t wanted,
                                struct value *out)
{
    struct value rest;
    bool equal;
    TRY(op_binary(vm, OPCODE_MOD, v, by, &rest));
    TRY(op_equal(vm, rest, value_int(wanted), &equal));
    *out = value_bool(equal);
    return STATUS_OK;
}

static BUILTIN(test_even)
{
    (void)all;
    return remainder_is(vm, argv[0], value_int(2), 0, out);
}

static BUILTIN(test_odd)
{
    (void)all;
    return remainder_is(vm, argv[0], value_int(2), 1, out);
}

static BUILTIN(test_divisibleby)
{
    (void)all;
    return remainder_is(vm, argv[0], argv[1], 0, out);
}

static enum status text_is(struct vm *vm, struct value v, bool upper, struct value *out)
{
    struct value text;
    TRY(text_of(vm, v, &text));
    struct str s = value_as_str(text);
    bool cased = false, other = false;
    for (size_t at = 0; at < s.len;) {
        uint32_t c = string_next(s, &at);
        cased = cased || unicode_is_cased(c);
        other = other || unicode_is_title(c) || (upper ? unicode_is_lower(c) : unicode_is_upper(c));
    }
    *out = value_bool(cased && !other);
    return vm_tick(vm, s.len / 16);
}

static BUILTIN(test_lower)
{
    (void)all;
    return text_is(vm, argv[0], false, out);
}

static BUILTIN(test_upper)
{
    (void)all;
    return text_is(vm, argv[0], true, out);
}

static BUILTIN(test_filter)
{
    (void)all;
    (void)vm;
    *out = value_bool(filter_find(value_as_str(argv[0])) >= 0);
    return STATUS_OK;
}

static BUILTIN(test_test)
{
    (void)all;
    (void)vm;
    *out = value_bool(test_find(value_as_str(argv[0])) >= 0);
    return STATUS_OK;
}

const struct builtin TESTS[] = {
    {"!=", "ne", "a b", 2, test_ne},
    {"<", "lt", "a b", 2, test_lt},
    {"<=", "le", "a b", 2, test_le},
    {"==", "eq", "a b", 2, test_eq},
    {">", "gt", "a b", 2, test_gt},
    {">=", "ge", "a b", 2, test_ge},
    {"boolean", "test_boolean", "value", 1, test_boolean},
    {"callable", "callable", "obj", 1, test_callable},
    {"defined", "test_defined", "value", 1, test_defined},
    {"divisibleby", "test_divisibleby", "value num", 2, test_divisibleby},
    {"eq", "eq", "a b", 2, test_eq},
    {"equalto", "eq", "a b", 2, test_eq},
    {"escaped", "test_escaped", "value", 1, test_escaped},
    {"even", "test_even", "value", 1, test_even},
    {"false", "test_false", "value", 1, test_false},
    {"filter", "test_filter", "value", 1, test_filter},
    {"float", "test_float", "value", 1, test_float},
    {"ge", "ge", "a b", 2, test_ge},
    {"greaterthan", "gt", "a b", 2, test_gt},
    {"gt", "gt", "a b", 2, test_gt},
    {"in", "test_in", "value seq", 2, test_in},
    {"integer", "test_integer", "value", 1, test_integer},
    {"iterable", "test_iterable", "value", 1, test_iterable},
    {"le", "le", "a b", 2, test_le},
    {"lessthan", "lt", "a b", 2, test_lt},
    {"lower", "test_lower", "value", 1, test_lower},
    {"lt", "lt", "a b", 2, test_lt},
    {"mapping", "test_mapping", "value", 1, test_mapping},
    {"ne", "ne", "a b", 2, test_ne},
    {"none", "test_none", "value", 1, test_none},
    {"number", "test_number", "value", 1, test_number},
    {"odd", "test_odd", "value", 1, test_odd},
    {"sameas", "test_sameas", "value other", 2, test_sameas},
    {"sequence", "test_sequence", "value", 1, test_sequence},
    {"string", "test_string", "value", 1, test_string},
    {"test", "test_test", "value", 1, test_test},
    {"true", "test_true", "value", 1, test_true},
    {"undefined", "test_undefined", "value", 1, test_undefined},
    {"upper", "test_upper", "value", 1, test_upper},
};
const int TEST_COUNT = BUILTIN_TABLE_SIZE(TESTS);
