#include "turn.h"

#include "render/context.h"

/* The map of everything that is in scope for the whole execution; kept until a step ends. */
static enum status build_names(struct execution *x, struct error *err)
{
    struct arena *a = &x->names_arena;
    struct map_builder results, errors;
    map_begin(&results, a);
    map_begin(&errors, a);
    for (uint32_t i = 0; i < x->ended_count; i++) {
        uint32_t step = x->ended[i];
        struct str name = x->playbook->steps[step].name;
        map_put(&results, name, x->data[step]);
        if (!value_is_absent(x->errors[step]))
            map_put(&errors, name, x->errors[step]);
    }
    struct context_source source = {.execution_id = x->id, .workload = x->workload};
    TRY(map_end(&results, &source.results, err));
    TRY(map_end(&errors, &source.errors, err));
    return build_rendering_context(a, &source, &x->names, err);
}

enum status scope_for(struct turn *t, struct value extra, struct step_scope *out)
{
    if (value_is_absent(t->x->names))
        TRY(build_names(t->x, t->err));
    out->outer = (struct scope){t->x->names, NULL};
    out->inner = (struct scope){extra.type == VALUE_MAP ? extra : VALUE_EMPTY_MAP, &out->outer};
    return STATUS_OK;
}

enum status scope_of_outcome(struct turn *t, const struct visit *v, struct value data, struct value error,
                             struct step_scope *out)
{
    struct value own;
    TRY(context_step_value(t->out->arena, data, error, &own, t->err));
    struct map_builder m;
    map_begin(&m, t->out->arena);
    bool success = value_is_absent(error);
    map_put(&m, STR("result"), own);
    map_put(&m, STR("this"), own);
    map_put(&m, STR("data"), own);
    map_put(&m, STR("error"), success ? value_null() : error);
    map_put(&m, STR("success"), value_bool(success));
    map_put(&m, STR("status"), value_text(success ? "success" : "error"));
    map_put(&m, STR("attempt"), value_int(v->attempt));
    struct value names;
    TRY(map_end(&m, &names, t->err));
    return scope_for(t, names, out);
}
