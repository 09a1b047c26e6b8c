/*
 * What two executions have in common, and where they part: playbook, workload, steps, end.
 *
 *   {"same",
 *    "left":{"execution_id","path","version","digest","status","duration_ms"},"right":{…},
 *    "playbook":[{"left"|"right": a line}], "workload":[{"path","left","right"}],
 *    "result":[{"path","left","right"}],"error":[…],
 *    "steps":[{"step","same","left":{"status","visits","attempts","duration_ms"}|null,"right":{…}|null,
 *              "input"?:[…],"result"?:[…],"error"?:[…],"next"?:[…]}]}
 *
 * Two are the same if nothing differs but ids, versions of the same text, times and durations. Steps are in
 * the order in which they came first on the left, then those that only the right one has.
 */
#ifndef REPLAY_COMPARISON_H
#define REPLAY_COMPARISON_H

#include "account.h"

enum { COMPARISON_PLACES = 20 }; /* places of one value that are told, and lines of a text */

enum status comparison_make(struct arena *a, const struct account *left, const struct account *right,
                            struct value *out, struct error *err) MUST_CHECK;

#endif
