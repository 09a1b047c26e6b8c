/* An open database in the child, and statements on it. */
#ifndef WORKER_TOOLS_DUCKDB_SESSION_H
#define WORKER_TOOLS_DUCKDB_SESSION_H

#include "core/arena.h"
#include "core/value.h"
#include "duckdb_api.h"

struct duckdb_session {
    const struct duckdb_api *api;
    struct arena *arena;
    duckdb_handle database, connection;
    duckdb_handle statement; /* the last that was prepared */
    struct str sql;          /* its text */
    size_t bytes_left, bytes_max;
};

/* Waits while another process has the file. `options`: a map of texts. */
enum status duckdb_session_open(struct duckdb_session *s, const struct duckdb_api *api, struct arena *a,
                                struct str path, struct value options, struct error *err) MUST_CHECK;
void duckdb_session_close(struct duckdb_session *s);
/* From a signal handler too. */
void duckdb_session_interrupt(const struct duckdb_session *s);

/*
 * Runs one statement. With `rows`, *result is {"status", "rows", "columns", "rowcount", "row_count"}; else
 * it is absent. An error of SQL is STATUS_FAILED, its message DuckDB's, with the line in the statement.
 */
enum status duckdb_session_run(struct duckdb_session *s, struct str sql, struct value values, bool rows,
                               struct value *result, int64_t *rowcount, struct error *err) MUST_CHECK;

#endif
