/* What a worker tells of itself: the service noetl-worker (docs/API.md). */
#ifndef WORKER_SELF_H
#define WORKER_SELF_H

#include "executor.h"
#include "publisher/identity.h"

struct worker_self {
    struct identity identity;
    const struct station *station;
    const char *pool;
    struct service_label labels[2]; /* set by worker_self_serve() */
};

/* `self` and what it points to outlive the service, which is stopped before the keeper of leases is closed.
 */
enum status worker_self_serve(struct worker_self *self, struct service **out, struct error *err) MUST_CHECK;

#endif
