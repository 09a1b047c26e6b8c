/* Whether recorded executions, evaluated again, give the decisions that were recorded. */
#ifndef CLI_REPLAY_CHECK_H
#define CLI_REPLAY_CHECK_H

#include "recording.h"

/* One record; the exit code is that of a difference if there is one. */
enum status replay_check(struct invocation *in, struct recording *recording, struct error *err) MUST_CHECK;
/*
 * Every execution of the log that began at `since_ns` or later (0: every one), one after the other. Each that
 * differs is told of, and at the end how many were looked at.
 */
enum status replay_check_all(struct invocation *in, struct client *c, int64_t since_ns,
                             struct error *err) MUST_CHECK;

#endif
