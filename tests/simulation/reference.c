#include "reference_run.h"

#include <string.h>

#include "chance.h"

/* ---- the graph --------------------------------------------------------------------------------------- */

bool reference_comes_behind(const struct run *r, uint32_t from, uint32_t to)
{
    return r->behind[from * r->playbook->step_count + to];
}

static bool leads_to(const struct step *s, uint32_t to)
{
    for (uint32_t i = 0; i < s->edge_count; i++) {
        if (!s->edges[i].is_loop && s->edges[i].target == to)
            return true;
    }
    /* The simulation's on_error never leads back. */
    return s->on_error == ON_ERROR_STEP && s->on_error_step == to;
}

static void find_behind(struct run *r)
{
    uint32_t n = r->playbook->step_count;
    for (uint32_t from = 0; from < n; from++) {
        for (uint32_t to = 0; to < n; to++)
            r->behind[from * n + to] = from == to || leads_to(&r->playbook->steps[from], to);
    }
    for (uint32_t via = 0; via < n; via++) {
        for (uint32_t from = 0; from < n; from++) {
            for (uint32_t to = 0; to < n; to++) {
                if (r->behind[from * n + via] && r->behind[via * n + to])
                    r->behind[from * n + to] = true;
            }
        }
    }
}

static bool is_end(const struct run *r, uint32_t step)
{
    return r->playbook->end == (int32_t)step;
}

/* ---- arrivals ---------------------------------------------------------------------------------------- */

static struct reference_visit *gathering(struct run *r, uint32_t step)
{
    for (uint32_t i = 0; i < r->out->count; i++) {
        struct reference_visit *v = &r->out->visits[i];
        bool waits = v->end == REFERENCE_OPEN || (v->end == REFERENCE_FATAL && v->too_many);
        if (v->step == step && waits)
            return v;
    }
    return NULL;
}

static struct reference_visit *new_visit(struct run *r, uint32_t step)
{
    struct reference *out = r->out;
    if (out->count == out->capacity) {
        uint32_t capacity = out->capacity ? out->capacity * 2 : 32;
        struct reference_visit *moved = ARENA_ARRAY(r->a, struct reference_visit, capacity);
        if (!moved)
            return NULL;
        if (out->count)
            memcpy(moved, out->visits, out->count * sizeof(*moved));
        out->visits = moved;
        out->capacity = capacity;
    }
    out->visits[out->count] = (struct reference_visit){.step = step, .number = ++r->steps[step].visits};
    return &out->visits[out->count++];
}

enum status reference_arrive(struct run *r, uint32_t step, bool around, struct value args)
{
    const struct step *s = &r->playbook->steps[step];
    struct reference_visit *v = NULL;
    if (around) {
        for (uint32_t i = 0; i < r->playbook->step_count; i++)
            r->steps[i].any_taken = r->steps[i].any_taken && !reference_comes_behind(r, step, i);
    }
    if (!is_end(r, step) && s->join == JOIN_ANY && r->steps[step].any_taken)
        return STATUS_OK;
    if (is_end(r, step) || (s->join == JOIN_ALL && !around))
        v = gathering(r, step);
    if (v)
        return reference_merge(r, v->args, args, &v->args);
    if (!(v = new_visit(r, step)))
        return arena_error(r->a, r->err, "a visit");
    r->steps[step].any_taken = true;
    v->too_many = v->number > s->max_visits;
    if (v->too_many) {
        v->end = REFERENCE_FATAL;
        r->out->fails = true;
    }
    return reference_merge(r, v->args, args, &v->args);
}

/* ---- next -------------------------------------------------------------------------------------------- */

struct fired {
    const struct edge *edges[64];
    struct value args[64];
    uint32_t count;
    bool leads_on; /* somewhere but to `end` */
};

static enum status fire(struct run *r, const struct edge *e, struct value names, struct fired *f,
                        struct outcome *o)
{
    struct value args = ABSENT;
    if (e->args)
        TRY(reference_render(r, e->args, names, NULL, &args, o));
    if (o->failed)
        return STATUS_OK;
    if (f->count == 64)
        return error_set(r->err, STATUS_LIMIT, "too many transitions of one step");
    f->edges[f->count] = e;
    f->args[f->count++] = args;
    f->leads_on = f->leads_on || !is_end(r, e->target);
    return STATUS_OK;
}

/* Everything that is true or has no condition; `else` if nothing with one was true. */
static enum status choose(struct run *r, const struct step *s, uint32_t first, uint32_t count,
                          struct value names, struct fired *f, struct outcome *o)
{
    bool any = false;
    for (int late = 0; late < 2; late++) {
        for (uint32_t i = first; i < first + count && !o->failed; i++) {
            const struct next_node *n = &s->nodes[i];
            bool yes = n->kind == NEXT_ELSE ? !any : true;
            if ((n->kind == NEXT_ELSE) != (late == 1))
                continue;
            if (n->kind == NEXT_WHEN) {
                TRY(reference_holds(r, n->when, names, NULL, &yes, o));
                any = any || (yes && !o->failed);
            }
            if (o->failed)
                return STATUS_OK;
            for (uint32_t e = 0; yes && e < n->edge_count && !o->failed; e++)
                TRY(fire(r, &s->edges[n->edge + e], names, f, o));
            if (!o->failed)
                TRY(choose(r, s, yes ? n->then_node : n->else_node, yes ? n->then_count : n->else_count,
                           names, f, o));
        }
    }
    return STATUS_OK;
}

/* ---- one step ---------------------------------------------------------------------------------------- */

enum status reference_perform(struct run *r, struct reference_visit *v, struct outcome *o)
{
    const struct step *s = &r->playbook->steps[v->step];
    struct job job = {
        .action = &s->action,
        .id = {.step = v->step, .visit = v->number},
        .edge_args = v->args,
        .visit = v,
    };
    *o = (struct outcome){.data = value_null()};
    if (s->pass)
        return STATUS_OK;
    if (reference_is_work(&s->action))
        return reference_work(r, &job, o);
    TRY(reference_args(r, &job, &v->args, o));
    if (o->failed)
        return STATUS_OK;
    if (s->result)
        return reference_render(r, s->result, v->args, NULL, &o->data, o);
    o->data = v->args.len ? v->args : value_null();
    return STATUS_OK;
}

static void keep(struct run *r, uint32_t step, const struct outcome *o)
{
    struct progress *p = &r->steps[step];
    if (!p->ended)
        r->ended[r->ended_count++] = step;
    p->ended = true;
    p->data = o->data;
    p->error = o->failed ? o->error : ABSENT;
}

static enum status go_to_handler(struct run *r, struct reference_visit *v, uint32_t target)
{
    v->end = REFERENCE_FAILED;
    r->steps[v->step].is_last = is_end(r, target);
    return reference_arrive(r, target, false, ABSENT);
}

static void fatal(struct run *r, struct reference_visit *v)
{
    v->end = REFERENCE_FATAL;
    r->out->fails = true;
}

static enum status leave(struct run *r, struct reference_visit *v, const struct outcome *o)
{
    const struct step *s = &r->playbook->steps[v->step];
    struct fired f = {.count = 0};
    struct outcome routing = {.failed = false};
    struct value names;
    TRY(reference_outcome_names(r, o, NULL, &names));
    TRY(choose(r, s, 0, s->root_count, names, &f, &routing));
    if (routing.failed) {
        if (o->failed || s->on_error != ON_ERROR_STEP) {
            fatal(r, v);
            return STATUS_OK;
        }
        routing.data = o->data;
        keep(r, v->step, &routing);
        return go_to_handler(r, v, s->on_error_step);
    }
    v->end = s->pass ? REFERENCE_SKIPPED : o->failed ? REFERENCE_FAILED : REFERENCE_COMPLETED;
    r->steps[v->step].is_last = !f.leads_on;
    for (uint32_t i = 0; i < f.count; i++)
        TRY(reference_arrive(r, f.edges[i]->target, f.edges[i]->is_loop, f.args[i]));
    return STATUS_OK;
}

enum status reference_run_visit(struct run *r, uint32_t index)
{
    struct outcome o;
    struct reference_visit copy = r->out->visits[index], *v = &copy;
    const struct step *s = &r->playbook->steps[v->step];
    enum status status;
    TRY(reference_perform(r, v, &o));
    r->out->visits[index] = copy;
    v = &r->out->visits[index];
    if (o.stands) {
        v->end = REFERENCE_STANDS;
        return STATUS_OK;
    }
    if (o.failed && s->on_error == ON_ERROR_FAIL) {
        fatal(r, v);
        return STATUS_OK;
    }
    keep(r, v->step, &o);
    /* Arrivals may move the list of visits: work on a copy, which no arrival can mean. */
    v->end = REFERENCE_COMPLETED;
    copy = *v;
    if (o.failed && s->on_error == ON_ERROR_STEP)
        status = go_to_handler(r, &copy, s->on_error_step);
    else
        status = leave(r, &copy, &o);
    r->out->visits[index] = copy;
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static bool stands(const struct reference_visit *v)
{
    return v->end == REFERENCE_OPEN || v->end == REFERENCE_FATAL || v->end == REFERENCE_STANDS;
}

bool reference_may_run(const struct run *r, const struct reference_visit *v)
{
    if (v->end != REFERENCE_OPEN)
        return false;
    bool waits = is_end(r, v->step) || r->playbook->steps[v->step].join == JOIN_ALL;
    for (uint32_t i = 0; waits && i < r->out->count; i++) {
        const struct reference_visit *other = &r->out->visits[i];
        if (other == v || !stands(other))
            continue;
        if (is_end(r, v->step) || (other->step != v->step && reference_comes_behind(r, other->step, v->step)))
            return false;
    }
    return true;
}

static bool any_stands(const struct run *r)
{
    for (uint32_t i = 0; i < r->out->count; i++) {
        if (stands(&r->out->visits[i]))
            return true;
    }
    return false;
}

static bool end_was_visited(const struct run *r)
{
    for (uint32_t i = 0; i < r->out->count; i++) {
        if (is_end(r, r->out->visits[i].step) && r->out->visits[i].end != REFERENCE_DROPPED)
            return true;
    }
    return false;
}

bool reference_reaches_end(const struct run *r)
{
    return r->playbook->end >= 0 && !r->out->fails && !any_stands(r) && !end_was_visited(r);
}

/* One of those that may run, at random; UINT32_MAX: none may. */
static uint32_t pick(struct run *r)
{
    uint32_t picked = UINT32_MAX, seen = 0;
    for (uint32_t i = 0; i < r->out->count; i++) {
        if (reference_may_run(r, &r->out->visits[i]) && chance_one_in(&r->random, ++seen))
            picked = i;
    }
    return picked;
}

static enum status result_of(struct run *r, struct value *out)
{
    const struct playbook *p = r->playbook;
    if (p->end >= 0 && r->steps[p->end].ended && r->steps[p->end].data.type != VALUE_NULL) {
        *out = r->steps[p->end].data;
        return STATUS_OK;
    }
    struct map_builder m;
    map_begin(&m, r->a);
    for (uint32_t s = 0; s < p->step_count; s++) {
        const struct progress *step = &r->steps[s];
        bool says = step_type_is_tool(p->steps[s].action.type) || step->data.type != VALUE_NULL;
        if (step->ended && step->is_last && says && !is_end(r, s))
            map_put(&m, p->steps[s].name, step->data);
    }
    return map_end(&m, out, r->err);
}

enum status reference_run(const struct reference_request *request, struct arena *a, struct reference *out,
                          struct error *err)
{
    uint32_t n = request->playbook->step_count;
    struct run r = {.request = request,
                    .playbook = request->playbook,
                    .a = a,
                    .out = out,
                    .random = request->order,
                    .err = err};
    *out = (struct reference){.fails = false};
    r.steps = ARENA_ARRAY(a, struct progress, n);
    r.ended = ARENA_ARRAY(a, uint32_t, n);
    r.behind = ARENA_ARRAY(a, bool, (size_t)n *n);
    if (!r.steps || !r.ended || !r.behind)
        return arena_error(a, err, "the steps");
    find_behind(&r);
    TRY(reference_arrive(&r, r.playbook->start, false, ABSENT));
    for (uint32_t i = 0; i < request->cut_count && !out->impossible; i++)
        TRY(reference_cut(&r, &request->cuts[i]));
    for (;;) {
        uint32_t next = pick(&r);
        if (next != UINT32_MAX) {
            TRY(reference_run_visit(&r, next));
        } else if (reference_reaches_end(&r)) {
            TRY(reference_arrive(&r, (uint32_t)r.playbook->end, false, ABSENT));
        } else {
            break;
        }
    }
    out->data = ARENA_ARRAY(a, struct value, n);
    for (uint32_t i = 0; out->data && i < n; i++)
        out->data[i] = r.steps[i].ended ? r.steps[i].data : ABSENT;
    return out->data ? result_of(&r, &out->result) : arena_error(a, err, "the data of the steps");
}

const struct reference_visit *reference_find(const struct reference *r, uint32_t step, uint32_t number)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->visits[i].step == step && r->visits[i].number == number)
            return &r->visits[i];
    }
    return NULL;
}
