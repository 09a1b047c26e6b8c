#include "check.h"
#include "core/digest.h"

static void fnv_is_as_published(void **state)
{
    (void)state;
    assert_int_equal(fnv1a32(STR("")), 0x811c9dc5);
    assert_int_equal(fnv1a32(STR("a")), 0xe40c292c);
    assert_int_equal(fnv1a32(STR("foobar")), 0xbf9cf968);
}

static void sha256_is_as_published(void **state)
{
    (void)state;
    char hex[65], million[1000];
    sha256_hex(STR(""), hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex(STR("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_hex(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    struct sha256 h;
    uint8_t out[32];
    memset(million, 'a', sizeof million);
    sha256_begin(&h);
    for (int i = 0; i < 1000; i++)
        sha256_add(&h, million, sizeof million);
    sha256_end(&h, out);
    static const uint8_t expected[] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92};
    assert_memory_equal(out, expected, sizeof expected);
}

static void sha256_does_not_depend_on_how_the_bytes_arrive(void **state)
{
    (void)state;
    char text[300];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7);
    for (size_t len = 0; len < sizeof text; len++) {
        struct sha256 whole, parts;
        uint8_t a[32], b[32];
        sha256_begin(&whole);
        sha256_add(&whole, text, len);
        sha256_end(&whole, a);
        sha256_begin(&parts);
        for (size_t at = 0, step = 1; at < len; at += step, step = step * 2 % 67) {
            if (step > len - at)
                step = len - at;
            sha256_add(&parts, text + at, step);
        }
        sha256_end(&parts, b);
        assert_memory_equal(a, b, sizeof a);
    }
}

/* RFC 4648, 10 */
static void base64_is_as_published(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b;
        buf_init(&b, 0);
        base64_encode(&b, str_of(cases[i][0]));
        assert_str(buf_str(&b), cases[i][1]);
        buf_clear(&b);
        assert_true(base64_decode(&b, str_of(cases[i][1])));
        assert_str(buf_str(&b), cases[i][0]);
        buf_free(&b);
    }
}

static void base64_comes_back_from_any_bytes(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (size_t len = 0; len < 200; len++) {
        char bytes[200];
        struct buf text, back;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)splitmix64(&seed);
        buf_init(&text, 0);
        buf_init(&back, len + 1); /* a limit that the bytes just fit */
        base64_encode(&text, (struct str){bytes, len});
        assert_true(base64_decode(&back, buf_str(&text)));
        assert_int_equal(back.len, len);
        assert_memory_equal(buf_str(&back).ptr, bytes, len);
        buf_free(&text);
        buf_free(&back);
    }
}

static void base64_is_read_leniently_but_not_wrongly(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    assert_true(base64_decode(&b, STR(" Zm 9v\r\nYg ")));
    assert_str(buf_str(&b), "foob");
    buf_clear(&b);
    assert_true(base64_decode(&b, STR("-_+/")));
    assert_memory_equal(b.data, "\xFB\xFF\xBF", 3);
    buf_clear(&b);
    buf_add_text(&b, "kept");
    static const char *const bad[] = {"Z",     "Zm9vY", "Zg=",      "Zg===", "=",
                                      "Zm9v=", "Z=g=",  "Zg==Zg==", "Zm9*",  "\xC3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(base64_decode(&b, str_of(bad[i])));
        assert_str(buf_str(&b), "kept");
    }
    buf_free(&b);
}

static void base64_that_does_not_fit_says_so(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    assert_false(base64_decode(&b, STR("Zm9vYmFy")));
    assert_status(buf_status(&b, NULL), STATUS_LIMIT);
    buf_clear(&b);
    base64_encode(&b, STR("foobar"));
    assert_status(buf_status(&b, NULL), STATUS_LIMIT);
    buf_free(&b);
}

static void splitmix_is_as_published(void **state)
{
    (void)state;
    uint64_t seed = 1234567;
    assert_true(splitmix64(&seed) == UINT64_C(6457827717110365317));
    assert_true(splitmix64(&seed) == UINT64_C(3203168211198807973));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fnv_is_as_published),
        cmocka_unit_test(sha256_is_as_published),
        cmocka_unit_test(sha256_does_not_depend_on_how_the_bytes_arrive),
        cmocka_unit_test(base64_is_as_published),
        cmocka_unit_test(base64_comes_back_from_any_bytes),
        cmocka_unit_test(base64_is_read_leniently_but_not_wrongly),
        cmocka_unit_test(base64_that_does_not_fit_says_so),
        cmocka_unit_test(splitmix_is_as_published),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
