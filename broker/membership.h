/*
 * Which brokers are there. Each says so a few times within a lease on <prefix>.brokers, with the partitions
 * that it holds; who has not been heard for a lease is not counted. A broker hears itself too: that is its
 * own lease, without which it does not act (fence.h).
 *
 * A lease that was lost (the process stood still, NATS was away) comes back only by membership_confirm(),
 * once the owner has seen in the log what it still holds.
 */
#ifndef BROKER_MEMBERSHIP_H
#define BROKER_MEMBERSHIP_H

#include "core/arena.h"
#include "fence.h"
#include "occupancy.h"
#include "publisher/subject.h"
#include "bus/bus.h"

struct membership;

struct membership_options {
    struct bus *bus;
    const struct subjects *subjects;
    const char *name; /* of this broker; no two that are there may have the same */
    int64_t lease_ms;
    struct fence *fence;
    const struct occupancy *occupancy;
    void (*changed)(void *context); /* something is worth a look; any thread */
    void *context;
};

enum status membership_start(const struct membership_options *options, struct membership **out,
                             struct error *err) MUST_CHECK;
/* Says that it leaves. NULL is allowed. */
void membership_stop(struct membership **m);

/* What is said of this broker from now on, at once and with each beat. `ready`: it can take partitions. */
void membership_tell(struct membership *m, const bool *held, bool ready);

struct member {
    struct str name;
    bool ready, self;
    bool *held; /* of each partition */
};
/* Those that are there, this one included, in `a`. */
enum status membership_look(struct membership *m, struct arena *a, struct member **out, size_t *count,
                            struct error *err) MUST_CHECK;
/* Whether this is another that is there. */
bool membership_hears(struct membership *m, struct str name);

/* The lease has been lost since it was confirmed last, and this broker hears itself again. */
bool membership_lapsed(struct membership *m);
/* What is held is known to be held still: the lease lasts again. */
void membership_confirm(struct membership *m);
/*
 * For how long it has been hearing itself since the start or a lapse: the others were asked to answer then.
 * -1: it does not hear itself.
 */
int64_t membership_heard_ms(struct membership *m);

#endif
