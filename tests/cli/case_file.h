/*
 * A command line with what it must print, as a user would write it down. A .case file holds several:
 *
 *   === the title says what is true
 *   --- file flow.yaml              a file in the folder where the command runs
 *   …
 *   --- env NOETL_LOG_LEVEL=loud    one variable; others are HOME (that folder), PATH, LC_ALL=C, TZ=UTC
 *   --- needs dev                   runs only if NOETL_TEST_DEV_DIR names the data folder of a running `noetl
 * dev`
 *   --- command                     for /bin/sh
 *   noetl lint flow.yaml
 *   --- stdout                      exactly; without the section: nothing
 *   --- stderr                      so, too
 *   --- exit 2                      0 if it is not given
 *
 * In what is expected, "<*>" stands for any text within a line, and a line "<...>" for any number of lines.
 */
#ifndef TESTS_CLI_CASE_FILE_H
#define TESTS_CLI_CASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct case_file {
    char *name, *text;
};

struct case_item {
    char *title; /* "file: title" */
    struct case_file *files;
    size_t file_count;
    char **environment;
    size_t environment_count;
    bool needs_dev;
    char *command, *out, *err;
    int exit_code;
};

/* Ends the program with a message when the file is of the wrong form: a wrong test is no test. */
void cases_read(const char *path, struct case_item **items, size_t *count);
void cases_free(struct case_item *items, size_t count);

/* Whether the text is as expected; the wildcards are above. */
bool matches(const char *expected, const char *actual);

#endif
