/*
 * A reader's state, shared by reader.c (what its consumer sends) and reader_consumer.c (making
 * consumers).
 *
 *                      start
 *                        │
 *                        ▼   created            gap, silence, reconnect, consumer gone
 *    ┌─────────────▶ CREATING ───────▶ READING ─────────────┬──▶ LOST: the place is no longer there; only a
 *    │                   │ refused, no answer               │          new connection looks again
 *    │   backoff         ▼                                  │
 *    └─────────────── WAITING ◀─────────────────────────────┘ (due at once)
 *
 * True at all times:
 *   1. `place` is behind everything that was delivered: it alone says where the next consumer begins.
 *   2. Each consumer has a generation, which stands in its name and in its inbox; what comes of another
 *      generation is dropped. No two readers of a bus have the same one: a consumer whose deletion was lost
 *      must not be found by the reader that follows in the slot.
 *   3. A message is delivered only if its consumer sequence follows the one before, and the first one of its
 *      consumer was the message of `place`, where that has a sequence and a time.
 *   4. `busy` counts the threads that are in a handler of the reader; bus_reader_stop() waits until it is 0.
 *
 * The consumers are pulled from: the server sends to a push consumer only when somebody subscribes to exactly
 * its deliver subject, and here one subscription, "<inbox>.R.*.*", hears all readers, and who reads the
 * connection delivers for all. Pulling also is the backpressure: a reader that is held asks for nothing.
 */
#ifndef BUS_READER_H
#define BUS_READER_H

#include "internal.h"

enum { READER_NAME_TEXT = 64 };

enum reader_state { READER_CREATING, READER_READING, READER_WAITING, READER_LOST };

struct bus_reader {
    struct bus *bus;
    char *stream, *filter; /* filter NULL: all subjects */
    bus_deliver *deliver;
    void (*trouble)(void *context, const struct error *err);
    void *context;
    uint32_t slot;
    /* Under bus->readers.mutex: */
    enum reader_state state;
    uint32_t generation;
    struct bus_place place;
    bool looking;               /* for the message of `place`, which this generation begins with */
    uint64_t consumer_sequence; /* of the last message of this generation */
    uint64_t asked;             /* messages asked for that have not come */
    bool unheard;               /* nothing has come since it was asked */
    unsigned connection;        /* that this generation was made on */
    int64_t heard_ns, due_ns;
    uint32_t failures, busy;
    enum status troubled; /* what `trouble` heard last */
    bool stopping, held;
};

/*
 * The functions below are called with bus->readers.mutex held and a place in `busy`, and let the mutex go
 * while a handler runs or something is sent.
 */

/* The reader in a slot, with the mutex and a place in `busy`, until reader_leave(); NULL, and neither, if
 * there is none. */
struct bus_reader *reader_enter(struct bus *bus, uint32_t slot);
void reader_leave(struct bus_reader *r);
/* Tells `trouble`, if it is news. NULL: all is well again. */
void reader_tell(struct bus_reader *r, const struct error *err);
/* This generation is over; the next one begins after the delay. */
void reader_wait(struct bus_reader *r, int64_t delay_ms);
/* Asks for as much as is welcome. */
void reader_ask(struct bus_reader *r);

/* Begins the next generation. */
void reader_renew(struct bus_reader *r);
/* Whether the next consumer is to begin with the message of the place, to see that it is there. */
static inline bool reader_knows_message(const struct bus_reader *r)
{
    return r->place.sequence > 0 && r->place.time_ns > 0;
}
/* The place is no longer there; `found`: the sequence that stands there instead, 0 if nothing does. */
void reader_lost(struct bus_reader *r, uint64_t found);
/* It could not be made, or be asked: waits, longer each time. */
void reader_failed(struct bus_reader *r, const struct error *err);
/* Read back in reader.c. */
void reader_consumer_name(const struct bus_reader *r, uint32_t generation, char out[READER_NAME_TEXT]);
/* Nobody waits for the answer; what stays ends by itself when nobody has asked it for a while. Without the
 * mutex. */
void reader_delete_consumer(const struct bus_reader *r, uint32_t generation);

#endif
