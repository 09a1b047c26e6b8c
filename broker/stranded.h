/*
 * Tasks that are in their stream and that no consumer will ever deliver: a stream that lost its end gives its
 * sequences again from below the place where its consumers stand, and those only look ahead (seen with
 * nats-server 2.9.10, killed while its disk was full). And those that a killed server still has although they
 * were acknowledged.
 */
#ifndef BROKER_STRANDED_H
#define BROKER_STRANDED_H

#include "publisher/subject.h"
#include "runtime/bus.h"

/*
 * If a consumer of the tasks stream stands behind the stream's end, the stream goes on from there: what is in
 * it is dropped, and is found missing and made again by whoever looks for open tasks. *may_be_left: the
 * stream has more messages than its consumers have to deliver, so some tasks may be left there that none
 * will.
 */
enum status stranded_tasks_drop(struct bus *bus, const struct subjects *s, bool *may_be_left,
                                struct error *err) MUST_CHECK;
/* Whether the newest task of the subject, noetl.tasks.<pool>.…, is one that its pool has acknowledged, or has
 * none. */
enum status stranded_task_is_left(struct bus *bus, const struct subjects *s, struct str subject, bool *left,
                                  struct error *err) MUST_CHECK;

#endif
