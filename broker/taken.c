#include "taken.h"

#include <stdlib.h>

#include "core/id.h"
#include "runtime/clock.h"

void taken_free(struct taken *t)
{
    if (!t)
        return;
    free(t->timers);
    arena_free(&t->arena);
    free(t);
}

struct timer_sieve {
    struct taken *taken;
    const struct taking *taking;
};

static enum status keep_timer(void *context, int64_t execution_id, struct str timer_id, int64_t due_ns,
                              struct error *err)
{
    struct timer_sieve *s = context;
    struct taken *t = s->taken;
    if (s->taking->wanted[id_partition(execution_id, s->taking->partitions)] == WANTED_NOT)
        return STATUS_OK;
    if (t->timer_count == t->timer_capacity) {
        size_t larger = t->timer_capacity ? t->timer_capacity * 2 : 64;
        struct taken_timer *moved = realloc(t->timers, larger * sizeof(*moved));
        if (!moved)
            return error_set(err, STATUS_NO_MEMORY, "no memory for %zu timers", larger);
        t->timers = moved;
        t->timer_capacity = larger;
    }
    struct taken_timer timer = {execution_id, due_ns, {arena_strdup(&t->arena, timer_id), timer_id.len}};
    if (!timer.id.ptr)
        return arena_error(&t->arena, err, "a timer");
    t->timers[t->timer_count++] = timer;
    return STATUS_OK;
}

static enum status raise_epochs(const struct taking *g, struct taken *t, struct error *err)
{
    uint32_t *list = ARENA_ARRAY(&t->arena, uint32_t, g->partitions);
    int64_t *lost_ns = ARENA_ARRAY(&t->arena, int64_t, g->partitions);
    t->checkpoints = ARENA_ARRAY(&t->arena, struct checkpoint, g->partitions);
    if (!list || !t->checkpoints || !lost_ns)
        return arena_error(&t->arena, err, "the partitions");
    for (uint32_t p = 0; p < g->partitions; p++) {
        if (g->wanted[p] == WANTED_NOT)
            continue;
        lost_ns[t->checkpoint_count] = g->wanted[p] == WANTED_LOST ? wall_now().ns : 0;
        list[t->checkpoint_count++] = p;
    }
    TRY(eventlog_take_partitions(g->log, list, lost_ns, t->checkpoint_count, g->owner, t->checkpoints, err));
    for (size_t i = 0; i < t->checkpoint_count; i++)
        t->checkpoints[i].stream_created_ns = g->stream_created_ns;
    return STATUS_OK;
}

static enum status read_all(const struct taking *g, struct taken *t, struct error *err)
{
    struct bus_stream_info info;
    TRY(raise_epochs(g, t, err));
    TRY(bus_stream_info(g->bus, g->stream, &info, err));
    t->stream_end = info.last_sequence;
    /* Their rows say in which partition they were when they were set, perhaps of another number of them. */
    struct timer_sieve sieve = {t, g};
    return eventlog_timers(g->log, 0, INT32_MAX, keep_timer, &sieve, err);
}

enum status taken_read(const struct taking *g, struct taken **out, struct error *err)
{
    struct taken *t = calloc(1, sizeof(*t));
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the partitions");
    arena_init(&t->arena, 0);
    enum status status = read_all(g, t, err);
    if (status == STATUS_OK)
        *out = t;
    else
        taken_free(t);
    return status;
}
