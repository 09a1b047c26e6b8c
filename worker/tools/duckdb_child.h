/*
 * DuckDB in a process of its own, for one attempt.
 *
 * A query may take any memory and any time, and a fault in the library, or the system's answer to the memory
 * it took, ends the process it is in. That may not be the worker, with all its other tasks: the program
 * starts itself again for each attempt, with DUCKDB_CHILD as its only argument. The request comes as JSON on
 * standard input, the answer goes as JSON to standard output, and SIGINT interrupts the query.
 *
 *   {"library": "", "database": ":memory:", "limit": 524288, "options": {"memory_limit": "…"},
 *    "transaction": true, "attach": [{"name": "a", "sql": "ATTACH …"}],
 *    "statements": [{"sql": "SELECT $1", "values": [1], "counts": true}], "rows": true}
 *   {"results": [{"rows": …, "columns": …, "rowcount": …}, …], "rowcount": 0,
 *    "error": {"kind": "sql", "message": "…", "hint": "…", "line": 1, "statement": 0, "attach": "…"}}
 */
#ifndef WORKER_TOOLS_DUCKDB_CHILD_H
#define WORKER_TOOLS_DUCKDB_CHILD_H

#include <stdbool.h>

#define DUCKDB_CHILD "noetl-duckdb-child"

/* Whether a program that was started with these arguments is to be the child. */
bool duckdb_child_wanted(int argc, char **argv);
/* Does what is asked on standard input; what main() returns. */
int duckdb_child_main(void);

#endif
