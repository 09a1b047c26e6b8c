/*
 * A world in one process: event streams, the tasks stream, the log, brokers, workers and clients, as small
 * models around the real transition. A seed drives it: at each tick one of the actions that are possible is
 * picked, so that every order of messages, crashes and delays comes up sooner or later.
 *
 *   streams.c   the event stream of each partition, and the tasks stream
 *   ledger.c    the log: rows, checkpoints, epochs and timers, committed together
 *   loss.c      streams that lose their newest messages
 *   reconciler.c  looks whether what open executions wait for is there
 *   broker.c    folds facts with transition(), publishes, commits
 *   steering.c  whether facts that steer are listened to
 *   worker.c    takes tasks, answers as nature says
 *   client.c    asks for executions, and steers them
 *   act.def  what can happen, faults included
 *   world.c     the ticks
 *   verdict.c   what must be true when all is quiet
 *
 * The first thing that must not be ends the world: world_fail() keeps the sentence.
 */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include <stdio.h>

#include "chance.h"
#include "nature.h"
#include "scenario.h"
#include "transition/transition.h"

enum {
    PARTITIONS = 2,
    BROKERS = 2,
    WORKERS = 3,
    RECORDS_MAX = 256,
    DELIVERIES_MAX = 4,
    TICKS_MAX = 60000,
};

enum act_kind {
#define A(name, fault, doc) ACT_##name,
#include "act.def"
#undef A
    ACT_COUNT
};

enum tally {
#define T(name, text) TALLY_##name,
#include "tally.def"
#undef T
    TALLY_COUNT
};

struct act {
    enum act_kind kind;
    uint32_t a, b;
};

/* An array that grows; `items` is malloc's. */
#define LIST(type)                                                                                           \
    struct {                                                                                                 \
        type *items;                                                                                         \
        uint32_t count, capacity;                                                                            \
    }
#define LIST_ADD(list, ...)                                                                                  \
    (list_room((void **)&(list)->items, (list)->count, &(list)->capacity, sizeof(*(list)->items)),           \
     (list)->items[(list)->count++] = __VA_ARGS__)
void list_room(void **items, uint32_t count, uint32_t *capacity, size_t size);

/* ---- what is kept ------------------------------------------------------------------------------------ */

/* What one fact led to, the first time that somebody evaluated it. */
struct evaluation {
    uint64_t stream_seq, hash;
    int64_t time_ns; /* sequences are given again by a stream that lost its end */
};

/* An execution, as the log has it. */
struct record {
    int64_t id;
    uint32_t draft; /* which playbook */
    uint32_t partition;
    struct value workload;
    uint32_t timeout_ms; /* of the whole of it; 0: none */
    bool is_child;
    bool alike; /* one of several that are called alike, and have to end alike */
    LIST(struct event) rows;
    LIST(struct evaluation) evaluations;
    struct str snapshot; /* the state as text, as of so many rows; "" if there is none */
    uint32_t snapshot_rows;
};

struct timer {
    uint32_t record;
    struct str id;
    int64_t due_ns;
    bool over; /* fired, or cancelled */
    bool firing;
};

struct ledger {
    bool away;
    uint32_t checkpoints[PARTITIONS];  /* how many messages were read */
    int64_t checkpoint_ns[PARTITIONS]; /* when the stream stored the last of them */
    uint64_t epochs[PARTITIONS];
    LIST(struct timer) timers;
};

/* ---- messages on their way ---------------------------------------------------------------------------- */

enum sender { FROM_BROKER, FROM_WORKER, FROM_CLIENT, FROM_TIMER, FROM_DEAD_LETTERS };

struct publication {
    bool is_task;
    struct event event; /* of the event stream */
    struct task task;   /* of the tasks stream */
    struct str id;
    enum sender sender;
    uint32_t number;      /* of the sender, the timer or the task */
    uint64_t incarnation; /* of the sender */
    struct batch *batch;  /* of a broker */
    bool stored;          /* it is there; the sender does not know yet */
};

struct message {
    struct event event;
    uint64_t id; /* hash of its Nats-Msg-Id */
};

struct stream {
    LIST(struct message) messages;
    uint32_t remembered; /* ids of messages before this one are forgotten */
};

enum queued_state { QUEUED_WAITING, QUEUED_OUT, QUEUED_DEAD, QUEUED_GONE };
struct queued {
    struct task task;
    uint64_t id;
    uint32_t deliveries;
    uint32_t worker; /* that has it, if OUT; WORKERS: nobody any more */
    enum queued_state state;
};
struct queue {
    LIST(struct queued) tasks;
    uint32_t remembered;
};

/* ---- who acts ------------------------------------------------------------------------------------------ */

struct row {
    uint32_t record;
    struct str text; /* the event, as JSON, which does not say the sequence */
    uint64_t stream_seq;
};
struct given_up { /* a task of an execution that goes on, which nobody waits for */
    uint32_t record;
    struct str task_id;
};
struct batch {
    struct arena arena;
    LIST(struct row) rows;
    LIST(struct timer) timers;
    bool dirty[PARTITIONS];
    uint32_t checkpoints[PARTITIONS];
    int64_t checkpoint_ns[PARTITIONS];
    LIST(uint32_t) withdrawn; /* records, each followed by the number of tasks there were */
    LIST(struct given_up) given_up;
    uint32_t open_publishes;
    bool closed;
};

struct held {
    struct execution *x;
    uint32_t uncommitted; /* rows */
};
struct broker {
    bool alive;
    uint64_t incarnation;
    struct share {
        bool owns;
        uint64_t epoch;
        uint32_t next;   /* message to read */
        int64_t read_ns; /* when the stream stored the one before; 0: there is none */
    } shares[PARTITIONS];
    struct held held[RECORDS_MAX];
    LIST(struct batch *) batches; /* oldest first; the last one may be filled still */
};

enum worker_phase { WORKER_IDLE, WORKER_HAS_TASK, WORKER_REPORTING, WORKER_REPORTED };
struct worker {
    enum worker_phase phase;
    uint64_t incarnation;
    uint32_t task; /* in the queue */
};

struct world {
    const struct scenario *scenario;
    struct arena arena;
    struct playbook_cache *playbooks;
    struct str texts[SCENARIO_DRAFTS]; /* of the playbooks */
    uint64_t random;
    int64_t clock_ns;
    uint32_t ticks, faults;
    uint32_t losses; /* how often a stream has lost messages */
    uint32_t doomed; /* tasks of the scenario's doomed step that were lost */
    uint64_t transitions, events;
    uint32_t tally[TALLY_COUNT]; /* of executions */

    struct record records[RECORDS_MAX];
    uint32_t record_count;
    uint32_t commands_sent; /* of the scenario's */
    struct stream streams[PARTITIONS];
    struct queue queue;
    struct ledger ledger;
    LIST(struct publication *) publications;
    struct broker brokers[BROKERS];
    struct worker workers[WORKERS];
    LIST(struct act) possible;
    FILE *trace; /* NULL: nothing is said */

    bool crowded; /* more executions or visits than the world has room for: it is left as it is */
    bool failed;
    char failure[2048];
};

void world_begin(struct world *w, const struct scenario *s, FILE *trace);
/* Until all is quiet, or something is wrong. */
void world_run(struct world *w);
void world_end(struct world *w);

void world_fail(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
void world_say(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A failure if `s` is none that can be expected. */
void world_must(struct world *w, enum status s, const struct error *e);
void world_offer(struct world *w, enum act_kind kind, uint32_t a, uint32_t b);

/* ---- ledger.c ----------------------------------------------------------------------------------------- */

uint32_t record_add(struct world *w, int64_t id, uint32_t draft, struct value workload);
/* RECORDS_MAX if there is none. */
uint32_t record_find(const struct world *w, int64_t id);
bool record_is_over(const struct record *r);
/* Remembers what a fact led to, or fails if it led to something else before. */
void record_evaluated(struct world *w, uint32_t record, const struct event *fact, uint64_t hash);
/* False if the batch is of a broker that has lost one of its partitions. */
bool ledger_commit(struct world *w, const struct broker *b, const struct batch *batch);
void ledger_offer(struct world *w);
void ledger_fire_timer(struct world *w, uint32_t timer);
/* What the fact says of a timer: when it was due. */
struct value timer_context(struct world *w, int64_t due_ns);

/* ---- streams.c ---------------------------------------------------------------------------------------- */

/* Both deep copies, through JSON. */
struct publication *publish_event(struct world *w, enum sender sender, uint32_t number, struct str id,
                                  const struct event *e);
struct publication *publish_task(struct world *w, uint32_t broker, struct str id, const struct task *t);
void streams_offer(struct world *w, bool faults);
void streams_store(struct world *w, uint32_t publication);
void streams_acknowledge(struct world *w, uint32_t publication);
void streams_lose_acknowledgement(struct world *w, uint32_t publication);
void streams_forget_ids(struct world *w);
/* Of what a sender that has died had on its way, some is lost. */
void streams_sender_died(struct world *w, enum sender sender, uint32_t number);
void queue_redeliver(struct world *w, uint32_t task);
void queue_report_dead(struct world *w, uint32_t task);
void queue_withdraw(struct world *w, int64_t execution_id, uint32_t count);
/* The task, if it is there: one that is queued is gone, a worker that has it may stop. */
void queue_give_up(struct world *w, int64_t execution_id, struct str task_id);

/* ---- loss.c, reconciler.c ----------------------------------------------------------------------------- */

void loss_offer(struct world *w);
void loss_of_events(struct world *w, uint32_t partition, uint32_t count);
void loss_of_tasks(struct world *w, uint32_t count);
/* Whether a task that has come to its stream is lost at once, because its step is doomed. */
bool loss_of_doomed(struct world *w, const struct task *t);
/* Whether a partition still has the message behind which so many have been read; 0: none has. */
bool stream_has_place(const struct world *w, uint32_t partition, uint32_t read, int64_t read_ns);
/* The first message that was stored later. */
uint32_t stream_behind(const struct world *w, uint32_t partition, int64_t time_ns);
void reconcile_offer(struct world *w);
void reconcile(struct world *w, uint32_t record);
/* When nothing is going on: looks at everything; false if nothing is missing. */
bool reconcile_all(struct world *w);

/* ---- dispatch.c --------------------------------------------------------------------------------------- */

/* The batch that gathers. */
struct batch *batch_open(struct broker *b);
void batch_free(struct batch *b);
/* Puts into it what a fact led to. */
void batch_take(struct world *w, uint32_t broker, uint32_t record, const struct event *fact,
                const struct decisions *d);
void broker_relist(struct world *w, uint32_t partition, uint32_t message);

/* ---- broker.c ----------------------------------------------------------------------------------------- */

void broker_offer(struct world *w, bool faults);
void broker_start(struct world *w, uint32_t broker);
void broker_take(struct world *w, uint32_t broker, uint32_t partition);
void broker_read(struct world *w, uint32_t broker, uint32_t partition);
void broker_close_batch(struct world *w, uint32_t broker);
void broker_commit(struct world *w, uint32_t broker);
void broker_crash(struct world *w, uint32_t broker);
void broker_evict(struct world *w, uint32_t broker, uint32_t record);
void broker_rebase(struct world *w, uint32_t broker, uint32_t partition);
/* The state that the log gives. */
struct execution *fold_back(struct world *w, uint32_t record);
void broker_audit(struct world *w, uint32_t broker, uint32_t record);

/* ---- steering.c --------------------------------------------------------------------------------------- */

enum heed { HEED_EITHER, HEED_TAKEN, HEED_IGNORED };
/* What has to become of the fact; before it is folded. */
enum heed steering_expected(struct world *w, const struct execution *x, const struct event *fact);
/* `ignored`: why it was; NULL: it was taken. */
void steering_check(struct world *w, const struct execution *x, const struct event *fact, enum heed expected,
                    const char *ignored);

/* ---- worker.c, client.c ------------------------------------------------------------------------------- */

void worker_offer(struct world *w, bool faults);
void worker_take(struct world *w, uint32_t worker, uint32_t task);
void worker_report(struct world *w, uint32_t worker);
void worker_acknowledge(struct world *w, uint32_t worker);
void worker_crash(struct world *w, uint32_t worker);
void worker_repeat(struct world *w, uint32_t task);

void client_offer(struct world *w);
void client_send(struct world *w, uint32_t command);
void client_forge(struct world *w, uint32_t task);
/* The fact that asks for an execution. */
struct event request_of(struct world *w, uint32_t record, struct value parent, uint32_t timeout_ms);
/* What is given, over the defaults that every playbook has. */
struct value child_workload(struct world *w, struct value given);

/* ---- verdict.c ---------------------------------------------------------------------------------------- */

/* Everything that has to be true when nothing is going on any more. */
void verdict_give(struct world *w);

#endif
