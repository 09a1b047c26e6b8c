/*
 * A playbook before it is text: what the generator makes, what is taken apart to find the smallest that still
 * fails, and what is written as YAML for the real compiler.
 *
 * Any draft is made valid by draft_repair(), which also sees to it that what the playbook does depends on the
 * results of its tasks alone and not on their order, so that the engine and the reference can be compared:
 *   - a loop goes from a step that waits for all (join: all) back to a step through which every way to it
 * leads, and each step that can be reached from there comes before the step that loops, or behind it;
 *   - a step with join any or each behind a loop is reached only from behind that loop;
 *   - templates read only steps through which every way to them leads, and that are not visited several times
 *     at once ("several" below).
 */
#ifndef SIMULATION_DRAFT_H
#define SIMULATION_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"

enum { DRAFT_STEPS = 12, DRAFT_ENTRIES = 4, DRAFT_TARGETS = 3, DRAFT_END = 15, DRAFT_NONE = -1 };

enum draft_kind {
    DRAFT_ROUTE,
    DRAFT_TOOL,
    DRAFT_WORKBOOK,
    DRAFT_ITERATOR,
    DRAFT_PLAYBOOK,
    DRAFT_SIGNAL,
    DRAFT_PLAYBOOKS, /* parallel as its loop is async */
};
enum draft_join { DRAFT_ALL, DRAFT_ANY, DRAFT_EACH };
enum draft_on_error { DRAFT_FAIL, DRAFT_CONTINUE, DRAFT_GO };

enum draft_form {
    FORM_NAME,      /* NAME, or {step: NAME, args: …} */
    FORM_WHEN,      /* {step: NAME, when: …, else: …} */
    FORM_THEN_ELSE, /* {when: …, then: […], else: […]} */
    FORM_ELSE,      /* {else: […]} */
};

struct draft_entry {
    uint8_t form;
    uint8_t condition; /* which of the conditions; draft_yaml.c has them */
    int8_t about;      /* the step whose data it looks at; DRAFT_NONE: that of the entry */
    bool with_args;
    uint8_t then_count, else_count;
    uint8_t thens[DRAFT_TARGETS], elses[DRAFT_TARGETS];
};

struct draft_retry {
    uint8_t attempts; /* 0: no retry */
    uint8_t delay, when, stop;
    bool jitter;
};

struct draft_task { /* of an iterator; one that is an iterator runs a tool for each of its own items */
    uint8_t kind;
    struct draft_retry retry;
    bool saves;
};

enum { DRAFT_TASKS = 3 };
struct draft_loop {
    uint8_t collection, where, order_by, limit, chunk, concurrency; /* 0: not said */
    bool async, enumerate;
    uint8_t on_error; /* fail, continue, collect */
    uint8_t task_count;
    struct draft_task tasks[DRAFT_TASKS];
};

struct draft_step {
    bool there;
    uint8_t kind, join, on_error;
    int8_t on_error_step;
    int8_t loop_to;      /* while its result says `again`; DRAFT_NONE */
    int8_t reads;        /* a step whose data its args read */
    bool pass, has_args; /* `args` of its own */
    bool has_result;     /* `result`, of a step that only routes */
    bool bad_args;       /* with a name that does not exist */
    uint8_t failing;     /* of 8 attempts, about as many fail */
    uint8_t max_visits;  /* 0: not said */
    struct draft_retry retry;
    uint8_t saves;   /* 0: nothing */
    uint8_t expects; /* 0: nothing; 1: what is there; 2: what is not */
    uint8_t returns;
    uint8_t waits; /* of a signal: 0 it comes, 1 it never comes and has a timeout, 2 it never comes */
    bool detached; /* a sub-playbook that is not waited for */
    bool one_step; /* of a sub-playbook: what one of its steps gave */
    struct draft_loop loop;
    uint8_t entry_count;
    struct draft_entry entries[DRAFT_ENTRIES];
    /* Found by draft_repair(). */
    bool several; /* may be visited several times at once */
};

struct draft {
    uint8_t count;                       /* steps; some may not be there any more */
    bool has_end, end_result, end_works; /* it has a result, or is a tool's, or neither */
    uint8_t failing_action;              /* of the workbook's action */
    uint8_t calls;                       /* the playbook that its steps call; 0: none */
    uint32_t timeout_ms;                 /* of an execution; 0: none */
    struct draft_step steps[DRAFT_STEPS];
};

/* A random one, unrepaired; `calls` as above. */
void draft_make(struct draft *d, uint8_t calls, uint64_t *random);
/* What came into the language later is put in by draws of its own, so that the seeds that were kept go on
 * making the worlds that they made. */
void draft_add_later(struct draft *d, uint64_t *random);
void draft_repair(struct draft *d);
void draft_write(const struct draft *d, struct str path, struct buf *out);
/* "simulation/a", "simulation/b", … */
struct str draft_path(uint32_t number);
/* The path under which the catalog may have the playbooks from that number on. */
struct str draft_prefix(uint32_t number);
/* The signal that a step waits for; "" if it waits for none that ever comes. */
struct str draft_signal(const struct draft *d, uint32_t step);
/* "start", "b", "c", …; "end" for DRAFT_END. */
const char *draft_step_name(uint32_t step);
/* The step with the name, or DRAFT_NONE. */
int draft_find(const struct draft *d, struct str name);

#endif
