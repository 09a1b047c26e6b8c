/* Values of playbooks as values of DuckDB. */
#ifndef WORKER_TOOLS_DUCKDB_BIND_H
#define WORKER_TOOLS_DUCKDB_BIND_H

#include "core/arena.h"
#include "core/value.h"
#include "duckdb_api.h"

/*
 * Integers are BIGINT, or HUGEINT where they need it, and texts where they do not fit that either; numbers
 * DOUBLE. A list is a LIST if its items have one type, which integers and numbers have, and maps whose
 * members have; a map is a STRUCT. What has no type in DuckDB is the text of its JSON. *out is to be
 * destroyed.
 */
enum status duckdb_value_make(const struct duckdb_api *api, struct value v, struct arena *a,
                              duckdb_handle *out, struct error *err) MUST_CHECK;

#endif
