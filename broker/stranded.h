/*
 * Tasks that are in their stream and that no consumer will ever deliver: a stream that lost its end gives its
 * sequences again from below the place where its consumers stand, and those only look ahead (seen with
 * nats-server 2.9.10, killed while its disk was full).
 */
#ifndef BROKER_STRANDED_H
#define BROKER_STRANDED_H

#include "publisher/subject.h"
#include "runtime/bus.h"

/*
 * If a consumer of the tasks stream stands behind the stream's end, the stream goes on from there: what is in
 * it is dropped, and is found missing and made again by whoever looks for open tasks. *dropped: how many
 * messages.
 */
enum status stranded_tasks_drop(struct bus *bus, const struct subjects *s, uint64_t *dropped,
                                struct error *err) MUST_CHECK;

#endif
