/*
 * The state of one execution, as its facts have made it. Nothing in it is read from a clock, a server or a
 * setting, so folding the same facts gives the same state for ever.
 *
 * Invariants, asserted by execution_check():
 *   1. An execution that is RUNNING has an open visit, except inside transition().
 *   2. An execution that is over has no open visit and no events after its final one.
 *   3. open_visits of a step is the length of its list of open visits; their sum is open_total.
 *   4. A visit's number is at most the visits of its step; numbers of one step are never used twice.
 *   5. At most one GATHERING visit of a step waits for further branches (join: all, or `end`).
 *   6. `end` has at most one visit.
 *   7. event ids are given without a gap: the next one is next_event_id.
 */
#ifndef TRANSITION_EXECUTION_H
#define TRANSITION_EXECUTION_H

#include "core/arena.h"
#include "core/event.h"
#include "core/value.h"
#include "playbook/playbook.h"

enum execution_phase { PHASE_NEW, PHASE_RUNNING, PHASE_COMPLETED, PHASE_FAILED, PHASE_CANCELLED };

enum visit_state {
#define S(name, open, doc) VISIT_##name,
#include "visit.def"
#undef S
    VISIT_STATE_COUNT
};

struct visit {
    uint32_t step;    /* index in the playbook */
    uint32_t number;  /* from 1: the how manyth visit of the step this is */
    uint32_t attempt; /* 0 while nothing was tried */
    enum visit_state state;
    bool joins;         /* a GATHERING visit that takes further arrivals in */
    struct value args;  /* of the edges that led here, merged in the order of arrival; absent if none */
    struct visit *next; /* of the same step, or of the free list */
};

struct step_state {
    struct visit *open; /* newest first */
    uint32_t open_visits;
    uint32_t gathering; /* of these, in state GATHERING */
    uint32_t visits;    /* how many there were */
    bool has_data;      /* it ended at least once */
    bool any_taken;     /* join: any has let its one arrival through since the last loop edge above it */
    bool is_last;       /* its latest visit ended its branch, so its data is part of the result */
};

struct execution {
    int64_t id;
    enum execution_phase phase;
    uint32_t next_event_id;
    struct playbook *playbook; /* a reference; NULL while PHASE_NEW and if it could not be compiled */
    int64_t version;
    struct str token_seed;
    struct value workload, env;
    struct step_state *steps; /* one for each of the playbook's */
    uint32_t open_total;

    /* Data and errors of the steps that have ended, by step, in the order in which they first ended. */
    struct value *data;
    struct value *errors; /* absent where there was none */
    uint32_t *ended;      /* step indices */
    uint32_t ended_count;

    struct value names; /* what templates see; absent when it has to be built anew */
    struct arena names_arena;

    struct arena arena; /* workload, data, visits */
    size_t garbage;     /* bytes in it that nothing points to any more, about */
    struct visit *free_visits;
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
 * loops replaces the data of its steps again and again, and must not grow with its age. Visits move: hold no
 * pointer to one across it.
 */
enum status execution_compact(struct execution *x, struct arena *heir, struct error *err) MUST_CHECK;
/* What templates see is built anew when it is next needed. */
void execution_forget_names(struct execution *x, struct arena *heir);

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

/* STATUS_INTERNAL with the invariant that does not hold. */
enum status execution_check(const struct execution *x, struct error *err) MUST_CHECK;

#endif
