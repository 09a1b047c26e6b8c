/*
 * The workflow as a graph: names become indices, a depth-first search from `start` tells loop edges (back to
 * a step that the search is still below of) from the others, and without them the graph has no cycle, so that
 * "can reach" and "comes before" have a meaning.
 */
#include "compile.h"

static void hint_nearest(struct compilation *c, struct str name)
{
    struct playbook *p = c->playbook;
    if (c->diagnostics->dropped)
        return;
    struct str *names = compilation_alloc(c, p->step_count, sizeof(*names));
    for (uint32_t i = 0; names && i < p->step_count; i++)
        names[i] = p->steps[i].name;
    struct str near = names ? str_nearest(name, names, p->step_count) : STR("");
    if (near.len)
        diagnostics_hint(c->diagnostics, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
}

static uint32_t resolve(struct compilation *c, struct str name, struct position at, const char *where)
{
    struct playbook *p = c->playbook;
    int32_t found = name.len ? playbook_find_step(p, name) : -1;
    if (found >= 0)
        return (uint32_t)found;
    c->incomplete = true;
    if (name.len == 0)
        return 0;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_UNKNOWN_STEP, at, "unknown step \"%" PRISTR "\" in %s",
                    ARGSTR(name), where);
    hint_nearest(c, name);
    return 0;
}

static void resolve_edges(struct compilation *c)
{
    for (uint32_t s = 0; s < c->playbook->step_count && c->status == STATUS_OK; s++) {
        struct step *step = &c->playbook->steps[s];
        const struct draft_step *draft = &c->drafts[s];
        step->edges = compilation_keep(c, step->edge_count, sizeof(*step->edges));
        for (uint32_t e = 0; step->edges && e < step->edge_count; e++)
            step->edges[e].target = resolve(c, draft->edges[e].target, draft->edges[e].at, "next");
        if (step->on_error == ON_ERROR_STEP && draft->on_error.len)
            step->on_error_step = resolve(c, draft->on_error, draft->on_error_at, "on_error");
    }
}

/* Where else a step leads: its edges, then the target of its on_error. */
static uint32_t successor_count(const struct step *step)
{
    return step->edge_count + (step->on_error == ON_ERROR_STEP);
}

static uint32_t successor(const struct step *step, uint32_t i)
{
    return i < step->edge_count ? step->edges[i].target : step->on_error_step;
}

/* ---- depth first ------------------------------------------------------------------------------ */

struct search {
    struct playbook *playbook;
    enum { NEW, OPEN, DONE } * state;
    struct visit_frame {
        uint32_t step, next;
    } * stack;
    uint32_t depth;
    uint32_t *order; /* steps as they were done: each after all that it leads to */
    uint32_t done;
    bool *on_error_loops; /* a step's on_error leads back */
};

static bool search_begin(struct search *s, struct compilation *c)
{
    uint32_t n = c->playbook->step_count;
    *s = (struct search){
        .playbook = c->playbook,
        .state = compilation_alloc(c, n, sizeof(*s->state)),
        .stack = compilation_alloc(c, n, sizeof(*s->stack)),
        .order = compilation_alloc(c, n, sizeof(*s->order)),
        .on_error_loops = compilation_alloc(c, n, sizeof(*s->on_error_loops)),
    };
    return c->status == STATUS_OK;
}

static void search_enter(struct search *s, uint32_t step)
{
    s->state[step] = OPEN;
    s->stack[s->depth++] = (struct visit_frame){step, 0};
}

static void mark_loop(struct search *s, uint32_t step, uint32_t i)
{
    if (i < s->playbook->steps[step].edge_count)
        s->playbook->steps[step].edges[i].is_loop = true;
    else
        s->on_error_loops[step] = true;
}

static void search_from(struct search *s, uint32_t root)
{
    if (s->state[root] == NEW)
        search_enter(s, root);
    while (s->depth > 0) {
        struct visit_frame *top = &s->stack[s->depth - 1];
        const struct step *step = &s->playbook->steps[top->step];
        if (top->next == successor_count(step)) {
            s->state[top->step] = DONE;
            s->order[s->done++] = top->step;
            s->depth--;
            continue;
        }
        uint32_t i = top->next++, target = successor(step, i);
        if (s->state[target] == OPEN)
            mark_loop(s, top->step, i);
        else if (s->state[target] == NEW)
            search_enter(s, target);
    }
}

static void warn_of_unreachable(struct compilation *c, const struct search *s)
{
    for (uint32_t i = 0; i < c->playbook->step_count; i++) {
        const struct step *step = &c->playbook->steps[i];
        if (s->state[i] == NEW && (int32_t)i != c->playbook->end)
            diagnostics_add(c->diagnostics, DIAGNOSTIC_UNREACHABLE_STEP, step->at,
                            "nothing leads to the step \"%" PRISTR "\": it never runs", ARGSTR(step->name));
    }
}

/* ---- what follows from it --------------------------------------------------------------------- */

static bool is_loop(const struct search *s, uint32_t step, uint32_t i)
{
    const struct step *from = &s->playbook->steps[step];
    return i < from->edge_count ? from->edges[i].is_loop : s->on_error_loops[step];
}

/* Counts the sources of every step, or, with `fill`, writes them down. */
static void each_source(const struct search *s, uint32_t *last_source, bool fill)
{
    struct playbook *p = s->playbook;
    for (uint32_t i = 0; i < p->step_count; i++)
        last_source[i] = UINT32_MAX;
    for (uint32_t from = 0; from < p->step_count; from++) {
        for (uint32_t i = 0; i < successor_count(&p->steps[from]); i++) {
            struct step *to = &p->steps[successor(&p->steps[from], i)];
            if (is_loop(s, from, i) || last_source[to->index] == from)
                continue;
            last_source[to->index] = from;
            if (fill)
                to->incoming[to->incoming_count] = from;
            to->incoming_count++;
        }
    }
}

static void build_incoming(struct compilation *c, const struct search *s)
{
    struct playbook *p = c->playbook;
    uint32_t *last_source = compilation_alloc(c, p->step_count, sizeof(*last_source));
    if (!last_source)
        return;
    each_source(s, last_source, false);
    for (uint32_t i = 0; i < p->step_count; i++) {
        p->steps[i].incoming = compilation_keep(c, p->steps[i].incoming_count, sizeof(uint32_t));
        p->steps[i].incoming_count = 0;
    }
    if (c->status == STATUS_OK)
        each_source(s, last_source, true);
}

/* In the order of the search, what a step leads to has its row already. */
static void build_reach(struct compilation *c, const struct search *s)
{
    struct playbook *p = c->playbook;
    size_t n = p->step_count;
    p->reach = compilation_keep(c, n, n);
    for (uint32_t k = 0; p->reach && k < s->done; k++) {
        uint32_t from = s->order[k];
        uint8_t *row = p->reach + from * n;
        row[from] = 1;
        for (uint32_t i = 0; i < successor_count(&p->steps[from]); i++) {
            const uint8_t *other = p->reach + successor(&p->steps[from], i) * n;
            for (size_t b = 0; b < n && !is_loop(s, from, i); b++)
                row[b] |= other[b];
        }
    }
}

void graph_build(struct compilation *c)
{
    struct playbook *p = c->playbook;
    struct search s;
    resolve_edges(c);
    if (c->incomplete || c->status != STATUS_OK || p->step_count == 0 || !search_begin(&s, c))
        return;
    search_from(&s, p->start);
    warn_of_unreachable(c, &s);
    if (c->diagnostics->errors)
        return;
    for (uint32_t i = 0; i < p->step_count; i++)
        search_from(&s, i);
    build_incoming(c, &s);
    build_reach(c, &s);
}
