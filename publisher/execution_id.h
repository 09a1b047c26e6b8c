/* Where the ids of executions come from that have no idempotency key. */
#ifndef PUBLISHER_EXECUTION_ID_H
#define PUBLISHER_EXECUTION_ID_H

#include <stdint.h>

/*
 * The next id made from time (core/id.h). Ids of one process grow, whatever its clock does and however many
 * are asked for in a millisecond: the generator then runs ahead of the clock instead of waiting for it. That
 * two processes gave the same id, by the same `node` or by a clock that went back between two runs, is found
 * by the stream, which takes only the first request of an id. Any thread.
 */
int64_t execution_id_next(uint32_t node);

/* A node for a publisher that was given none: from the host's name and the process id. 0–1023. */
uint32_t execution_id_node(void);

#endif
