#include "timer_queue.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

enum { FIRST_CAPACITY = 64 };
#define TAKEN SIZE_MAX /* the place of a timer that is not in the heap */

/* An execution that has timers. */
struct owner {
    struct hashed hashed;
    int64_t execution_id;
    struct timer *first;
};

struct timer {
    struct hashed hashed;
    struct owner *owner;
    struct timer *next, *before; /* of the same owner */
    int64_t due_ns;
    int64_t at_ns; /* when it is next to be taken: then, or later if that did not work */
    size_t place;  /* in the heap, or TAKEN */
    size_t len;
    char id[];
};

/* ---- found by hash ------------------------------------------------------------------------------------ */

static void chain(struct hash_chains *c, struct hashed *h)
{
    struct hashed **slot = &c->slots[h->hash & (c->capacity - 1)];
    h->next = *slot;
    *slot = h;
}

static bool chains_reserve(struct timer_queue *q, struct hash_chains *c)
{
    if (c->count < c->capacity)
        return true;
    struct hash_chains larger = {.capacity = c->capacity ? c->capacity * 2 : FIRST_CAPACITY,
                                 .count = c->count};
    larger.slots = calloc(larger.capacity, sizeof(struct hashed *));
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < c->capacity; i++) {
        for (struct hashed *h = c->slots[i], *next; h; h = next) {
            next = h->next;
            chain(&larger, h);
        }
    }
    q->bytes += (larger.capacity - c->capacity) * sizeof(struct hashed *);
    free(c->slots);
    *c = larger;
    return true;
}

static void chains_remove(struct hash_chains *c, struct hashed *h)
{
    struct hashed **at = &c->slots[h->hash & (c->capacity - 1)];
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    c->count--;
}

static struct hashed *chains_first(const struct hash_chains *c, uint64_t hash)
{
    return c->capacity ? c->slots[hash & (c->capacity - 1)] : NULL;
}

static uint64_t hash_owner(int64_t execution_id)
{
    uint64_t state = (uint64_t)execution_id;
    return splitmix64(&state);
}

static uint64_t hash_timer(int64_t execution_id, struct str id)
{
    uint64_t state = hash_owner(execution_id) ^ fnv1a32(id);
    return splitmix64(&state);
}

static struct owner *find_owner(const struct timer_queue *q, int64_t execution_id)
{
    for (struct hashed *h = chains_first(&q->owners, hash_owner(execution_id)); h; h = h->next) {
        struct owner *o = (struct owner *)h;
        if (o->execution_id == execution_id)
            return o;
    }
    return NULL;
}

static struct timer *find_timer(const struct timer_queue *q, int64_t execution_id, struct str id)
{
    uint64_t hash = hash_timer(execution_id, id);
    for (struct hashed *h = chains_first(&q->timers, hash); h; h = h->next) {
        struct timer *t = (struct timer *)h;
        if (h->hash == hash && t->owner->execution_id == execution_id &&
            str_equal((struct str){t->id, t->len}, id))
            return t;
    }
    return NULL;
}

/* ---- the heap: no timer stands above one that is earlier ---------------------------------------------- */

static void put(struct timer_queue *q, size_t place, struct timer *t)
{
    q->heap[place] = t;
    t->place = place;
}

static void sift_up(struct timer_queue *q, size_t place, struct timer *t)
{
    for (size_t above; place > 0 && q->heap[above = (place - 1) / 2]->at_ns > t->at_ns; place = above)
        put(q, place, q->heap[above]);
    put(q, place, t);
}

static void sift_down(struct timer_queue *q, size_t place, struct timer *t)
{
    for (size_t below; (below = 2 * place + 1) < q->heap_count; place = below) {
        if (below + 1 < q->heap_count && q->heap[below + 1]->at_ns < q->heap[below]->at_ns)
            below++;
        if (q->heap[below]->at_ns >= t->at_ns)
            break;
        put(q, place, q->heap[below]);
    }
    put(q, place, t);
}

/* Where the timer belongs by its time, from where it stands. */
static void settle(struct timer_queue *q, struct timer *t)
{
    sift_up(q, t->place, t);
    sift_down(q, t->place, t);
}

static void heap_add(struct timer_queue *q, struct timer *t)
{
    sift_up(q, q->heap_count++, t);
}

static void heap_remove(struct timer_queue *q, struct timer *t)
{
    size_t hole = t->place;
    struct timer *last = q->heap[--q->heap_count];
    t->place = TAKEN;
    if (last == t)
        return;
    put(q, hole, last);
    settle(q, last);
}

/* Room for every timer there is and one more, so that those that were taken can come back. */
static bool heap_reserve(struct timer_queue *q)
{
    if (q->timers.count < q->heap_capacity)
        return true;
    size_t larger = q->heap_capacity ? q->heap_capacity * 2 : FIRST_CAPACITY;
    struct timer **moved = realloc(q->heap, larger * sizeof(struct timer *));
    if (!moved)
        return false;
    q->bytes += (larger - q->heap_capacity) * sizeof(struct timer *);
    q->heap = moved;
    q->heap_capacity = larger;
    return true;
}

/* ---- timers and their owners -------------------------------------------------------------------------- */

static struct owner *owner_of(struct timer_queue *q, int64_t execution_id)
{
    struct owner *o = find_owner(q, execution_id);
    if (o || !chains_reserve(q, &q->owners) || !(o = calloc(1, sizeof(*o))))
        return o;
    o->execution_id = execution_id;
    o->hashed.hash = hash_owner(execution_id);
    chain(&q->owners, &o->hashed);
    q->owners.count++;
    q->bytes += sizeof(*o);
    return o;
}

static void drop_owner_if_idle(struct timer_queue *q, struct owner *o)
{
    if (o->first)
        return;
    chains_remove(&q->owners, &o->hashed);
    q->bytes -= sizeof(*o);
    free(o);
}

/* Not in the heap yet. NULL: no memory. */
static struct timer *timer_new(struct timer_queue *q, int64_t execution_id, struct str id)
{
    struct owner *o = owner_of(q, execution_id);
    if (!o)
        return NULL;
    struct timer *t = heap_reserve(q) && chains_reserve(q, &q->timers) ? malloc(sizeof(*t) + id.len) : NULL;
    if (!t) {
        drop_owner_if_idle(q, o);
        return NULL;
    }
    *t = (struct timer){.hashed = {.hash = hash_timer(execution_id, id)},
                        .owner = o,
                        .next = o->first,
                        .place = TAKEN,
                        .len = id.len};
    memcpy(t->id, id.ptr, id.len);
    if (o->first)
        o->first->before = t;
    o->first = t;
    chain(&q->timers, &t->hashed);
    q->timers.count++;
    q->bytes += sizeof(*t) + id.len;
    return t;
}

static void timer_drop(struct timer_queue *q, struct timer *t)
{
    if (t->place != TAKEN)
        heap_remove(q, t);
    chains_remove(&q->timers, &t->hashed);
    if (t->before)
        t->before->next = t->next;
    else
        t->owner->first = t->next;
    if (t->next)
        t->next->before = t->before;
    drop_owner_if_idle(q, t->owner);
    q->bytes -= sizeof(*t) + t->len;
    free(t);
}

/* ---- the interface ------------------------------------------------------------------------------------ */

void timer_queue_init(struct timer_queue *q)
{
    *q = (struct timer_queue){0};
}

void timer_queue_free(struct timer_queue *q)
{
    for (size_t i = 0; i < q->timers.capacity; i++) {
        while (q->timers.slots[i])
            timer_drop(q, (struct timer *)q->timers.slots[i]);
    }
    free(q->timers.slots);
    free(q->owners.slots);
    free(q->heap);
    timer_queue_init(q);
}

size_t timer_queue_count(const struct timer_queue *q)
{
    return q->timers.count;
}

enum status timer_queue_set(struct timer_queue *q, int64_t execution_id, struct str id, int64_t due_ns,
                            struct error *err)
{
    struct timer *t = find_timer(q, execution_id, id);
    if (!t && !(t = timer_new(q, execution_id, id)))
        return error_set(err, STATUS_NO_MEMORY, "no memory for a timer of execution %lld",
                         (long long)execution_id);
    t->due_ns = t->at_ns = due_ns;
    if (t->place == TAKEN)
        heap_add(q, t);
    else
        settle(q, t);
    return STATUS_OK;
}

bool timer_queue_due(const struct timer_queue *q, int64_t execution_id, struct str id, int64_t *due_ns)
{
    const struct timer *t = find_timer(q, execution_id, id);
    if (t)
        *due_ns = t->due_ns;
    return t != NULL;
}

void timer_queue_cancel(struct timer_queue *q, int64_t execution_id, struct str id)
{
    struct timer *t = find_timer(q, execution_id, id);
    if (t)
        timer_drop(q, t);
}

bool timer_queue_drop(struct timer_queue *q, int64_t execution_id)
{
    struct owner *o = find_owner(q, execution_id);
    if (!o)
        return false;
    for (struct timer *t = o->first, *next; t; t = next) {
        next = t->next; /* with the last one the owner goes */
        timer_drop(q, t);
    }
    return true;
}

void timer_queue_drop_of(struct timer_queue *q, bool (*of)(void *context, int64_t execution_id),
                         void *context)
{
    for (size_t i = 0; i < q->owners.capacity; i++) {
        for (struct hashed *h = q->owners.slots[i], *next; h; h = next) {
            int64_t id = ((struct owner *)h)->execution_id;
            next = h->next;
            if (of(context, id))
                timer_queue_drop(q, id);
        }
    }
}

int64_t timer_queue_next(const struct timer_queue *q)
{
    return q->heap_count ? q->heap[0]->at_ns : INT64_MAX;
}

bool timer_queue_take(struct timer_queue *q, int64_t now_ns, struct due_timer *out)
{
    if (timer_queue_next(q) > now_ns)
        return false;
    struct timer *t = q->heap[0];
    heap_remove(q, t);
    *out = (struct due_timer){t->owner->execution_id, t->due_ns, {t->id, t->len}};
    return true;
}

/* NULL if it is not the same any more. */
static struct timer *find_taken(struct timer_queue *q, const struct due_timer *taken)
{
    struct timer *t = find_timer(q, taken->execution_id, taken->id);
    return t && t->place == TAKEN && t->due_ns == taken->due_ns ? t : NULL;
}

void timer_queue_fired(struct timer_queue *q, const struct due_timer *taken)
{
    struct timer *t = find_taken(q, taken);
    if (t)
        timer_drop(q, t);
}

void timer_queue_postpone(struct timer_queue *q, const struct due_timer *taken, int64_t at_ns)
{
    struct timer *t = find_taken(q, taken);
    if (!t)
        return;
    t->at_ns = at_ns;
    heap_add(q, t);
}
