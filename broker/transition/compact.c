/* Moving a state into fresh memory, without what nothing points to any more. */
#include "execution.h"

#include <stdlib.h>

struct move {
    struct execution *to;
    const struct execution *from;
    struct error *err;
};

static enum status copy_value(struct move *m, struct value v, struct value *out)
{
    return value_copy_plain(&m->to->arena, v, out, m->err);
}

static enum status copy_work(struct move *m, struct visit *v, struct work *parent, struct work *from,
                             struct work **out);

static enum status copy_loop(struct move *m, struct visit *v, struct work *owner, const struct loop *from)
{
    struct arena *a = &m->to->arena;
    uint32_t count = from->items.len;
    struct loop *to = ARENA_NEW(a, struct loop);
    if (!to)
        return arena_error(a, m->err, "a loop");
    *to = *from;
    owner->loop = to;
    to->results = ARENA_ARRAY(a, struct value, count);
    to->active = ARENA_ARRAY(a, struct work *, count);
    to->earlier = from->earlier ? ARENA_ARRAY(a, struct value, count) : NULL;
    if (!to->results || !to->active || (from->earlier && !to->earlier))
        return arena_error(a, m->err, "a loop");
    TRY(copy_value(m, from->items, &to->items));
    for (uint32_t i = 0; i < count; i++) {
        TRY(copy_value(m, from->results[i], &to->results[i]));
        if (from->earlier)
            TRY(copy_value(m, from->earlier[i], &to->earlier[i]));
        if (from->active[i])
            TRY(copy_work(m, v, owner, from->active[i], &to->active[i]));
    }
    return STATUS_OK;
}

/* The old one keeps where it went, in `parent`, for the lists. */
static enum status copy_work(struct move *m, struct visit *v, struct work *parent, struct work *from,
                             struct work **out)
{
    struct work *to;
    TRY(work_new(m->to, v, parent, from->action, &to, m->err));
    *out = to;
    *to = *from;
    to->visit = v;
    to->parent = parent;
    to->list = NULL;
    to->next = to->before = NULL;
    to->loop = NULL;
    TRY(copy_value(m, from->args, &to->args));
    TRY(copy_value(m, from->config, &to->config));
    TRY(copy_value(m, from->signal, &to->signal));
    if (from->loop)
        TRY(copy_loop(m, to->visit, to, from->loop));
    from->parent = to;
    return STATUS_OK;
}

static void copy_list(struct work_list *to, const struct work_list *from)
{
    for (const struct work *w = from->first; w; w = w->next)
        work_append(to, w->parent);
}

static enum status copy_visit(struct move *m, const struct visit *from)
{
    struct visit *to = visit_alloc(m->to);
    if (!to)
        return arena_error(&m->to->arena, m->err, "a visit of a step");
    *to = *from;
    to->work = NULL;
    TRY(copy_value(m, from->args, &to->args));
    if (from->work)
        TRY(copy_work(m, to, NULL, from->work, &to->work));
    if (m->from->failed == from)
        m->to->failed = to;
    return visit_link(m->to, to, m->err);
}

/* Those that gather come first, in the order in which they do; then each step's, the oldest first. */
static enum status copy_visits(struct move *m)
{
    for (const struct visit *v = m->from->first_gathering; v; v = v->next_gathering)
        TRY(copy_visit(m, v));
    for (uint32_t s = 0; s < m->from->playbook->step_count; s++) {
        const struct visit *v = m->from->steps[s].open;
        while (v && v->next)
            v = v->next;
        for (; v; v = v->before) {
            if (v->state != VISIT_GATHERING)
                TRY(copy_visit(m, v));
        }
    }
    return STATUS_OK;
}

static enum status copy_steps(struct move *m)
{
    struct execution *to = m->to;
    const struct execution *from = m->from;
    for (uint32_t i = 0; i < from->playbook->step_count; i++) {
        struct step_state *s = &to->steps[i];
        *s = from->steps[i];
        s->open = NULL;
        s->open_visits = s->gathering = s->open_before = 0;
    }
    for (uint32_t i = 0; i < from->ended_count; i++) {
        uint32_t step = to->ended[i] = from->ended[i];
        TRY(copy_value(m, from->data[step], &to->data[step]));
        TRY(copy_value(m, from->errors[step], &to->errors[step]));
    }
    return STATUS_OK;
}

static enum status copy_signals(struct move *m)
{
    const struct value *from = m->from->signals;
    if (!from)
        return STATUS_OK;
    struct value *to = m->to->signals = ARENA_ARRAY(&m->to->arena, struct value, SIGNALS_KEPT);
    if (!to)
        return arena_error(&m->to->arena, m->err, "signals");
    for (uint32_t i = 0; i < m->from->signal_count; i++)
        TRY(copy_value(m, from[i], &to[i]));
    return STATUS_OK;
}

static enum status copy_state(struct move *m)
{
    struct execution *to = m->to;
    TRY(execution_set_playbook(to, m->from->playbook, m->err));
    TRY(copy_value(m, m->from->workload, &to->workload));
    TRY(copy_value(m, m->from->env, &to->env));
    TRY(copy_value(m, m->from->parent, &to->parent));
    TRY(copy_value(m, m->from->variables, &to->variables));
    to->token_seed.ptr = arena_strdup(&to->arena, m->from->token_seed);
    if (!to->token_seed.ptr)
        return arena_error(&to->arena, m->err, "an execution");
    memcpy(to->traceparent, m->from->traceparent, sizeof(to->traceparent));
    TRY(copy_steps(m));
    TRY(copy_signals(m));
    TRY(copy_visits(m));
    copy_list(&to->queue, &m->from->queue);
    copy_list(&to->waiting, &m->from->waiting);
    return STATUS_OK;
}

/* A copy without visits, lists and memory. */
static struct execution begin_copy(const struct execution *x)
{
    struct execution fresh = *x;
    arena_init(&fresh.arena, 0);
    fresh.garbage = 0;
    fresh.open_total = 0;
    fresh.by_number = NULL;
    fresh.by_number_size = 0;
    fresh.first_gathering = fresh.last_gathering = fresh.failed = NULL;
    fresh.queue = fresh.waiting = (struct work_list){NULL, NULL};
    fresh.signals = NULL;
    fresh.free_visits = NULL;
    fresh.free_works = NULL;
    return fresh;
}

/* Lists are known by their address: those of the copy are the original's, once it has taken its place. */
static void adopt_list(struct work_list *list)
{
    for (struct work *w = list->first; w; w = w->next)
        w->list = list;
}

enum status execution_compact(struct execution *x, struct arena *heir, struct error *err)
{
    enum { WORTH_COMPACTING = 256 * 1024 };
    bool worth_it = x->garbage >= WORTH_COMPACTING && x->garbage >= x->arena.used / 2;
    return worth_it ? execution_move(x, heir, err) : STATUS_OK;
}

enum status execution_move(struct execution *x, struct arena *heir, struct error *err)
{
    struct execution fresh = begin_copy(x);
    struct move m = {&fresh, x, err};
    enum status status = copy_state(&m);
    if (status != STATUS_OK) {
        arena_free(&fresh.arena);
        free((void *)fresh.by_number);
        return status;
    }
    execution_forget_names(x, heir);
    fresh.names = x->names;
    fresh.names_arena = x->names_arena;
    arena_adopt(heir, &x->arena);
    free((void *)x->by_number);
    *x = fresh;
    adopt_list(&x->queue);
    adopt_list(&x->waiting);
    return STATUS_OK;
}
