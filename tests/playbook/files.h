/* Files of the source tree, for tests. A file that cannot be read or written fails the test. */
#ifndef TESTS_PLAYBOOK_FILES_H
#define TESTS_PLAYBOOK_FILES_H

#include "core/buf.h"

/* Paths are relative to the root of the repository. */
void file_load(const char *path, struct buf *out);
void file_store(const char *path, struct str text);
/* A folder's file names that end in `suffix`, sorted and without it; the caller frees names and array. */
size_t folder_list(const char *path, const char *suffix, char ***names);

#endif
