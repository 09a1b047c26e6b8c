/* `next`: which edges fire after a step, and why. */
#include "turn.h"

struct router {
    struct turn *t;
    const struct step *step;
    struct step_scope scope;
    struct routed *out;
    struct list_builder explanation;
    struct trial *trial;
};

/* Under which condition an edge stands: its own, or that of the `then` or `else` around it. */
struct reason {
    struct str when;
    bool otherwise; /* it fires when the condition is false, or none was true */
};

static struct reason reason_of(const struct next_node *n, struct reason around)
{
    if (n->kind == NEXT_WHEN)
        return (struct reason){n->when_text, false};
    if (n->kind == NEXT_ELSE)
        return (struct reason){STR(""), true};
    return around;
}

static enum status explain(struct router *r, const struct edge *e, struct reason why, bool fired)
{
    struct map_builder m;
    struct value entry;
    map_begin(&m, r->t->out->arena);
    map_put(&m, STR("step"), value_str(r->t->x->playbook->steps[e->target].name));
    if (why.when.len)
        map_put(&m, STR("when"), value_str(why.when));
    if (why.otherwise)
        map_put(&m, STR("else"), value_bool(true));
    map_put(&m, STR("fired"), value_bool(fired));
    TRY(map_end(&m, &entry, r->t->err));
    list_add(&r->explanation, entry);
    return STATUS_OK;
}

/*
 * An error of a template: the step's, unless there is no memory left to go on at all. What was rendered is
 * said instead of the template's place, which the expression itself shows better.
 */
static enum status template_failed(struct router *r, struct str what, const struct error *e)
{
    struct arena *a = r->t->out->arena;
    struct error bare = *e;
    bare.place[0] = '\0';
    bare.line = bare.column = 0;
    struct failure *why = &r->trial->why;
    TRY(trial_failed(r->t, r->trial, &bare));
    why->message = arena_printf(a, "%" PRISTR " of step %" PRISTR ": %" PRISTR, ARGSTR(what),
                                ARGSTR(r->step->name), ARGSTR(why->message));
    return why->message.ptr ? STATUS_OK : arena_error(a, r->t->err, "an error's text");
}

static enum status fire(struct router *r, const struct edge *e)
{
    struct turn *t = r->t;
    struct firing *f;
    if (r->out->count == r->out->capacity)
        return error_set(t->err, STATUS_INTERNAL, "more edges fire than step %" PRISTR " has",
                         ARGSTR(r->step->name));
    f = &r->out->firings[r->out->count];
    *f = (struct firing){.edge = e};
    if (e->args) {
        struct error failure = {0};
        if (object_render(e->args, r->scope.top, &t->inputs, t->out->arena, &f->args, &failure) !=
            STATUS_OK) {
            if (failure.line == 0 &&
                failure.status !=
                    STATUS_UNDEFINED) /* of the value: which of the args it is, no expression shows */
                error_wrap(&failure, "%s", failure.place);
            return template_failed(r, STR("the args of next"), &failure);
        }
    }
    if ((int32_t)e->target != t->x->playbook->end)
        r->out->ends_branch = false;
    r->out->count++;
    return STATUS_OK;
}

static enum status route_list(struct router *r, uint32_t first, uint32_t count, struct reason around);

/* What was not come to: told as not fired, its conditions not looked at. */
static enum status pass_over_list(struct router *r, uint32_t first, uint32_t count, struct reason around)
{
    for (uint32_t i = first; i < first + count; i++) {
        const struct next_node *n = &r->step->nodes[i];
        struct reason why = reason_of(n, around);
        for (uint32_t k = 0; k < n->edge_count; k++)
            TRY(explain(r, &r->step->edges[n->edge + k], why, false));
        TRY(pass_over_list(r, n->then_node, n->then_count, why));
        TRY(pass_over_list(r, n->else_node, n->else_count, (struct reason){why.when, true}));
    }
    return STATUS_OK;
}

/* What hangs at a node whose condition was found to be `fires`: its edges, its `then` or its `else`. */
static enum status route_node(struct router *r, const struct next_node *n, bool fires, struct reason around)
{
    struct reason why = reason_of(n, around), why_else = {why.when, true};
    for (uint32_t i = 0; i < n->edge_count; i++) {
        const struct edge *e = &r->step->edges[n->edge + i];
        TRY(explain(r, e, why, fires));
        if (fires)
            TRY(fire(r, e));
    }
    if (fires) {
        TRY(route_list(r, n->then_node, n->then_count, why));
        return pass_over_list(r, n->else_node, n->else_count, why_else);
    }
    TRY(pass_over_list(r, n->then_node, n->then_count, why));
    return route_list(r, n->else_node, n->else_count, why_else);
}

static enum status judge(struct router *r, const struct next_node *n, bool *fires)
{
    struct value truth;
    struct error e = {0};
    *fires = false;
    if (template_render(n->when, r->scope.top, &r->t->inputs, r->t->out->arena, &truth, &e) == STATUS_OK) {
        *fires = condition_is_true(truth);
        return STATUS_OK;
    }
    struct str what = arena_printf(r->t->out->arena, "when: %" PRISTR, ARGSTR(n->when_text));
    if (!what.ptr)
        return arena_error(r->t->out->arena, r->t->err, "an error's text");
    return template_failed(r, what, &e);
}

/* Every node whose condition is true or absent, and the ELSE ones if no conditional one was. */
static enum status route_list(struct router *r, uint32_t first, uint32_t count, struct reason around)
{
    bool any_was_true = false;
    for (uint32_t i = first; i < first + count && !r->trial->failed; i++) {
        const struct next_node *n = &r->step->nodes[i];
        if (n->kind == NEXT_ELSE)
            continue;
        bool fires = true;
        if (n->kind == NEXT_WHEN) {
            TRY(judge(r, n, &fires));
            any_was_true = any_was_true || fires;
        }
        if (!r->trial->failed)
            TRY(route_node(r, n, fires, around));
    }
    for (uint32_t i = first; i < first + count && !r->trial->failed; i++) {
        const struct next_node *n = &r->step->nodes[i];
        if (n->kind == NEXT_ELSE)
            TRY(route_node(r, n, !any_was_true, around));
    }
    return STATUS_OK;
}

static bool needs_scope(const struct step *step)
{
    for (uint32_t i = 0; i < step->node_count; i++) {
        if (step->nodes[i].kind == NEXT_WHEN)
            return true;
    }
    for (uint32_t i = 0; i < step->edge_count; i++) {
        if (step->edges[i].args && !object_is_constant(step->edges[i].args))
            return true;
    }
    return false;
}

enum status route_decide(struct turn *t, const struct visit *v, struct value data, struct value error,
                         struct routed *out, struct trial *trial)
{
    const struct scope empty = {.names = VALUE_EMPTY_MAP};
    const struct step *step = &t->x->playbook->steps[v->step];
    struct router r = {.t = t, .step = step, .out = out, .trial = trial, .scope.top = &empty};
    *out =
        (struct routed){.capacity = step->edge_count, .ends_branch = true, .explanation = VALUE_EMPTY_LIST};
    if (step->root_count == 0)
        return STATUS_OK;
    out->firings = ARENA_ARRAY(t->out->arena, struct firing, step->edge_count);
    if (!out->firings)
        return arena_error(t->out->arena, t->err, "the transitions of a step");
    if (needs_scope(step))
        TRY(scope_of_outcome(t, v, data, error, &r.scope));
    list_begin(&r.explanation, t->out->arena);
    TRY(route_list(&r, 0, step->root_count, (struct reason){STR(""), false}));
    return list_end(&r.explanation, &out->explanation, t->err);
}

enum status route_fire(struct turn *t, const struct routed *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        TRY(join_arrive(t, r->firings[i].edge->target, r->firings[i].edge->is_loop, r->firings[i].args));
    return STATUS_OK;
}
