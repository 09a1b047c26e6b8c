/*
 * A connection to Postgres that is made again when it was lost. One thread at a time.
 */
#ifndef EVENTLOG_CONNECTION_H
#define EVENTLOG_CONNECTION_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct connection {
    PGconn *pg; /* NULL, or connected when last looked at */
    char *url, *name;
    uint32_t
        connects; /* how often one was made: what a session held (prepared statements) is gone after it */
    uint32_t prepared;              /* bit n: statement n of this session */
    int64_t most_wait_ms;           /* for the next bytes of an answer; 0: however long it takes */
    bool (*is_over)(void *context); /* whether such an answer is waited for no more; or NULL */
    void *is_over_context;
    void (*waits)(bool begins); /* hears of each wait for the server, on the thread that waits; or NULL */
};

enum { STATEMENT_MAX = 32 };

/* A statement that each session prepares at its first use; `number` (0–31) is its own in this room. */
struct statement {
    unsigned number;
    const char *sql;
};

/* Checks the connection string, does not connect. */
enum status connection_init(struct connection *c, const char *url, const char *name,
                            struct error *err) MUST_CHECK;
void connection_close(struct connection *c);

/* The next call connects anew. */
void connection_drop(struct connection *c);

/* Connects unless connected; notices when the server has gone away meanwhile. */
enum status connection_ready(struct connection *c, struct error *err) MUST_CHECK;

/* One or more statements without parameters, for their effect; what they left open is rolled back on failure.
 */
enum status connection_run(struct connection *c, const char *sql, struct error *err) MUST_CHECK;

/* Ends a transaction that is open, if any, as if it had not been. */
void connection_rollback(struct connection *c);

/* Text parameters, binary result. */
enum status connection_query(struct connection *c, const char *sql, const char *const *params, int count,
                             PGresult **out, struct error *err) MUST_CHECK;
enum status connection_query_prepared(struct connection *c, const struct statement *s,
                                      const char *const *params, int count, PGresult **out,
                                      struct error *err) MUST_CHECK;

/* Describes what a result or the connection says, and drops the connection if it is broken, or its session of
 * no use. */
enum status connection_failed(struct connection *c, const PGresult *result, struct error *err) MUST_CHECK;

/* PQgetResult(), PQputCopyData() and PQputCopyEnd(), of which `waits` hears. */
PGresult *connection_result(const struct connection *c);
int connection_put(const struct connection *c, const char *bytes, size_t len);
int connection_put_end(const struct connection *c, const char *why_not);

/* A column of a binary result: bigint or integer; `otherwise` for NULL. */
int64_t result_int(const PGresult *r, int row, int column, int64_t otherwise);

#endif
