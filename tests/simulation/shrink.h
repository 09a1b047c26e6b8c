/*
 * The smallest scenario that still fails: playbooks with fewer steps, fewer commands, fewer faults, a shorter
 * schedule. A scenario that was made smaller has no seed; it is printed instead.
 */
#ifndef SIMULATION_SHRINK_H
#define SIMULATION_SHRINK_H

#include "scenario.h"

/* How a scenario failed; "" if it did not. `ticks` is how long it took. */
typedef void run_scenario(const struct scenario *s, char *failure, unsigned long size, uint32_t *ticks);

void shrink(struct scenario *s, run_scenario *run);

#endif
