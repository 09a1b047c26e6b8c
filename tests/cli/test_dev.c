/* The cases that need a running `noetl dev`: one is started in a folder of its own, and all cases are run. */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

#include "program.h"

static void every_case_holds_against_a_running_dev(void **state)
{
    (void)state;
    struct program dev;
    struct dev_entry entry;
    struct process cases;
    struct error err;
    int code = -1;
    const char *const argv[] = {getenv("NOETL_TEST_CASES"), NULL};
    const struct process_options options = {
        .argv = argv, .in = -1, .out = 1, .error = 2, .die_with_parent = true};
    assert_non_null(argv[0]);
    dev_start(&dev, scratch("dev"), &entry);
    assert_int_equal(setenv("NOETL_TEST_DEV_DIR", entry.data_dir, 1), 0);
    assert_ok(process_start(&options, &cases, &err), &err);
    assert_true(process_wait(&cases, -1, &code));
    dev_stop(&dev);
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_case_holds_against_a_running_dev, scratch_make, scratch_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
