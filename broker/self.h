/* What a broker tells of itself: the service noetl-broker (docs/API.md). */
#ifndef BROKER_SELF_H
#define BROKER_SELF_H

#include "engine.h"
#include "publisher/identity.h"
#include "writer.h"

struct broker_self {
    struct identity identity;
    struct bus *bus;
    const struct subjects *subjects;
    const struct fence *fence;
    const struct progress *progress;
    const struct occupancy *occupancy;
    struct mailbox *mailbox;
    struct writer *writer;
    struct engine *engine;
    struct holdings *holdings;
    struct backlog most;        /* broker.backlog, broker.backlog_size */
    struct service_label label; /* set by broker_self_serve() */
};

/* `self` and what it points to outlive the service. */
enum status broker_self_serve(struct broker_self *self, struct service **out, struct error *err) MUST_CHECK;

#endif
