/* One statement: sent with its parameters, its rows taken as they come, its error explained. */
#ifndef WORKER_TOOLS_POSTGRES_QUERY_H
#define WORKER_TOOLS_POSTGRES_QUERY_H

#include "postgres_connection.h"
#include "sql.h"

struct postgres_query {
    PGconn *conn;
    const struct task_stop *stop;
    struct arena *arena;
    size_t bytes_left; /* of rows that may still come; counts down over the statements of a step */
    size_t bytes_max;
};

/*
 * Runs `bound` with `parameters`, one value for each of its numbers. *result is {"status", "rows", "columns",
 * "rowcount", "row_count", "message"}. A column whose name stands before gets "_2", "_3", … behind it.
 *
 * An error of SQL sets *failure to {"kind": "sql", "sqlstate", "line", "column", "detail"?, "hint"?,
 * "constraint"?, "table"?}, and the line and column of `err`. After any other error the connection is to be
 * dropped.
 */
enum status postgres_run(struct postgres_query *q, const struct sql_statement *statement,
                         const struct sql_bound *bound, const struct value *parameters, struct value *result,
                         struct value *failure, struct error *err) MUST_CHECK;
struct postgres_runs {
    int64_t affected; /* rows, by all of them */
    uint32_t failed;  /* after an error: which run it was */
};
/*
 * Runs `bound`, which gives no rows, once for each of `runs` (its values), in the transaction that is open,
 * up to the first that fails. Errors as above; many runs share a round trip.
 */
enum status postgres_run_each(struct postgres_query *q, const struct sql_bound *bound,
                              const struct value *const *runs, uint32_t count, struct postgres_runs *out,
                              struct value *failure, struct error *err) MUST_CHECK;
/* A statement of our own: BEGIN, COMMIT, ROLLBACK. An error of SQL sets *failure as above. */
enum status postgres_do(struct postgres_query *q, const char *sql, struct value *failure,
                        struct error *err) MUST_CHECK;

#endif
