/* Values of DuckDB as values of playbooks. */
#ifndef WORKER_TOOLS_DUCKDB_VALUE_H
#define WORKER_TOOLS_DUCKDB_VALUE_H

#include "duckdb_column.h"

/*
 * One value of a column: integers exact · DECIMAL: an integer if it has no fraction, a number if it has at
 * most 15 digits, else text · FLOAT, DOUBLE: a number, NaN and infinities as text · JSON: the value · BLOB:
 * base64 · DATE, TIME, TIMESTAMP, INTERVAL, UUID: text · LIST, ARRAY: a list · STRUCT, and MAP whose keys are
 * texts: a map; another MAP: a list of {"key", "value"}.
 */
enum status duckdb_value_read(const struct duckdb_api *api, const struct duckdb_column *column,
                              duckdb_handle vector, uint64_t row, struct arena *a, struct value *out,
                              struct error *err) MUST_CHECK;

#endif
