/*
 * Whether what an open execution waits for is there: the promise that nothing hangs, looked at from outside.
 * Only the log, the streams and the workers are asked, nothing that a broker remembers.
 *
 *   a work in TASK     a worker has its task; or that is in the tasks stream, not acknowledged and not given
 *                      to nobody; or its outcome is in the event stream, and is read
 *   a work in LISTING  its list is in the event stream, and is read
 *   a work in CHILD    its execution is in the log, or requested in the event stream
 *                      if that is over, it has said so
 *   a timer            is not overdue
 *   who was called     is waited for still
 *
 * What is missing is made good by a fact: action_lost, timer_fired, or what a child says at its end once
 * more. Each is published under an id of its own and changes nothing if it comes too late.
 */
#ifndef BROKER_INSPECTION_H
#define BROKER_INSPECTION_H

#include "at_work.h"
#include "eventlog/eventlog.h"
#include "publisher/subject.h"
#include "bus/bus.h"
#include "transition/playbook_cache.h"

struct inspector {
    struct bus *bus;
    struct eventlog *log;
    const struct subjects *subjects;
    struct playbook_cache *playbooks;
    int64_t overdue_ms; /* so late a timer is taken for lost */
    bool may_be_left;   /* the tasks stream may have tasks that no consumer will deliver (stranded.h) */
    struct at_work *at_work;
    struct bus_permit permit; /* to publish what is missing */
};

struct inspection {
    uint32_t repaired;     /* facts that were published */
    int64_t waited_ms;     /* for others, until the log had what the event stream has: time that is no work */
    int64_t astray_ns;     /* monotonic; since when a task of it is given to somebody and no worker has it; 0:
                              none is */
    bool settled;          /* nothing need be looked at before a new event, or before: */
    int64_t look_again_ns; /* wall time; 0: never */
};

/*
 * astray_ns: what was found when it was last looked at, if nothing happened since; else 0. STATUS_UNAVAILABLE
 * and the like: it could not be seen; look again later.
 */
enum status inspect_execution(const struct inspector *i, int64_t execution_id, int64_t astray_ns,
                              struct inspection *out, struct error *err) MUST_CHECK;

#endif
