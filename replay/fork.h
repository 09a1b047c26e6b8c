/* What a new execution takes over from another one, to go on from a step of it: broker/transition/fork.c. */
#ifndef REPLAY_FORK_H
#define REPLAY_FORK_H

#include "transition/transition.h"

/*
 * The state of the execution right before the step began: its newest visit, or with "STEP#2" the second one.
 * `events` are its log from the beginning, `target` is the playbook that is to go on; of steps that it does
 * not have, results are left out, and named in `dropped`, a list.
 *
 * STATUS_INVALID: there is no such step, it was not reached, or `target` lacks a step that was open then.
 * STATUS_CONFLICT: the events lead elsewhere than they did, so that the step is not reached any more.
 */
enum status fork_make(struct arena *a, const struct event *events, size_t count, struct str step,
                      const struct playbook *target, struct value *out, struct value *dropped,
                      struct error *err) MUST_CHECK;

#endif
