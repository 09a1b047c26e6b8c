/* The files of cases/, each as a test. */
#ifndef TRANSITION_CASES_H
#define TRANSITION_CASES_H

#include "core/buf.h"

/* `test` gets the path of a case as its state. What main() returns. */
int cases_run(const char *name, void (*test)(void **state));
/* The file; the caller's. */
struct buf case_read(const char *path);

#endif
