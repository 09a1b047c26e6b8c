/*
 * Where a nats step goes: over the worker's own connection, or to the server of a credential, over one of a
 * few that an executing thread keeps.
 */
#ifndef WORKER_TOOLS_NATS_CONNECTION_H
#define WORKER_TOOLS_NATS_CONNECTION_H

#include "worker/credentials.h"
#include "worker/tool.h"

enum { NATS_KEPT = 2 };

struct nats_kept {
    char *key;       /* what it was opened with */
    struct bus *bus; /* NULL: a free place */
    uint64_t used;   /* the greater, the later */
};
struct nats_connections {
    const struct tool_host *host;
    struct credentials *credentials;
    struct nats_kept kept[NATS_KEPT];
    uint64_t uses;
};

enum status nats_connections_open(struct nats_connections *c, const struct tool_host *host,
                                  struct error *err) MUST_CHECK;
void nats_connections_close(struct nats_connections *c);

struct nats_target {
    struct bus *bus;
    bool is_own; /* the worker's */
    struct secrets secrets;
};
/* From the step's `auth`; the connection stays theirs. */
enum status nats_target_get(struct nats_connections *c, struct value config, struct arena *a,
                            struct nats_target *out, struct error *err) MUST_CHECK;

/*
 * Over its own connection a worker may do more than a playbook: STATUS_DENIED for the subjects on which
 * outcomes and tasks travel, for those that servers and clients keep for themselves ($…, _INBOX…), and for
 * noetl's buckets. `bucket` may be NULL.
 */
enum status nats_check_own(const struct settings *settings, const char *subject, const char *bucket,
                           struct error *err) MUST_CHECK;

#endif
