/*
 * The messages and rows of executions of noop steps. The engine makes them; the floor moves the same bytes
 * without making anything. Both are driven by the same requests.
 */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include "core/arena.h"
#include "core/event.h"
#include "core/id.h"
#include "publisher/subject.h"

/*
 * What depends on what in an execution: `width` tasks side by side, and when all have ended, the other
 * stages, of one task each. {1, 10} is a chain of ten, {100, 2} a fan of a hundred and its join.
 */
struct shape {
    uint32_t width, stages; /* both at least 1 */
};
uint32_t shape_tasks(const struct shape *s);

/* The playbook of that shape; in the arena. */
struct str traffic_playbook(struct arena *a, const struct shape *s);
/* One that waits a month for a signal that nobody sends. */
struct str traffic_waiting_playbook(void);
/* The request's payload for an execution; `context` comes from traffic_request_context(). */
struct value traffic_request_context(struct arena *a, struct str playbook);
struct str traffic_request(struct arena *a, int64_t execution_id, struct value context);
/* A task of the floor, and the outcome that answers it; the size of the engine's. Zero-terminated in `out`.
 */
enum { TRAFFIC_MESSAGE = 1024 };
size_t traffic_task(int64_t execution_id, const char *task_id, char out[TRAFFIC_MESSAGE]);
size_t traffic_outcome(int64_t execution_id, const char *task_id, char out[TRAFFIC_MESSAGE]);

#endif
