/*
 * The life of a daemon: it runs until SIGTERM or SIGINT, drains, and ends; a second signal ends it at once.
 * Signals are taken by the main thread only (signalfd), so no code runs inside a signal handler.
 */
#ifndef RUNTIME_DAEMON_H
#define RUNTIME_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

/* Blocks the signals for this and all later threads: call before the first thread starts. */
void daemon_setup(void);
/* Waits until a stop is asked for, or `until()` (may be NULL; asked every 200 ms) gives true. Returns the
 * signal, or 0. */
int daemon_wait(bool (*until)(void *context), void *context);
/* Ends the process at once when a second stop is asked for during the drain. */
void daemon_draining(void);

#endif
