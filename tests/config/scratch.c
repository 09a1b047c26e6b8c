#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char path[PATH_MAX];

static void check(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}

const char *scratch_begin(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/noetl-test-XXXXXX");
    check(mkdtemp(folder) != NULL, "mkdtemp");
    return folder;
}

static void make_folders(void)
{
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        check(mkdir(path, 0700) == 0 || errno == EEXIST, path);
        *slash = '/';
    }
}

const char *scratch_file(const char *name, const char *text)
{
    check((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) < sizeof(path), name);
    make_folders();
    FILE *file = fopen(path, "w");
    check(file != NULL, path);
    check(fputs(text, file) >= 0 && fclose(file) == 0, path);
    return path;
}

static int remove_one(const char *name, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(name);
}

void scratch_end(void)
{
    check(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0, folder);
}
