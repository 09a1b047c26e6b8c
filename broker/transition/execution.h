/*
 * The state of one execution, as its facts have made it. Nothing in it is read from a clock, a server or a
 * setting, so folding the same facts gives the same state for ever.
 *
 *   execution ──▶ step_state, one for each step ──▶ open visits (visit.def)
 *                                                     └─▶ the work that it runs (work.def)
 *                                                           └─▶ an iterator's loop ──▶ the works of its items
 *
 * Invariants, asserted by execution_check():
 *   1. An execution that is RUNNING and not paused has an open visit, except inside transition().
 *   2. One that is COMPLETED has no open visit. One that FAILED or was CANCELLED keeps the visits that were
 * open, their works STOPPED, for a retry; no event comes after its final one but those of a retry.
 *   3. open_visits of a step is the length of its list of open visits, gathering of those in that state;
 * their sum is open_total; every open visit is found by its step and number.
 *   4. A visit's number is at most the visits of its step; numbers of one step are never used twice.
 *   5. At most one GATHERING visit of a step waits for further branches (join: all, or `end`).
 *   6. `end` has at most one visit, those aside that were given up for a retry.
 *   7. event ids are given without a gap: the next one is next_event_id.
 *   8. A visit has a work exactly if it is RUNNING. A work's timer is set exactly in the states DELAYED and,
 * with a timeout, SIGNAL; its child in CHILD; its loop in LOOP and, of an iterator that was stopped within,
 * STOPPED.
 *   9. open_before of a step is how many open visits stand at steps that lead to it, itself included, without
 * a loop edge.
 *  10. Of a loop: next items were started, running of them have a work, done have a result.
 *  11. A work is in the queue exactly if it is READY, or a LOOP that could go on, while the execution is
 * paused; in the list of waiting ones exactly if it is in SIGNAL.
 */
#ifndef TRANSITION_EXECUTION_H
#define TRANSITION_EXECUTION_H

#include "core/arena.h"
#include "core/event.h"
#include "core/id.h"
#include "core/trace.h"
#include "core/value.h"
#include "playbook/playbook.h"
#include "render/context.h"

enum execution_phase { PHASE_NEW, PHASE_RUNNING, PHASE_COMPLETED, PHASE_FAILED, PHASE_CANCELLED };

enum visit_state {
#define S(name, open, doc) VISIT_##name,
#include "visit.def"
#undef S
    VISIT_STATE_COUNT
};

enum work_state {
#define W(name, owner, doc) WORK_##name,
#include "work.def"
#undef W
    WORK_STATE_COUNT
};

struct loop;
struct visit;

struct work {
    const struct action *action;
    struct visit *visit;
    struct work *parent; /* the iterator that it is an item's task of; NULL for a visit's own */
    uint32_t item, task; /* its place in there */
    uint32_t attempt;    /* the newest; 0 while nothing was tried */
    uint32_t
        attempts_before; /* of these, the ones that do not count: lost, or before a retry of the execution */
    uint32_t lost;       /* how many were lost, since it began or the execution was retried */
    enum work_state state;
    int64_t due_ns;            /* of its timer; 0: none is set */
    int64_t child;             /* the other execution's id; 0: none */
    struct value args, config; /* the rendered input, while further attempts may want it; else absent */
    struct value signal;       /* the name that it waits for */
    char token[33];         /* of the newest attempt's task; "" while it is not needed: it can be derived */
    struct loop *loop;      /* of an iterator at work */
    struct work_list *list; /* the list that it is in, or NULL */
    struct work *next, *before; /* in that list; next also of free ones */
};

/* First come, first served. */
struct work_list {
    struct work *first, *last;
};

/* An iterator at work. */
struct loop {
    struct value items;   /* a list: what there is after where, order_by, limit and chunk */
    uint32_t concurrency; /* items at a time */
    uint32_t next;        /* the first item that was not started */
    uint32_t running, done;
    size_t bytes;          /* of the results, as JSON (json_check()): bounded by JSON_VALUE_BYTES */
    bool pumping;          /* items are being started further up in the calls */
    struct value *results; /* of each item; absent while it has none */
    struct work **active;  /* of each item, its current task's; NULL if none */
    struct value
        *earlier; /* of each item, a map: what its earlier tasks gave; NULL if there is one task only */
};

struct visit {
    uint32_t step;    /* index in the playbook */
    uint32_t number;  /* from 1: the how manyth visit of the step this is */
    uint32_t attempt; /* 0 while nothing was tried */
    enum visit_state state;
    bool joins;        /* a GATHERING visit that takes further arrivals in */
    struct value args; /* of the edges that led here, merged in the order of arrival; absent if none */
    struct work *work; /* what it runs */
    struct visit *next, *before; /* of the same step, newest first; next also of the free list */
    struct visit *next_gathering, *before_gathering; /* of all that gather, in the order of arrival */
};

struct step_state {
    struct visit *open; /* newest first */
    uint32_t open_visits;
    uint32_t gathering;   /* of these, in state GATHERING */
    uint32_t open_before; /* invariant 9 */
    uint32_t visits;      /* how many there were */
    bool has_data;        /* it ended at least once */
    bool any_taken;       /* join: any has let its one arrival through since the last loop edge above it */
    bool is_last;         /* its latest visit ended its branch, so its data is part of the result */
};

enum { SIGNALS_KEPT = 1000 };

struct execution {
    int64_t id;
    enum execution_phase phase;
    bool paused;
    uint32_t next_event_id;
    uint64_t last_seq; /* of the newest fact that was taken: its place and time in the stream */
    int64_t last_time_ns;
    struct playbook *playbook; /* a reference; NULL while PHASE_NEW and if it could not be compiled */
    int64_t version;
    struct str token_seed;
    char traceparent[TRACEPARENT_TEXT]; /* of its span (core/trace.h); "": it is part of no trace */
    struct value workload, env;
    int64_t timeout_ms;  /* of the execution; 0: none */
    uint32_t retries;    /* how often it was retried */
    struct value parent; /* of a sub-playbook's execution: {"execution_id", "task_id", "return_step",
                            "depth"}; or absent */

    struct step_state *steps; /* one for each of the playbook's */
    uint32_t open_total;
    struct visit **by_number; /* the open visits by step and number: open addressing, a power of two */
    uint32_t by_number_size;
    struct visit *first_gathering, *last_gathering;
    struct visit *failed; /* the one that the execution failed by; NULL if it did not, or by none */

    /* Data and errors of the steps that have ended, by step, in the order in which they first ended. */
    struct value *data;
    struct value *errors; /* absent where there was none */
    uint32_t *ended;      /* step indices */
    uint32_t ended_count;
    struct value variables; /* a map: what `save` has named; or absent */

    struct work_list queue;   /* what waits for a resume */
    struct work_list waiting; /* what waits for a signal */
    struct value *signals;    /* that came before anybody waited: {"name", "payload"} */
    uint32_t signal_count;

    struct context_names names; /* what templates see; not open when it has to be built anew */
    struct arena names_arena;

    struct arena arena; /* workload, data, visits, works */
    size_t garbage;     /* bytes in it that nothing points to any more, about */
    struct visit *free_visits;
    struct work *free_works;
};

/* *out is the caller's, for execution_free(). */
enum status execution_new(int64_t id, struct execution **out, struct error *err) MUST_CHECK;
void execution_free(struct execution *x);
bool execution_is_over(const struct execution *x);
/* Bytes of memory that the execution takes. */
size_t execution_memory(const struct execution *x);

/* Sets the playbook (one reference is taken over) and makes room for its steps. */
enum status execution_set_playbook(struct execution *x, struct playbook *p, struct error *err) MUST_CHECK;
/*
 * Keeps the data and the error (or an absent one) of a step that has ended; copies them. What decisions of
 * this or an earlier turn may still point to goes to `heir`, the arena of the current decisions, which
 * outlives them all.
 */
enum status execution_keep_data(struct execution *x, uint32_t step, struct value data, struct value error,
                                struct arena *heir, struct error *err) MUST_CHECK;

/*
 * Moves what is still wanted into fresh memory, if more than half of the old is garbage: an execution that
 * loops replaces the data of its steps again and again, and must not grow with its age. Visits and works
 * move: hold no pointer to one across it. (compact.c)
 */
enum status execution_compact(struct execution *x, struct arena *heir, struct error *err) MUST_CHECK;
/* The same, however little garbage there is. */
enum status execution_move(struct execution *x, struct arena *heir, struct error *err) MUST_CHECK;
/* What templates see is built anew when it is next needed. */
void execution_forget_names(struct execution *x, struct arena *heir);

/* ---- visits: visit.c ---------------------------------------------------------------------------------- */

/* A new open visit in state GATHERING. */
enum status visit_open(struct execution *x, uint32_t step, struct visit **out, struct error *err) MUST_CHECK;
/* The one place where a visit changes its state; a move that visit.def does not have is STATUS_INTERNAL. A
 * visit that is no longer open is unlinked, and gone after visit_release(). */
enum status visit_move(struct execution *x, struct visit *v, enum visit_state to,
                       struct error *err) MUST_CHECK;
void visit_release(struct execution *x, struct visit *v);
/* The open visit with that number, or NULL. */
struct visit *visit_find(const struct execution *x, uint32_t step, uint32_t number);
/* The GATHERING visit of a step that takes arrivals in, or NULL. */
struct visit *visit_gathering(const struct execution *x, uint32_t step);
const char *visit_state_name(enum visit_state s);
/* For those who rebuild a state: links an open visit, whose members are set, into every list and count. */
enum status visit_link(struct execution *x, struct visit *v, struct error *err) MUST_CHECK;
/* A zeroed one, from the free list if there is one; NULL: no memory. */
struct visit *visit_alloc(struct execution *x);

/* ---- works: work.c ------------------------------------------------------------------------------------ */

/* A READY work that is in no list. */
enum status work_new(struct execution *x, struct visit *v, struct work *parent, const struct action *action,
                     struct work **out, struct error *err) MUST_CHECK;
/* The one place where a work changes its state, as visit_move(). */
enum status work_move(struct execution *x, struct work *w, enum work_state to, struct error *err) MUST_CHECK;
/* With the works of its loop's items; it may be in any state. */
void work_release(struct execution *x, struct work *w);
/* An iterator's loop, with the works of its items. */
void loop_release(struct execution *x, struct work *w);
void work_append(struct work_list *list, struct work *w);
/* Out of the list that it is in, if it is in one. */
void work_remove(struct work *w);
const char *work_state_name(enum work_state s);
const char *work_state_owner(enum work_state s);
/* Of the work's current attempt; with `attempt` in place of the newest one. */
void work_task_id(const struct work *w, uint32_t attempt, struct task_id *out);
/* The open work that the id is of, whatever its own last attempt is; NULL if there is none. */
struct work *work_find(const struct execution *x, const struct task_id *id);

/* ---- the whole state ---------------------------------------------------------------------------------- */

/* STATUS_INTERNAL with the invariant that does not hold. */
enum status execution_check(const struct execution *x, struct error *err) MUST_CHECK;

/*
 * The state as JSON, and back (encode.c, decode.c): two states that behave alike are the same text. Between
 * transitions only. Reading needs the playbook that the state is of, and takes a reference of its own;
 * STATUS_INVALID for a text that is no state of this version, or not of that playbook.
 */
enum { EXECUTION_STATE_VERSION = 1 };
enum status execution_encode(const struct execution *x, struct arena *a, struct str *out,
                             struct error *err) MUST_CHECK;
enum status execution_decode(struct str text, struct playbook *playbook, struct execution **out,
                             struct error *err) MUST_CHECK;

#endif
