/* The built program (NOETL_BINARY) as a child process with nothing of this process's environment but PATH. */
#ifndef TESTS_NOETL_PROCESS_H
#define TESTS_NOETL_PROCESS_H

#include "runtime/process.h"

/*
 * `arguments`: NULL-ended; `variables`: "NAME=value", NULL-ended, up to 20. What it prints goes to the test's
 * standard error. A process that cannot be started fails the test.
 */
struct process noetl_start(const char *const *arguments, const char *const *variables);
/* Starts it and waits; its exit code. */
int noetl_run(const char *const *arguments, const char *const *variables);
/* SIGTERM; its exit code, or 128 + signal. */
int noetl_stop(struct process *p);

#endif
