#include "check.h"
#include "core/utf8.h"

static void names_lead_back_to_their_statuses(void **state)
{
    (void)state;
    for (int s = 0; s < STATUS_COUNT; s++)
        assert_int_equal(status_from_name(status_name((enum status)s)), s);
    assert_int_equal(status_from_name("nonsense"), STATUS_INTERNAL);
    assert_int_equal(status_from_name(NULL), STATUS_INTERNAL);
    assert_string_equal(status_name(STATUS_NOT_FOUND), "not_found");
    assert_string_equal(status_name((enum status)99), "internal");
    assert_true(status_may_retry(STATUS_UNAVAILABLE));
    assert_false(status_may_retry(STATUS_INVALID));
    assert_int_equal(status_exit_code(STATUS_OK), 0);
    assert_int_equal(status_exit_code(STATUS_TIMEOUT), 7);
}

static void an_error_shows_the_parts_that_it_has(void **state)
{
    (void)state;
    struct error err;
    char text[400];
    assert_status(error_set(&err, STATUS_SYNTAX, "no %s", "value"), STATUS_SYNTAX);
    assert_string_equal(error_text(&err, text, sizeof text), "no value");
    assert_status(error_at(&err, 3, 5), STATUS_SYNTAX);
    assert_string_equal(error_text(&err, text, sizeof text), "3:5: no value");
    assert_status(error_place(&err, "%s.yaml", "hello"), STATUS_SYNTAX);
    assert_string_equal(error_text(&err, text, sizeof text), "hello.yaml:3:5: no value");
    assert_status(error_hint(&err, "Give one."), STATUS_SYNTAX);
    assert_string_equal(error_text(&err, text, sizeof text), "hello.yaml:3:5: no value (Give one.)");
    assert_status(error_wrap(&err, "reading %d", 7), STATUS_SYNTAX);
    assert_string_equal(error_text(&err, text, sizeof text),
                        "hello.yaml:3:5: reading 7: no value (Give one.)");
    error_at(&err, 0, 0);
    assert_string_equal(error_text(&err, text, sizeof text), "hello.yaml: reading 7: no value (Give one.)");
    error_set(&err, STATUS_IO, "other");
    assert_string_equal(error_text(&err, text, sizeof text), "other");
}

static void a_message_may_be_made_of_itself(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, STATUS_IO, "inner");
    error_set(&err, STATUS_INVALID, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
    error_wrap(&err, "again %s", err.message);
    assert_string_equal(err.message, "again outer: inner: outer: inner");
}

static void without_an_error_to_fill_the_status_is_right(void **state)
{
    (void)state;
    assert_status(error_set(NULL, STATUS_NOT_FOUND, "no %s", "file"), STATUS_NOT_FOUND);
    assert_status(error_hint(NULL, "Make one."), STATUS_NOT_FOUND);
    assert_status(error_place(NULL, "there"), STATUS_NOT_FOUND);
    assert_status(error_at(NULL, 1, 1), STATUS_NOT_FOUND);
    assert_status(error_wrap(NULL, "reading"), STATUS_NOT_FOUND);
}

static void long_text_is_cut_between_two_characters(void **state)
{
    (void)state;
    for (size_t ascii = 0; ascii < 5; ascii++) {
        struct error err;
        char text[3000];
        size_t len = ascii;
        memset(text, 'x', ascii);
        for (; len < 2500; len += 3)
            memcpy(text + len, "\xE2\x82\xAC", 3);
        text[len] = '\0';
        error_set(&err, STATUS_INVALID, "%s", text);
        error_place(&err, "%s", text);
        error_hint(&err, "%s", text);
        const char *cut[] = {err.message, err.place, err.hint};
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(utf8_check(str_of(cut[i])), strlen(cut[i]));
            assert_true(str_ends_with(str_of(cut[i]), STR("\xE2\x80\xA6")));
        }
        error_wrap(&err, "before");
        assert_true(str_starts_with(str_of(err.message), STR("before: ")));
        assert_true(str_ends_with(str_of(err.message), STR("\xE2\x80\xA6")));
        assert_int_equal(utf8_check(str_of(err.message)), strlen(err.message));
        for (size_t size = 0; size < 60; size++) {
            char small[64] = "untouched";
            error_text(&err, small, size);
            assert_true(size == 0 || strlen(small) < size);
            assert_true(size < 4 || utf8_check(str_of(small)) == strlen(small));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_back_to_their_statuses),
        cmocka_unit_test(an_error_shows_the_parts_that_it_has),
        cmocka_unit_test(a_message_may_be_made_of_itself),
        cmocka_unit_test(without_an_error_to_fill_the_status_is_right),
        cmocka_unit_test(long_text_is_cut_between_two_characters),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
