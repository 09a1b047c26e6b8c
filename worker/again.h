/*
 * Which tasks may have been run before, so that their outcome has to be looked for first: those that are
 * delivered again; those of which the broker says that it may have published them before; those that the
 * tasks stream had before this worker's connection was made, or its consumer anew, because a server that was
 * killed, and a consumer that was made anew, have forgotten what was acknowledged, and count deliveries anew;
 * and those that may have been on their way, or
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
    _Atomic int64_t ack_wait_ns;  /* of the consumer, after which it gives a task to another worker */
    _Atomic uint64_t max_deliver; /* of the consumer; 0: no bound */
    _Atomic uint64_t newest;      /* consumer sequence that has come */
    _Atomic uint32_t doubts; /* how often the consumer may have been made anew: it counts deliveries anew */
    pthread_mutex_t mutex;
    uint32_t connection;   /* on which the stream was asked, */
    uint32_t doubts_then;  /* and when */
    int64_t failed_ns;     /* monotonic; when that was in vain last */
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
/* Whether the delivery itself tells that there may have been another. */
bool again_is_told(const struct again *g, const struct bus_delivery *d);
/* Whether it does, or what the stream had does. True in doubt. May wait for the stream once after each
 * connect. Any thread but the connection's. */
bool again_is_possible(struct again *g, const struct bus_delivery *d);
/* What the consumer says of itself; else it is as the settings say. Any thread. */
void again_learn(struct again *g, int64_t ack_wait_ms, uint64_t max_deliver);
/* A delivery has been read: one whose consumer counts from the beginning tells that this is a new one. In
 * their order, on one thread at a time. */
void again_note(struct again *g, const struct bus_delivery *d);
/* The consumer may not be the one that it was. Any thread. */
void again_doubt(struct again *g);
/* Whether the stream may give the task to nobody after that delivery. */
bool again_is_last(const struct again *g, uint64_t deliveries);
/* Whether the event stream may be asked for ids. May wait and from which thread: as above. */
bool again_ids_tell(struct again *g);
/*
 * Whether somebody else than the broker published it: the broker gives each task the id "<execution>.<task>",
 * which the stream takes once. Such a task is the broker's business and never this worker's to run: either
 * the broker's own message does the work, or the attempt is found to be lost and made again.
 */
bool again_is_copy(const struct bus_delivery *d, const struct task *task);

#endif
