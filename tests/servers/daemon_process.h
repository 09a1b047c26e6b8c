/* A daemon as a child process of a test, as `noetl serve` would run it. */
#ifndef TESTS_DAEMON_PROCESS_H
#define TESTS_DAEMON_PROCESS_H

#include <sys/types.h>

#include "config/settings.h"

typedef enum status daemon_main(const struct settings *settings, struct error *err);

/*
 * Runs `main` with these settings: names and values in turn, ended by NULL. Call before the test has threads
 * of its own. What the daemon says goes to the test's standard error.
 */
pid_t daemon_process_start(daemon_main *main, const char *const *settings);
/* SIGTERM; returns its exit code, or 128 + the signal that ended it. A leak that a sanitizer found is a code
 * too. */
int daemon_process_stop(pid_t pid);
/* Waits until it ends by itself; as above. */
int daemon_process_wait(pid_t pid);

#endif
