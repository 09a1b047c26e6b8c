/* `save` without a storage: names of the context, and what stands in the row of a step's end. */
#include "turn.h"

bool save_is_wanted(const struct action *action)
{
    for (uint32_t i = 0; i < action->save_count; i++) {
        if (action->saves[i].target != SAVE_STORAGE)
            return true;
    }
    return false;
}

static enum status keep_variables(struct turn *t, struct value variables)
{
    struct execution *x = t->x;
    struct value own;
    if (variables.len == 0)
        return STATUS_OK;
    TRY(value_copy_plain(&x->arena, variables, &own, t->err));
    for (uint32_t i = 0; i < own.len; i++)
        x->garbage += value_size(value_get_by_value(x->variables, own.u.map->entries[i].key));
    x->garbage += x->variables.len * sizeof(struct value_entry);
    TRY(args_merge(&x->arena, x->variables, own, &x->variables, t->err));
    execution_forget_names(x, t->out->arena);
    return STATUS_OK;
}

enum status save_apply(struct turn *t, const struct action *action, const struct step_scope *scope,
                       struct value *saved, struct trial *trial)
{
    struct map_builder variables, all;
    struct list_builder events;
    struct value v, named;
    *saved = ABSENT;
    if (!save_is_wanted(action))
        return STATUS_OK;
    map_begin(&variables, t->out->arena);
    map_begin(&all, t->out->arena);
    list_begin(&events, t->out->arena);
    for (uint32_t i = 0; i < action->save_count && !trial->failed; i++) {
        const struct save_entry *entry = &action->saves[i];
        struct error e = {0};
        if (entry->target == SAVE_STORAGE)
            continue;
        if (object_render(entry->data, scope->top, &t->inputs, t->out->arena, &v, &e) != STATUS_OK)
            TRY(trial_failed(t, trial, &e));
        else if (entry->target == SAVE_VARIABLE)
            map_put(&variables, entry->name, v);
        else
            list_add(&events, v);
    }
    if (trial->failed)
        return STATUS_OK;
    TRY(map_end(&variables, &named, t->err));
    if (named.len)
        map_put(&all, STR("saved"), named);
    TRY(list_end(&events, &v, t->err));
    if (v.len)
        map_put(&all, STR("saved_events"), v);
    TRY(map_end(&all, &v, t->err));
    if (action->save_count > 1)
        TRY(check_carried(t, "save", v, 2, trial));
    if (trial->failed)
        return STATUS_OK;
    *saved = v;
    return keep_variables(t, named);
}
