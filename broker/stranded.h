/*
 * Tasks that are in their stream and that no consumer will ever deliver: a stream that lost its end gives its
 * sequences again from below the place where its consumers stand, and those only look ahead (seen with
 * nats-server 2.9.10, killed while its disk was full). And those that a killed server still has although they
 * were acknowledged.
 */
#ifndef BROKER_STRANDED_H
#define BROKER_STRANDED_H

#include "publisher/subject.h"
#include "bus/bus.h"

/*
 * If a consumer of the tasks stream stands behind the stream's end, the stream goes on from there: what is in
 * it is dropped, and is found missing and made again by whoever looks for open tasks. *may_be_left: the
 * stream has more messages than its consumers have to deliver, so some tasks may be left there that none
 * will.
 */
enum status stranded_tasks_drop(struct bus *bus, const struct subjects *s, bool *may_be_left,
                                struct error *err) MUST_CHECK;
/* Up to this sequence the consumer will deliver nothing any more. */
uint64_t stranded_settled_until(const struct bus_consumer_info *c);
/*
 * Of the subjects of tasks that are in the stream, which are the keys of `subjects`, leaves those whose
 * newest task will be delivered: the others are acknowledged, or gone. In `a`.
 */
enum status stranded_tasks_leave_out(struct bus *bus, const struct subjects *s, struct arena *a,
                                     struct value *subjects, struct error *err) MUST_CHECK;
/* All zero when the pool has no consumer: whoever makes it has it deliver all that is there. */
enum status stranded_pool(struct bus *bus, const struct subjects *s, struct str pool,
                          struct bus_consumer_info *out, struct error *err) MUST_CHECK;
/* The sequence of the newest task of that subject; 0: there is none. */
enum status stranded_newest(struct bus *bus, const struct subjects *s, struct str subject, uint64_t *sequence,
                            struct error *err) MUST_CHECK;

#endif
