/* An execution in a test: facts are given to it, and its log and the tokens of its tasks are kept. */
#ifndef TRANSITION_FIXTURE_H
#define TRANSITION_FIXTURE_H

#include "check.h"
#include "transition/transition.h"

enum { EXECUTION = 42, FIXTURE_EVENTS = 2048, FIXTURE_TASKS = 256 };

struct fixture {
    struct arena arena;
    struct playbook_cache *playbooks;
    struct execution *x;
    struct event log[FIXTURE_EVENTS];
    size_t logged;
    int64_t clock_ns;
    struct str tokens[FIXTURE_TASKS], tasks[FIXTURE_TASKS];
    size_t task_count;
};

/* The execution is there, and was not requested yet. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);

void fixture_request(struct fixture *f, const char *playbook);
/* The next fact; type and what is in it are the caller's. It has to be taken. */
void fixture_give(struct fixture *f, struct event fact);
/* What the transition says of the next fact. */
enum status fixture_try(struct fixture *f, struct event fact, struct decisions *out, struct error *err);
/* ACTION_COMPLETED or ACTION_ERROR of the task with that id. */
void fixture_end_task(struct fixture *f, const char *id, enum event_type type);
/* ACTION_COMPLETED with that data. */
void fixture_task_gives(struct fixture *f, const char *id, struct value data);
void fixture_signal(struct fixture *f, const char *name);
/* A map of one or two members; `key2` may be NULL. */
struct value fixture_map(struct fixture *f, const char *key, struct value v, const char *key2,
                         struct value v2);

/*
 * For cmocka: a paused execution with something of everything. Of `loop`, item 0 is done, item 1 waits for
 * its next attempt, the second task of item 2 is in the queue, and item 3 has not begun; `wait` waits for a
 * signal, `call` for a playbook; `slow` is in the queue; `join` gathers; `each` is visited twice. The signal
 * "other" is there before anybody waits for it.
 */
int fixture_of_everything(void **state);
int fixture_tear_down(void **state);

/* The newest open visit of a step. */
struct visit *fixture_visit(struct fixture *f, const char *step);

#endif
