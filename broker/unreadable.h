/*
 * What becomes of a fact whose large part can never be read: the fact that it failed. An outcome is then the
 * failure of its attempt, a sub-playbook's end its failure, a request one of an execution that fails at once.
 */
#ifndef BROKER_UNREADABLE_H
#define BROKER_UNREADABLE_H

#include "core/buf.h"
#include "publisher/subject.h"
#include "bus/bus.h"

/*
 * Has the delivery, a reference with its summary, say so: its payload and subject are in `text`, which
 * outlives it. A fact that has no failure becomes an empty message, which folding passes over.
 * STATUS_NO_MEMORY.
 */
enum status unreadable_fact(const struct subjects *s, struct bus_delivery *d, const struct error *why,
                            struct buf *text, struct error *err) MUST_CHECK;

#endif
