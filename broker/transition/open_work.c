#include "open_work.h"

#include <string.h>

#include "transition.h"
#include "turn.h"

struct gathering {
    const struct execution *x;
    struct arena *arena;
    struct open_work *items;
    uint32_t count, capacity;
    struct error *err;
};

static struct open_work *add(struct gathering *g)
{
    struct open_work *room = arena_grow(g->arena, g->items, sizeof(*room), g->count, &g->capacity);
    if (!room)
        return NULL;
    g->items = room;
    return &g->items[g->count++];
}

static struct str id_of(struct gathering *g, const struct work *w, uint32_t attempt)
{
    char text[TASK_ID_TEXT];
    struct task_id id;
    work_task_id(w, attempt, &id);
    size_t len = task_id_format(&id, text);
    return (struct str){arena_strdup(g->arena, (struct str){text, len}), len};
}

static enum status add_work(struct gathering *g, const struct work *w)
{
    struct work copy = *w; /* whose token may be worked out */
    struct open_work *o = add(g);
    if (!o)
        return arena_error(g->arena, g->err, "what an execution waits for");
    *o = (struct open_work){
        .state = w->state,
        .step = g->x->playbook->steps[w->visit->step].name,
        .type = str_of(step_type_name(w->action->type)),
        .visit = w->visit->number,
        .attempt = w->attempt,
        .task_id = id_of(g, w, w->attempt),
        .due_ns = w->due_ns,
        .child = w->child,
        .pool = g->x->playbook->steps[w->visit->step].pool,
        .signal = value_as_str(w->signal),
    };
    if (w->due_ns)
        o->timer_id = w->state == WORK_DELAYED ? id_of(g, w, w->attempt + 1) : o->task_id;
    if (o->task_id.ptr)
        o->token = (struct str){arena_strdup(g->arena, task_token(g->x, &copy, o->task_id)), 32};
    if (!o->task_id.ptr || !o->token.ptr || (w->due_ns && !o->timer_id.ptr))
        return arena_error(g->arena, g->err, "what an execution waits for");
    return STATUS_OK;
}

static enum status gather(struct gathering *g, const struct work *w)
{
    const struct loop *loop = w->loop;
    if (w->state != WORK_LOOP && w->state != WORK_READY && w->state != WORK_STOPPED)
        TRY(add_work(g, w));
    for (uint32_t i = 0; loop && i < loop->items.len; i++) {
        if (loop->active[i])
            TRY(gather(g, loop->active[i]));
    }
    return STATUS_OK;
}

struct str execution_deadline_id(const struct execution *x, struct arena *a)
{
    return x->retries ? arena_printf(a, "%" PRISTR "_%u", ARGSTR(EXECUTION_TIMER), x->retries)
                      : EXECUTION_TIMER;
}

enum status execution_open_works(const struct execution *x, struct arena *a, struct open_work **out,
                                 size_t *count, struct error *err)
{
    struct gathering g = {.x = x, .arena = a, .err = err};
    for (uint32_t s = 0; x->phase == PHASE_RUNNING && s < x->playbook->step_count; s++) {
        for (const struct visit *v = x->steps[s].open; v; v = v->next) {
            if (v->work)
                TRY(gather(&g, v->work));
        }
    }
    *out = g.items;
    *count = g.count;
    return STATUS_OK;
}

/* ---- gates -------------------------------------------------------------------------------------------- */

/* Whether a branch that is open at the step `from` can still come to the step `to`. */
static bool leads_to(const struct playbook *p, uint32_t from, uint32_t to)
{
    bool is_end = p->end >= 0 && (uint32_t)p->end == to;
    return from != to && (is_end || p->reach[(size_t)from * p->step_count + to]);
}

static bool add_arms(const struct execution *x, uint32_t to, struct arena *a, struct open_join *join)
{
    const struct playbook *p = x->playbook;
    join->arms = ARENA_ARRAY(a, struct str, p->step_count);
    for (uint32_t s = 0; join->arms && s < p->step_count; s++) {
        if (x->steps[s].open_visits > 0 && leads_to(p, s, to))
            join->arms[join->arm_count++] = p->steps[s].name;
    }
    return join->arms != NULL;
}

static size_t count_gathering(const struct execution *x)
{
    size_t count = 0;
    for (const struct visit *v = x->first_gathering; v; v = v->next_gathering)
        count++;
    return count;
}

enum status execution_open_joins(const struct execution *x, struct arena *a, struct open_join **out,
                                 size_t *count, struct error *err)
{
    *count = 0;
    *out = ARENA_ARRAY(a, struct open_join, count_gathering(x) + 1);
    if (!*out)
        return arena_error(a, err, "what an execution waits for");
    for (const struct visit *v = x->first_gathering; v && x->phase == PHASE_RUNNING; v = v->next_gathering) {
        struct open_join *join = &(*out)[(*count)++];
        *join = (struct open_join){.step = x->playbook->steps[v->step].name, .visit = v->number};
        if (!add_arms(x, v->step, a, join))
            return arena_error(a, err, "what an execution waits for");
    }
    return STATUS_OK;
}
