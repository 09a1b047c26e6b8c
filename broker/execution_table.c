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

void execution_table_touch(struct execution_table *t, int64_t id, uint64_t batch, int64_t now_ns)
{
    struct execution_slot *slot = &t->slots[slot_of(t, id)];
    slot->batch = batch;
    slot->used_ns = now_ns;
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

enum status execution_table_add(struct execution_table *t, struct execution *x, int64_t now_ns,
                                struct error *err)
{
    if (t->count * 2 >= t->capacity)
        TRY(grow(t, err));
    t->slots[slot_of(t, x->id)] = (struct execution_slot){.execution = x, .used_ns = now_ns};
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

/* ---- making room -------------------------------------------------------------------------------------- */

struct eviction {
    uint64_t committed;
    int64_t before_ns;
    size_t count;
};

static bool is_evicted(void *context, const struct execution_slot *slot)
{
    struct eviction *e = context;
    bool goes = slot->used_ns < e->before_ns && slot->batch <= e->committed;
    e->count += goes;
    return goes;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* About the time before which that share of them was used last, from a sample. */
static int64_t time_of_share(const struct execution_table *t, double share)
{
    enum { SAMPLE = 1024 };
    int64_t times[SAMPLE];
    size_t count = 0, step = t->count / SAMPLE + 1, seen = 0;
    for (size_t i = 0; i < t->capacity && count < SAMPLE; i++) {
        if (t->slots[i].execution && seen++ % step == 0)
            times[count++] = t->slots[i].used_ns;
    }
    qsort(times, count, sizeof(times[0]), compare_times);
    size_t place = (size_t)(share * (double)count);
    return count ? times[place < count ? place : count - 1] : 0;
}

size_t execution_table_evict(struct execution_table *t, uint64_t committed, int64_t idle_since_ns,
                             size_t most)
{
    struct eviction e = {.committed = committed, .before_ns = idle_since_ns};
    execution_table_drop_of(t, is_evicted, &e);
    if (t->count <= most)
        return e.count;
    e.before_ns = time_of_share(t, 1 - 0.9 * (double)most / (double)t->count);
    execution_table_drop_of(t, is_evicted, &e);
    return e.count;
}
