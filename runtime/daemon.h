/*
 * The life of a daemon: it runs until SIGTERM or SIGINT, drains, and ends; a second signal ends it at once.
 * Signals are taken by the main thread only (signalfd), so no code runs inside a signal handler.
 */
#ifndef RUNTIME_DAEMON_H
#define RUNTIME_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Blocks the signals for this and all later threads: call before the first thread starts. */
void daemon_setup(void);
/* Waits until a stop is asked for, or `until()` (may be NULL; asked every 200 ms) gives true. Returns the
 * signal, or 0. */
int daemon_wait(bool (*until)(void *context), void *context);
/* Waits that long, in steps of 200 ms, or until a stop is asked for. Returns the signal, or 0. */
int daemon_pause(int64_t ms);
/* Ends the process at once when a second stop is asked for during the drain. */
void daemon_draining(void);

enum { DAEMON_HOST_MAX = 65 };
/* The machine's name, "localhost" if it has none; gives `out`. */
const char *daemon_host(char out[DAEMON_HOST_MAX]);
/* What a daemon is called: as it was `given`, or with "" by its host and process id. */
void daemon_name(const char *given, char *out, size_t size);

#endif
