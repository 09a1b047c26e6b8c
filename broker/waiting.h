/*
 * Facts that wait for the log: of executions that only the log knows, while it does not answer. What comes
 * for such an execution afterwards waits behind, so each keeps its order; the others go on. And when the log
 * is looked for: seldom and briefly, because a server that hangs must not keep waiting what does not need it;
 * only rows that take long although the server answers are given more time.
 * Belongs to the engine's thread.
 */
#ifndef BROKER_WAITING_H
#define BROKER_WAITING_H

#include "eventlog/eventlog.h"
#include "fact_queue.h"
#include "runtime/clock.h"

/* All zero: empty. */
struct waiting {
    struct fact_queue facts;
    int failures; /* so often the first could not be folded, while the log answered when it was looked for; */
    struct mono_time failing_since; /* the first of these */
    int64_t patience_ms;            /* with the first; 0: as at first */
    struct mono_time look_at;       /* the next time */
    int64_t look_ms;                /* for how long then, at most */
};

/* Within how long the log has to go on with an answer, or it counts as away at first; and least between two
 * looks. */
enum { WAITING_ASK_MS = 3000, WAITING_LOOKS_APART_MS = 200 };

/* The log has not answered. */
void waiting_begin(struct waiting *w);
/* Whether it is time to look for it. */
bool waiting_is_due(const struct waiting *w);
/* Looks whether it answers; with what passes by itself it does not. */
bool waiting_look(struct waiting *w, struct eventlog *log);
/* It does not, or no more; that was found out since then. */
void waiting_look_later(struct waiting *w, struct mono_time since);

/* As fact_queue_add() has it. */
enum status waiting_add(struct waiting *w, struct bus_delivery *d, const struct event_subject *at,
                        int64_t epoch, struct error *err) MUST_CHECK;
/* Whether no more should be added. */
bool waiting_is_full(const struct waiting *w);
/* Whether a fact of the execution waits. */
bool waiting_has(const struct waiting *w, int64_t execution_id);
/* Within how long the log has to go on with what the first needs: longer each time that it did not. Only if
 * one waits. */
int64_t waiting_patience_ms(const struct waiting *w);
/* The first could not be folded, although the log answered when it was looked for just before; that was found
 * out within so long. */
void waiting_failed(struct waiting *w, int64_t took_ms);
/*
 * Whether that was so often and for so long that the reason is in the rows of its execution: what lasts must
 * not keep everything else from being committed. Only if one waits.
 */
bool waiting_is_hopeless(const struct waiting *w, struct mono_time now);
/* The first has been folded, or is not to be. */
void waiting_drop_first(struct waiting *w);
void waiting_drop_partition(struct waiting *w, uint32_t partition);
void waiting_free(struct waiting *w);

#endif
