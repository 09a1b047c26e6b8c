/*
 * Runs one case of cases/: a playbook, then facts, each followed by what it must lead to.
 *
 *   <a playbook>
 *   --- script
 *   request {"limit": 3}              a request with that workload
 *     execution_start …               (indented: what the transition must answer, line by line)
 *   done fetch {"items": []}          the newest task of the step succeeds with that data
 *   error fetch timeout it took long  it fails, with kind and message
 *   again                             the fact before comes once more
 *   forged fetch {}                   as done, with a wrong token
 *   cancel no longer needed
 *
 * Each case is run three times: plainly; again from the start, where every event and task must come out in
 * the same bytes; and with the state thrown away and folded back from the log before every fact.
 */
#ifndef TRANSITION_CASE_RUNNER_H
#define TRANSITION_CASE_RUNNER_H

#include "core/buf.h"

/* The case with the answers that the transition gave: equal to `text` if it passes. */
void case_run(struct str text, const char *name, struct buf *actual);

#endif
