/*
 * The answer to a listing_order: what the catalog has under a path just now, published as the fact
 * playbooks_listed. Its id is a function of the attempt, so of two answers the stream keeps the first.
 */
#ifndef BROKER_LISTING_H
#define BROKER_LISTING_H

#include "publisher/subject.h"
#include "bus/bus.h"
#include "transition/transition.h"

/*
 * Reads the catalog and waits for the stream's acknowledgement. What cannot be known for good, a list that no
 * message can carry among it, is published as the fact's error; a status other than STATUS_OK may be tried
 * again. Any thread.
 */
enum status listing_answer(struct bus *bus, const struct subjects *s, int64_t execution_id,
                           const struct listing_order *order, struct bus_permit permit, struct arena *a,
                           struct error *err) MUST_CHECK;

#endif
