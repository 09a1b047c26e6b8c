/*
 * `loop`, the older form of an iterator. A step with a tool and a loop is an iterator whose task is the tool:
 *
 *   {step: fetch, type: http, endpoint: …,         {step: fetch, type: iterator, collection: …, element:
 * city, loop: {in: …, iterator: city}, next: end}  ─▶  task: {type: http, endpoint: …}, next: end}
 *
 * In one without a tool the task is the loop's. The tree of the step is written anew, its places kept, and
 * read as any other.
 */
#include "compile.h"

struct rewriter {
    struct compilation *c;
    struct child *step, *task; /* their entries */
    uint32_t step_count, task_count;
    bool own_tool;
    bool broken; /* of the loop */
};

static const struct ynode *new_node(struct compilation *c, const struct ynode *node)
{
    struct ynode *copy = compilation_alloc(c, 1, sizeof(*copy));
    if (copy)
        *copy = *node;
    return copy;
}

static void add_word(struct rewriter *r, const char *key, const char *word, struct position at)
{
    const struct ynode node = {.kind = NODE_SCALAR, .value = value_text(word), .at = at};
    r->step[r->step_count++] =
        (struct child){.key = str_of(key), .key_at = at, .node = new_node(r->c, &node)};
}

static void add_map(struct rewriter *r, const char *key, struct child *children, uint32_t count,
                    struct position at)
{
    const struct ynode node = {
        .kind = NODE_MAP, .value = VALUE_EMPTY_MAP, .at = at, .children = children, .count = count};
    r->step[r->step_count++] =
        (struct child){.key = str_of(key), .key_at = at, .node = new_node(r->c, &node)};
}

/* Whether the step does something by itself; `type: loop` says only that there is one. */
static bool has_tool(const struct ynode *step)
{
    const struct child *type = ynode_get(step, STR("type"));
    struct str word = type ? value_as_str(type->node->value) : STR("");
    return word.len && !str_is(word, "iterator") && !str_is(word, "loop");
}

/* What says where the step stands in the workflow stays; the rest is the tool's. */
static bool is_of_step(struct str key)
{
    return keys_has(KEYS_STEP, key) || str_is(key, "desc") || str_is(key, "description") ||
           str_starts_with(key, STR("x-"));
}

static void split_step(struct rewriter *r, const struct ynode *step)
{
    for (uint32_t i = 0; i < step->count; i++) {
        const struct child *child = &step->children[i];
        bool replaced = str_is(child->key, "loop") || (!r->own_tool && str_is(child->key, "type"));
        if (replaced)
            continue;
        if (r->own_tool && !is_of_step(child->key))
            r->task[r->task_count++] = *child;
        else
            r->step[r->step_count++] = *child;
    }
}

/* Under the names that an iterator has for them. */
static void add_loop(struct rewriter *r, const struct child *loop, const char *what)
{
    struct fields f;
    uint32_t errors = r->c->diagnostics->errors;
    keys_read(r->c, loop->node, keys_bit(KEYS_LOOP), false, compilation_printf(r->c, "loop of %s", what), &f);
    r->broken = r->c->diagnostics->errors > errors;
    for (uint32_t i = 0; f.items && i < f.count; i++) {
        struct child child = *f.items[i].child;
        child.key = str_of(f.items[i].rule->means);
        if (f.items[i].usable)
            r->step[r->step_count++] = child;
    }
}

static void add_hint(struct rewriter *r, const struct child *loop)
{
    diagnostics_add(r->c->diagnostics, DIAGNOSTIC_OLDER_SPELLING, loop->key_at,
                    "\"loop\" is an older form of \"type: iterator\"");
    diagnostics_hint(r->c->diagnostics, "\"in\" is its \"collection\", \"iterator\" its \"element\"%s",
                     r->own_tool ? ", and what the step does its \"task\"" : "");
}

const struct ynode *loop_rewrite(struct compilation *c, const struct ynode *step, const char *what,
                                 bool *own_tool)
{
    const struct child *loop = ynode_get(step, STR("loop"));
    *own_tool = false;
    if (!loop || loop->node->kind != NODE_MAP)
        return step;
    struct rewriter r = {
        .c = c,
        .step = compilation_alloc(c, step->count + loop->node->count + 2, sizeof(*r.step)),
        .task = compilation_alloc(c, step->count, sizeof(*r.task)),
        .own_tool = has_tool(step),
    };
    if (!r.step || !r.task)
        return step;
    add_hint(&r, loop);
    split_step(&r, step);
    add_word(&r, "type", "iterator", loop->key_at);
    add_loop(&r, loop, what);
    if (r.own_tool)
        add_map(&r, "task", r.task, r.task_count, step->at);
    *own_tool = r.own_tool;
    const struct ynode whole = {.kind = NODE_MAP,
                                .value = VALUE_EMPTY_MAP,
                                .at = step->at,
                                .children = r.step,
                                .count = r.step_count,
                                .broken = step->broken || r.broken};
    const struct ynode *node = new_node(c, &whole);
    return node && c->status == STATUS_OK ? node : step;
}
