/* What a draft's graph says, and making a draft valid. */
#include "draft.h"

#include <string.h>

/* Steps as bits. */
struct graph {
    uint32_t successors[DRAFT_STEPS], reach[DRAFT_STEPS], dominators[DRAFT_STEPS];
    uint8_t arrivals[DRAFT_STEPS]; /* how many edges lead to it, loops aside */
};

static uint32_t bit(int step)
{
    return UINT32_C(1) << step;
}

const char *draft_step_name(uint32_t step)
{
    static const char *const names[DRAFT_STEPS] = {"start", "b", "c", "d", "e", "f",
                                                   "g",     "h", "i", "j", "k", "l"};
    return step < DRAFT_STEPS ? names[step] : "end";
}

struct str draft_path(uint32_t number)
{
    static const struct str paths[] = {{"simulation/a", 12}, {"simulation/b", 12}, {"simulation/c", 12}};
    return paths[number % 3];
}

struct str draft_prefix(uint32_t number)
{
    static const struct str prefixes[] = {
        {"simulation/from_a/", 18}, {"simulation/from_b/", 18}, {"simulation/from_c/", 18}};
    return prefixes[number % 3];
}

struct str draft_signal(const struct draft *d, uint32_t step)
{
    static const char *const names[] = {"go_a", "go_b", "go_c", "go_d", "go_e"};
    const struct draft_step *s = &d->steps[step];
    /* Some steps wait for the same. */
    return str_of(s->there && s->kind == DRAFT_SIGNAL && s->waits == 0 ? names[step % 5] : "");
}

int draft_find(const struct draft *d, struct str name)
{
    for (uint32_t s = 0; s < d->count; s++) {
        if (d->steps[s].there && str_is(name, draft_step_name(s)))
            return (int)s;
    }
    return DRAFT_NONE;
}

/* ---- targets that are not there ------------------------------------------------------------------- */

static bool can_go(const struct draft *d, uint32_t from, uint32_t to)
{
    if (to == DRAFT_END)
        return d->has_end;
    return to > from && to < d->count && d->steps[to].there;
}

static void keep_targets(const struct draft *d, uint32_t from, uint8_t *targets, uint8_t *count)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < *count; i++) {
        if (can_go(d, from, targets[i]))
            targets[kept++] = targets[i];
    }
    *count = kept;
}

static bool is_call(uint8_t kind)
{
    return kind == DRAFT_PLAYBOOK || kind == DRAFT_PLAYBOOKS;
}

static bool has_items(uint8_t kind)
{
    return kind == DRAFT_ITERATOR || kind == DRAFT_PLAYBOOKS;
}

static void repair_step(const struct draft *d, uint32_t s, struct draft_step *step)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < step->entry_count; i++) {
        struct draft_entry *e = &step->entries[i];
        keep_targets(d, s, e->thens, &e->then_count);
        keep_targets(d, s, e->elses, &e->else_count);
        if (e->form != FORM_THEN_ELSE && e->then_count == 0)
            continue;
        if (e->then_count + e->else_count > 0)
            step->entries[kept++] = *e;
    }
    step->entry_count = kept;
    if (is_call(step->kind) && d->calls == 0)
        step->kind = DRAFT_TOOL;
    for (uint8_t i = 0; i < step->loop.task_count; i++) {
        if (is_call(step->loop.tasks[i].kind) && d->calls == 0)
            step->loop.tasks[i].kind = DRAFT_TOOL;
    }
    /* What a step that loops leads to stands in a step behind it, and all of it has to be behind the loop. */
    if (step->on_error == DRAFT_GO && step->loop_to != DRAFT_NONE)
        step->on_error = DRAFT_CONTINUE;
    if (has_items(step->kind) && step->on_error == DRAFT_CONTINUE)
        step->on_error = DRAFT_FAIL; /* the word would be about its items */
    if (step->on_error == DRAFT_GO && !can_go(d, s, (uint32_t)step->on_error_step))
        step->on_error = has_items(step->kind) ? DRAFT_FAIL : DRAFT_CONTINUE;
}

/* ---- the graph -------------------------------------------------------------------------------------- */

static void add_edge(struct graph *g, uint32_t from, uint32_t to)
{
    if (to == DRAFT_END)
        return;
    g->successors[from] |= bit((int)to);
    g->arrivals[to]++;
}

static void add_step(struct graph *g, uint32_t s, const struct draft_step *step)
{
    for (uint8_t i = 0; i < step->entry_count; i++) {
        const struct draft_entry *e = &step->entries[i];
        for (uint8_t k = 0; k < e->then_count; k++)
            add_edge(g, s, e->thens[k]);
        for (uint8_t k = 0; k < e->else_count; k++)
            add_edge(g, s, e->elses[k]);
    }
    if (step->on_error == DRAFT_GO)
        add_edge(g, s, (uint32_t)step->on_error_step);
}

/* Edges lead to later steps only, so one pass in each direction is enough. */
static void graph_of(const struct draft *d, struct graph *g)
{
    memset(g, 0, sizeof(*g));
    for (uint32_t s = 0; s < d->count; s++) {
        if (d->steps[s].there)
            add_step(g, s, &d->steps[s]);
        g->dominators[s] = UINT32_MAX;
    }
    g->dominators[0] = bit(0);
    for (int s = 0; s < d->count; s++) {
        g->dominators[s] |= bit(s);
        for (int to = s + 1; to < d->count; to++) {
            if (g->successors[s] & bit(to))
                g->dominators[to] &= g->dominators[s];
        }
    }
    for (int s = d->count - 1; s >= 0; s--) {
        g->reach[s] = bit(s);
        for (int to = s + 1; to < d->count; to++) {
            if (g->successors[s] & bit(to))
                g->reach[s] |= g->reach[to];
        }
    }
}

static bool drop_unreachable(struct draft *d)
{
    struct graph g;
    bool dropped = false;
    graph_of(d, &g);
    for (int s = 0; s < d->count; s++) {
        if (d->steps[s].there && !(g.reach[0] & bit(s))) {
            d->steps[s].there = false;
            dropped = true;
        }
    }
    return dropped;
}

/* ---- loops and joins -------------------------------------------------------------------------------- */

static bool loop_is_sound(const struct draft *d, const struct graph *g, int from)
{
    const struct draft_step *step = &d->steps[from];
    int to = step->loop_to;
    if (to > from || !d->steps[to].there || !(g->dominators[from] & bit(to)))
        return false;
    if (step->join != DRAFT_ALL || step->pass || (step->kind != DRAFT_TOOL && step->kind != DRAFT_WORKBOOK))
        return false;
    for (int s = 0; s < d->count; s++) {
        if (g->reach[to] & bit(s) && !(g->reach[s] & bit(from)) && !(g->reach[from] & bit(s)))
            return false;
    }
    return true;
}

/* Whether a step that does not wait is reached from behind each loop before it only. */
static bool may_not_wait(const struct draft *d, const struct graph *g, int step)
{
    for (int loop = 0; loop < d->count; loop++) {
        if (!d->steps[loop].there || d->steps[loop].loop_to == DRAFT_NONE || loop == step)
            continue;
        if (!(g->reach[loop] & bit(step)))
            continue;
        for (int s = 0; s < d->count; s++) {
            if (d->steps[s].there && g->successors[s] & bit(step) && !(g->reach[loop] & bit(s)))
                return false;
        }
    }
    return true;
}

static void repair_loops(struct draft *d, const struct graph *g)
{
    for (int s = 0; s < d->count; s++) {
        struct draft_step *step = &d->steps[s];
        if (step->there && step->loop_to != DRAFT_NONE && !loop_is_sound(d, g, s))
            step->loop_to = DRAFT_NONE;
    }
    for (int s = 0; s < d->count; s++) {
        if (d->steps[s].there && d->steps[s].join != DRAFT_ALL && !may_not_wait(d, g, s))
            d->steps[s].join = DRAFT_ALL;
    }
}

static void find_several(struct draft *d, const struct graph *g)
{
    for (int s = 0; s < d->count; s++) {
        bool several = g->arrivals[s] > 1;
        for (int from = 0; from < s; from++)
            several = several || (g->successors[from] & bit(s) && d->steps[from].several);
        d->steps[s].several = d->steps[s].there && d->steps[s].join == DRAFT_EACH && several;
    }
}

/* ---- templates -------------------------------------------------------------------------------------- */

static void keep_readable(const struct draft *d, const struct graph *g, int reader, int8_t *read)
{
    if (*read == DRAFT_NONE)
        return;
    if (*read >= reader || !d->steps[*read].there || d->steps[*read].several ||
        !(g->dominators[reader] & bit(*read)))
        *read = DRAFT_NONE;
}

/* Where one of several arrivals counts, or each has its own visit, what they bring would tell their order. */
static bool may_bring_args(const struct draft *d, const struct draft_entry *e)
{
    if (e->then_count != 1 || (e->form != FORM_NAME && e->form != FORM_WHEN))
        return false;
    return e->thens[0] == DRAFT_END || d->steps[e->thens[0]].join == DRAFT_ALL;
}

static void repair_templates(struct draft *d, const struct graph *g)
{
    for (int s = 0; s < d->count; s++) {
        struct draft_step *step = &d->steps[s];
        if (!step->there)
            continue;
        keep_readable(d, g, s, &step->reads);
        for (uint8_t i = 0; i < step->entry_count; i++) {
            keep_readable(d, g, s, &step->entries[i].about);
            step->entries[i].with_args = step->entries[i].with_args && may_bring_args(d, &step->entries[i]);
        }
    }
}

void draft_repair(struct draft *d)
{
    struct graph g;
    do {
        for (uint32_t s = 0; s < d->count; s++)
            repair_step(d, s, &d->steps[s]);
    } while (drop_unreachable(d));
    graph_of(d, &g);
    repair_loops(d, &g);
    find_several(d, &g);
    repair_templates(d, &g);
}
