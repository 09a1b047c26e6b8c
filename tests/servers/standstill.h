/* A process that stands still, as one that gets no time from its machine, and goes on later. */
#ifndef TESTS_STANDSTILL_H
#define TESTS_STANDSTILL_H

#include "runtime/process.h"

/* Each thread of the process stands when it returns, which a signal alone does not promise. */
void standstill_begin(const struct process *p);
void standstill_end(const struct process *p);

#endif
