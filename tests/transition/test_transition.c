#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "case_runner.h"

static struct buf read_file(const char *path)
{
    struct buf b;
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    buf_init(&b, 0);
    char piece[4096];
    size_t n;
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
        buf_add(&b, piece, n);
    fclose(f);
    return b;
}

static void a_case_gives_what_it_says(void **state)
{
    const char *path = *state;
    struct buf expected = read_file(path), actual;
    buf_init(&actual, 0);
    case_run(buf_str(&expected), path, &actual);
    if (!str_equal(buf_str(&expected), buf_str(&actual))) {
        /* UPDATE=1 writes what came out, for reading the difference with git. */
        if (getenv("UPDATE")) {
            FILE *f = fopen(path, "wb");
            assert_non_null(f);
            fwrite(actual.data, 1, actual.len, f);
            fclose(f);
        }
        fail_msg("%s: came out as\n%s", path, actual.data);
    }
    buf_free(&expected);
    buf_free(&actual);
}

static int is_case(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".yaml") == 0;
}

int main(void)
{
    enum { MAX_CASES = 256 };
    static struct CMUnitTest tests[MAX_CASES];
    static char paths[MAX_CASES][1024];
    char folder[400];
    struct dirent **entries;
    snprintf(folder, sizeof(folder), "%s/tests/transition/cases", getenv("NOETL_SOURCE_DIR"));
    int count = scandir(folder, &entries, is_case, alphasort);
    if (count <= 0 || count > MAX_CASES) {
        fprintf(stderr, "no cases in %s\n", folder);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, entries[i]->d_name);
        tests[i] = (struct CMUnitTest){.name = strrchr(paths[i], '/') + 1,
                                       .test_func = a_case_gives_what_it_says,
                                       .initial_state = paths[i]};
        free(entries[i]);
    }
    free(entries);
    return _cmocka_run_group_tests("transition", tests, (size_t)count, NULL, NULL);
}
