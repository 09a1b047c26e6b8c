/* A temporary folder for each test. */
#ifndef TESTS_DEV_SCRATCH_H
#define TESTS_DEV_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/status.h"

enum { PATH_TEXT = 256 };

/* cmocka setup and teardown: makes the folder, which is the test's home, and removes all that is in it. */
int scratch_make(void **state);
int scratch_remove(void **state);
/* A path in it; the text is one of the last sixteen that were asked for. */
const char *scratch(const char *name);
/* A small file in it. */
void scratch_write(const char *name, const char *text);

/* Fails the test with the error's text. */
void assert_ok(enum status s, const struct error *err);
void assert_contains(const char *text, const char *part);

#endif
