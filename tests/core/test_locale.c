/* JSON and floats are the same where people write a decimal comma. Makes such a locale in a temporary folder.
 */
#include <fcntl.h>
#include <locale.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/json.h"

static char folder[] = "/tmp/noetl-locale-XXXXXX";

/* Runs a program to its end, silently; its exit status, or -1. */
static int run(const char *const argv[])
{
    posix_spawn_file_actions_t silence;
    pid_t pid;
    int status = -1;
    const union {
        const char *const *given;
        char *const *taken; /* posix_spawn() changes nothing, and says so only in words */
    } args = {argv};
    posix_spawn_file_actions_init(&silence);
    posix_spawn_file_actions_addopen(&silence, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&silence, 1, 2);
    int failed = posix_spawnp(&pid, argv[0], &silence, NULL, args.taken, environ);
    posix_spawn_file_actions_destroy(&silence);
    if (failed != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
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
    run((const char *const[]){"localedef", "-i", "de_DE", "-f", "UTF-8", path, NULL});
    return setenv("LOCPATH", folder, 1);
}

static int remove_locale(void **state)
{
    (void)state;
    return run((const char *const[]){"rm", "-r", folder, NULL});
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
