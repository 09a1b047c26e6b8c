/* An entry of `save` that writes rows to a table, as statements with values. No I/O. */
#ifndef WORKER_TOOLS_SAVE_ROWS_H
#define WORKER_TOOLS_SAVE_ROWS_H

#include "core/value.h"
#include "save_sql.h"

struct save_statement {
    struct str text;            /* the same pointer as the one before it has, where it is the same text */
    const struct value *values; /* of $1, $2, … */
    uint32_t count;             /* of them */
    uint32_t row;
    bool counts; /* its rows are the save's rows */
};

struct save_rows {
    struct str table;
    struct save_statement *statements;
    uint32_t count;
    bool is_list; /* the rows, else there is one */
};

/* From `table`, `mode` and `key` of the entry; `data` is a map, one row, or a list of them. */
enum status save_rows_read(struct save_rows *save, struct value config, struct value data, struct arena *a,
                           struct error *err) MUST_CHECK;
/* "data[3]", or "data" where there is one row. */
const char *save_rows_place(const struct save_rows *save, uint32_t row, char text[32]);

#endif
