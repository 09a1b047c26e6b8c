/* Executions in a test: playbooks whose tasks answer by what they are given, run to their ends. */
#ifndef TESTS_REPLAY_PLAY_H
#define TESTS_REPLAY_PLAY_H

#include "check.h"
#include "transition/transition.h"

enum { LOG_MAX = 1024, TASKS_MAX = 64, ID = 42, ORDERS = 8, PLAYBOOK_COUNT = 5 };

extern struct arena arena; /* of one test */
extern struct playbook_cache *playbooks;
/* Chains, joins of all kinds, failures that go on, elsewhere and nowhere, and an iterator. */
extern const char *const PLAYBOOKS[PLAYBOOK_COUNT];

int set_up(void **state);
int tear_down(void **state);

/* An execution, its log, and its tasks that have no outcome yet. */
struct run {
    struct execution *x;
    struct event log[LOG_MAX];
    size_t logged;
    struct task tasks[TASKS_MAX];
    size_t open;
    int64_t clock_ns;
    uint64_t chance; /* which task ends next */
};

/* The execution is requested; `fork` may be absent. */
void begin(struct run *r, int64_t id, const char *playbook, struct value fork, uint64_t chance);
/* A fact for it, which has to change something; its timers fire at once. */
void give(struct run *r, struct event fact);
/* One of its tasks has its outcome: a noop gives back its args; one with `fail` fails by them. */
void end_one(struct run *r);
/* All of them. */
void finish(struct run *r);
/* How it ended, with what. */
struct str ending(const struct run *r);

#endif
