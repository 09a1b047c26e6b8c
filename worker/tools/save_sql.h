/* The text of statements that write one row to a table: names are quoted, values are parameters. Pure. */
#ifndef WORKER_TOOLS_SAVE_SQL_H
#define WORKER_TOOLS_SAVE_SQL_H

#include "core/arena.h"
#include "core/status.h"
#include "core/str.h"

enum save_verb {
    SAVE_INSERT,
    SAVE_UPSERT, /* INSERT … ON CONFLICT (keys) DO UPDATE */
    SAVE_UPDATE, /* UPDATE … WHERE keys */
    SAVE_DELETE, /* DELETE … WHERE keys */
};

struct save_names {
    const struct str *items;
    uint32_t count;
};

/* Where to, and how a row is known there. */
struct save_table {
    struct str name; /* as written: t, schema.t, "a.b".t */
    struct save_names keys;
};

/* STATUS_SYNTAX for a name with an empty part, a quote that is not closed or more than three parts. */
enum status save_table_check(struct str name, struct error *err) MUST_CHECK;

/*
 * $1, $2, … are the columns in their order, also those of the keys, which are among them. STATUS_INVALID for
 * an update of columns that are all keys. An upsert of such leaves the row as it is.
 */
enum status save_sql(struct arena *a, const struct save_table *table, enum save_verb verb,
                     struct save_names columns, struct str *out, struct error *err) MUST_CHECK;

#endif
