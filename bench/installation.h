/* Servers of the benchmark's own in a temporary folder, and the two processes that are measured. */
#ifndef BENCH_INSTALLATION_H
#define BENCH_INSTALLATION_H

#include "config/settings.h"
#include "runtime/private_nats.h"
#include "runtime/private_postgres.h"
#include "runtime/process.h"

struct installation {
    char folder[64];
    struct private_nats nats;
    struct private_postgres postgres;
    struct settings *settings;                       /* of a client of these servers */
    char nats_variable[128], postgres_variable[256]; /* the same, for the environment of a process */
    struct process broker, worker;
};

/* Streams and schema included; Postgres writes to disk as it does in production. */
enum status installation_start(struct installation *i, struct error *err) MUST_CHECK;
/* Also of one that did not come up, or was never started (zeroed). */
void installation_stop(struct installation *i);

/* Starts the two with their arguments (ends with NULL). */
enum status installation_run(struct installation *i, const char *const *broker, const char *const *worker,
                             struct error *err) MUST_CHECK;
void installation_end(struct installation *i);

#endif
