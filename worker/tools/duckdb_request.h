/* What a duckdb step, or an entry of save, asks its process to do. */
#ifndef WORKER_TOOLS_DUCKDB_REQUEST_H
#define WORKER_TOOLS_DUCKDB_REQUEST_H

#include "save_rows.h"
#include "sql_script.h"
#include "worker/credentials.h"

struct duckdb_request {
    struct str database;
    bool readonly;
    const char *scratch;      /* folder for what does not fit into memory */
    bool transaction;         /* the statements share one */
    struct value attach;      /* a list of {"name", "sql"} */
    struct sql_script script; /* and what is bound to each of its statements */
    struct sql_bound *bounds;
    struct value **values;
    const struct save_rows *save; /* NULL: the script */
    struct secrets secrets;
};

/* `database` and `auth`. */
enum status duckdb_request_read(struct duckdb_request *r, const struct task *task,
                                struct credentials *credentials, struct arena *a,
                                struct error *err) MUST_CHECK;
/* The commands and their parameters. */
enum status duckdb_request_script(struct duckdb_request *r, const struct task *task, struct arena *a,
                                  struct error *err) MUST_CHECK;
/* An entry of save with a statement or commands, as a step. */
enum status duckdb_request_of_save(const struct task *save, struct value data, struct arena *a,
                                   struct task *out, struct error *err) MUST_CHECK;
/* As JSON (duckdb_child.h). */
enum status duckdb_request_text(const struct duckdb_request *r, const struct settings *settings,
                                struct arena *a, struct str *out, struct error *err) MUST_CHECK;
/* Puts the place of a statement into the error: the command, and the line in its text for *line in the
 * statement; or the row of a save. */
void duckdb_request_locate(const struct duckdb_request *r, uint32_t statement, int64_t *line,
                           struct error *err);

#endif
