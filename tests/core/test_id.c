#include "check.h"
#include "core/digest.h"
#include "core/id.h"

static void ids_of_a_publisher_grow_with_time(void **state)
{
    (void)state;
    int64_t now = ID_EPOCH_MS + 1;
    int64_t before = 0;
    for (int i = 0; i < 1000; i++) {
        for (uint32_t sequence = 0; sequence < 3; sequence++) {
            int64_t id = id_from_time(now, 1023, sequence);
            assert_true(id > before);
            assert_true(id_time_ms(id) == now);
            before = id;
        }
        now += 1 + i * 100003;
    }
}

static void a_wrong_clock_still_gives_a_positive_id_made_from_time(void **state)
{
    (void)state;
    static const int64_t clocks[] = {INT64_MIN, -1, 0, ID_EPOCH_MS, INT64_C(99999999999999), INT64_MAX};
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        int64_t id = id_from_time(clocks[i], UINT32_MAX, UINT32_MAX);
        assert_true(id > 0);
        assert_true(id_time_ms(id) != 0);
    }
}

static void the_same_key_gives_the_same_id(void **state)
{
    (void)state;
    int64_t id = id_from_key(STR("a/b"), STR("key"));
    assert_true(id == id_from_key(STR("a/b"), STR("key")));
    assert_true(id > INT64_C(1) << 62);
    assert_int_equal(id_time_ms(id), 0);
    assert_true(id != id_from_key(STR("a/b"), STR("key2")));
    assert_true(id_from_key(STR("a"), STR("bc")) != id_from_key(STR("ab"), STR("c")));
    /* hashlib.sha256(b"a/b\0key").digest(): the first 62 bits */
    assert_true(id == INT64_C(7097260619969427897));
}

static void ids_are_read_as_they_are_written(void **state)
{
    (void)state;
    static const int64_t ids[] = {1, 7330114218393600, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        char text[ID_TEXT];
        struct error err;
        int64_t back = 0;
        size_t len = id_format(ids[i], text);
        assert_int_equal(len, strlen(text));
        assert_ok(id_parse((struct str){text, len}, &back, &err), &err);
        assert_true(back == ids[i]);
    }
    static const char *const bad[] = {"", "0", "-1", "01", "1a", "9223372036854775808", " 1", "1 "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err;
        int64_t id;
        assert_status(id_parse(str_of(bad[i]), &id, &err), STATUS_INVALID);
        assert_non_null(strstr(err.message, bad[i]));
    }
}

static void the_partition_is_the_one_of_the_server(void **state)
{
    (void)state;
    assert_int_equal(id_partition(12345, 1), 0);
    assert_int_equal(id_partition(12345, 0), 0);
    assert_int_equal(id_partition(12345, 8), fnv1a32(STR("12345")) % 8);
}

static void task_ids_are_read_as_they_are_written(void **state)
{
    (void)state;
    static const struct {
        struct task_id id;
        const char *text;
    } cases[] = {
        {{3, 1, 0, {{0, 0, 2}}}, "s3v1a2"},
        {{0, 1, 1, {{0, 0, 1}, {0, 0, 1}}}, "s0v1a1i0a1"},
        {{3, 1, 1, {{0, 0, 2}, {17, 0, 1}}}, "s3v1a2i17a1"},
        {{3, 1, 2, {{0, 0, 1}, {17, 2, 3}, {4, 0, 5}}}, "s3v1a1i17t2a3i4a5"},
        {{UINT32_MAX, UINT32_MAX, 1, {{0, 0, UINT32_MAX}, {INT32_MAX, 0, 1}}},
         "s4294967295v4294967295a4294967295i2147483647a1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TASK_ID_TEXT];
        struct error err;
        struct task_id back = {0};
        assert_int_equal(task_id_format(&cases[i].id, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
        assert_ok(task_id_parse(str_of(text), &back, &err), &err);
        assert_memory_equal(&back, &cases[i].id, sizeof back);
    }
}

static void other_texts_are_no_task_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "s",
                                      "s1",
                                      "s1v1",
                                      "s1v1a",
                                      "s1v1a1x",
                                      "s01v1a1",
                                      "s1v0a1",
                                      "s1v1a0",
                                      "s1v1a1i-1a1",
                                      "s1v1a1i2147483648a1",
                                      "s1v1i2a1",
                                      "s1v1a1i2t0a1",
                                      "s1v1a1i2t1",
                                      "s1v1a1i2a1i2a1i2a1i2a1",
                                      "x1v1a1",
                                      "s4294967296v1a1",
                                      "s99999999999999999999v1a1",
                                      " s1v1a1",
                                      "S1V1A1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err;
        struct task_id id;
        assert_status(task_id_parse(str_of(bad[i]), &id, &err), STATUS_INVALID);
    }
}

static void subject_tokens_are_plain_words(void **state)
{
    (void)state;
    char longest[129];
    memset(longest, 'a', sizeof longest);
    assert_true(is_subject_token(STR("aZ09_-")));
    assert_true(is_subject_token((struct str){longest, 128}));
    assert_false(is_subject_token((struct str){longest, 129}));
    assert_false(is_subject_token(STR("")));
    assert_false(is_subject_token(STR("a.b")));
    assert_false(is_subject_token(STR("*")));
    assert_false(is_subject_token(STR("a b")));
    assert_false(is_subject_token(STR("\xC3\xA9")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_a_publisher_grow_with_time),
        cmocka_unit_test(a_wrong_clock_still_gives_a_positive_id_made_from_time),
        cmocka_unit_test(the_same_key_gives_the_same_id),
        cmocka_unit_test(ids_are_read_as_they_are_written),
        cmocka_unit_test(the_partition_is_the_one_of_the_server),
        cmocka_unit_test(task_ids_are_read_as_they_are_written),
        cmocka_unit_test(other_texts_are_no_task_ids),
        cmocka_unit_test(subject_tokens_are_plain_words),
    };
    return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
