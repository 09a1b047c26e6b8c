/*
 * Whether an attempt is behind its execution: for whoever comes to hold its task once more, and would run it.
 */
#ifndef TRANSITION_ENDED_H
#define TRANSITION_ENDED_H

#include "execution.h"

/*
 * True if no outcome of the attempt would change anything any more: it has one, another attempt came behind
 * it, or nobody waits for what it is a part of. False of one that is open, and of one that the execution has
 * not come to: the broker that asked for it may have known more of the facts.
 */
bool execution_attempt_has_ended(const struct execution *x, const struct task_id *id);

#endif
