/* An entry of `save` that writes rows to a table: read before there is a connection, then run on one. */
#ifndef WORKER_TOOLS_POSTGRES_SAVE_H
#define WORKER_TOOLS_POSTGRES_SAVE_H

#include "postgres_query.h"

struct postgres_save_statement {
    struct str text;
    const struct value *values; /* of $1, $2, … */
    uint32_t count;             /* of them */
    uint32_t row;
    bool counts; /* its rows are the save's rows */
};

struct postgres_save {
    struct str table;
    struct postgres_save_statement *statements;
    uint32_t count;
    bool is_list; /* the rows, else there is one */
};

/* From `table`, `mode` and `key` of the entry; `data` is a map, one row, or a list of them. */
enum status postgres_save_read(struct postgres_save *save, struct value config, struct value data,
                               struct arena *a, struct error *err) MUST_CHECK;
/* Runs all of it, in the transaction that is open, and gives how many rows were written. Errors as
 * postgres_run(), with the table and the row as their place. */
enum status postgres_save_run(struct postgres_query *q, const struct postgres_save *save, int64_t *rowcount,
                              struct value *failure, struct error *err) MUST_CHECK;

#endif
