/* W3C trace context: which values are taken, and what a span hands on. */
#include <string.h>

#include "check.h"
#include "core/trace.h"

#define VALID "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void what_the_specification_allows_is_taken_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_valid;
    } cases[] = {
        {VALID, true},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like", true},
        {"", false},
        {"00", false},
        {VALID "-", false},
        {VALID "-more", false},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more", false},
        {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7-01", false},
        {"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7.01", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[TRACEPARENT_TEXT];
        if (traceparent_is_valid(str_of(cases[i].text)) != cases[i].is_valid)
            fail_msg("%s", cases[i].text);
        assert_int_equal(traceparent_of_span(str_of(cases[i].text), STR("x"), out), cases[i].is_valid);
        assert_int_equal(strlen(out), cases[i].is_valid ? 55 : 0);
    }
}

static void a_span_has_an_id_of_its_own_in_the_same_trace(void **state)
{
    (void)state;
    char one[TRACEPARENT_TEXT], again[TRACEPARENT_TEXT], other[TRACEPARENT_TEXT], below[TRACEPARENT_TEXT];
    assert_true(traceparent_of_span(STR(VALID), STR("one"), one));
    assert_true(traceparent_of_span(STR(VALID), STR("one"), again));
    assert_true(traceparent_of_span(STR(VALID), STR("other"), other));
    assert_true(traceparent_of_span(str_of(one), STR("one"), below));
    assert_true(traceparent_is_valid(str_of(one)));
    assert_memory_equal(one, VALID, 36);
    assert_memory_equal(below, VALID, 36);
    assert_string_equal(one, again);
    assert_string_not_equal(one, VALID);
    assert_string_not_equal(one, other);
    assert_string_not_equal(one, below);
}

/* A later version is answered in the one that is known, with the flag that is. */
static void the_version_and_the_flags_are_those_that_are_known(void **state)
{
    (void)state;
    char out[TRACEPARENT_TEXT];
    assert_true(
        traceparent_of_span(STR("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-x"), STR("s"), out));
    assert_memory_equal(out, "00-", 3);
    assert_string_equal(out + 52, "-01");
    assert_true(
        traceparent_of_span(STR("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe"), STR("s"), out));
    assert_string_equal(out + 52, "-00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_specification_allows_is_taken_and_nothing_else),
        cmocka_unit_test(a_span_has_an_id_of_its_own_in_the_same_trace),
        cmocka_unit_test(the_version_and_the_flags_are_those_that_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
