#include "cases.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct buf case_read(const char *path)
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

static int is_case(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".yaml") == 0;
}

int cases_run(const char *name, void (*test)(void **state))
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
        tests[i] = (struct CMUnitTest){
            .name = strrchr(paths[i], '/') + 1, .test_func = test, .initial_state = paths[i]};
        free(entries[i]);
    }
    free(entries);
    return _cmocka_run_group_tests(name, tests, (size_t)count, NULL, NULL);
}
