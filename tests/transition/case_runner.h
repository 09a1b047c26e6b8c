/*
 * Runs one case of cases/: a playbook, then facts, each followed by what it must lead to.
 *
 *   <a playbook>
 *   --- script
 *   request {"limit": 3}              a request with that workload
 *     execution_start …               (indented: what the transition must answer, line by line)
 *   request_from {"execution_id": …}  a sub-playbook's, with what it is told of its parent
 *   request_with {"env": {…}}         a request with these members in its context
 *   fact {"event_type": …}            any fact at all
 *   done fetch {"items": []}          the newest task of the step succeeds with that data
 *   error fetch timeout it took long  it fails, with kind and message
 *   again                             the fact before is published once more
 *   reread                            the fact before is read once more: the same message
 *   forged fetch {}                   as done, with a wrong token
 *   done s1v1a1i2a1 {}                in place of a step's name, a task's id: of an item, say
 *   timer                             the clock goes on to the timer that is due first, and it fires
 *   timer s1v1a2                      that one fires now
 *   timer s1v1a2 2023-11-14T…         the same, and says that it was due then
 *   signal go {"n": 1}                with what it brings
 *   child_done s1v1a1 {}              another playbook's execution gave that
 *   child_failed s1v1a1 why
 *   pause · resume · retry · retry STEP · cancel no longer needed
 *
 * Each case is run five times: plainly; again from the start, where every event and task must come out in
 * the same bytes; with the state thrown away and folded back from the log before every fact; with the state
 * written down and read back before every fact; and with it moved into fresh memory. All of these must be the
 * same text.
 */
#ifndef TRANSITION_CASE_RUNNER_H
#define TRANSITION_CASE_RUNNER_H

#include "core/buf.h"

/* The case with the answers that the transition gave: equal to `text` if it passes. */
void case_run(struct str text, const char *name, struct buf *actual);

/*
 * Runs the case; before each fact is taken, it is tried with memory that runs out, by `fail_at`(n) at the
 * n-th request and with `fail_never`(), which says how many requests there were, no more. Each request is
 * refused once. That must leave nothing behind that makes a difference, once the state is folded back from
 * the log; and a fact that is taken all the same leads to the state that it leads to with all the memory.
 */
void case_run_short_of_memory(struct str text, const char *name, void (*fail_at)(size_t n),
                              size_t (*fail_never)(void));

#endif
