/*
 * Which tasks the workers have, as they say when they are asked (noetl.worker.status): what the streams
 * cannot tell of a task whose message is gone, or was given to somebody who will never answer.
 */
#ifndef BROKER_AT_WORK_H
#define BROKER_AT_WORK_H

#include "core/arena.h"
#include "core/value.h"
#include "publisher/subject.h"
#include "bus/bus.h"

struct at_work { /* all zero at first */
    struct arena arena;
    struct value workers;
    int64_t asked_ns; /* monotonic; 0: never */
};

struct pool_at_work {
    uint64_t tasks; /* that the workers of the pool have */
    bool has_room;  /* one of them would take another if it were given one */
};

/*
 * Asks, unless that was done in the last two seconds; *waited_ms grows by the time that it took. Where it may
 * not be asked, no worker has anything. STATUS_UNAVAILABLE and the like: again later.
 */
enum status at_work_see(struct at_work *w, struct bus *bus, const struct subjects *s, int64_t *waited_ms,
                        struct error *err) MUST_CHECK;
/* Of what was seen. A worker that stops a task without an outcome has it no more. */
bool at_work_has(const struct at_work *w, int64_t execution_id, struct str task_id);
struct pool_at_work at_work_pool(const struct at_work *w, struct str pool);
void at_work_free(struct at_work *w);

#endif
