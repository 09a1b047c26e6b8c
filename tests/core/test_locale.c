/* JSON and floats are the same where people write a decimal comma. Makes such a locale in a temporary folder.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/json.h"

static char folder[] = "/tmp/noetl-locale-XXXXXX";

/* Waits for a child; its exit status, or -1. */
static int finish(pid_t child)
{
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int make_locale(void **state)
{
    char path[100];
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/comma.UTF-8", folder);
    pid_t child = fork();
    if (child == 0) {
        execlp("localedef", "localedef", "--quiet", "-i", "de_DE", "-f", "UTF-8", path, (char *)NULL);
        _exit(127);
    }
    finish(child);
    return setenv("LOCPATH", folder, 1);
}

static int remove_locale(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-r", folder, (char *)NULL);
        _exit(127);
    }
    return finish(child);
}

static void numbers_have_a_point_in_every_locale(void **state)
{
    (void)state;
    static const char text[] =
        "[0.1,-2.5,1.2345678901234567e-100,123456.78901234567,5e-324,1e+22,1234567890123456.8]";
    struct arena a;
    struct value v;
    struct str written;
    struct error err;
    char comma[8];
    if (setlocale(LC_ALL, "comma.UTF-8") == NULL)
        skip(); /* a system without the sources of locales */
    snprintf(comma, sizeof comma, "%.1f", 1.5);
    assert_string_equal(comma, "1,5");
    arena_init(&a, 0);
    assert_ok(json_read(&a, str_of(text), NULL, &v, &err), &err);
    assert_ok(json_text(&a, v, &written, &err), &err);
    assert_string_equal(written.ptr, text);
    assert_true(v.u.list[2].u.f == 1.2345678901234567e-100);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_have_a_point_in_every_locale)};
    return cmocka_run_group_tests_name("locale", tests, make_locale, remove_locale);
}
