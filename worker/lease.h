/*
 * The deliveries that this worker holds: each from the moment it came until it is acked, given back or
 * refused. One thread, the keeper, tells the stream in time that they are being worked on, and stops attempts
 * whose time is over.
 *
 *   take ── claim ── begin ── (the tool runs) ── end ── (its outcome is on the way) ── release
 *
 * The stream gives a task to another worker when it has heard nothing of it for ack_wait. A lease has lapsed
 * once that may be so: the server, the network or this process stood still. So it keeps in mind since when
 * the stream can have counted: from the delivery on, or from the last renewal that is known to have arrived.
 */
#ifndef WORKER_LEASE_H
#define WORKER_LEASE_H

#include <stdatomic.h>

#include "core/id.h"
#include "bus/bus.h"
#include "tool.h"

struct lease_keeper;

enum { LEASE_WORD = 64 }; /* what is kept of a name, for lease_keeper_look() */

struct lease {
    struct bus_delivery *delivery;
    struct lease *next; /* for the queue that holds it */
    /* Of its outcome, while that is on the way. */
    void *owner;
    char *payload;
    size_t payload_len;
    char subject[256];
    char message_id[96];
    bool reported_trouble;
    int64_t again_ns;
    /* The keeper's, under its mutex. */
    struct lease *newer, *older;
    int64_t execution_id; /* this and the task's id since it was claimed, else 0 */
    uint32_t run;
    struct task_stop *stop;          /* NULL while no tool runs */
    int64_t deadline_ns, working_ns; /* when the time of the attempt is over; when it is to be renewed */
    int64_t known_ns;                /* the stream counts from then on, or from later */
    int64_t told_ns;                 /* when it was renewed last, which may have been in vain */
    uint32_t told_on;                /* on this connection */
    bool lapsed;
    _Atomic uint64_t deliveries; /* the newest of its message that came here */
    char task_id[TASK_ID_TEXT];
    bool is_over;   /* nobody waits for it: its execution has ended, or what it is a part of */
    uint32_t heard; /* how many ends there were when it was asked for its own */
    enum lease_stage { LEASE_WAITS, LEASE_RUNS, LEASE_REPORTS } stage;
    int64_t since_ns; /* of the stage; wall clock */
    char step[LEASE_WORD], type[LEASE_WORD];
    uint32_t attempt;
};

/* For how long a task is surely this worker's behind what the stream has heard of it: a quarter of the time
 * that it waits is for the way to it. */
static inline int64_t lease_holds_for(int64_t ack_wait)
{
    return ack_wait / 4 * 3;
}

/* Every third of `ack_wait_ms`, which is the consumer's, each lease is renewed. */
enum status lease_keeper_open(struct bus *bus, int64_t ack_wait_ms, struct lease_keeper **out,
                              struct error *err) MUST_CHECK;
/* The consumer has another one. */
void lease_keeper_set_ack_wait(struct lease_keeper *k, int64_t ack_wait_ms);
/* Ends the thread: nothing is renewed or timed out any more. Before the bus is closed. */
void lease_keeper_stop(struct lease_keeper *k);
/* Frees it and the leases that are left. After the bus is closed: no handler may run any more that knows one.
 */
void lease_keeper_close(struct lease_keeper **k);

/* Takes the delivery over; NULL, with it still the caller's, when there is no memory. */
struct lease *lease_take(struct lease_keeper *k, struct bus_delivery *delivery);
/*
 * Two deliveries of one task must not run side by side. One of the same message, while an earlier one is at
 * work here, says that the stream leaves it to this worker, and is done with: the earlier one is renewed and
 * ends for both. Of another message with the same task the earlier one's outcome counts, too; while that has
 * not begun, or may be another worker's, it is LEASE_IS_HERE as well: left, and delivered again.
 */
enum lease_claim { LEASE_CLAIMED, LEASE_IS_HERE, LEASE_IS_HERE_AS_ANOTHER };
enum lease_claim lease_claim(struct lease_keeper *k, struct lease *l, const struct task *task);
/* Whether the stream may have given it to another worker by now. Any thread. */
bool lease_has_lapsed(struct lease_keeper *k, struct lease *l);
/* From now on the deadline and the end of the execution set `stop`. */
void lease_begin(struct lease_keeper *k, struct lease *l, const struct task *task, struct task_stop *stop,
                 int64_t timeout_ms);
/* `stop` is the caller's again. Gives whether nobody waits for its outcome any more. */
bool lease_end(struct lease_keeper *k, struct lease *l);
/* Forgets and frees it. Any thread; does not wait. */
void lease_release(struct lease_keeper *k, struct lease *l);
/* The same; the stream is to give the task to somebody after `delay_ms`. Not of one that has lapsed: that
 * would take it from who has it. */
void lease_give_back(struct lease_keeper *k, struct lease *l, int64_t delay_ms);

/*
 * Stops what runs for an execution, and what will begin for it shortly: tasks of that run of it, and of
 * earlier ones. Does not wait.
 */
void lease_keeper_stop_execution(struct lease_keeper *k, int64_t execution_id, uint32_t run);
/* The same of the tasks of an iterator's attempt, by its id. */
void lease_keeper_stop_attempt(struct lease_keeper *k, int64_t execution_id, struct str attempt_id);
/*
 * Whether an end was heard of what a claimed task is a part of. That end may not be one any more: a log that
 * is set back (a standby that lacks the newest commits took over) has the execution open again. So the
 * brokers are asked before such a task is let go, and where they say that it is waited for, the end is
 * forgotten; one that is heard while they are asked stays.
 */
bool lease_has_heard_end(struct lease_keeper *k, struct lease *l);
void lease_forget_end(struct lease_keeper *k, struct lease *l);
/* Stops all that runs, and what would begin. */
void lease_keeper_stop_all(struct lease_keeper *k);
/* Waits until no lease is left, up to `timeout_ms`; how many are. */
uint32_t lease_keeper_wait_empty(struct lease_keeper *k, int64_t timeout_ms);

/* What is known of a lease: of one that waits for a thread, only what its subject says. */
struct lease_view {
    enum lease_stage stage;
    int64_t since_ns;
    const char *subject;     /* of the task's message */
    const char *step, *type; /* their beginnings */
    uint32_t attempt;
    uint64_t deliveries, stream_sequence;
    bool is_over;
};
/* The leases of this moment, the newest first, in `a`. Any thread. */
enum status lease_keeper_look(struct lease_keeper *k, struct arena *a, struct lease_view **out, size_t *count,
                              struct error *err) MUST_CHECK;

/* A stop that is not set; its descriptor is closed with task_stop_close(). */
enum status task_stop_open(struct task_stop *s, struct error *err) MUST_CHECK;
/* The first reason stays. */
void task_stop_set(struct task_stop *s, enum status reason);
void task_stop_clear(struct task_stop *s);
void task_stop_close(struct task_stop *s);

#endif
