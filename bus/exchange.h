/*
 * Messages that wait for an answer: publishes for their acknowledgement, requests, API calls.
 *
 * One subscription hears all answers; the last token of the reply subject is the exchange's place in a table
 * and the place's generation, so that a late answer never reaches somebody else's exchange.
 *
 * An exchange is open until it is ended. Whoever has something to do with an open one (it is being sent, an
 * answer came, its time is due, it was refused) claims it; while it is claimed nobody else touches it, and an
 * answer that comes then waits. The function called with a claimed exchange ends it or reopens it, and does
 * not wait long.
 */
#ifndef BUS_EXCHANGE_H
#define BUS_EXCHANGE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <nats/nats.h>

#include "core/status.h"

struct bus;
struct exchange;

struct exchange_kind {
    void (*answered)(struct exchange *e, natsMsg *msg); /* owns msg */
    void (*failed)(struct exchange *e,
                   const struct error *err); /* refused by the server, or the bus closes */
    void (*due)(struct exchange *e);         /* NULL: somebody else watches its time */
};

struct exchange {
    const struct exchange_kind *kind;
    struct bus *bus;
    const char *_Atomic subject; /* that it was sent on; lives as long as the exchange */
    int64_t begun_ns;            /* monotonic, like */
    int64_t due_ns;
    unsigned connection; /* the number of the connection it was last sent on; due when there is a newer one */
    uint32_t slot, generation;
    bool claimed;
    atomic_bool refused; /* while it was claimed; exchanges_tend() fails it */
};

struct exchange_slot {
    struct exchange *exchange;
    uint32_t generation;
    uint32_t next_free;
};

struct exchange_table {
    pthread_mutex_t mutex;
    struct exchange_slot *slots;
    uint32_t count, free; /* `free`: first of the free places, `count` if there is none */
    uint32_t open;
    pthread_cond_t released; /* a claim was given back */
    uint32_t waiting;        /* threads that wait for that */
};

enum { REPLY_TEXT = 128 };

void exchanges_init(struct bus *bus);
/* Begins to hear answers. */
enum status exchanges_listen(struct bus *bus, struct error *err) MUST_CHECK;
void exchanges_free(struct bus *bus);
/* Fails every open one. */
void exchanges_fail_all(struct bus *bus, const struct error *err);
/* Fails those that were sent on the subject. */
void exchanges_fail_subject(struct bus *bus, const char *subject, const struct error *err);
/* Fails those that were refused while claimed, and calls `due` of those whose time has come. */
void exchanges_tend(struct bus *bus, int64_t now_ns);

/* Opens it, claimed, and writes where its answer must go; kind and bus are set. Send, then exchange_reopen().
 */
enum status exchange_begin(struct exchange *e, char reply[REPLY_TEXT], struct error *err) MUST_CHECK;
/* By whoever has claimed it. */
void exchange_reopen(struct exchange *e, int64_t due_ns);
/* By whoever has claimed it: the answer can't reach it any more, and it is the caller's alone. */
void exchange_end(struct exchange *e);
/* False when somebody else has claimed it. For an exchange that is known to exist. */
bool exchange_claim(struct exchange *e);

#endif
