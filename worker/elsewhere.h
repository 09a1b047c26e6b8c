/*
 * Which tasks other workers have at work, as these say when they are asked (noetl.worker.status): a task
 * comes again although its worker lives, if NATS stood still or its renewals were lost.
 */
#ifndef WORKER_ELSEWHERE_H
#define WORKER_ELSEWHERE_H

#include <pthread.h>

#include "core/task.h"
#include "publisher/subject.h"
#include "bus/bus.h"

struct elsewhere {
    struct bus *bus;
    const struct subjects *subjects;
    const char *worker; /* this one, which does not count */
    pthread_mutex_t mutex;
    struct arena arena;
    struct value workers; /* what they said */
    int64_t asked_ns;     /* monotonic, when they were; 0: never */
    uint32_t connection;  /* on this one, */
    int64_t since_ns;     /* and for the first time then */
};

void elsewhere_init(struct elsewhere *e, struct bus *bus, const struct subjects *subjects,
                    const char *worker);
void elsewhere_free(struct elsewhere *e);
/*
 * Whether a tool of another worker runs for the task, or its outcome is on its way. What they say
 * counts for a second. Once all should have connected again after this worker did, it tells of all that a
 * server had given away before, and they are asked only with `is_new`. False if they may not be asked. May
 * wait for the answers, for a quarter of a second behind the last; any thread but the connection's.
 */
bool elsewhere_has(struct elsewhere *e, const struct task *task, bool is_new);

#endif
