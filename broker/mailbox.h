/*
 * What waits for the engine's thread: facts from the readers, commits from the writer, refused publishes and
 * fired timers and questions from the bus. Any thread posts; one thread takes all that is there at once.
 */
#ifndef BROKER_MAILBOX_H
#define BROKER_MAILBOX_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/status.h"
#include "bus/bus.h"

struct batch;
struct outgoing;
struct firing;
struct taken;
struct inquiry;

struct mail {
    enum {
        MAIL_FACT,
        MAIL_COMMITTED,
        MAIL_REFUSED,
        MAIL_FIRED,
        MAIL_ASKED,
        MAIL_TAKEN, /* facts of these partitions come from now on */
        MAIL_LEAVE, /* no more of the partition come; it is to leave memory once it is committed */
        MAIL_LOST,  /* the partition is another broker's; nothing of it can be committed */
        MAIL_FATAL,
        MAIL_STOP,
    } kind;
    union {
        struct bus_delivery *fact; /* MAIL_FACT: owned by whoever takes it */
        struct batch *batch;       /* MAIL_COMMITTED: is to be freed */
        struct outgoing *outgoing; /* MAIL_REFUSED: is to be sent again */
        struct firing *firing;     /* MAIL_FIRED: owned by whoever takes it */
        struct inquiry *asked;     /* MAIL_ASKED: owned by whoever takes it */
        struct taken *taken;       /* MAIL_TAKEN: owned by whoever takes it */
        uint32_t partition;        /* MAIL_LEAVE, MAIL_LOST */
        const struct error *error; /* MAIL_FATAL: why the broker cannot go on; the writer's */
    } u;
};

/* What nobody took. */
void mail_free(const struct mail *mail);

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    struct mail *items;
    size_t count, capacity;
    size_t facts, max_facts; /* there is no room for another while there are as many, */
    size_t bytes, max_bytes; /* or while they have as many bytes; */
    size_t held, held_bytes; /* of those that were taken, what counts on */
    bool closed;             /* facts are dropped, nobody waits */
    struct bus *bus;         /* that the taker leads while it waits; may be NULL */
    bool leads;              /* it does, or is about to */
    bool sleeps;             /* the taker, until `filled` */
};

/* `bus`: who takes reads it while there is no mail; NULL: sleeps. */
enum status mailbox_init(struct mailbox *m, size_t max_facts, size_t max_bytes, struct bus *bus,
                         struct error *err) MUST_CHECK;
/* What is still in it is freed. */
void mailbox_free(struct mailbox *m);
/* For what the broker cannot keep in memory, and without which something would wait for ever: it ends, to be
 * started again and to read all that is not in the log. */
_Noreturn void mailbox_no_memory(const char *what);
/* Anything but a fact. */
void mailbox_post(struct mailbox *m, struct mail mail);
/* A fact, which is dropped once it is `unwanted`. False: there is no room, and it is the caller's still. */
bool mailbox_post_fact(struct mailbox *m, struct bus_delivery *fact, const atomic_bool *unwanted) MUST_CHECK;
/* The same, and waits for room. */
void mailbox_wait_post_fact(struct mailbox *m, struct bus_delivery *fact, const atomic_bool *unwanted);
/* Waits up to `timeout_ms` for mail. The array is the caller's until the next call; returns how many. */
size_t mailbox_take(struct mailbox *m, struct mail **items, size_t *capacity, int64_t timeout_ms);
/* The taker cannot handle so many of the facts that it took yet; they count as if they were in it. */
void mailbox_hold(struct mailbox *m, size_t facts, size_t bytes);
/* How many facts are in it, or held; *full: that is as many as may be. Any thread. */
size_t mailbox_facts(struct mailbox *m, bool *full);
/* From now on facts are dropped. */
void mailbox_close(struct mailbox *m);
bool mailbox_is_closed(struct mailbox *m);

#endif
