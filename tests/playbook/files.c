#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static FILE *open_file(const char *path, const char *mode)
{
    char whole[1000];
    snprintf(whole, sizeof whole, "%s/%s", getenv("NOETL_SOURCE_DIR"), path);
    FILE *file = fopen(whole, mode);
    if (!file)
        fail_msg("%s: %s", whole, strerror(errno));
    return file;
}

void file_load(const char *path, struct buf *out)
{
    char chunk[4096];
    size_t n;
    FILE *file = open_file(path, "rb");
    while ((n = fread(chunk, 1, sizeof chunk, file)) != 0)
        buf_add(out, chunk, n);
    fclose(file);
}

void file_store(const char *path, struct str text)
{
    FILE *file = open_file(path, "wb");
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t folder_list(const char *path, const char *suffix, char ***names)
{
    char whole[1000];
    size_t count = 0;
    struct dirent *entry;
    snprintf(whole, sizeof whole, "%s/%s", getenv("NOETL_SOURCE_DIR"), path);
    DIR *folder = opendir(whole);
    *names = NULL;
    if (!folder) {
        fail_msg("%s: %s", whole, strerror(errno));
        return 0;
    }
    while ((entry = readdir(folder)) != NULL) {
        struct str name = str_of(entry->d_name);
        if (!str_ends_with(name, str_of(suffix)))
            continue;
        *names = realloc(*names, (count + 1) * sizeof(**names));
        (*names)[count++] = strndup(name.ptr, name.len - strlen(suffix));
    }
    closedir(folder);
    if (count > 1)
        qsort(*names, count, sizeof(**names), by_name);
    return count;
}
