/*
 * Between the readers and the mailbox: facts that are only references to what they say (publisher/parcel.h)
 * are fetched here, by threads of their own, and another waits for room in a mailbox that is full, because
 * who reads the connection must not. Until a fact is in the mailbox, its partition waits behind it and asks
 * for no more (the broker's backpressure), so that the order stays; the others go on. Where nothing has to be
 * waited for, it passes at once.
 *
 * What can never be fetched (its chunks are gone, or are not what was stored) becomes the fact that it failed
 * (unreadable.h). While NATS does not answer it is tried again.
 */
#ifndef BROKER_ARRIVALS_H
#define BROKER_ARRIVALS_H

#include "mailbox.h"
#include "publisher/subject.h"

struct arrivals;

enum status arrivals_open(struct bus *bus, const struct subjects *s, struct mailbox *mailbox,
                          struct arrivals **out, struct error *err) MUST_CHECK;
/* The partition's reader is about to start. */
void arrivals_begin(struct arrivals *a, uint32_t partition);
/* That has started, and is held back while the partition waits. */
void arrivals_reader(struct arrivals *a, uint32_t partition, struct bus_reader *reader);
/* The reader is about to stop: what it brings from now on is dropped. */
void arrivals_leave(struct arrivals *a, uint32_t partition);
/* It has stopped: drops what waits. Nothing of the partition comes to the mailbox after it. Waits for a
 * fetch. */
void arrivals_end(struct arrivals *a, uint32_t partition);
/*
 * A fact from a reader, by who reads the connection: to the mailbox, at once or behind what its partition
 * waits for. Without memory for it the process ends: a fact must not be left out of its order.
 */
void arrivals_take(struct arrivals *a, uint32_t partition, struct bus_delivery *d);
/* Whether the partition's facts wait for a large one that is being fetched. Any thread. */
bool arrivals_wait(struct arrivals *a, uint32_t partition);
/* When no reader calls any more. NULL is allowed. */
void arrivals_close(struct arrivals **a);

#endif
