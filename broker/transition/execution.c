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
    free((void *)x->by_number);
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
    return sizeof(*x) + x->arena.used + x->names_arena.used + x->by_number_size * sizeof(struct visit *);
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

void execution_forget_names(struct execution *x, struct arena *heir)
{
    x->names = (struct context_names){.is_open = false};
    arena_adopt(heir, &x->names_arena);
}

enum status execution_keep_data(struct execution *x, uint32_t step, struct value data, struct value error,
                                struct arena *heir, struct error *err)
{
    struct step_state *s = &x->steps[step];
    bool again = s->has_data;
    if (again)
        x->garbage += value_size(x->data[step]) + value_size(x->errors[step]);
    else
        x->ended[x->ended_count++] = step;
    s->has_data = true;
    TRY(value_copy_plain(&x->arena, data, &x->data[step], err));
    TRY(value_copy_plain(&x->arena, error, &x->errors[step], err));
    if (x->names.is_open && !again)
        return context_add(&x->names, x->playbook->steps[step].name, x->data[step], x->errors[step], err);
    execution_forget_names(x, heir);
    return STATUS_OK;
}
