/* Works: their states, the lists that they wait in, and the loops of iterators. */
#include "execution.h"

static const struct {
    const char *name, *owner;
} states[] = {
#define W(name, owner, doc) [WORK_##name] = {#name, owner},
#include "work.def"
#undef W
};

static const bool moves[WORK_STATE_COUNT][WORK_STATE_COUNT] = {
#define M(from, to, when) [WORK_##from][WORK_##to] = true,
#include "work.def"
#undef M
};

const char *work_state_name(enum work_state s)
{
    return states[s].name;
}

const char *work_state_owner(enum work_state s)
{
    return states[s].owner;
}

/* ---- lists -------------------------------------------------------------------------------------------- */

void work_append(struct work_list *list, struct work *w)
{
    w->list = list;
    w->next = NULL;
    w->before = list->last;
    if (list->last)
        list->last->next = w;
    else
        list->first = w;
    list->last = w;
}

void work_remove(struct work *w)
{
    struct work_list *list = w->list;
    if (!list)
        return;
    if (w->before)
        w->before->next = w->next;
    else
        list->first = w->next;
    if (w->next)
        w->next->before = w->before;
    else
        list->last = w->before;
    w->list = NULL;
    w->next = w->before = NULL;
}

/* ---- life --------------------------------------------------------------------------------------------- */

enum status work_new(struct execution *x, struct visit *v, struct work *parent, const struct action *action,
                     struct work **out, struct error *err)
{
    struct work *w = x->free_works;
    if (w)
        x->free_works = w->next;
    else
        w = ARENA_NEW(&x->arena, struct work);
    if (!w)
        return arena_error(&x->arena, err, "what a step runs");
    *w = (struct work){.action = action, .visit = v, .parent = parent, .state = WORK_READY};
    *out = w;
    return STATUS_OK;
}

enum status work_move(struct execution *x, struct work *w, enum work_state to, struct error *err)
{
    if (!moves[w->state][to])
        return error_set(err, STATUS_INTERNAL,
                         "the work of visit %u of step %u of execution %lld cannot go from %s to %s",
                         w->visit->number, w->visit->step, (long long)x->id, work_state_name(w->state),
                         work_state_name(to));
    work_remove(w);
    if (w->state == WORK_LOOP && to != WORK_STOPPED)
        loop_release(x, w);
    w->state = to;
    w->due_ns = 0;
    w->child = 0;
    if (to == WORK_SIGNAL)
        work_append(&x->waiting, w);
    return STATUS_OK;
}

void loop_release(struct execution *x, struct work *w)
{
    struct loop *loop = w->loop;
    if (!loop)
        return;
    w->loop = NULL;
    x->garbage += sizeof(*loop) + value_size(loop->items);
    for (uint32_t i = 0; i < loop->items.len; i++) {
        if (loop->active[i])
            work_release(x, loop->active[i]);
        x->garbage += sizeof(struct work *) + sizeof(struct value) + value_size(loop->results[i]);
        if (loop->earlier)
            x->garbage += value_size(loop->earlier[i]);
    }
}

void work_release(struct execution *x, struct work *w)
{
    work_remove(w);
    loop_release(x, w);
    x->garbage += value_size(w->args) + value_size(w->config) + value_size(w->signal);
    w->next = x->free_works;
    x->free_works = w;
}

/* ---- names -------------------------------------------------------------------------------------------- */

void work_task_id(const struct work *w, uint32_t attempt, struct task_id *out)
{
    *out = (struct task_id){.step = w->visit->step, .visit = w->visit->number};
    for (const struct work *p = w->parent; p; p = p->parent)
        out->depth++;
    uint32_t k = out->depth;
    out->places[k] = (struct task_place){w->item, w->task, attempt};
    for (const struct work *p = w->parent; p; p = p->parent)
        out->places[--k] = (struct task_place){p->item, p->task, p->attempt};
}

struct work *work_find(const struct execution *x, const struct task_id *id)
{
    struct visit *v = visit_find(x, id->step, id->visit);
    struct work *w = v ? v->work : NULL;
    for (uint32_t k = 1; w && k <= id->depth; k++) {
        const struct task_place *place = &id->places[k];
        struct loop *loop = w->loop;
        if (w->attempt != id->places[k - 1].attempt || !loop || place->item >= loop->items.len)
            return NULL;
        w = loop->active[place->item];
        if (w && w->task != place->task)
            return NULL;
    }
    return w;
}
