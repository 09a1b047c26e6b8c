#include "reference_run.h"

#include "render/context.h"

enum { FRAMES = 8 };
static const struct render_inputs inputs = {.undefined = UNDEFINED_STRICT};

enum status reference_error(struct run *r, const char *kind, const char *message, struct outcome *o)
{
    struct map_builder m;
    struct str copy = arena_printf(r->a, "%s", message);
    map_begin(&m, r->a);
    map_put(&m, STR("kind"), value_text(kind));
    map_put(&m, STR("message"), value_str(copy));
    o->failed = true;
    return map_end(&m, &o->error, r->err);
}

enum status reference_merge(struct run *r, struct value base, struct value over, struct value *out)
{
    struct map_builder m;
    map_begin(&m, r->a);
    if (base.type == VALUE_MAP)
        map_put_all(&m, base);
    if (over.type == VALUE_MAP)
        map_put_all(&m, over);
    return map_end(&m, out, r->err);
}

/* The names of the execution. */
static enum status names_of(struct run *r, struct value *out)
{
    struct map_builder results, errors;
    struct context_source source = {.execution_id = r->request->execution_id,
                                    .workload = r->request->workload,
                                    .variables = r->variables};
    map_begin(&results, r->a);
    map_begin(&errors, r->a);
    for (uint32_t i = 0; i < r->ended_count; i++) {
        const struct progress *p = &r->steps[r->ended[i]];
        struct str name = r->playbook->steps[r->ended[i]].name;
        map_put(&results, name, p->data);
        if (!value_is_absent(p->error))
            map_put(&errors, name, p->error);
    }
    TRY(map_end(&results, &source.results, r->err));
    TRY(map_end(&errors, &source.errors, r->err));
    return build_rendering_context(r->a, &source, out, r->err);
}

static enum status scopes(struct run *r, struct value nearer, const struct around *around,
                          struct scope out[FRAMES])
{
    uint32_t count = 0;
    out[count++].names = nearer.type == VALUE_MAP ? nearer : VALUE_EMPTY_MAP;
    for (; around && count + 1 < FRAMES; around = around->outer)
        out[count++].names = around->names;
    TRY(names_of(r, &out[count++].names));
    for (uint32_t i = 0; i < count; i++)
        out[i].outer = i + 1 < count ? &out[i + 1] : NULL;
    return STATUS_OK;
}

enum status reference_render(struct run *r, const struct object_template *t, struct value nearer,
                             const struct around *around, struct value *out, struct outcome *o)
{
    struct scope s[FRAMES];
    struct error e = {0};
    *out = ABSENT;
    if (!t || o->failed)
        return STATUS_OK;
    TRY(scopes(r, nearer, around, s));
    if (object_render(t, s, &inputs, r->a, out, &e) == STATUS_OK)
        return STATUS_OK;
    return reference_error(r, status_name(e.status), e.message, o);
}

enum status reference_evaluate(struct run *r, const struct template *t, struct value nearer,
                               const struct around *around, struct value *out, struct outcome *o)
{
    struct scope s[FRAMES];
    struct error e = {0};
    *out = ABSENT;
    if (!t || o->failed)
        return STATUS_OK;
    TRY(scopes(r, nearer, around, s));
    if (template_render(t, s, &inputs, r->a, out, &e) == STATUS_OK)
        return STATUS_OK;
    return reference_error(r, status_name(e.status), e.message, o);
}

enum status reference_holds(struct run *r, const struct template *t, struct value nearer,
                            const struct around *around, bool *out, struct outcome *o)
{
    struct value v;
    TRY(reference_evaluate(r, t, nearer, around, &v, o));
    *out = !value_is_absent(v) && condition_is_true(v);
    return STATUS_OK;
}

enum status reference_outcome_names(struct run *r, const struct outcome *o, const struct retry_policy *retry,
                                    struct value *out)
{
    struct map_builder m;
    struct value own, error = o->failed ? o->error : ABSENT, code = VALUE_GET(error, "status_code");
    TRY(context_step_value(r->a, o->data, error, &own, r->err));
    map_begin(&m, r->a);
    map_put(&m, STR("result"), own);
    map_put(&m, STR("this"), own);
    map_put(&m, STR("data"), own);
    map_put(&m, STR("error"), o->failed ? error : value_null());
    map_put(&m, STR("success"), value_bool(!o->failed));
    map_put(&m, STR("status"), value_text(o->failed ? "error" : "success"));
    map_put(&m, STR("attempt"), value_int(o->attempt));
    if (value_is_absent(code))
        code = VALUE_GET(o->data, "status_code");
    if (retry) {
        map_put(&m, STR("max_attempts"), value_int(retry->max_attempts));
        map_put(&m, STR("status_code"), value_is_absent(code) ? value_null() : code);
    }
    return map_end(&m, out, r->err);
}

enum status reference_is_there(struct run *r, struct str path, struct value nearer, bool *out)
{
    struct value names;
    *out = !value_is_absent(value_get_path(nearer, path));
    if (*out)
        return STATUS_OK;
    TRY(names_of(r, &names));
    *out = !value_is_absent(value_get_path(names, path));
    return STATUS_OK;
}
