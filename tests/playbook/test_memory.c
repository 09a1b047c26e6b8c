/* Whatever memory there is, compiling succeeds, or says that it does not suffice and leaves nothing behind.
 */
#include "check.h"
#include "failing_memory.h"
#include "files.h"
#include "playbook/compile.h"

static const char *const FILES[] = {
    "tests/playbook/cases/next_has_many_forms.yaml",
    "tests/playbook/cases/older_spellings_get_hints.yaml",
    "tests/playbook/cases/workbook_actions_are_merged.yaml",
    "tests/playbook/cases/anchors_and_merge_keys.yaml",
    "tests/playbook/cases/values_are_checked.yaml",
    "tests/playbook/cases/next_is_checked.yaml",
    "tests/playbook/cases/yaml_is_strict.yaml",
    "tests/playbook/cases/attempts_are_compiled.yaml",
    "tests/playbook/cases/other_work_is_compiled.yaml",
    "tests/playbook/cases/constructs_are_checked.yaml",
    "tests/playbook/cases/workbook_iterators_are_compiled.yaml",
};

/* The status in so much memory. */
static enum status attempt(struct compile_memory memory, size_t for_diagnostics, struct str text)
{
    struct diagnostics d;
    struct playbook *p;
    struct error err = {0};
    diagnostics_init(&d);
    d.arena.limit = for_diagnostics;
    enum status status = playbook_compile_within(&memory, text, "test.yaml", &d, &p, &err);
    assert_int_equal(status == STATUS_OK, p != NULL);
    assert_int_equal(status, err.status);
    assert_true(status == STATUS_OK || err.message[0]);
    playbook_unref(p);
    diagnostics_free(&d);
    return status;
}

/* With ever more memory it fails for want of it, until it ends as it does when there is enough. */
static void check_file(const char *path, bool scratch)
{
    const struct compile_memory plenty = {0};
    struct buf text;
    bool enough = false;
    buf_init(&text, 0);
    file_load(path, &text);
    enum status expected = attempt(plenty, 0, buf_str(&text));
    for (size_t bytes = 64; !enough; bytes += bytes / 8) {
        struct compile_memory memory = {.scratch_bytes = scratch ? bytes : 0,
                                        .playbook_bytes = scratch ? 0 : bytes};
        enum status status = attempt(memory, 0, buf_str(&text));
        enough = status == expected;
        if (!enough)
            assert_status(status, STATUS_LIMIT);
    }
    buf_free(&text);
}

static void little_memory_for_the_tree_is_a_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        check_file(FILES[i], true);
}

static void little_memory_for_the_playbook_is_a_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        check_file(FILES[i], false);
}

/* Each request for memory is refused once: that is said, or makes no difference, and is not the playbook's
 * fault. */
static void a_request_that_is_refused_is_no_fault_of_the_playbook(void **state)
{
    (void)state;
    const struct compile_memory plenty = {0};
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        struct buf text;
        bool all_refused = false;
        buf_init(&text, 0);
        file_load(FILES[i], &text);
        enum status expected = attempt(plenty, 0, buf_str(&text));
        for (size_t n = 0; !all_refused; n++) {
            size_t held = memory_held();
            memory_fail_at(n, false);
            enum status status = attempt(plenty, 0, buf_str(&text));
            all_refused = memory_fail_never() <= n;
            if (status != STATUS_NO_MEMORY && status != expected)
                fail_msg("%s: without request %zu: %s", FILES[i], n, status_name(status));
            assert_int_equal(memory_held(), held);
        }
        buf_free(&text);
    }
}

static void no_memory_for_diagnostics_is_an_error_of_its_own(void **state)
{
    (void)state;
    const struct compile_memory plenty = {0};
    struct buf text;
    buf_init(&text, 0);
    file_load("tests/playbook/cases/next_is_checked.yaml", &text);
    assert_status(attempt(plenty, 1000, buf_str(&text)), STATUS_NO_MEMORY);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_memory_for_the_tree_is_a_limit),
        cmocka_unit_test(little_memory_for_the_playbook_is_a_limit),
        cmocka_unit_test(a_request_that_is_refused_is_no_fault_of_the_playbook),
        cmocka_unit_test(no_memory_for_diagnostics_is_an_error_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
