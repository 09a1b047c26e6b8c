#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[PATH_TEXT];

int scratch_make(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    (void)snprintf(folder, sizeof(folder), "%s/noetl-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder) || setenv("HOME", folder, 1) != 0)
        return -1;
    (void)unsetenv("XDG_DATA_HOME");
    (void)unsetenv("XDG_CONFIG_HOME");
    return unsetenv("XDG_STATE_HOME");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)type, (void)walk;
    return remove(path);
}

int scratch_remove(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
}

const char *scratch(const char *name)
{
    static char paths[16][PATH_TEXT];
    static unsigned next;
    char *path = paths[next++ % 16];
    assert_true(snprintf(path, PATH_TEXT, "%s/%s", folder, name) < PATH_TEXT);
    return path;
}

void scratch_write(const char *name, const char *text)
{
    FILE *f = fopen(scratch(name), "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

void assert_ok(enum status s, const struct error *err)
{
    char text[2048];
    if (s != STATUS_OK)
        fail_msg("%s: %s", status_name(s), error_text(err, text, sizeof(text)));
}

void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}
