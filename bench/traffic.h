/*
 * The messages and rows of one kind of execution: a chain of noop steps. The engine makes them; the floor
 * moves the same bytes without making anything. Both are driven by the same requests.
 */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include "core/arena.h"
#include "core/event.h"
#include "core/id.h"
#include "publisher/subject.h"

/* The playbook: `steps` noop steps in a chain; in the arena. */
struct str traffic_playbook(struct arena *a, uint32_t steps);
/* The request's payload for an execution; `context` comes from traffic_request_context(). */
struct value traffic_request_context(struct arena *a, struct str playbook);
struct str traffic_request(struct arena *a, int64_t execution_id, struct value context);
/* A task of the floor, and the outcome that answers it; the size of the engine's. Zero-terminated in `out`.
 */
enum { TRAFFIC_MESSAGE = 1024 };
size_t traffic_task(int64_t execution_id, const char *task_id, char out[TRAFFIC_MESSAGE]);
size_t traffic_outcome(int64_t execution_id, const char *task_id, char out[TRAFFIC_MESSAGE]);

#endif
