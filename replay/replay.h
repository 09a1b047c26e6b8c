/*
 * Plays an execution again from what was recorded of it. Each fact goes through the same transition() as in
 * the broker, and what it leads to now is compared with what the record has behind it. Nothing is published,
 * written or run.
 *
 *   struct replay r;
 *   replay_open(&r, id, playbooks);
 *   for each event of the record, in its order:
 *       replay_take(&r, &event, &found, err)    r.decisions and r.x are as after the newest fact
 *   replay_end(&r, &found, err)                 the record is at its end
 *   replay_close(&r)
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "transition/transition.h"

#include "difference.h"

struct replay {
    struct execution *x; /* NULL before the first event */
    struct playbook_cache *playbooks;
    int64_t execution_id;
    struct arena arena;         /* of the newest fact's decisions */
    struct arena scratch;       /* of one comparison */
    struct event fact;          /* a copy of the newest one */
    struct decisions decisions; /* what it leads to; the first event is the fact itself */
    uint32_t compared;          /* how many of these the record had */
    uint32_t last_event_id;     /* of the record */
};

enum mismatch_kind {
    MISMATCH_NONE,
    MISMATCH_EVENT,      /* an event is another one, or has something else in it */
    MISMATCH_MISSING,    /* the record lacks an event that follows from its facts */
    MISMATCH_ADDITIONAL, /* the record has a decision that does not follow from its facts */
    MISMATCH_IGNORED,    /* the record has a fact that would change nothing now */
    MISMATCH_ORDER,      /* the numbers of the record's events have a gap, or it begins with another than 1 */
    MISMATCH_FAILED,     /* the fact cannot be evaluated any more */
};

/* The first place where a record and its evaluation part. Values and texts live until the next call. */
struct mismatch {
    enum mismatch_kind kind;
    uint32_t event_id;                /* in the record, or that it would have */
    struct difference at;             /* left: recorded; right: evaluated now */
    struct value recorded, evaluated; /* the whole events; absent if there is none */
    struct str why;                   /* of MISMATCH_IGNORED and MISMATCH_FAILED; else "" */
};

/* `playbooks` is the caller's, and outlives the replay. */
void replay_open(struct replay *r, int64_t execution_id, struct playbook_cache *playbooks);
void replay_close(struct replay *r);

/*
 * The next event of the record: its values are copied as far as they are needed. With a mismatch, which is no
 * error, the replay is at its end: do not go on. STATUS_NO_MEMORY, STATUS_INVALID for an event of another
 * execution.
 */
enum status replay_take(struct replay *r, const struct event *recorded, struct mismatch *out,
                        struct error *err) MUST_CHECK;
/* Nothing more comes: whether the newest fact leads to more than the record has. */
enum status replay_end(struct replay *r, struct mismatch *out, struct error *err) MUST_CHECK;
/*
 * Evaluates a fact of a stream, where no decisions stand in between and facts that change nothing are there
 * too: then decisions.ignored says why. Nothing is compared, but for an error in `out`.
 */
enum status replay_fact(struct replay *r, const struct event *fact, struct mismatch *out,
                        struct error *err) MUST_CHECK;
/* Compares an event that was recorded with one that is evaluated; NULL: none is, MISMATCH_ADDITIONAL. */
enum status replay_compare(struct replay *r, const struct event *recorded, const struct event *evaluated,
                           struct mismatch *out, struct error *err) MUST_CHECK;

/* "is another event", … : what `at` is about, in words. */
const char *mismatch_text(enum mismatch_kind kind);

#endif
