/* What the status of every daemon begins with: who it is, and whether it does its work. */
#ifndef PUBLISHER_IDENTITY_H
#define PUBLISHER_IDENTITY_H

#include "service.h"

struct identity {
    const char *name;
    /* Whether the daemon does its work; if not, the reason. Any thread. */
    enum status (*ready)(void *context, struct error *err);
    void *context;
};

/*
 * Begins `m` with id, name, host, pid, version and ready; with because and hint if it is not. The request
 * must have no members; `what` names it ("a request for a worker's status").
 */
enum status identity_begin(struct map_builder *m, const struct identity *identity, const struct call *call,
                           const char *what, struct error *err) MUST_CHECK;
/* A time as events have it; 0 is null. */
enum status put_time(struct map_builder *m, struct str key, int64_t time_ns, struct error *err) MUST_CHECK;

#endif
