/*
 * Runs the .case files of tests/cli/cases, or of the folders that NOETL_TEST_CASE_FOLDERS names below the
 * source tree, separated by colons: each a command with exactly what it prints and its exit code. With
 * NOETL_TEST_DEV_DIR, the data folder of a running `noetl dev`, also those that need one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case_file.h"

enum { PATH_SIZE = 1024, OUTPUT_MAX = 1 << 20 };

/* ---- a folder of its own ------------------------------------------------------------------------------ */

static int remove_one(const char *name, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(name);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_SIZE];
    assert_true((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) < sizeof(path));
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, OUTPUT_MAX);
    assert_non_null(text);
    text[fread(text, 1, OUTPUT_MAX - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

/* ---- running ------------------------------------------------------------------------------------------ */

static void put(const char *name, const char *value)
{
    if (value)
        (void)setenv(name, value, 1);
}

/* What the command may depend on, and nothing else of the machine. */
static void set_environment(const struct case_item *item, const char *folder)
{
    char path[2 * PATH_SIZE];
    const char *keep[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "NOETL_SOURCE_DIR",
                          "NOETL_TEST_DEV_DIR"};
    char *kept[sizeof(keep) / sizeof(keep[0])];
    for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
        kept[i] = getenv(keep[i]) ? strdup(getenv(keep[i])) : NULL;
    (void)clearenv();
    for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
        put(keep[i], kept[i]);
    (void)snprintf(path, sizeof(path), "%s/.bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", folder);
    put("PATH", path);
    put("HOME", folder);
    put("LC_ALL", "C");
    put("TZ", "UTC");
    put("NOETL_DATA_DIR", item->needs_dev ? kept[4] : NULL);
    for (size_t i = 0; i < item->environment_count; i++)
        (void)putenv(item->environment[i]);
    (void)unsetenv("NOETL_TEST_DEV_DIR");
}

static void redirect(int fd, const char *name, int flags)
{
    int file = open(name, flags | O_CLOEXEC, 0600);
    if (file < 0 || dup2(file, fd) < 0)
        _exit(126);
}

static void run_child(const struct case_item *item, const char *folder)
{
    if (chdir(folder) != 0)
        _exit(126);
    redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
    redirect(STDOUT_FILENO, ".out", O_WRONLY | O_CREAT | O_TRUNC);
    redirect(STDERR_FILENO, ".err", O_WRONLY | O_CREAT | O_TRUNC);
    set_environment(item, folder);
    execl("/bin/sh", "sh", "-c", item->command, (char *)NULL);
    _exit(126);
}

static int run(const struct case_item *item, const char *folder)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        run_child(item, folder);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void link_binary(const char *folder)
{
    char path[PATH_SIZE];
    const char *binary = getenv("NOETL_BINARY");
    assert_non_null(binary);
    (void)snprintf(path, sizeof(path), "%s/.bin", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/.bin/noetl", folder);
    assert_int_equal(symlink(binary, path), 0);
}

static bool compare(const char *what, const char *expected, const char *actual)
{
    expected = expected ? expected : "";
    if (matches(expected, actual))
        return true;
    fprintf(stderr, "%s is not what was expected.\n--- expected\n%s--- got\n%s---\n", what, expected, actual);
    return false;
}

static void run_case(void **state)
{
    const struct case_item *item = *state;
    char folder[] = "/tmp/noetl-case-XXXXXX";
    if (item->needs_dev && !getenv("NOETL_TEST_DEV_DIR"))
        skip();
    assert_non_null(mkdtemp(folder));
    link_binary(folder);
    for (size_t i = 0; i < item->file_count; i++)
        write_file(folder, item->files[i].name, item->files[i].text ? item->files[i].text : "");
    int code = run(item, folder);
    char *out = read_file(folder, ".out"), *err = read_file(folder, ".err");
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    bool same = compare("standard output", item->out, out);
    same = compare("standard error", item->err, err) && same;
    free(out);
    free(err);
    if (code != item->exit_code)
        fprintf(stderr, "the exit code is %d and not %d\n", code, item->exit_code);
    assert_true(same && code == item->exit_code);
}

/* ---- all of them -------------------------------------------------------------------------------------- */

static int is_case(const struct dirent *e)
{
    const char *dot = strrchr(e->d_name, '.');
    return dot && strcmp(dot, ".case") == 0;
}

/* `folder` is below the source tree. */
static void read_folder(const char *folder, struct case_item **items, size_t *count)
{
    char path[PATH_SIZE], file[2 * PATH_SIZE];
    struct dirent **names;
    const char *source = getenv("NOETL_SOURCE_DIR");
    (void)snprintf(path, sizeof(path), "%s/%s", source ? source : ".", folder);
    int found = scandir(path, &names, is_case, alphasort);
    for (int i = 0; i < found; i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
        cases_read(file, items, count);
        free(names[i]);
    }
    if (found >= 0)
        free(names);
}

static void read_all_cases(struct case_item **items, size_t *count)
{
    char folders[PATH_SIZE];
    const char *named = getenv("NOETL_TEST_CASE_FOLDERS");
    (void)snprintf(folders, sizeof(folders), "%s", named ? named : "tests/cli/cases");
    for (char *rest = folders, *folder; (folder = strtok_r(rest, ":", &rest));)
        read_folder(folder, items, count);
}

int main(void)
{
    struct case_item *items = NULL;
    size_t count = 0;
    read_all_cases(&items, &count);
    if (count == 0) {
        fprintf(stderr, "there are no cases: is NOETL_SOURCE_DIR set?\n");
        return 2;
    }
    struct CMUnitTest *tests = calloc(count, sizeof(*tests));
    if (!tests)
        return 2;
    for (size_t i = 0; i < count; i++)
        tests[i] =
            (struct CMUnitTest){.name = items[i].title, .test_func = run_case, .initial_state = &items[i]};
    int failed = _cmocka_run_group_tests("cli cases", tests, count, NULL, NULL);
    free(tests);
    cases_free(items, count);
    return failed;
}
