/*
 * What the brokers say of a task that comes again and has no outcome in the event stream: a stream that was
 * restored, or that lost its end, has tasks whose outcomes it has not, and the log may have them. And of one
 * whose end the worker has heard: a log that lost that has its execution open again.
 */
#ifndef WORKER_INQUIRY_H
#define WORKER_INQUIRY_H

#include "core/task.h"
#include "publisher/subject.h"
#include "bus/bus.h"

/*
 * Whether the attempt has ended for its execution (broker/inquiry.h). Waits up to a second for whoever holds
 * that: STATUS_UNAVAILABLE or STATUS_TIMEOUT when nobody says it.
 */
enum status attempt_has_ended(struct bus *bus, const struct subjects *s, const struct task *task, bool *ended,
                              struct error *err) MUST_CHECK;

#endif
