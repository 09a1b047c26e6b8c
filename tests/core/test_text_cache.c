/* What is kept by its text, and what goes. Values are letters, and those that were released are listed. */
#include "check.h"
#include "core/text_cache.h"

static char released[32];

static void release(void *value)
{
    size_t n = strlen(released);
    assert_true(n + 1 < sizeof released);
    released[n] = *(const char *)value;
    released[n + 1] = '\0';
}

static struct text_cache *cache_of(uint32_t max_count, size_t max_bytes)
{
    struct text_cache *cache;
    released[0] = '\0';
    assert_int_equal(text_cache_new(max_count, max_bytes, release, &cache, NULL), STATUS_OK);
    return cache;
}

static struct text_key key_of(const char *kind, const char *text)
{
    return (struct text_key){str_of(kind), str_of(text)};
}

static bool keep_sized(struct text_cache *cache, struct text_key key, const char *value, size_t bytes)
{
    return text_cache_keep(cache, key, (void *)(uintptr_t)value, bytes);
}

static bool keep(struct text_cache *cache, struct text_key key, const char *value)
{
    return keep_sized(cache, key, value, 0);
}

/* Under each letter of `letters`, that letter. */
static void keep_each(struct text_cache *cache, const char *letters)
{
    for (const char *l = letters; *l; l++)
        assert_true(keep(cache, (struct text_key){.text = {l, 1}}, l));
}

/* The letters of `wanted` that are found, which counts as a use of each. */
static void assert_found(struct text_cache *cache, const char *wanted, const char *expected)
{
    char found[32] = "";
    for (const char *l = wanted; *l; l++) {
        const char *value = text_cache_find(cache, (struct text_key){.text = {l, 1}});
        if (value)
            strncat(found, value, 1);
    }
    assert_string_equal(found, expected);
}

static void what_was_kept_is_found(void **state)
{
    (void)state;
    struct text_cache *cache = cache_of(10, 0);
    assert_found(cache, "a", "");
    keep_each(cache, "abc");
    assert_found(cache, "abcd", "abc");
    assert_int_equal(text_cache_count(cache), 3);
    assert_string_equal(released, "");
    text_cache_free(&cache);
    assert_null(cache);
    assert_int_equal(strlen(released), 3);
    text_cache_free(&cache);
}

static void the_key_is_copied(void **state)
{
    (void)state;
    struct text_cache *cache = cache_of(10, 0);
    char text[] = "abc";
    assert_true(keep(cache, key_of("", text), "x"));
    text[0] = 'z';
    assert_non_null(text_cache_find(cache, key_of("", "abc")));
    assert_null(text_cache_find(cache, key_of("", "zbc")));
    text_cache_free(&cache);
}

static void texts_of_different_kinds_are_different(void **state)
{
    (void)state;
    struct text_cache *cache = cache_of(10, 0);
    assert_true(keep(cache, key_of("a", "bc"), "1"));
    assert_true(keep(cache, key_of("ab", "c"), "2"));
    assert_true(keep(cache, key_of("", "abc"), "3"));
    assert_true(keep(cache, key_of("abc", ""), "4"));
    assert_true(keep(cache, key_of("abc", "abc"), "5"));
    assert_string_equal(text_cache_find(cache, key_of("a", "bc")), "1");
    assert_string_equal(text_cache_find(cache, key_of("ab", "c")), "2");
    assert_string_equal(text_cache_find(cache, key_of("", "abc")), "3");
    assert_string_equal(text_cache_find(cache, key_of("abc", "")), "4");
    assert_string_equal(text_cache_find(cache, key_of("abc", "abc")), "5");
    text_cache_free(&cache);
}

static void the_one_that_was_not_used_for_longest_goes(void **state)
{
    (void)state;
    struct text_cache *cache = cache_of(3, 0);
    keep_each(cache, "abc");
    assert_found(cache, "a", "a");
    keep_each(cache, "d");
    assert_string_equal(released, "b");
    assert_found(cache, "ca", "ca");
    keep_each(cache, "ef");
    assert_string_equal(released, "bdc");
    assert_found(cache, "abcdef", "aef");
    text_cache_free(&cache);
}

static void all_texts_together_have_a_bound(void **state)
{
    (void)state;
    struct text_cache *cache = cache_of(100, 10);
    keep_each(cache, "abc");
    assert_true(keep(cache, key_of("1234", "567"), "x")); /* ten bytes */
    assert_string_equal(released, "");
    assert_true(keep(cache, key_of("", "yz"), "y"));
    assert_string_equal(released, "ab");
    assert_true(keep(cache, key_of("0123456789", ""), "z"));
    assert_string_equal(released, "abcxy");
    assert_int_equal(text_cache_count(cache), 1);
    text_cache_free(&cache);
}

static void values_count_with_their_texts(void **state)
{
    (void)state;
    struct text_cache *cache = cache_of(100, 10);
    keep_each(cache, "abc");
    assert_true(keep_sized(cache, key_of("", "x"), "x", 7));
    assert_string_equal(released, "a");
    assert_true(keep_sized(cache, key_of("", "y"), "y", 9));
    assert_string_equal(released, "abcx");
    assert_false(keep_sized(cache, key_of("", "z"), "z", 10));
    assert_false(keep_sized(cache, key_of("", "z"), "z", SIZE_MAX));
    assert_found(cache, "y", "y");
    text_cache_free(&cache);
}

static void what_is_larger_than_the_bound_is_not_kept_and_moves_nothing_out(void **state)
{
    (void)state;
    struct text_cache *cache = cache_of(100, 10);
    keep_each(cache, "abc");
    assert_false(keep(cache, key_of("", "01234567890"), "x"));
    assert_false(keep(cache, key_of("0123456789", "0"), "x"));
    assert_false(keep(cache, key_of("01234567890", ""), "x"));
    assert_string_equal(released, "");
    assert_found(cache, "abc", "abc");
    text_cache_free(&cache);
}

static void a_text_is_kept_once(void **state)
{
    (void)state;
    struct text_cache *cache = cache_of(10, 0);
    assert_true(keep(cache, key_of("k", "text"), "first"));
    assert_false(keep(cache, key_of("k", "text"), "second"));
    assert_string_equal(text_cache_find(cache, key_of("k", "text")), "first");
    assert_int_equal(text_cache_count(cache), 1);
    assert_string_equal(released, "");
    text_cache_free(&cache);
}

/* Beside a plain list in the order of use: many keys, few places, so that buckets and order change a lot. */
static void after_any_uses_it_holds_what_a_list_would(void **state)
{
    (void)state;
    enum { PLACES = 7, KEYS = 20, USES = 20000 };
    struct text_cache *cache;
    uint64_t random = 1;
    int order[PLACES], count = 0;
    cache = cache_of(PLACES, 0);
    for (int use = 0; use < USES; use++) {
        int wanted = (int)((random = random * 6364136223846793005u + 1442695040888963407u) >> 33) % KEYS;
        int at = 0;
        while (at < count && order[at] != wanted)
            at++;
        struct text_key key = {.text = {(const char *)&wanted, sizeof wanted}};
        assert_int_equal(text_cache_find(cache, key) != NULL, at < count);
        if (at == count) {
            released[0] = '\0';
            assert_true(keep(cache, key, "v"));
            assert_string_equal(released, count == PLACES ? "v" : "");
            at = count == PLACES ? PLACES - 1 : count++;
        }
        memmove(order + 1, order, (size_t)at * sizeof *order);
        order[0] = wanted;
        assert_int_equal(text_cache_count(cache), count);
    }
    released[0] = '\0';
    text_cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_is_found),
        cmocka_unit_test(the_key_is_copied),
        cmocka_unit_test(texts_of_different_kinds_are_different),
        cmocka_unit_test(the_one_that_was_not_used_for_longest_goes),
        cmocka_unit_test(all_texts_together_have_a_bound),
        cmocka_unit_test(values_count_with_their_texts),
        cmocka_unit_test(what_is_larger_than_the_bound_is_not_kept_and_moves_nothing_out),
        cmocka_unit_test(a_text_is_kept_once),
        cmocka_unit_test(after_any_uses_it_holds_what_a_list_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
