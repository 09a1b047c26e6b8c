/* The executions that are in memory, by id. Belongs to the engine's thread. */
#ifndef BROKER_EXECUTION_TABLE_H
#define BROKER_EXECUTION_TABLE_H

#include "transition/execution.h"

struct execution_table {
    struct execution **slots; /* open addressing, linear probing; NULL: free */
    size_t capacity;          /* a power of two, or 0 */
    size_t count;
};

void execution_table_init(struct execution_table *t);
/* Frees the executions too. */
void execution_table_free(struct execution_table *t);
struct execution *execution_table_find(const struct execution_table *t, int64_t id);
/* Takes `x` over. */
enum status execution_table_add(struct execution_table *t, struct execution *x, struct error *err) MUST_CHECK;
/* Takes it out and frees it; nothing happens if there is none. */
void execution_table_drop(struct execution_table *t, int64_t id);

#endif
