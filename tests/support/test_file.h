/* What tests look for in files that programs under test have written. */
#ifndef TESTS_TEST_FILE_H
#define TESTS_TEST_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* How many lines it has; the test fails when it is not there. */
static inline size_t file_lines(const char *file)
{
    size_t lines = 0;
    FILE *in = fopen(file, "re");
    assert_non_null(in);
    for (int c; (c = fgetc(in)) != EOF;)
        lines += c == '\n';
    (void)fclose(in);
    return lines;
}

#endif
