/* An entry of `save` that writes rows to a table of Postgres. */
#ifndef WORKER_TOOLS_POSTGRES_SAVE_H
#define WORKER_TOOLS_POSTGRES_SAVE_H

#include "postgres_query.h"
#include "save_rows.h"

/* Runs all of it, in the transaction that is open, and gives how many rows were written. Errors as
 * postgres_run(), with the table and the row as their place. */
enum status postgres_save_run(struct postgres_query *q, const struct save_rows *save, int64_t *rowcount,
                              struct value *failure, struct error *err) MUST_CHECK;

#endif
