/* Types of DuckDB's columns. */
#ifndef WORKER_TOOLS_DUCKDB_COLUMN_H
#define WORKER_TOOLS_DUCKDB_COLUMN_H

#include "core/arena.h"
#include "core/value.h"
#include "duckdb_api.h"

/* The type of a column, taken apart. */
struct duckdb_column {
    enum duckdb_type type, internal; /* internal: how a DECIMAL or an ENUM is kept */
    bool is_json;
    uint8_t scale;       /* of a DECIMAL */
    uint64_t array_size; /* of an ARRAY */
    struct str *labels;  /* of an ENUM's values, or of a STRUCT's members */
    uint32_t child_count;
    struct duckdb_column *children; /* of a LIST, an ARRAY: one; of a MAP: key and value; of a STRUCT */
};

/* STATUS_UNSUPPORTED for a type that has no value here; its message says what to write instead. */
enum status duckdb_column_read(const struct duckdb_api *api, duckdb_handle type, struct arena *a,
                               struct duckdb_column *out, struct error *err) MUST_CHECK;
#endif
