/* Visits: their states, and every list and count that an open one is in. */
#include "execution.h"

#include <stdlib.h>

static const struct {
    const char *name;
    bool open;
} states[] = {
#define S(name, open, doc) [VISIT_##name] = {#name, open},
#include "visit.def"
#undef S
};

static const bool moves[VISIT_STATE_COUNT][VISIT_STATE_COUNT] = {
#define M(from, to, when) [VISIT_##from][VISIT_##to] = true,
#include "visit.def"
#undef M
};

const char *visit_state_name(enum visit_state s)
{
    return states[s].name;
}

/* ---- by step and number: open addressing with linear probing ------------------------------------------ */

static uint32_t first_slot(const struct execution *x, uint32_t step, uint32_t number)
{
    uint64_t h = ((uint64_t)step << 32 | number) * UINT64_C(0x9E3779B97F4A7C15); /* Knuth, multiplicative */
    return (uint32_t)(h >> 32) & (x->by_number_size - 1);
}

static void table_put(struct execution *x, struct visit *v)
{
    uint32_t i = first_slot(x, v->step, v->number);
    while (x->by_number[i])
        i = (i + 1) & (x->by_number_size - 1);
    x->by_number[i] = v;
}

static enum status table_grow(struct execution *x, struct error *err)
{
    struct visit **old = x->by_number;
    uint32_t old_size = x->by_number_size, size = old_size ? old_size * 2 : 8;
    struct visit **larger = calloc(size, sizeof(struct visit *));
    if (!larger)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the visits of execution %lld",
                         (long long)x->id);
    x->by_number = larger;
    x->by_number_size = size;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i])
            table_put(x, old[i]);
    }
    free((void *)old);
    return STATUS_OK;
}

/* Those behind the hole that could not have their own slot move up, or they would not be found any more. */
static void table_remove(struct execution *x, const struct visit *v)
{
    uint32_t mask = x->by_number_size - 1, i = first_slot(x, v->step, v->number);
    while (x->by_number[i] != v)
        i = (i + 1) & mask;
    x->by_number[i] = NULL;
    for (i = (i + 1) & mask; x->by_number[i]; i = (i + 1) & mask) {
        struct visit *moved = x->by_number[i];
        x->by_number[i] = NULL;
        table_put(x, moved);
    }
}

struct visit *visit_find(const struct execution *x, uint32_t step, uint32_t number)
{
    if (x->by_number_size == 0)
        return NULL;
    uint32_t i = first_slot(x, step, number);
    while (x->by_number[i] && (x->by_number[i]->step != step || x->by_number[i]->number != number))
        i = (i + 1) & (x->by_number_size - 1);
    return x->by_number[i];
}

/* ---- those that gather -------------------------------------------------------------------------------- */

static void start_gathering(struct execution *x, struct visit *v)
{
    x->steps[v->step].gathering++;
    v->next_gathering = NULL;
    v->before_gathering = x->last_gathering;
    if (x->last_gathering)
        x->last_gathering->next_gathering = v;
    else
        x->first_gathering = v;
    x->last_gathering = v;
}

static void stop_gathering(struct execution *x, struct visit *v)
{
    x->steps[v->step].gathering--;
    v->joins = false;
    if (v->before_gathering)
        v->before_gathering->next_gathering = v->next_gathering;
    else
        x->first_gathering = v->next_gathering;
    if (v->next_gathering)
        v->next_gathering->before_gathering = v->before_gathering;
    else
        x->last_gathering = v->before_gathering;
    v->next_gathering = v->before_gathering = NULL;
}

struct visit *visit_gathering(const struct execution *x, uint32_t step)
{
    if (x->steps[step].gathering == 0)
        return NULL;
    struct visit *v = x->steps[step].open;
    while (v && !v->joins)
        v = v->next;
    return v;
}

/* ---- opening and closing ------------------------------------------------------------------------------ */

static void count_one(struct execution *x, uint32_t step, bool opened)
{
    x->steps[step].open_before += opened ? 1 : (uint32_t)-1;
}

/*
 * Counts one visit more, or one less, for every step that can be reached from there. Of a wide graph most of
 * the row is zero, so it is looked at eight bytes at a time.
 */
static void count_before(struct execution *x, uint32_t step, bool opened)
{
    uint32_t n = x->playbook->step_count, s = 0;
    const uint8_t *reached = x->playbook->reach + (size_t)step * n;
    for (; s + 8 <= n; s += 8) {
        uint64_t eight;
        memcpy(&eight, reached + s, sizeof(eight));
        for (uint32_t k = 0; eight != 0 && k < 8; k++) {
            if (reached[s + k])
                count_one(x, s + k, opened);
        }
    }
    for (; s < n; s++) {
        if (reached[s])
            count_one(x, s, opened);
    }
}

/* The newest first: what goes through the list must not depend on how the state was made. */
static void put_in_order(struct step_state *s, struct visit *v)
{
    struct visit *before = NULL, *next = s->open;
    while (next && next->number > v->number) {
        before = next;
        next = next->next;
    }
    v->before = before;
    v->next = next;
    if (next)
        next->before = v;
    if (before)
        before->next = v;
    else
        s->open = v;
}

enum status visit_link(struct execution *x, struct visit *v, struct error *err)
{
    struct step_state *s = &x->steps[v->step];
    if ((x->open_total + 1) * 2 > x->by_number_size)
        TRY(table_grow(x, err));
    table_put(x, v);
    put_in_order(s, v);
    s->open_visits++;
    x->open_total++;
    count_before(x, v->step, true);
    if (v->state == VISIT_GATHERING)
        start_gathering(x, v);
    return STATUS_OK;
}

static void unlink_visit(struct execution *x, struct visit *v)
{
    struct step_state *s = &x->steps[v->step];
    table_remove(x, v);
    if (v->before)
        v->before->next = v->next;
    else
        s->open = v->next;
    if (v->next)
        v->next->before = v->before;
    v->next = v->before = NULL;
    s->open_visits--;
    x->open_total--;
    count_before(x, v->step, false);
}

struct visit *visit_alloc(struct execution *x)
{
    struct visit *v = x->free_visits;
    if (!v)
        return ARENA_NEW(&x->arena, struct visit);
    x->free_visits = v->next;
    *v = (struct visit){0};
    return v;
}

enum status visit_open(struct execution *x, uint32_t step, struct visit **out, struct error *err)
{
    struct visit *v = visit_alloc(x);
    if (!v)
        return arena_error(&x->arena, err, "a visit of a step");
    v->step = step;
    v->number = ++x->steps[step].visits;
    *out = v;
    return visit_link(x, v, err);
}

enum status visit_move(struct execution *x, struct visit *v, enum visit_state to, struct error *err)
{
    if (!moves[v->state][to])
        return error_set(err, STATUS_INTERNAL,
                         "visit %u of step %u of execution %lld cannot go from %s to %s", v->number, v->step,
                         (long long)x->id, visit_state_name(v->state), visit_state_name(to));
    if (v->state == VISIT_GATHERING)
        stop_gathering(x, v);
    v->state = to;
    if (!states[to].open)
        unlink_visit(x, v);
    return STATUS_OK;
}

void visit_release(struct execution *x, struct visit *v)
{
    if (v->work)
        work_release(x, v->work);
    if (x->failed == v)
        x->failed = NULL;
    x->garbage += value_size(v->args);
    v->work = NULL;
    v->next = x->free_visits;
    x->free_visits = v;
}
