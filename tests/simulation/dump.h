/* States and decisions as bytes, for telling whether two are the same. */
#ifndef SIMULATION_DUMP_H
#define SIMULATION_DUMP_H

#include "world.h"

/* A hash of every event, task, timer, child and notice. */
uint64_t dump_decisions(struct world *w, const struct decisions *d);
/*
 * The world fails unless both states are the same, and a third one that is read back from its text: that one
 * is the caller's, to go on with; NULL if there is none.
 */
struct execution *dump_compare(struct world *w, const struct execution *held, const struct execution *folded);

#endif
