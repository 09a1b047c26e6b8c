#include "execution_table.h"

#include <stdlib.h>

void execution_table_init(struct execution_table *t)
{
    *t = (struct execution_table){0};
}

void execution_table_free(struct execution_table *t)
{
    for (size_t i = 0; i < t->capacity; i++)
        execution_free(t->slots[i].execution);
    free(t->slots);
    execution_table_init(t);
}

/* Finalizer of MurmurHash3 (Appleby): ids of one publisher differ in few bits. */
static size_t home(const struct execution_table *t, int64_t id)
{
    uint64_t h = (uint64_t)id;
    h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (h ^ (h >> 33)) & (t->capacity - 1);
}

/* The slot of the id, or the free one where it would go. */
static size_t slot_of(const struct execution_table *t, int64_t id)
{
    size_t i = home(t, id);
    while (t->slots[i].execution && t->slots[i].execution->id != id)
        i = (i + 1) & (t->capacity - 1);
    return i;
}

struct execution *execution_table_find(const struct execution_table *t, int64_t id)
{
    return t->capacity ? t->slots[slot_of(t, id)].execution : NULL;
}

void execution_table_touch(struct execution_table *t, int64_t id, uint64_t batch)
{
    t->slots[slot_of(t, id)].batch = batch;
}

uint64_t execution_table_batch(const struct execution_table *t, int64_t id)
{
    return t->slots[slot_of(t, id)].batch;
}

static enum status grow(struct execution_table *t, struct error *err)
{
    struct execution_table larger = {.capacity = t->capacity ? t->capacity * 2 : 256, .count = t->count};
    larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
    if (!larger.slots)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a table of %zu executions", larger.capacity);
    for (size_t i = 0; i < t->capacity; i++) {
        if (t->slots[i].execution)
            larger.slots[slot_of(&larger, t->slots[i].execution->id)] = t->slots[i];
    }
    free(t->slots);
    *t = larger;
    return STATUS_OK;
}

enum status execution_table_add(struct execution_table *t, struct execution *x, struct error *err)
{
    if (t->count * 2 >= t->capacity)
        TRY(grow(t, err));
    t->slots[slot_of(t, x->id)] = (struct execution_slot){.execution = x};
    t->count++;
    return STATUS_OK;
}

void execution_table_drop(struct execution_table *t, int64_t id)
{
    if (!t->capacity)
        return;
    size_t hole = slot_of(t, id);
    if (!t->slots[hole].execution)
        return;
    execution_free(t->slots[hole].execution);
    t->slots[hole] = (struct execution_slot){0};
    t->count--;
    /* Those behind the hole that could not have their own slot move up, or they would not be found any more.
     */
    for (size_t i = (hole + 1) & (t->capacity - 1); t->slots[i].execution; i = (i + 1) & (t->capacity - 1)) {
        struct execution_slot moved = t->slots[i];
        t->slots[i] = (struct execution_slot){0};
        t->slots[slot_of(t, moved.execution->id)] = moved;
    }
}

void execution_table_drop_of(struct execution_table *t,
                             bool (*of)(void *context, const struct execution_slot *slot), void *context)
{
    for (size_t i = 0; i < t->capacity;) {
        if (t->slots[i].execution && of(context, &t->slots[i]))
            execution_table_drop(t, t->slots[i].execution->id); /* another may have moved up to here */
        else
            i++;
    }
}
