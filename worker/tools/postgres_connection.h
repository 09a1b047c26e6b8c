/*
 * Connections of one executing thread to the databases that its tasks name: opened when first used, kept, and
 * given to the next task only after DISCARD ALL, so that no setting, temporary table or prepared statement is
 * left to it.
 */
#ifndef WORKER_TOOLS_POSTGRES_CONNECTION_H
#define WORKER_TOOLS_POSTGRES_CONNECTION_H

#include <libpq-fe.h>

#include "worker/credentials.h"
#include "worker/tool.h"

enum { POSTGRES_KEPT = 4, POSTGRES_KEYWORDS = 16 };

struct postgres_kept {
    char *key;     /* what it was opened with */
    PGconn *conn;  /* NULL: a free place */
    uint64_t used; /* the greater, the later */
};
struct postgres_pool {
    struct postgres_kept kept[POSTGRES_KEPT];
    uint64_t uses;
};
void postgres_pool_close(struct postgres_pool *p);

/* What to connect to, as libpq's keywords. */
struct postgres_target {
    const char *keywords[POSTGRES_KEYWORDS], *values[POSTGRES_KEYWORDS]; /* NULL-ended */
    struct str key;
    struct secrets secrets;
};
/* From `auth` of the step and its connection keys, which win. STATUS_INVALID when they name no database. */
enum status postgres_target_read(struct postgres_target *t, struct credentials *credentials,
                                 struct value config, struct arena *a, struct error *err) MUST_CHECK;
/* The connection keys of a step, for its list of keys. */
#define POSTGRES_TARGET_KEYS                                                                                 \
    "auth", "credential", "credentials", "url", "dsn", "db_host", "db_port", "db_name", "db_user",           \
        "db_password", "host", "port", "dbname", "database", "user", "username", "password", "sslmode"

/* One that is open and clean; stays the pool's. */
enum status postgres_pool_get(struct postgres_pool *p, const struct postgres_target *t,
                              const struct task_stop *stop, PGconn **out, struct error *err) MUST_CHECK;
/* Closes one that is in an unknown state. */
void postgres_pool_drop(struct postgres_pool *p, PGconn *conn);

/* Waits until PQgetResult() does not block. At a stop, asks the server to cancel, and returns the reason. */
enum status postgres_wait(PGconn *conn, const struct task_stop *stop, struct error *err) MUST_CHECK;
/* STATUS_UNAVAILABLE with what libpq says of the connection, on one line. */
enum status postgres_connection_error(PGconn *conn, struct error *err);

#endif
