/* What plain scalars are, and which of them get a hint because YAML 1.1 and 1.2 disagree. */
#include "check.h"
#include "core/json.h"
#include "playbook/ynode.h"

static const struct {
    const char *text, *json;
    bool ambiguous;
} CASES[] = {
    {"", "null", false},
    {"~", "null", false},
    {"NULL", "null", false},
    {"nUll", "\"nUll\"", false},
    {"true", "true", false},
    {"FALSE", "false", false},
    {"tRue", "\"tRue\"", false},
    {"yes", "true", true},
    {"Off", "false", true},
    {"y", "\"y\"", false},
    {"0", "0", false},
    {"-0", "0", false},
    {"+12", "12", false},
    {"9223372036854775807", "9223372036854775807", false},
    {"-9223372036854775808", "-9223372036854775808", false},
    {"9223372036854775808", "9223372036854775808", false},
    {"-123456789012345678901234567890", "-123456789012345678901234567890", false},
    {"1_000_000", "1000000", true},
    {"_1", "\"_1\"", false},
    {"0x7FFFFFFFFFFFFFFF", "9223372036854775807", false},
    {"-0xff", "-255", false},
    {"0xfg", "\"0xfg\"", false},
    {"0x", "\"0x\"", false},
    {"0o755", "493", true},
    {"0755", "493", true},
    {"0789", "\"0789\"", true},
    {"0b11", "3", true},
    {"0b12", "\"0b12\"", false},
    {"1.0", "1.0", false},
    {"1.", "1.0", false},
    {".5", "0.5", false},
    {"-.5", "-0.5", true},
    {"1e3", "1000.0", true},
    {"1.5e3", "1500.0", true},
    {"1.5e+3", "1500.0", false},
    {"1.5E-3", "0.0015", false},
    {"1e", "\"1e\"", false},
    {"1e+", "\"1e+\"", false},
    {"1.2.3", "\"1.2.3\"", false},
    {".", "\".\"", false},
    {"-", "\"-\"", false},
    {"+", "\"+\"", false},
    {"._5", "\"._5\"", false},
    {"1_0.5", "10.5", true},
    {"1:30", "\"1:30\"", true},
    {"190:20:30", "\"190:20:30\"", true},
    {"1:60", "\"1:60\"", false},
    {"2024-12-31", "\"2024-12-31\"", false},
    {"127.0.0.1", "\"127.0.0.1\"", false},
    {"1 2", "\"1 2\"", false},
    {"0.1", "0.1", false},
    {"<<", "\"<<\"", false},
};

static void plain_scalars_have_their_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena a;
        struct value v;
        struct str json;
        struct error err;
        const char *other = "unset";
        arena_init(&a, 0);
        assert_ok(scalar_resolve(&a, str_of(CASES[i].text), &v, &other, &err), &err);
        assert_ok(json_text(&a, v, &json, &err), &err);
        if (!str_is(json, CASES[i].json))
            fail_msg("%s is %.*s, not %s", CASES[i].text, ARGSTR(json), CASES[i].json);
        if ((other != NULL) != CASES[i].ambiguous)
            fail_msg("%s: %s", CASES[i].text, other ? other : "should be ambiguous");
        arena_free(&a);
    }
}

static void numbers_beyond_json_are_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        ".inf", "-.Inf", "+.INF", ".NaN", "1e999", "0x8000000000000000", "0777777777777777777777777"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct arena a;
        struct value v;
        struct error err;
        const char *other;
        arena_init(&a, 0);
        assert_status(scalar_resolve(&a, str_of(TEXTS[i]), &v, &other, &err), STATUS_INVALID);
        assert_true(err.message[0] != '\0');
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_have_their_types),
        cmocka_unit_test(numbers_beyond_json_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
