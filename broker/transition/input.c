/* What an attempt is started with: its args and its tool's keys, rendered, and what it expects to be there.
 */
#include "turn.h"

#include "core/json.h"
#include "core/path.h"

enum status args_merge(struct arena *a, struct value base, struct value over, struct value *out,
                       struct error *err)
{
    if (base.type != VALUE_MAP || over.type != VALUE_MAP) {
        *out = over.type == VALUE_MAP ? over : base;
        return STATUS_OK;
    }
    struct map_builder m;
    map_begin(&m, a);
    map_put_all(&m, base);
    map_put_all(&m, over);
    return map_end(&m, out, err);
}

enum status render_object(struct turn *t, const struct object_template *o, const struct work *w,
                          struct value extra, struct value *out, struct trial *trial)
{
    const struct scope empty = {.names = VALUE_EMPTY_MAP};
    struct step_scope scope = {.top = &empty};
    struct error e = {0};
    *out = ABSENT;
    if (!o || trial->failed)
        return STATUS_OK;
    if (!object_is_constant(o))
        TRY(scope_for(t, w, extra, &scope));
    if (object_render(o, scope.top, &t->inputs, t->out->arena, out, &e) == STATUS_OK)
        return STATUS_OK;
    return trial_failed(t, trial, &e);
}

enum status render_template(struct turn *t, const struct template *template, const char *what,
                            const struct step_scope *scope, struct value *out, struct trial *trial)
{
    struct error e = {0};
    *out = ABSENT;
    if (template_render(template, scope->top, &t->inputs, t->out->arena, out, &e) == STATUS_OK)
        return STATUS_OK;
    e.place[0] = '\0'; /* `what` is the whole of it */
    e.line = e.column = 0;
    error_wrap(&e, "%s", what);
    return trial_failed(t, trial, &e);
}

enum status check_carried(struct turn *t, const char *what, struct value v, uint32_t levels,
                          struct trial *trial)
{
    const struct json_bounds bounds = {JSON_VALUE_BYTES, JSON_VALUE_DEPTH + levels};
    struct error e = {0};
    if (trial->failed || json_check(v, &bounds, NULL, &e) == STATUS_OK)
        return STATUS_OK;
    e.place[0] = '\0';
    error_wrap(&e, "%s", what);
    return trial_failed(t, trial, &e);
}

enum status look_for_paths(struct turn *t, const struct str *paths, uint32_t count, struct value names,
                           struct value more, struct trial *trial)
{
    struct str message;
    TRY(paths_missing(t->out->arena, paths, count, names, more, &message, t->err));
    if (message.len)
        trial_fail(trial, "assert", message);
    return STATUS_OK;
}

static enum status look_for_expected(struct turn *t, const struct assertion *a, const struct work *w,
                                     struct value args, struct trial *trial)
{
    struct step_scope scope;
    struct value names;
    TRY(scope_for(t, w, args, &scope));
    TRY(scope_flatten(t, scope.top, &names));
    return look_for_paths(t, a->expects, a->expect_count, args, names, trial);
}

/* The args of edges are the step's, and of a `loop` those of its task. */
static struct value args_of_edges(const struct visit *v, const struct work *w)
{
    const struct work *around = w ? w->parent : NULL;
    bool is_own = !around || (!around->parent && around->action->iterator->own_tool);
    return is_own ? v->args : ABSENT;
}

enum status render_input(struct turn *t, const struct visit *v, const struct work *w, struct input *out,
                         struct trial *trial)
{
    const struct action *action = w ? w->action : &t->x->playbook->steps[v->step].action;
    struct value own, of_edges = args_of_edges(v, w);
    *out = (struct input){VALUE_EMPTY_MAP, VALUE_EMPTY_MAP};
    TRY(render_object(t, action->args, w, of_edges, &own, trial));
    if (trial->failed)
        return STATUS_OK;
    TRY(args_merge(t->out->arena, own, of_edges, &out->args, t->err));
    if (out->args.type != VALUE_MAP)
        out->args = VALUE_EMPTY_MAP;
    if (of_edges.type == VALUE_MAP) /* of any number of arrivals */
        TRY(check_carried(t, "args", out->args, 0, trial));
    if (action->assertion && action->assertion->expect_count)
        TRY(look_for_expected(t, action->assertion, w, out->args, trial));
    TRY(render_object(t, action->config, w, out->args, &out->config, trial));
    if (out->config.type != VALUE_MAP)
        out->config = VALUE_EMPTY_MAP;
    return STATUS_OK;
}
