/* The executions that are in memory, by id. Belongs to the engine's thread. */
#ifndef BROKER_EXECUTION_TABLE_H
#define BROKER_EXECUTION_TABLE_H

#include "transition/execution.h"

struct execution_slot {
    struct execution *execution; /* NULL: free */
    uint64_t batch;              /* number of the newest batch that has rows of it; 0: none since it came */
    int64_t used_ns;             /* when it was put in or touched */
};

struct execution_table {
    struct execution_slot *slots; /* open addressing, linear probing */
    size_t capacity;              /* a power of two, or 0 */
    size_t count;
};

void execution_table_init(struct execution_table *t);
/* Frees the executions too. */
void execution_table_free(struct execution_table *t);
struct execution *execution_table_find(const struct execution_table *t, int64_t id);
/* Of an execution that is in there. */
void execution_table_touch(struct execution_table *t, int64_t id, uint64_t batch, int64_t now_ns);
uint64_t execution_table_batch(const struct execution_table *t, int64_t id);
/* Takes `x` over. */
enum status execution_table_add(struct execution_table *t, struct execution *x, int64_t now_ns,
                                struct error *err) MUST_CHECK;
/*
 * Makes room: frees those that were not used since `idle_since_ns`, and if more than `most` are left, of
 * those the ones that were not used for longest, down to about nine tenths of `most`. Only such whose rows
 * are all in the log, up to the batch `committed`. Returns how many.
 */
size_t execution_table_evict(struct execution_table *t, uint64_t committed, int64_t idle_since_ns,
                             size_t most);
/* Takes out and frees every execution that `of` says yes to. */
void execution_table_drop_of(struct execution_table *t,
                             bool (*of)(void *context, const struct execution_slot *slot), void *context);
/* Takes it out and frees it; nothing happens if there is none. */
void execution_table_drop(struct execution_table *t, int64_t id);

#endif
