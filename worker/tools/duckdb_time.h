/* Points in time and spans of DuckDB as texts. Pure. */
#ifndef WORKER_TOOLS_DUCKDB_TIME_H
#define WORKER_TOOLS_DUCKDB_TIME_H

#include "duckdb_api.h"

enum { DUCKDB_TIME_TEXT = 96 };

/* "2026-01-02", "infinity"; years before 1 as "0044-03-15 BC". */
void duckdb_date_text(int32_t days, char out[DUCKDB_TIME_TEXT]);
/* "03:04:05.678"; `units`: how many there are in a second. */
void duckdb_time_text(int64_t time, int64_t units, char out[DUCKDB_TIME_TEXT]);
/* "2026-01-02T03:04:05.678", and `zone` behind it ("+00:00" or ""). */
void duckdb_timestamp_text(int64_t time, int64_t units, const char *zone, char out[DUCKDB_TIME_TEXT]);
/* "1 year 2 mons 3 days 04:05:06", as Postgres writes it. */
void duckdb_interval_text(const struct duckdb_interval *interval, char out[DUCKDB_TIME_TEXT]);

#endif
