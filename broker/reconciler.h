/*
 * The reconciler: looks from time to time at every open execution of this broker's partitions that has stood
 * still, whether what it waits for is there (inspection.h), and mends what is not. It has a thread and
 * connections of its own, and finds the executions in the log: those that are in no broker's memory too.
 */
#ifndef BROKER_RECONCILER_H
#define BROKER_RECONCILER_H

#include "eventlog/eventlog.h"
#include "fence.h"
#include "intake.h"
#include "progress.h"
#include "publisher/subject.h"
#include "bus/bus.h"

struct reconciler;

struct reconciler_options {
    struct eventlog *log; /* the reconciler's from now on */
    struct bus *bus;
    const struct subjects *subjects;
    const struct fence *fence;
    struct progress *progress;
    struct intake *intake; /* borrowed */
    int64_t every_ms;      /* between looks; an execution is looked at once it has stood still for as long */
};

enum status reconciler_start(const struct reconciler_options *options, struct reconciler **out,
                             struct error *err) MUST_CHECK;
/* Whether the streams turned out to be made anew for another number of partitions, and the broker has to end.
 */
bool reconciler_failed(struct reconciler *r, struct error *err);
/* NULL is allowed. */
void reconciler_stop(struct reconciler **r);

#endif
