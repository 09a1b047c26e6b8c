/*
 * How far one visit of a step has come, as its events tell: attempts, what it waits for, items of an
 * iterator.
 */
#ifndef CORE_STEP_PROGRESS_H
#define CORE_STEP_PROGRESS_H

#include "event.h"

enum { ITEM_OPEN, ITEM_DONE, ITEM_FAILED };

struct step_progress {
    uint32_t step, visit; /* the step's number from 1, and the visit's; 0 while no event had a task's id */
    uint32_t attempts;    /* of the step itself, not of an iterator's items */
    struct value started; /* context of the newest step_started; absent before */
    struct value
        retried; /* context of the step_retried that the next attempt is still to follow; or absent */
    /* Of an iterator's newest attempt: how many, how many have their outcome, and how many of those failed.
     */
    uint32_t items, items_done, items_failed;
    uint8_t *outcomes; /* of each item: ITEM_OPEN, … */
};

/* Takes one event of the visit in; shares its values. STATUS_NO_MEMORY. */
enum status step_progress_add(struct step_progress *p, const struct event *e, struct arena *a,
                              struct error *err) MUST_CHECK;
/* Whether a fact that names another playbook (child_completed, child_failed) is of this visit. */
bool step_progress_is_of(const struct step_progress *p, const struct event *fact);
/* Whether the event is of an item of an iterator rather than of the step itself. */
bool event_is_of_item(const struct event *e);
/* "iterator", "playbook", "signal", or "" : what a running step waits for besides workers. */
struct str step_progress_kind(const struct step_progress *p);

#endif
