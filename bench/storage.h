/* What an installation keeps: the size of it, and rows that are put there for the purpose. */
#ifndef BENCH_STORAGE_H
#define BENCH_STORAGE_H

#include "installation.h"

struct storage {
    int64_t log_bytes;    /* tables of the schema noetl with their indexes */
    int64_t wal_bytes;    /* that Postgres has written ahead since it was made */
    int64_t stream_bytes; /* on disk, below the folder of nats-server */
};

enum status storage_of(const struct installation *i, struct storage *out, struct error *err) MUST_CHECK;

/* Waits until as many timers are in the log as the executions have that wait. */
enum status storage_await_timers(const struct installation *i, int64_t timers, struct error *err) MUST_CHECK;
/* Puts executions of ten events each in the log that are over, as if they had been run. */
enum status storage_fill_log(const struct installation *i, int64_t events, struct error *err) MUST_CHECK;

#endif
