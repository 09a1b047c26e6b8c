/*
 * Which tasks other workers have at work, as these say when they are asked (noetl.worker.status): a task
 * comes again although its worker lives, if NATS stood still or its renewals were lost.
 */
#ifndef WORKER_ELSEWHERE_H
#define WORKER_ELSEWHERE_H

#include <pthread.h>

#include "again.h"
#include "core/task.h"
#include "publisher/subject.h"
#include "bus/bus.h"

struct elsewhere {
    struct bus *bus;
    const struct subjects *subjects;
    const struct again *again;
    const char *worker; /* this one, which does not count */
    pthread_mutex_t mutex;
    struct arena arena;
    struct value workers; /* what they said */
    int64_t asked_ns;     /* monotonic, when they had; 0: never */
    uint32_t connection;  /* on this one, */
    uint32_t doubts;      /* with as many doubts about the consumer, */
    int64_t since_ns;     /* and for the first time then */
    int64_t silent_ns;    /* when not even this worker was heard; 0: it was */
};

void elsewhere_init(struct elsewhere *e, struct bus *bus, const struct subjects *subjects,
                    const struct again *g, const char *worker);
void elsewhere_free(struct elsewhere *e);
/*
 * *has: whether a tool of another worker runs for the task, or its outcome is on its way. What they say
 * counts for a second, and that it has is asked anew if it was said before `came_ns`. Once all should have
 * connected again after this worker did, it tells of all that a server had given away before, and they are
 * asked only with `is_new`. Where they may not be asked, nobody has it. False: nothing can be heard now. May
 * wait for the answers, for a quarter of a second behind the last; any thread but the connection's.
 */
bool elsewhere_has(struct elsewhere *e, const struct task *task, bool is_new, int64_t came_ns, bool *has);

#endif
