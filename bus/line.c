/* The connection of the moment, which everybody uses and the connector replaces. */
#include "internal.h"

void line_init(struct line *line)
{
    pthread_rwlockattr_t fair;
    pthread_rwlockattr_init(&fair);
    /* Those who send must not keep the connector waiting; nobody holds the line twice. */
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&line->lock, &fair);
    pthread_rwlockattr_destroy(&fair);
}

void line_free(struct line *line)
{
    pthread_rwlock_destroy(&line->lock);
}

static natsConnection *hold_if(struct bus *bus, bool may)
{
    if (may)
        return bus->line.nc;
    pthread_rwlock_unlock(&bus->line.lock);
    return NULL;
}

natsConnection *line_hold(struct bus *bus)
{
    pthread_rwlock_rdlock(&bus->line.lock);
    return hold_if(bus, bus->line.ready);
}

natsConnection *line_hold_early(struct bus *bus, uint32_t *number)
{
    pthread_rwlock_rdlock(&bus->line.lock);
    *number = bus->line.number;
    return hold_if(bus, bus->line.nc != NULL);
}

void line_release(struct bus *bus)
{
    pthread_rwlock_unlock(&bus->line.lock);
}

uint32_t line_set(struct bus *bus, natsConnection *nc)
{
    pthread_rwlock_wrlock(&bus->line.lock);
    bus->line.nc = nc;
    bus->line.ready = false;
    uint32_t number = ++bus->line.number;
    pthread_rwlock_unlock(&bus->line.lock);
    return number;
}

void line_open(struct bus *bus)
{
    pthread_rwlock_wrlock(&bus->line.lock);
    bus->line.ready = true;
    pthread_rwlock_unlock(&bus->line.lock);
}

natsConnection *line_take(struct bus *bus)
{
    pthread_rwlock_wrlock(&bus->line.lock);
    natsConnection *nc = bus->line.nc;
    bus->line.nc = NULL;
    bus->line.ready = false;
    pthread_rwlock_unlock(&bus->line.lock);
    return nc;
}
