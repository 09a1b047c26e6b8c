/*
 * Which tasks may have been run before, so that their outcome has to be looked for first: those that are
 * delivered again; those of which the broker says that it may have published them before; those that the
 * tasks stream had before this worker's connection was made, because a server that was killed may have
 * forgotten what was acknowledged, and counts deliveries anew; and those that may have been on their way, or
 * in this process while it stood still, for so long that the stream has given them to another worker
 * meanwhile.
 */
#ifndef WORKER_AGAIN_H
#define WORKER_AGAIN_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/task.h"
#include "publisher/subject.h"
#include "bus/bus.h"

struct again {
    struct bus *bus;
    const struct subjects *subjects;
    int64_t ack_wait_ns; /* of the consumer, after which it gives a task to another worker */
    uint64_t max_deliver;
    _Atomic bool asks; /* something is asked, and answered, each quarter of that */
    pthread_mutex_t mutex;
    uint32_t connection;   /* on which the stream was asked */
    uint64_t stored_until; /* its last sequence then */
    bool spoils_ids;       /* bus_spoils_ids(); what is true of the tasks stream is true of that of events */
};

void again_init(struct again *g, struct bus *bus, const struct subjects *subjects,
                const struct settings *settings);
void again_free(struct again *g);

/*
 * Before tasks are asked for: what the stream has now is all that it had before; asked later, it would also
 * have what came since. May wait and from which thread: as below.
 */
void again_look(struct again *g);
/* True in doubt. May wait for the stream once after each connect. Any thread but the connection's. */
bool again_is_possible(struct again *g, const struct bus_delivery *d);
/*
 * Whether a delivery, which has just been read, may have been on its way for so long that its time was over:
 * the server, the network or this process stood still. Another worker may have the task by then and not have
 * ended it, so that no outcome tells. One that did not come late after all is delivered again; so it is not
 * said of the last delivery that there may be. Any thread.
 */
bool again_is_late(const struct again *g, const struct bus_delivery *d);
/* Whether the event stream may be asked for ids. May wait and from which thread: as above. */
bool again_ids_tell(struct again *g);
/*
 * Whether somebody else than the broker published it: the broker gives each task the id "<execution>.<task>",
 * which the stream takes once. Such a task is the broker's business and never this worker's to run: either
 * the broker's own message does the work, or the attempt is found to be lost and made again.
 */
bool again_is_copy(const struct bus_delivery *d, const struct task *task);

#endif
