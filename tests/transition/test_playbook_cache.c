/* A cache of playbooks that finds no memory says so, or gives what it cannot keep. */
#include "check.h"
#include "failing_memory.h"
#include "transition/playbook_cache.h"

static const char TEXT[] = "metadata: {path: test}\nworkflow: [{step: start}]\n";

/* With request n refused, until none is; *out is NULL when there was no memory. */
static bool new_cache(size_t n, struct playbook_cache **out)
{
    struct error e = {0};
    memory_fail_at(n, false);
    enum status status = playbook_cache_new(2, out, &e);
    bool refused = n < memory_fail_never();
    if (refused)
        assert_status(status, STATUS_NO_MEMORY);
    else
        assert_ok(status, &e);
    return refused;
}

static void a_cache_without_memory_is_none(void **state)
{
    (void)state;
    size_t held = memory_held(), n = 0;
    struct playbook_cache *cache;
    while (new_cache(n++, &cache)) {
        assert_null(cache);
        assert_int_equal(memory_held(), held);
        playbook_cache_free(&cache);
    }
    assert_true(n > 2);
    playbook_cache_free(&cache);
    assert_null(cache);
    assert_int_equal(memory_held(), held);
}

/* Returns whether a request was refused. */
static bool get(struct playbook_cache *cache, size_t n, enum status *status)
{
    struct playbook *p;
    struct error e = {0};
    memory_fail_at(n, false);
    *status = playbook_cache_get(cache, str_of(TEXT), "test", &p, &e);
    bool refused = n < memory_fail_never();
    assert_int_equal(*status == STATUS_OK, p != NULL);
    playbook_unref(p);
    return refused;
}

static void a_playbook_that_cannot_be_kept_is_given(void **state)
{
    (void)state;
    size_t held = memory_held(), n = 0;
    bool given = false, refused = true;
    while (refused) {
        struct playbook_cache *cache;
        enum status status;
        new_cache(SIZE_MAX, &cache);
        refused = get(cache, n++, &status);
        given = given || (refused && status == STATUS_OK);
        if (status != STATUS_OK)
            assert_status(status, STATUS_NO_MEMORY);
        playbook_cache_free(&cache);
        assert_int_equal(memory_held(), held);
    }
    assert_true(given);
}

static void one_text_is_one_playbook(void **state)
{
    (void)state;
    struct playbook_cache *cache;
    struct playbook *first, *second;
    struct error e = {0};
    new_cache(SIZE_MAX, &cache);
    assert_ok(playbook_cache_get(cache, str_of(TEXT), "test", &first, &e), &e);
    assert_ok(playbook_cache_get(cache, str_of(TEXT), "test", &second, &e), &e);
    assert_ptr_equal(first, second);
    playbook_cache_free(&cache);
    assert_string_equal(first->steps[0].name.ptr, "start"); /* what was given outlives the cache */
    playbook_unref(first);
    playbook_unref(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cache_without_memory_is_none),
        cmocka_unit_test(a_playbook_that_cannot_be_kept_is_given),
        cmocka_unit_test(one_text_is_one_playbook),
    };
    return cmocka_run_group_tests_name("cache of playbooks", tests, NULL, NULL);
}
