/* The publisher daemon as a child process of a test, as `noetl serve publisher` would run it. */
#ifndef TESTS_PUBLISHER_PUBLISHER_PROCESS_H
#define TESTS_PUBLISHER_PUBLISHER_PROCESS_H

#include <sys/types.h>

#include "servers.h"

/* `http`: the setting publisher.http. Call before the test has threads of its own. */
pid_t publisher_process_start(const struct servers *s, const char *http);
/* SIGTERM; returns its exit code, or 128 + the signal that ended it. */
int publisher_process_stop(pid_t pid);
/* Waits until it ends by itself; as above. */
int publisher_process_wait(pid_t pid);

#endif
