/* A folder of a test's own, and files in it. */
#ifndef TESTS_CONFIG_SCRATCH_H
#define TESTS_CONFIG_SCRATCH_H

/* Makes the folder; its path is the process's own and lives until scratch_end(). */
const char *scratch_begin(void);
/* Writes the file (folders of `name` are made) and returns its path, valid until the next call. */
const char *scratch_file(const char *name, const char *text);
void scratch_end(void);

#endif
