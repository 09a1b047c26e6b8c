/*
 * Ctrl-C as something to wait for: the signals are blocked and read from a descriptor, so that a wait can end
 * in order. To be called before the first thread starts.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include "core/status.h"

/* A descriptor that is readable once SIGINT or SIGTERM came; the caller closes it. */
enum status interrupt_open(int *fd, struct error *err) MUST_CHECK;

/* Waits for it at most so long. */
enum status interrupt_wait(int fd, int64_t wait_ms, bool *interrupted, struct error *err) MUST_CHECK;

#endif
