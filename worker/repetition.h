/*
 * What becomes of a task that may have been run before (again.h): its outcome may stand, in the event stream
 * or in the log, or another worker may have it at work.
 */
#ifndef WORKER_REPETITION_H
#define WORKER_REPETITION_H

#include "lease.h"
#include "patience.h"
#include "station.h"

enum repetition {
    REPETITION_RUNS,       /* nothing is seen of it: not running it would be wrong */
    REPETITION_STANDS,     /* its outcome does */
    REPETITION_ELSEWHERE,  /* it is at work at another worker */
    REPETITION_GIVEN_BACK, /* patience is over */
};

/*
 * Waits while the streams and the brokers cannot say it. At the last delivery it waits, too, for another
 * worker that has the task at work, up to `longest_ms`. Any thread but the connection's.
 */
enum repetition repetition_see(struct station *st, const struct lease *l, const struct task *task,
                               int64_t longest_ms, const struct patience *patience);

#endif
