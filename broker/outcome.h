/* The outcome of a task that no worker will ever report: the broker reports it as failed in their place. */
#ifndef BROKER_OUTCOME_H
#define BROKER_OUTCOME_H

#include "core/task.h"
#include "publisher/subject.h"

struct failed_outcome {
    char subject[SUBJECT_MAX];
    struct str message_id; /* that of the worker's own outcome: whichever is first counts */
    struct str payload;
};

/*
 * The fact `action_error` with that kind and message; made in `a`, both strings zero-terminated. `context` is
 * kept with it, or absent.
 */
enum status failed_outcome(struct arena *a, const struct subjects *s, const struct task *task,
                           enum status kind, struct str message, struct value context,
                           struct failed_outcome *out, struct error *err) MUST_CHECK;

#endif
