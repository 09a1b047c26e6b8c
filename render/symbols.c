#include "symbols.h"

/* What reading a branch changed: to undo it for the next branch, and to apply it when all are read. */
struct change {
    uint32_t symbol;
    struct symbol before, after;
    struct change *next;
};

struct branch {
    struct change *first, **end;
    struct branch *outer;
};

enum { ALL_BRANCHES = 7 };

void symbols_begin(struct symbols *s, struct symbols *parent, struct function *function)
{
    *s = (struct symbols){.parent = parent, .function = function};
}

/* ---- The table ---------------------------------------------------------------------------------- */

static struct symbol *find_own(const struct symbols *s, uint32_t name)
{
    if (!s->index)
        return NULL;
    for (uint32_t i = name * 2654435761u & s->index_mask; s->index[i]; i = (i + 1) & s->index_mask) {
        if (s->list[s->index[i] - 1].name == name)
            return &s->list[s->index[i] - 1];
    }
    return NULL;
}

static void index_symbol(struct symbols *s, uint32_t number)
{
    uint32_t i = s->list[number].name * 2654435761u & s->index_mask;
    while (s->index[i])
        i = (i + 1) & s->index_mask;
    s->index[i] = number + 1;
}

static enum status grow(struct compiler *c, struct symbols *s)
{
    uint32_t capacity = s->capacity ? s->capacity * 2 : 8;
    struct symbol *list = ARENA_ARRAY(c->scratch, struct symbol, capacity);
    uint32_t *index = ARENA_ARRAY(c->scratch, uint32_t, (size_t)capacity * 2);
    if (!list || !index)
        return compiler_no_memory(c);
    if (s->count)
        memcpy(list, s->list, s->count * sizeof *list);
    s->list = list;
    s->index = index;
    s->index_mask = capacity * 2 - 1;
    s->capacity = capacity;
    for (uint32_t i = 0; i < s->count; i++)
        index_symbol(s, i);
    return STATUS_OK;
}

bool symbols_find(const struct symbols *s, uint32_t name, struct reference *out)
{
    uint16_t depth = 0;
    for (; s; s = s->parent) {
        const struct symbol *symbol = find_own(s, name);
        if (symbol && symbol->defined) {
            *out = (struct reference){symbol->slot, depth};
            return true;
        }
        if (s->parent && s->parent->function != s->function)
            depth++;
    }
    return false;
}

static enum status note_change(struct compiler *c, struct symbols *s, const struct symbol *symbol)
{
    if (!s->branch)
        return STATUS_OK;
    struct change *change = ARENA_NEW(c->scratch, struct change);
    if (!change)
        return compiler_no_memory(c);
    change->symbol = (uint32_t)(symbol - s->list);
    change->before = *symbol;
    *s->branch->end = change;
    s->branch->end = &change->next;
    return STATUS_OK;
}

/* The scope's own entry of the name, with a slot, defined or not. */
static enum status own(struct compiler *c, struct symbols *s, uint32_t name, struct symbol **out)
{
    *out = find_own(s, name);
    if (*out)
        return STATUS_OK;
    if (s->count == s->capacity)
        TRY(grow(c, s));
    struct symbol *symbol = &s->list[s->count];
    *symbol = (struct symbol){.name = name};
    TRY(function_add_slot(c, s->function, name, &symbol->slot));
    index_symbol(s, s->count++);
    *out = symbol;
    return STATUS_OK;
}

static void define(struct symbol *symbol, enum symbol_load load)
{
    symbol->defined = true;
    symbol->load = (uint8_t)load;
}

static bool find_outer(const struct symbols *s, uint32_t name, struct reference *out)
{
    if (!s->parent || !symbols_find(s->parent, name, out))
        return false;
    if (s->parent->function != s->function)
        out->depth++;
    return true;
}

static void define_alias(struct symbol *symbol, struct reference outer)
{
    define(symbol, SYMBOL_ALIAS);
    symbol->outer_slot = outer.slot;
    symbol->outer_depth = outer.depth;
}

/* ---- Reading ------------------------------------------------------------------------------------ */

static enum status read_load(struct compiler *c, struct symbols *s, struct str text)
{
    uint32_t name;
    struct reference found;
    struct symbol *symbol;
    TRY(compiler_name(c, text, &name));
    if (symbols_find(s, name, &found))
        return STATUS_OK;
    TRY(own(c, s, name, &symbol));
    TRY(note_change(c, s, symbol));
    define(symbol, SYMBOL_LAZY);
    return STATUS_OK;
}

static enum status read_store(struct compiler *c, struct symbols *s, struct str text)
{
    uint32_t name;
    struct symbol *symbol;
    struct reference outer;
    TRY(compiler_name(c, text, &name));
    TRY(own(c, s, name, &symbol));
    if (symbol->defined && symbol->stored)
        return STATUS_OK;
    TRY(note_change(c, s, symbol));
    symbol->stored = true;
    if (symbol->defined)
        return STATUS_OK;
    if (find_outer(s, name, &outer))
        define_alias(symbol, outer);
    else
        define(symbol, SYMBOL_MISSING);
    return STATUS_OK;
}

enum status symbols_parameter(struct compiler *c, struct symbols *s, struct str text, uint32_t *slot)
{
    uint32_t name;
    struct symbol *symbol;
    TRY(compiler_name(c, text, &name));
    TRY(own(c, s, name, &symbol));
    symbol->stored = true;
    define(symbol, SYMBOL_PARAMETER);
    if (slot)
        *slot = symbol->slot;
    return STATUS_OK;
}

enum status symbols_read_target(struct compiler *c, struct symbols *s, const struct node *target,
                                bool parameter)
{
    if (target->kind == NODE_NAME)
        return parameter ? symbols_parameter(c, s, target->name, NULL) : read_store(c, s, target->name);
    if (target->kind == NODE_NSREF)
        return read_load(c, s, target->name);
    for (const struct node *item = target->a; item; item = item->next)
        TRY(symbols_read_target(c, s, item, parameter));
    return STATUS_OK;
}

/* Undoes what the branch did and remembers how it left things. */
static void end_branch(struct symbols *s, struct branch *branch)
{
    for (struct change *change = branch->first; change; change = change->next)
        change->after = s->list[change->symbol];
    /* A symbol may have changed twice: the first change has the state from before. */
    struct change *reversed = NULL;
    for (struct change *change = branch->first, *next; change; change = next) {
        next = change->next;
        change->next = reversed;
        reversed = change;
    }
    branch->first = NULL;
    for (struct change *change = reversed, *next; change; change = next) {
        next = change->next;
        s->list[change->symbol] = change->before;
        change->next = branch->first;
        branch->first = change;
    }
    s->branch = branch->outer;
}

static enum status read_branch(struct compiler *c, struct symbols *s, struct branch *branch,
                               const struct node *body, const struct node *elifs)
{
    *branch = (struct branch){.outer = s->branch};
    branch->end = &branch->first;
    s->branch = branch;
    TRY(symbols_read(c, s, body));
    TRY(symbols_read(c, s, elifs));
    end_branch(s, branch);
    return STATUS_OK;
}

/* How the branch left its symbols; and which of them it was the first to store. */
static enum status apply_branch(struct compiler *c, struct symbols *s, const struct branch *branch,
                                uint8_t bit)
{
    for (const struct change *change = branch->first; change; change = change->next) {
        struct symbol *symbol = &s->list[change->symbol];
        uint8_t stored_in = symbol->stored_in;
        bool stored = symbol->stored;
        TRY(note_change(c, s, symbol));
        *symbol = change->after;
        symbol->stored = stored || change->after.stored;
        symbol->stored_in = stored_in | (change->after.stored && !change->before.stored ? bit : 0);
    }
    return STATUS_OK;
}

/* What not every branch stored may have to come from outside. */
static void settle_stored(struct symbols *s, const struct branch *branch)
{
    for (const struct change *change = branch->first; change; change = change->next) {
        struct symbol *symbol = &s->list[change->symbol];
        struct reference outer;
        bool some = symbol->stored_in != 0 && symbol->stored_in != ALL_BRANCHES;
        symbol->stored_in = 0;
        if (!some)
            continue;
        if (find_outer(s, symbol->name, &outer))
            define_alias(symbol, outer);
        else
            define(symbol, SYMBOL_LAZY);
    }
}

/* All three branches (body, elifs, else) count: as in Jinja, an absent one stores nothing, and of loads the
 * last branch's stands. */
static enum status merge_branches(struct compiler *c, struct symbols *s, const struct branch branches[3])
{
    for (int b = 0; b < 3; b++)
        TRY(apply_branch(c, s, &branches[b], (uint8_t)(1 << b)));
    for (int b = 0; b < 3; b++)
        settle_stored(s, &branches[b]);
    return STATUS_OK;
}

static enum status read_if(struct compiler *c, struct symbols *s, const struct node *n)
{
    struct branch branches[3];
    TRY(symbols_read(c, s, n->a));
    TRY(read_branch(c, s, &branches[0], n->b, NULL));
    TRY(read_branch(c, s, &branches[1], NULL, n->d));
    TRY(read_branch(c, s, &branches[2], n->c, NULL));
    return merge_branches(c, s, branches);
}

static enum status read_imported(struct compiler *c, struct symbols *s, const struct node *n)
{
    TRY(symbols_read(c, s, n->a));
    if (n->kind == NODE_IMPORT)
        return read_store(c, s, n->name);
    for (const struct node *name = n->b; name; name = name->next)
        TRY(read_store(c, s, value_is_absent(name->value) ? name->name : value_as_str(name->value)));
    return STATUS_OK;
}

static enum status read_node(struct compiler *c, struct symbols *s, const struct node *n)
{
    switch (n->kind) {
    case NODE_NAME: return read_load(c, s, n->name);
    case NODE_IF: return read_if(c, s, n);
    /* The bodies of these are scopes of their own. */
    case NODE_FOR: return symbols_read(c, s, n->b);
    case NODE_CALL_BLOCK:
    case NODE_FILTER_BLOCK: return symbols_read(c, s, n->a);
    case NODE_SET_BLOCK: return symbols_read_target(c, s, n->a, false);
    case NODE_BLOCK: return STATUS_OK;
    case NODE_MACRO: return read_store(c, s, n->name);
    case NODE_IMPORT:
    case NODE_FROM_IMPORT: return read_imported(c, s, n);
    case NODE_SET: TRY(symbols_read(c, s, n->b)); return symbols_read_target(c, s, n->a, false);
    case NODE_WITH:
        for (const struct node *set = n->a; set; set = set->next)
            TRY(symbols_read(c, s, set->b));
        return STATUS_OK;
    case NODE_AUTOESCAPE: return symbols_read(c, s, n->a);
    default:
        TRY(symbols_read(c, s, n->a));
        TRY(symbols_read(c, s, n->b));
        TRY(symbols_read(c, s, n->c));
        return symbols_read(c, s, n->d);
    }
}

enum status symbols_read(struct compiler *c, struct symbols *s, const struct node *list)
{
    for (const struct node *n = list; n; n = n->next)
        TRY(read_node(c, s, n));
    return STATUS_OK;
}

/* ---- Uses --------------------------------------------------------------------------------------- */

enum use { USE_NONE, USE_LOAD, USE_STORE };

static enum use first_use(const struct node *list, const char *name, bool is_target)
{
    for (const struct node *n = list; n; n = n->next) {
        enum use found = USE_NONE;
        bool targets = n->kind == NODE_FOR || n->kind == NODE_SET || n->kind == NODE_SET_BLOCK;
        if (n->kind == NODE_BLOCK)
            continue;
        if (n->kind == NODE_NAME && str_is(n->name, name))
            return is_target ? USE_STORE : USE_LOAD;
        if (targets && n->b)
            found = first_use(n->b, name, false);
        if (!found)
            found = first_use(n->a, name,
                              targets || (is_target && n->kind == NODE_TUPLE) || n->kind == NODE_MACRO);
        if (!found && !targets)
            found = first_use(n->b, name, n->kind == NODE_CALL_BLOCK || n->kind == NODE_FROM_IMPORT);
        if (!found)
            found = first_use(n->c, name, false);
        if (!found)
            found = first_use(n->d, name, false);
        if (found)
            return found;
    }
    return USE_NONE;
}

bool nodes_use(const struct node *list, const char *name)
{
    return first_use(list, name, false) == USE_LOAD;
}
