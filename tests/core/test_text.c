/* str.h and utf8.h */
#include "check.h"
#include "core/utf8.h"

static void order_is_bytewise_and_shorter_first(void **state)
{
    (void)state;
    assert_true(str_compare(STR("a"), STR("b")) < 0);
    assert_true(str_compare(STR("a"), STR("aa")) < 0);
    assert_true(str_compare(STR("\xC3\xA9"), STR("z")) > 0);
    assert_int_equal(str_compare(STR(""), (struct str){NULL, 0}), 0);
}

static void beginnings_ends_and_places_are_found(void **state)
{
    (void)state;
    assert_true(str_starts_with(STR("abc"), STR("ab")));
    assert_false(str_starts_with(STR("a"), STR("ab")));
    assert_true(str_starts_with(STR("abc"), STR("")));
    assert_true(str_ends_with(STR("abc"), STR("bc")));
    assert_false(str_ends_with(STR("abc"), STR("ab")));
    assert_false(str_ends_with(STR("c"), STR("bc")));
    assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
    assert_int_equal(str_find(STR("abc"), STR("x")), -1);
    assert_int_equal(str_find(STR("abc"), STR("")), 0);
    assert_int_equal(str_find(STR(""), STR("a")), -1);
    assert_str(str_trim(STR(" \t\r\n a b \f\v")), "a b");
    assert_str(str_trim(STR("   ")), "");
    assert_str(str_head(STR("abc"), 5), "abc");
    assert_str(str_head(STR("a\xE2\x82\xAC"), 3), "a");
}

static void splitting_gives_every_part(void **state)
{
    (void)state;
    struct str rest = STR("a,,b");
    assert_str(str_split(&rest, ','), "a");
    assert_str(str_split(&rest, ','), "");
    assert_str(str_split(&rest, ','), "b");
    assert_int_equal(rest.len, 0);
    assert_str(str_split(&rest, ','), "");
    rest = (struct str){NULL, 0};
    assert_int_equal(str_split(&rest, ',').len, 0);
}

static void integers_are_read_up_to_both_ends_of_their_range(void **state)
{
    (void)state;
    int64_t n = 0;
    assert_true(str_to_int64(STR("9223372036854775807"), &n));
    assert_true(n == INT64_MAX);
    assert_true(str_to_int64(STR("-9223372036854775808"), &n));
    assert_true(n == INT64_MIN);
    assert_true(str_to_int64(STR("-0"), &n));
    assert_int_equal(n, 0);
    assert_true(str_to_int64(STR("007"), &n));
    assert_int_equal(n, 7);
    static const char *const bad[] = {
        "", "-", "+1", "1 ", " 1", "1.0", "0x1", "9223372036854775808", "--1", "1e3", "-9223372036854775809"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(str_to_int64(str_of(bad[i]), &n));
}

static void the_nearest_word_is_suggested_if_it_is_near(void **state)
{
    (void)state;
    const struct str words[] = {STR("http"), STR("postgres"), STR("python"), STR("workbook"),
                                STR("iterator")};
    static const struct {
        const char *word, *nearest;
    } cases[] = {{"htpt", "http"},
                 {"postgers", "postgres"},
                 {"pyton", "python"},
                 {"wrokbok", "workbook"},
                 {"iterators", "iterator"},
                 {"shell", ""},
                 {"", ""},
                 {"x", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_str(str_nearest(str_of(cases[i].word), words, 5), cases[i].nearest);
    char longer[100];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(str_nearest((struct str){longer, sizeof longer}, words, 5).len, 0);
}

/* Every code point there and back; everything that RFC 3629 excludes is refused. */
static void every_character_is_written_and_read(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x110010; c++) {
        char bytes[4];
        size_t at = 0, len = utf8_put(bytes, c);
        if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
            assert_int_equal(len, 0);
            continue;
        }
        assert_int_equal(utf8_next((struct str){bytes, len}, &at), c);
        assert_int_equal(at, len);
        assert_int_equal(utf8_check((struct str){bytes, len}), len);
        for (size_t cut = 1; cut < len; cut++)
            assert_int_equal(utf8_check((struct str){bytes, cut}), 0);
    }
}

static void bytes_that_are_no_utf8_are_refused_where_they_are(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC3(",
        "\xE2\x82(",
        "\xF0\x9F\x98(",
        "\xF8\x88\x80\x80\x80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (size_t before = 0; before < 20; before++) {
            char text[40];
            memset(text, 'a', before);
            memcpy(text + before, bad[i], strlen(bad[i]) + 1);
            assert_int_equal(utf8_check(str_of(text)), before);
            size_t at = before;
            assert_int_equal(utf8_next(str_of(text), &at), -1);
            assert_int_equal(at, before);
        }
    }
}

static void length_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
    assert_int_equal(utf8_length(STR("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_bytewise_and_shorter_first),
        cmocka_unit_test(beginnings_ends_and_places_are_found),
        cmocka_unit_test(splitting_gives_every_part),
        cmocka_unit_test(integers_are_read_up_to_both_ends_of_their_range),
        cmocka_unit_test(the_nearest_word_is_suggested_if_it_is_near),
        cmocka_unit_test(every_character_is_written_and_read),
        cmocka_unit_test(bytes_that_are_no_utf8_are_refused_where_they_are),
        cmocka_unit_test(length_counts_characters),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
