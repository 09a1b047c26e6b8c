#include "execution.h"

#include <stdlib.h>

enum status execution_new(int64_t id, struct execution **out, struct error *err)
{
    struct execution *x = calloc(1, sizeof(*x));
    if (!x)
        return error_set(err, STATUS_NO_MEMORY, "no memory for execution %lld", (long long)id);
    x->id = id;
    x->next_event_id = 1;
    arena_init(&x->arena, 0);
    arena_init(&x->names_arena, 0);
    *out = x;
    return STATUS_OK;
}

void execution_free(struct execution *x)
{
    if (!x)
        return;
    if (x->playbook)
        playbook_unref(x->playbook);
    arena_free(&x->names_arena);
    arena_free(&x->arena);
    free(x);
}

bool execution_is_over(const struct execution *x)
{
    return x->phase >= PHASE_COMPLETED;
}

size_t execution_memory(const struct execution *x)
{
    return sizeof(*x) + x->arena.used + x->names_arena.used;
}

enum status execution_set_playbook(struct execution *x, struct playbook *p, struct error *err)
{
    x->playbook = p;
    x->steps = ARENA_ARRAY(&x->arena, struct step_state, p->step_count);
    x->data = ARENA_ARRAY(&x->arena, struct value, p->step_count);
    x->errors = ARENA_ARRAY(&x->arena, struct value, p->step_count);
    x->ended = ARENA_ARRAY(&x->arena, uint32_t, p->step_count);
    if (!x->steps || !x->data || !x->errors || !x->ended)
        return arena_error(&x->arena, err, "the steps of an execution");
    return STATUS_OK;
}

static enum status copy_visits(struct execution *to, const struct execution *from, uint32_t step,
                               struct error *err)
{
    struct visit **tail = &to->steps[step].open;
    for (const struct visit *v = from->steps[step].open; v; v = v->next) {
        struct visit *copy = ARENA_NEW(&to->arena, struct visit);
        if (!copy)
            return arena_error(&to->arena, err, "a visit of a step");
        *copy = *v;
        copy->next = NULL;
        TRY(value_copy(&to->arena, v->args, &copy->args, err));
        *tail = copy;
        tail = &copy->next;
    }
    return STATUS_OK;
}

static enum status copy_state(struct execution *to, const struct execution *from, struct error *err)
{
    TRY(execution_set_playbook(to, from->playbook, err));
    TRY(value_copy(&to->arena, from->workload, &to->workload, err));
    TRY(value_copy(&to->arena, from->env, &to->env, err));
    to->token_seed.ptr = arena_strdup(&to->arena, from->token_seed);
    if (!to->token_seed.ptr)
        return arena_error(&to->arena, err, "an execution");
    for (uint32_t i = 0; i < from->playbook->step_count; i++) {
        to->steps[i] = from->steps[i];
        to->steps[i].open = NULL;
        TRY(copy_visits(to, from, i, err));
    }
    for (uint32_t i = 0; i < from->ended_count; i++) {
        uint32_t step = to->ended[i] = from->ended[i];
        TRY(value_copy(&to->arena, from->data[step], &to->data[step], err));
        TRY(value_copy(&to->arena, from->errors[step], &to->errors[step], err));
    }
    return STATUS_OK;
}

enum status execution_compact(struct execution *x, struct arena *heir, struct error *err)
{
    enum { WORTH_COMPACTING = 256 * 1024 };
    if (x->garbage < WORTH_COMPACTING || x->garbage < x->arena.used / 2)
        return STATUS_OK;
    struct execution fresh = *x;
    arena_init(&fresh.arena, 0);
    fresh.free_visits = NULL;
    fresh.garbage = 0;
    enum status status = copy_state(&fresh, x, err);
    if (status != STATUS_OK) {
        arena_free(&fresh.arena);
        return status;
    }
    execution_forget_names(x, heir);
    fresh.names = x->names;
    fresh.names_arena = x->names_arena;
    arena_adopt(heir, &x->arena);
    *x = fresh;
    return STATUS_OK;
}

void execution_forget_names(struct execution *x, struct arena *heir)
{
    x->names = (struct value){.type = VALUE_UNDEFINED};
    arena_adopt(heir, &x->names_arena);
}

enum status execution_keep_data(struct execution *x, uint32_t step, struct value data, struct value error,
                                struct arena *heir, struct error *err)
{
    struct step_state *s = &x->steps[step];
    if (s->has_data)
        x->garbage += value_size(x->data[step]) + value_size(x->errors[step]);
    else
        x->ended[x->ended_count++] = step;
    s->has_data = true;
    TRY(value_copy(&x->arena, data, &x->data[step], err));
    TRY(value_copy(&x->arena, error, &x->errors[step], err));
    execution_forget_names(x, heir);
    return STATUS_OK;
}

/* ---- visits ------------------------------------------------------------------------------------------ */

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

enum status visit_open(struct execution *x, uint32_t step, struct visit **out, struct error *err)
{
    struct visit *v = x->free_visits;
    if (v)
        x->free_visits = v->next;
    else
        v = ARENA_NEW(&x->arena, struct visit);
    if (!v)
        return arena_error(&x->arena, err, "a visit of a step");
    struct step_state *s = &x->steps[step];
    *v = (struct visit){.step = step, .number = ++s->visits, .state = VISIT_GATHERING, .next = s->open};
    s->open = v;
    *out = v;
    s->open_visits++;
    s->gathering++;
    x->open_total++;
    return STATUS_OK;
}

static void unlink_visit(struct execution *x, struct visit *v)
{
    struct step_state *s = &x->steps[v->step];
    struct visit **link = &s->open;
    while (*link != v)
        link = &(*link)->next;
    *link = v->next;
    s->open_visits--;
    x->open_total--;
}

enum status visit_move(struct execution *x, struct visit *v, enum visit_state to, struct error *err)
{
    if (!moves[v->state][to])
        return error_set(err, STATUS_INTERNAL,
                         "visit %u of step %u of execution %lld cannot go from %s to %s", v->number, v->step,
                         (long long)x->id, visit_state_name(v->state), visit_state_name(to));
    if (v->state == VISIT_GATHERING)
        x->steps[v->step].gathering--;
    v->state = to;
    v->joins = v->joins && to == VISIT_GATHERING;
    if (!states[to].open)
        unlink_visit(x, v);
    return STATUS_OK;
}

void visit_release(struct execution *x, struct visit *v)
{
    x->garbage += value_size(v->args);
    v->next = x->free_visits;
    x->free_visits = v;
}

struct visit *visit_find(const struct execution *x, uint32_t step, uint32_t number)
{
    if (!x->playbook || step >= x->playbook->step_count)
        return NULL;
    struct visit *v = x->steps[step].open;
    while (v && v->number != number)
        v = v->next;
    return v;
}

struct visit *visit_gathering(const struct execution *x, uint32_t step)
{
    struct visit *v = x->steps[step].open;
    while (v && !v->joins)
        v = v->next;
    return v;
}
