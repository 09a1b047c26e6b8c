#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "publisher/environment.h"

static void only_variables_that_are_named_and_set_are_shown(void **state)
{
    (void)state;
    struct settings *settings;
    struct arena a;
    struct value env;
    arena_init(&a, 0);
    assert_int_equal(settings_new(&settings, NULL), STATUS_OK);
    assert_int_equal(environment_for_templates(settings, &a, &env, NULL), STATUS_OK);
    assert_true(value_is_absent(env));

    assert_int_equal(setenv("REGION", "north", 1), 0);
    assert_int_equal(setenv("PASSWORD", "hunter2", 1), 0);
    assert_int_equal(unsetenv("ZONE"), 0);
    assert_int_equal(
        settings_set(settings, SOURCE_FLAG, "test", STR("templates.env"), STR("REGION,ZONE"), NULL),
        STATUS_OK);
    assert_int_equal(environment_for_templates(settings, &a, &env, NULL), STATUS_OK);
    assert_int_equal(env.len, 1);
    assert_true(str_is(value_as_str(VALUE_GET(env, "REGION")), "north"));
    settings_free(&settings);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_variables_that_are_named_and_set_are_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
