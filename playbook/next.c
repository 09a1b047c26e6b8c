/* `next`: its many forms become nodes and edges (playbook.h), targets still by name. */
#include "compile.h"

struct next_reader {
    struct compilation *c;
    struct step *step;
    struct draft_step *draft;
    const char *what; /* "step fetch" */
};

/* How many nodes a value of `next`, `then` or `else` can become. */
static uint32_t count_nodes(const struct ynode *n)
{
    uint32_t count = n->kind == NODE_LIST ? 0 : 1;
    for (uint32_t i = 0; i < n->count; i++) {
        const struct child *child = &n->children[i];
        if (n->kind == NODE_LIST || str_is(child->key, "then") || str_is(child->key, "else"))
            count += count_nodes(child->node);
    }
    return count;
}

static void add_bad_next(struct next_reader *r, struct position at, const char *message)
{
    diagnostics_add(r->c->diagnostics, DIAGNOSTIC_BAD_NEXT, at, "%s, in next of %s", message, r->what);
    r->c->incomplete = true;
}

static void add_edge(struct next_reader *r, struct next_node *node, const struct ynode *target,
                     struct value args)
{
    struct str name = value_as_str(target->value);
    if (name.len == 0) {
        add_bad_next(r, target->at, "the name of a step is missing");
        return;
    }
    node->edge = r->step->edge_count;
    node->edge_count = 1;
    r->draft->edges[r->step->edge_count++] = (struct draft_edge){name, target->at, args};
}

static void read_list(struct next_reader *r, const struct ynode *list, uint32_t *first, uint32_t *count);

static void read_children(struct next_reader *r, const struct child *child, uint32_t *first, uint32_t *count)
{
    if (child)
        read_list(r, child->node, first, count);
}

/* Whether the keys of an entry make sense together. */
static bool check_entry(struct next_reader *r, const struct ynode *entry, const struct fields *f)
{
    bool step = fields_has(f, "step"), when = fields_has(f, "when"), then = fields_has(f, "then");
    const char *wrong = NULL;
    if (!step && !then && !fields_has(f, "else"))
        wrong = "an entry needs \"step\", \"then\" or \"else\"";
    else if (then && !when)
        wrong = "\"then\" needs a \"when\" beside it";
    else if (step && !when && fields_has(f, "else"))
        wrong = "\"else\" needs a \"when\" beside it, or an entry of its own";
    else if (fields_has(f, "args") && !step)
        wrong = "\"args\" needs a \"step\" beside it";
    if (wrong && !entry->broken)
        add_bad_next(r, entry->at, wrong);
    return !wrong;
}

static void read_map(struct next_reader *r, const struct ynode *entry, struct next_node *out)
{
    struct fields f;
    const char *what = compilation_printf(r->c, "an entry of next of %s", r->what);
    keys_read(r->c, entry, keys_bit(KEYS_ENTRY), false, what, &f);
    if (r->c->status != STATUS_OK || !check_entry(r, entry, &f))
        return;
    const struct child *step = fields_get(&f, "step");
    struct value args = args_read(r->c, &f);
    if (fields_get(&f, "when")) {
        out->kind = NEXT_WHEN;
        out->when_text = compilation_keep_str(r->c, condition_read(r->c, &f, "when"));
    }
    if (step)
        add_edge(r, out, step->node, args);
    if (fields_has(&f, "step") && !step)
        r->c->incomplete = true;
    read_children(r, fields_get(&f, "then"), &out->then_node, &out->then_count);
    if (fields_has(&f, "when")) {
        read_children(r, fields_get(&f, "else"), &out->else_node, &out->else_count);
    } else if (fields_has(&f, "else")) {
        out->kind = NEXT_ELSE;
        read_children(r, fields_get(&f, "else"), &out->then_node, &out->then_count);
    }
}

static void read_entry(struct next_reader *r, const struct ynode *entry, struct next_node *out)
{
    struct value none = {.type = VALUE_UNDEFINED};
    out->at = entry->at;
    if (entry->kind == NODE_MAP)
        read_map(r, entry, out);
    else if (entry->value.type == VALUE_STRING)
        add_edge(r, out, entry, none);
    else if (!entry->broken)
        add_bad_next(r, entry->at, "an entry has to be the name of a step or a map");
    r->c->incomplete = r->c->incomplete || entry->broken;
}

static void check_else(struct next_reader *r, uint32_t first, uint32_t count)
{
    const struct next_node *other = NULL;
    for (uint32_t i = first; i < first + count; i++) {
        if (r->step->nodes[i].kind == NEXT_WHEN)
            return;
        if (r->step->nodes[i].kind == NEXT_ELSE)
            other = &r->step->nodes[i];
    }
    if (other)
        diagnostics_add(r->c->diagnostics, DIAGNOSTIC_ELSE_ALWAYS, other->at,
                        "there is no condition beside this \"else\", so it always fires");
}

/* The nodes of one list stand side by side; what hangs below them comes behind. */
static void read_list(struct next_reader *r, const struct ynode *list, uint32_t *first, uint32_t *count)
{
    bool is_list = list->kind == NODE_LIST;
    *first = r->step->node_count;
    *count = is_list ? list->count : 1;
    r->step->node_count += *count;
    for (uint32_t i = 0; i < *count && r->c->status == STATUS_OK; i++)
        read_entry(r, is_list ? list->children[i].node : list, &r->step->nodes[*first + i]);
    check_else(r, *first, *count);
}

void next_read(struct compilation *c, const struct child *next, uint32_t index, const char *what)
{
    struct next_reader r = {c, &c->playbook->steps[index], &c->drafts[index], what};
    uint32_t most = count_nodes(next->node), first;
    r.step->nodes = compilation_keep(c, most, sizeof(struct next_node));
    r.draft->edges = compilation_alloc(c, most, sizeof(struct draft_edge));
    if (r.step->nodes && r.draft->edges)
        read_list(&r, next->node, &first, &r.step->root_count);
}
