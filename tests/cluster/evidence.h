/* What the log and the file of effects say when all is over. */
#ifndef TESTS_CLUSTER_EVIDENCE_H
#define TESTS_CLUSTER_EVIDENCE_H

#include "stage.h"

/* What a query of one number says. */
int64_t evidence_number(struct stage *s, const char *sql);
/* The id, last event and step of an execution that is not over; in the stage's arena. */
const char *evidence_open_execution(struct stage *s);
/* Fails the test unless every execution's events are numbered 1, 2, 3, … and each task has one outcome. */
void evidence_check_log(struct stage *s);
/*
 * Fails the test unless every task with an outcome has left its line in the file of effects, and every line
 * is of a task of the log. Returns how many lines there are more than tasks: runs that were repeated.
 */
int evidence_check_effects(struct stage *s);

#endif
