#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "core/id.h"

enum status batch_new(uint64_t number, uint32_t partitions, struct batch **out, struct error *err)
{
    struct batch *b = calloc(1, sizeof(*b));
    if (!b)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a batch of log rows");
    b->number = number;
    b->partitions = partitions;
    atomic_init(&b->open_publishes, 1);
    arena_init(&b->arena, 0);
    b->checkpoints = ARENA_ARRAY(&b->arena, struct checkpoint, partitions);
    b->before = ARENA_ARRAY(&b->arena, struct checkpoint, partitions);
    b->dirty = ARENA_ARRAY(&b->arena, bool, partitions);
    if (!b->checkpoints || !b->before || !b->dirty) {
        batch_free(b);
        return error_set(err, STATUS_NO_MEMORY, "no memory for a batch of log rows");
    }
    *out = b;
    return STATUS_OK;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    free(b->events);
    free(b->timers);
    free(b->ended);
    free(b->withdrawn);
    free(b->given_up);
    arena_free(&b->arena);
    free(b);
}

/* Room for `more` items behind `count`; false: no memory. */
static bool reserve(void **items, size_t count, size_t more, size_t *capacity, size_t size)
{
    if (count + more <= *capacity)
        return true;
    size_t larger = *capacity ? *capacity * 2 : 64;
    while (larger < count + more)
        larger *= 2;
    void *moved = realloc(*items, larger * size);
    if (!moved)
        return false;
    *items = moved;
    *capacity = larger;
    return true;
}

enum status batch_add_events(struct batch *b, const struct event *events, size_t count, struct error *err)
{
    if (count == 0)
        return STATUS_OK;
    if (!reserve((void **)&b->events, b->event_count, count, &b->event_capacity, sizeof(*events)))
        return error_set(err, STATUS_NO_MEMORY, "no memory for log rows");
    memcpy(b->events + b->event_count, events, count * sizeof(*events));
    b->event_count += count;
    return STATUS_OK;
}

enum status batch_add_timer(struct batch *b, const struct timer_change *change, struct error *err)
{
    if (!reserve((void **)&b->timers, b->timer_count, 1, &b->timer_capacity, sizeof(*change)))
        return error_set(err, STATUS_NO_MEMORY, "no memory for the timers of a batch");
    b->timers[b->timer_count++] = *change;
    return STATUS_OK;
}

static enum status add_id(int64_t **ids, size_t *count, size_t *capacity, int64_t id, struct error *err)
{
    if (!reserve((void **)ids, *count, 1, capacity, sizeof(id)))
        return error_set(err, STATUS_NO_MEMORY, "no memory for the end of an execution");
    (*ids)[(*count)++] = id;
    return STATUS_OK;
}

enum status batch_add_ended(struct batch *b, int64_t execution_id, bool withdraw, struct error *err)
{
    TRY(add_id(&b->ended, &b->ended_count, &b->ended_capacity, execution_id, err));
    if (withdraw)
        return add_id(&b->withdrawn, &b->withdrawn_count, &b->withdrawn_capacity, execution_id, err);
    return STATUS_OK;
}

enum status batch_add_given_up(struct batch *b, int64_t execution_id, const char *subject, struct error *err)
{
    if (!reserve((void **)&b->given_up, b->given_up_count, 1, &b->given_up_capacity, sizeof(*b->given_up)))
        return error_set(err, STATUS_NO_MEMORY, "no memory for the tasks that are withdrawn");
    b->given_up[b->given_up_count++] = (struct given_up){execution_id, subject};
    return STATUS_OK;
}

void batch_spare(struct batch *b, int64_t execution_id)
{
    for (size_t i = 0; i < b->withdrawn_count; i++) {
        if (b->withdrawn[i] == execution_id)
            b->withdrawn[i] = 0;
    }
}

void batch_advance(struct batch *b, const struct checkpoint *before, const struct checkpoint *c)
{
    if (!b->dirty[c->partition])
        b->before[c->partition] = *before;
    b->checkpoints[c->partition] = *c;
    b->dirty[c->partition] = true;
}

void batch_drop_partition(struct batch *b, uint32_t partition)
{
    size_t events = 0, timers = 0, given_up = 0;
    b->dirty[partition] = false;
    for (size_t i = 0; i < b->event_count; i++) {
        if (id_partition(b->events[i].execution_id, b->partitions) != partition)
            b->events[events++] = b->events[i];
    }
    for (size_t i = 0; i < b->timer_count; i++) {
        if (b->timers[i].partition != partition)
            b->timers[timers++] = b->timers[i];
    }
    for (size_t i = 0; i < b->withdrawn_count; i++) {
        if (id_partition(b->withdrawn[i], b->partitions) == partition)
            b->withdrawn[i] = 0;
    }
    for (size_t i = 0; i < b->given_up_count; i++) {
        if (id_partition(b->given_up[i].execution_id, b->partitions) != partition)
            b->given_up[given_up++] = b->given_up[i];
    }
    b->event_count = events;
    b->timer_count = timers;
    b->given_up_count = given_up;
}

size_t batch_bytes(const struct batch *b)
{
    return b->arena.used + b->event_capacity * sizeof(*b->events) + b->timer_capacity * sizeof(*b->timers);
}

bool batch_is_empty(const struct batch *b)
{
    for (uint32_t p = 0; p < b->partitions; p++) {
        if (b->dirty[p])
            return false;
    }
    return b->event_count == 0;
}
