/* Tasks and outcomes that are larger than a message (publisher/parcel.h). */
#ifndef WORKER_LARGE_H
#define WORKER_LARGE_H

#include "outcome.h"
#include "patience.h"
#include "publisher/subject.h"
#include "bus/bus.h"

/*
 * The whole of a task whose message may be a reference; `*task` has what the message says, and stays as it is
 * if that is all. The task's memory is `a`. Waits; errors as parcel_open().
 */
enum status large_task(struct bus *bus, const struct subjects *s, struct str message, struct arena *a,
                       struct task *task, struct error *err) MUST_CHECK;

/*
 * The message that reports an outcome, which is settled: itself, or, of a large one, a reference, for which
 * this waits as long as it takes: while NATS is away it tries again each second. One that can never be stored
 * is reported as an error that says so. A status that may be retried says that patience was over.
 */
enum status large_outcome(struct bus *bus, const struct subjects *s, const struct attempt_report *attempt,
                          enum status status, const struct outcome *outcome, const struct error *failure,
                          const struct patience *patience, struct arena *a, struct buf *message,
                          enum event_type *type, struct error *err) MUST_CHECK;

#endif
