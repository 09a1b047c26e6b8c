/*
 * The durable log of events in Postgres: schema `noetl`, table `noetl.event`, one row an event, never
 * changed; and noetl.partition, the checkpoint of each partition, committed together with the rows that it
 * led to.
 *
 * A struct eventlog is one connection and belongs to one thread at a time. It connects again by itself on the
 * next call after a loss; a call that met the loss returns STATUS_UNAVAILABLE.
 */
#ifndef EVENTLOG_EVENTLOG_H
#define EVENTLOG_EVENTLOG_H

#include "core/arena.h"
#include "core/event.h"
#include "core/status.h"

struct eventlog;

/* `url`: a libpq connection string. Connects now if it can; `name` is its application_name. */
enum status eventlog_open(const char *url, const char *name, struct eventlog **out,
                          struct error *err) MUST_CHECK;
void eventlog_close(struct eventlog **log);
/*
 * How long a call waits for a connection, and for Postgres to go on with an answer, before it returns
 * STATUS_UNAVAILABLE; 0, as at first: as long as it takes. Not for commits.
 */
void eventlog_wait_at_most(struct eventlog *log, int64_t ms);
/* `is_over` is asked several times a second during such a wait: once it says so, that is waited for no more.
 */
void eventlog_give_up_when(struct eventlog *log, bool (*is_over)(void *context), void *context);
/*
 * Whether an error that might pass is STATUS_INTERNAL when eventlog_events() is answered with it, by a server
 * and a session that go on: for rows that have been answered so again and again. False at first.
 */
void eventlog_errors_last(struct eventlog *log, bool they_last);
/*
 * `waits` hears, on the thread that calls, whenever it begins to wait for Postgres, and whenever it no longer
 * does: a server that stands still is no fault of whoever waits for it.
 */
void eventlog_tell_waits(struct eventlog *log, void (*waits)(bool begins));
/* STATUS_OK if the database answers and its schema is of this version. */
enum status eventlog_check(struct eventlog *log, struct error *err) MUST_CHECK;
/* Applies the migrations that are missing, under a lock; *applied: how many. */
enum status eventlog_migrate(struct eventlog *log, int *applied, struct error *err) MUST_CHECK;

/*
 * Whose log it is: one installation's, which its nats.prefix tells from others. STATUS_CONFLICT names both if
 * it is another's. A claim makes it the caller's if it is nobody's yet, which only `noetl setup` and what may
 * write it can; of several at a time one wins.
 */
enum status eventlog_claim(struct eventlog *log, const char *prefix, struct error *err) MUST_CHECK;
enum status eventlog_check_prefix(struct eventlog *log, const char *prefix, struct error *err) MUST_CHECK;

/* ---- writing: the broker --------------------------------------------------------------------------- */

struct checkpoint {
    uint32_t partition;
    int64_t epoch;          /* of the owner: a commit with an older one than the row's is refused */
    uint64_t stream_seq;    /* the last message of NOETL_EVENTS whose effects are in the log */
    int64_t stream_time_ns; /* and when the stream stored it: sequences are reused after a lost tail */
    int64_t stream_created_ns;
    int64_t stream_lost_ns; /* when the stream was last seen to have lost what had been read; 0: never */
};

/*
 * Takes partitions over: raises their epochs and reads their checkpoints into out[0 … count - 1] (all zero
 * for a new one). From here on commits of the former owners fail. `owner` tells who, for whoever looks. An
 * epoch is larger than the one before, and none that anybody had: not even if the database had forgotten its
 * newest ones.
 * `lost_ns`: of each, when its stream was seen to have lost something, 0 if it was not; NULL if none was.
 */
enum status eventlog_take_partitions(struct eventlog *log, const uint32_t *partitions, const int64_t *lost_ns,
                                     size_t count, const char *owner, struct checkpoint *out,
                                     struct error *err) MUST_CHECK;
/* Nobody owns them any more; those that another has taken meanwhile stay as they are. */
enum status eventlog_release_partitions(struct eventlog *log, const struct checkpoint *held, size_t count,
                                        struct error *err) MUST_CHECK;
/* What the log says of a partition that is held, and known to be in the log up to a checkpoint. */
enum hold {
    HOLD_AS_KNOWN,
    HOLD_AHEAD,  /* it is held, and read further, or has another checkpoint */
    HOLD_TAKEN,  /* another has taken it: the epoch is newer */
    HOLD_BEHIND, /* what was written is gone: the epoch, or the checkpoint, is older */
};
/* Of each of them: holds[0 … count - 1]. A checkpoint of zeroes is behind nothing. */
enum status eventlog_holds(struct eventlog *log, const struct checkpoint *held, size_t count,
                           enum hold *holds, struct error *err) MUST_CHECK;
/* When the stream stored what the partition's checkpoint stands at; 0: it has none. */
enum status eventlog_checkpoint_time(struct eventlog *log, uint32_t partition, int64_t *time_ns,
                                     struct error *err) MUST_CHECK;
/* The owner of each of the partitions 0 … count - 1, in `a`; "": nobody. */
enum status eventlog_partition_owners(struct eventlog *log, struct arena *a, struct str *owners,
                                      uint32_t count, struct error *err) MUST_CHECK;

/* How far a partition is in the log, and who may write it. */
struct partition_row {
    struct checkpoint at;
    struct str owner; /* "": nobody */
    int64_t updated_ns;
};
/* Of those from `first` up to and without `end` that ever had an owner, in their order, in `a`. */
enum status eventlog_partitions(struct eventlog *log, uint32_t first, uint32_t end, struct arena *a,
                                struct partition_row **out, size_t *count, struct error *err) MUST_CHECK;

/*
 * One transaction: the rows, and the checkpoints of the partitions that they belong to. STATUS_CONFLICT when
 * an epoch is no longer the row's, or the checkpoint is not the one before: nothing was written, the
 * partition is lost. After STATUS_UNAVAILABLE or STATUS_TIMEOUT it may have been written or not: call again
 * with exactly the same rows and checkpoints, a commit that went through is recognised. What `error` and
 * names hold that a text column cannot (U+0000, no UTF-8) becomes U+FFFD.
 */
enum status eventlog_commit(struct eventlog *log, const struct event *events, size_t event_count,
                            const struct checkpoint *checkpoints, size_t checkpoint_count,
                            struct error *err) MUST_CHECK;

/* What becomes of a timer with a commit; a later one of the same timer replaces an earlier one. */
struct timer_change {
    int64_t execution_id;
    struct str timer_id; /* of [A-Za-z0-9_-]; "": every timer that the execution has by now is gone */
    uint32_t partition;  /* of the execution */
    int64_t due_ns;      /* 0: it is gone */
};

/* Whether a timer can have that id. */
bool timer_id_is_valid(struct str id);

struct commit {
    const struct event *events;
    size_t event_count;
    const struct checkpoint *checkpoints;
    const struct checkpoint *before; /* of each, what the log has to have so far; NULL: whatever it has */
    size_t checkpoint_count;
    const struct timer_change *timers; /* in the order in which they happened */
    size_t timer_count;
    int64_t
        only_new; /* an execution of which the log must have nothing before: else STATUS_CONFLICT; 0: none */
};
/* eventlog_commit() with timers, in the same transaction. */
enum status eventlog_write(struct eventlog *log, const struct commit *c, struct error *err) MUST_CHECK;

/*
 * Writes all events of an execution from elsewhere, in one transaction, if the log has nothing of it; else
 * STATUS_CONFLICT. Its first event has to say that it is imported (core/event.h), or a broker may go on with
 * it.
 */
enum status eventlog_import(struct eventlog *log, const struct event *events, size_t count,
                            struct error *err) MUST_CHECK;

/* ---- reading ----------------------------------------------------------------------------------------- */

struct event_list {
    struct event *items;
    size_t count;
};

/* All events of an execution in order, from `after_event_id` (exclusive) to `to_event_id` (0: the last). */
enum status eventlog_events(struct eventlog *log, int64_t execution_id, uint32_t after_event_id,
                            uint32_t to_event_id, struct arena *a, struct event_list *out,
                            struct error *err) MUST_CHECK;

/* Some events of an execution. */
struct event_choice {
    uint32_t after; /* behind this number */
    uint32_t limit; /* at most so many: from 1 */
    bool by_type;   /* only of the types that are true */
    bool types[EVENT_COUNT];
    struct str step; /* "": of any step, or none */
};
/* In order. STATUS_INVALID for a step's name that cannot be one. */
enum status eventlog_chosen_events(struct eventlog *log, int64_t execution_id,
                                   const struct event_choice *choice, struct arena *a, struct event_list *out,
                                   struct error *err) MUST_CHECK;

/* Gets one timer; the id is borrowed for the call. An error ends the reading. */
typedef enum status timer_reader(void *context, int64_t execution_id, struct str timer_id, int64_t due_ns,
                                 struct error *err);
/* The timers of the partitions from `first` up to and without `end`. */
enum status eventlog_timers(struct eventlog *log, uint32_t first, uint32_t end, timer_reader *take,
                            void *context, struct error *err) MUST_CHECK;

/* How an execution stands in the log. */
struct standing {
    int64_t execution_id;
    uint32_t last_event_id;
    int64_t last_time_ns;
    bool is_over;
};
/* Behind which execution to go on, in the order in which they began. Zero: from the beginning. */
struct begun_cursor {
    int64_t time_us;
    int64_t execution_id;
};
/*
 * The next executions that began, or were made to go on again, behind the cursor, which moves: at most `room`
 * of them, and no more than 10,000. One that was retried comes several times.
 */
enum status eventlog_begun(struct eventlog *log, struct begun_cursor *cursor, struct standing *out,
                           size_t room, size_t *count, struct error *err) MUST_CHECK;
/* Brings up to date how these executions stand; those of which the log has nothing are over. */
enum status eventlog_standings(struct eventlog *log, struct standing *executions, size_t count,
                               struct error *err) MUST_CHECK;

/* The ids of executions that have these digits at their beginning, or are them: at most `room`. */
enum status eventlog_ids(struct eventlog *log, int64_t beginning, int64_t *out, size_t room, size_t *count,
                         struct error *err) MUST_CHECK;
/*
 * The execution that was asked for last and is no sub-playbook's, of the playbook `path` ("": of any), and
 * when that was; *id is 0 if there is none.
 */
enum status eventlog_newest(struct eventlog *log, struct str path, int64_t *id, int64_t *time_ns,
                            struct error *err) MUST_CHECK;

/* What the database says of itself and of this login. */
struct log_survey {
    int64_t now_ns;     /* its clock */
    struct str version; /* "15.8" */
    int64_t size_bytes; /* of the whole database */
    bool may_read, may_write, is_standby;
};
/* Of a database that has the schema; texts in `a`. */
enum status eventlog_survey(struct eventlog *log, struct arena *a, struct log_survey *out,
                            struct error *err) MUST_CHECK;

struct execution_filter {
    struct str path;            /* "" : any */
    struct str under;           /* the folder that the path is in, at any depth; "": any */
    struct str status;          /* "", "running", "paused", "completed", "failed", "cancelled" */
    int64_t since_ns, until_ns; /* asked for at the first or later, and before the second; 0: at any time */
    enum { CALLED_OR_NOT, CALLED_NOT, CALLED_BY } called; /* whether a playbook did ask for it */
    int64_t parent;                                       /* which execution, for CALLED_BY */
    int64_t before; /* cursor: only executions started before this one; 0: none */
    uint32_t limit; /* 0: 20 */
};
struct execution_row {
    int64_t execution_id;
    struct str path;
    int64_t version;
    struct str status;            /* as in the filter */
    int64_t started_ns, ended_ns; /* 0: not yet */
    int64_t parent;               /* the execution that called it; 0: none */
    struct str error;
};
enum status eventlog_executions(struct eventlog *log, const struct execution_filter *filter, struct arena *a,
                                struct execution_row **rows, size_t *count, struct error *err) MUST_CHECK;

#endif
