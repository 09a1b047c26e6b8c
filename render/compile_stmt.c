/* Statements to instructions. */
#include "builtin.h"
#include "compiler.h"
#include "symbols.h"

static struct place inner_place(const struct place *p, struct symbols *symbols)
{
    return (struct place){.symbols = symbols, .checks_parent = p->checks_parent};
}

static struct place soft_place(const struct place *p)
{
    struct place soft = *p;
    soft.rootlevel = false;
    soft.soft = true;
    return soft;
}

/* ---- Assignment --------------------------------------------------------------------------------- */

static enum status store_slot(struct compiler *c, const struct place *p, struct str text, uint32_t offset,
                              bool shown)
{
    uint32_t name;
    struct reference found;
    TRY(compiler_name(c, text, &name));
    if (!symbols_find(p->symbols, name, &found) || found.depth)
        return compiler_fail(c, offset, "the name '%" PRISTR "' was not read before it is set", ARGSTR(text));
    TRY(emit(c, offset, OPCODE_STORE, found.slot));
    if (!p->toplevel)
        return STATUS_OK;
    if (shown && text.ptr[0] != '_') {
        struct template *t = c->t;
        if (t->export_count == c->export_capacity) {
            uint32_t capacity = c->export_capacity ? c->export_capacity * 2 : 8;
            struct export *exports = ARENA_ARRAY(&t->arena, struct export, capacity);
            if (!exports)
                return compiler_no_memory(c);
            if (t->export_count)
                memcpy(exports, t->exports, t->export_count * sizeof *exports);
            t->exports = exports;
            c->export_capacity = capacity;
        }
        t->exports[t->export_count++] = (struct export){name, found.slot};
    }
    if (!c->exports)
        return STATUS_OK;
    return emit_full(c, offset, (struct instruction){.op = OPCODE_EXPORT, .a = name, .b = found.slot}, 0);
}

enum status compile_store(struct compiler *c, const struct place *p, const struct node *target)
{
    if (target->kind == NODE_NAME)
        return store_slot(c, p, target->name, target->offset, true);
    if (target->kind == NODE_NSREF) {
        uint32_t attribute;
        TRY(compile_load(c, p, target->name, target->offset));
        TRY(compiler_name(c, value_as_str(target->value), &attribute));
        return emit(c, target->offset, OPCODE_SET_ATTR, attribute);
    }
    uint32_t count = 0;
    for (const struct node *item = target->a; item; item = item->next)
        count++;
    TRY(emit_full(c, target->offset, (struct instruction){.op = OPCODE_UNPACK, .a = count}, (int)count - 1));
    for (const struct node *item = target->a; item; item = item->next)
        TRY(compile_store(c, p, item));
    return STATUS_OK;
}

static enum status compile_set(struct compiler *c, const struct place *p, const struct node *n)
{
    TRY(compile_expression(c, p, n->b));
    return compile_store(c, p, n->a);
}

/* Begins and ends the collecting of output. */
static enum status begin_capture(struct compiler *c, uint32_t offset)
{
    c->function->captures++;
    return emit(c, offset, OPCODE_CAPTURE, 0);
}

static enum status end_capture(struct compiler *c, uint32_t offset)
{
    c->function->captures--;
    TRY(emit(c, offset, OPCODE_END_CAPTURE, 0));
    return emit(c, offset, OPCODE_MARK, 0);
}

static enum status compile_set_block(struct compiler *c, const struct place *p, const struct node *n)
{
    struct symbols symbols;
    symbols_begin(&symbols, p->symbols, c->function);
    TRY(symbols_read(c, &symbols, n->c));
    if (n->b)
        TRY(symbols_read(c, &symbols, n->b));
    struct place body = inner_place(p, &symbols);
    body.checks_parent = false;
    TRY(compile_enter(c, &symbols, n->offset));
    TRY(begin_capture(c, n->offset));
    TRY(compile_statements(c, &body, n->c));
    TRY(end_capture(c, n->offset));
    if (n->b) {
        TRY(compile_filters(c, &body, n->b));
        TRY(emit(c, n->offset, OPCODE_MARK, 0));
    }
    return compile_store(c, p, n->a);
}

static enum status compile_with(struct compiler *c, const struct place *p, const struct node *n)
{
    struct symbols symbols;
    symbols_begin(&symbols, p->symbols, c->function);
    for (const struct node *set = n->a; set; set = set->next)
        TRY(symbols_read_target(c, &symbols, set->a, true));
    TRY(symbols_read(c, &symbols, n->b));
    struct place body = inner_place(p, &symbols);
    TRY(compile_enter(c, &symbols, n->offset));
    for (const struct node *set = n->a; set; set = set->next) {
        TRY(compile_expression(c, p, set->b));
        TRY(compile_store(c, &body, set->a));
    }
    return compile_statements(c, &body, n->b);
}

/* ---- Output ------------------------------------------------------------------------------------- */

/* Output of a child template is for nobody: skips it once there is a parent. *jump is 0 if nothing is
 * checked. */
static enum status check_parent(struct compiler *c, const struct place *p, uint32_t offset, uint32_t *jump)
{
    *jump = 0;
    if (!p->checks_parent)
        return STATUS_OK;
    TRY(emit(c, offset, OPCODE_SKIP_IF_EXTENDED, 0));
    *jump = emit_here(c) - 1;
    return STATUS_OK;
}

static enum status compile_output(struct compiler *c, const struct place *p, const struct node *n)
{
    uint32_t jump;
    if (p->checks_parent && c->known_extends)
        return STATUS_OK;
    TRY(check_parent(c, p, n->offset, &jump));
    for (const struct node *item = n->a; item; item = item->next) {
        if (item->flags & NODE_TEXT) {
            uint32_t text;
            TRY(compiler_name(c, value_as_str(item->value), &text));
            TRY(emit(c, item->offset, OPCODE_TEXT, text));
        } else {
            TRY(compile_expression(c, p, item));
            TRY(emit(c, item->offset, OPCODE_OUTPUT, 0));
        }
    }
    if (p->checks_parent)
        emit_land(c, jump);
    return STATUS_OK;
}

/* Writes a text that is not to be escaped. */
static enum status emit_raw_output(struct compiler *c, uint32_t offset)
{
    return emit_full(c, offset, (struct instruction){.op = OPCODE_OUTPUT, .flags = 1}, -1);
}

static enum status compile_filter_block(struct compiler *c, const struct place *p, const struct node *n)
{
    struct symbols symbols;
    symbols_begin(&symbols, p->symbols, c->function);
    TRY(symbols_read(c, &symbols, n->b));
    TRY(symbols_read(c, &symbols, n->a));
    struct place body = inner_place(p, &symbols);
    TRY(compile_enter(c, &symbols, n->offset));
    TRY(begin_capture(c, n->offset));
    TRY(compile_statements(c, &body, n->b));
    TRY(end_capture(c, n->offset));
    TRY(compile_filters(c, &body, n->a));
    return emit_raw_output(c, n->offset);
}

static enum status compile_autoescape(struct compiler *c, const struct place *p, const struct node *n)
{
    struct symbols symbols;
    symbols_begin(&symbols, p->symbols, c->function);
    TRY(symbols_read(c, &symbols, n->b));
    struct place body = inner_place(p, &symbols);
    TRY(compile_enter(c, &symbols, n->offset));
    TRY(compile_expression(c, p, n->a));
    TRY(emit(c, n->offset, OPCODE_AUTOESCAPE, 0));
    c->function->escapes++;
    TRY(compile_statements(c, &body, n->b));
    c->function->escapes--;
    return emit(c, n->offset, OPCODE_END_AUTOESCAPE, 0);
}

static enum status compile_do(struct compiler *c, const struct place *p, const struct node *n)
{
    TRY(compile_expression(c, p, n->a));
    return emit(c, n->offset, OPCODE_POP, 0);
}

/* ---- Control ------------------------------------------------------------------------------------ */

static enum status compile_branch(struct compiler *c, struct place *p, const struct node *n, uint32_t *exits)
{
    TRY(compile_expression(c, p, n->a));
    uint32_t to_next = emit_here(c);
    TRY(emit(c, n->offset, OPCODE_JUMP_FALSE, 0));
    TRY(compile_statements(c, p, n->b));
    uint32_t exit = emit_here(c);
    TRY(emit(c, n->offset, OPCODE_JUMP, *exits));
    *exits = exit;
    emit_land(c, to_next);
    return STATUS_OK;
}

/* Lets a chain of jumps go to the next instruction. */
static void land_all(struct compiler *c, uint32_t chain)
{
    while (chain) {
        uint32_t next = c->function->instructions[chain].a;
        emit_land(c, chain);
        chain = next;
    }
}

static enum status compile_if(struct compiler *c, struct place *p, const struct node *n)
{
    struct place soft = soft_place(p);
    uint32_t exits = 0;
    TRY(compile_branch(c, &soft, n, &exits));
    for (const struct node *elif = n->d; elif; elif = elif->next)
        TRY(compile_branch(c, &soft, elif, &exits));
    TRY(compile_statements(c, &soft, n->c));
    land_all(c, exits);
    return STATUS_OK;
}

static bool has_scoped_block(const struct node *list)
{
    for (const struct node *n = list; n; n = n->next) {
        if (n->kind == NODE_BLOCK && (n->flags & NODE_SCOPED))
            return true;
        if (has_scoped_block(n->a) || has_scoped_block(n->b) || has_scoped_block(n->c) ||
            has_scoped_block(n->d))
            return true;
    }
    return false;
}

/* A hidden parameter: the first slot of a function that takes one value. */
static enum status add_hidden_parameter(struct compiler *c, struct function *f)
{
    uint32_t name, slot;
    TRY(compiler_name(c, STR(""), &name));
    TRY(function_add_slot(c, f, name, &slot));
    c->t->codes[f->code].parameters = 1;
    return STATUS_OK;
}

/* The condition of a loop as a function of the item. */
static enum status compile_loop_condition(struct compiler *c, const struct place *p, struct symbols *parent,
                                          const struct node *n, uint32_t *code)
{
    struct function f;
    struct symbols symbols;
    TRY(function_begin(c, &f, STR("loop filter")));
    *code = f.code;
    TRY(add_hidden_parameter(c, &f));
    symbols_begin(&symbols, parent, &f);
    TRY(symbols_read_target(c, &symbols, n->a, true));
    TRY(symbols_read(c, &symbols, n->d->a));
    struct place place = inner_place(p, &symbols);
    TRY(compile_enter(c, &symbols, n->offset));
    TRY(emit(c, n->offset, OPCODE_LOAD, 0));
    TRY(compile_store(c, &place, n->a));
    TRY(compile_expression(c, &place, n->d->a));
    return function_end(c, n->offset);
}

static enum status compile_else(struct compiler *c, const struct place *p, const struct node *n)
{
    struct symbols symbols;
    symbols_begin(&symbols, p->symbols, c->function);
    TRY(symbols_read(c, &symbols, n->d->b));
    struct place place = inner_place(p, &symbols);
    TRY(compile_enter(c, &symbols, n->offset));
    return compile_statements(c, &place, n->d->b);
}

/* The loop proper: the iterable is on the stack. `p` is where the loop stands. */
static enum status compile_loop(struct compiler *c, const struct place *p, const struct node *n)
{
    struct symbols symbols;
    uint32_t loop_slot = 0, condition;
    bool recursive = n->flags & NODE_RECURSIVE;
    bool extended =
        recursive || nodes_use(n->c, "loop") || has_scoped_block(n->c) || nodes_use(n->d->a, "loop");
    symbols_begin(&symbols, p->symbols, c->function);
    if (extended)
        TRY(symbols_parameter(c, &symbols, STR("loop"), &loop_slot));
    TRY(symbols_read_target(c, &symbols, n->a, true));
    TRY(symbols_read(c, &symbols, n->c));
    TRY(emit(c, n->offset, OPCODE_ITERATE, 0));
    if (n->d->a) {
        TRY(compile_loop_condition(c, p, p->symbols, n, &condition));
        TRY(emit(c, n->offset, OPCODE_ITERATE_IF, condition));
    }
    if (extended)
        TRY(emit_full(c, n->offset,
                      (struct instruction){.op = OPCODE_LOOP, .a = loop_slot, .flags = recursive}, 0));
    struct loop loop = {emit_here(c), 0, c->function->captures, c->function->escapes, c->function->loop};
    c->function->loop = &loop;
    TRY(emit(c, n->offset, OPCODE_NEXT, 0));
    TRY(compile_enter(c, &symbols, n->offset));
    struct place place = inner_place(p, &symbols);
    TRY(compile_store(c, &place, n->a));
    TRY(compile_statements(c, &place, n->c));
    TRY(emit(c, n->offset, OPCODE_JUMP, loop.start));
    c->function->loop = loop.outer;
    emit_land(c, loop.start);
    land_all(c, loop.breaks);
    uint32_t end = emit_here(c);
    TRY(emit(c, n->offset, OPCODE_END_FOR, 0));
    if (n->d->b)
        TRY(compile_else(c, p, n));
    emit_land(c, end);
    return STATUS_OK;
}

/* A recursive loop is a function that takes the iterable. */
static enum status compile_recursive_loop(struct compiler *c, const struct place *p, const struct node *n)
{
    struct function f;
    struct symbols symbols;
    TRY(function_begin(c, &f, STR("loop")));
    TRY(add_hidden_parameter(c, &f));
    symbols_begin(&symbols, p->symbols, &f);
    struct place place = inner_place(p, &symbols);
    TRY(emit(c, n->offset, OPCODE_LOAD, 0));
    TRY(compile_loop(c, &place, n));
    TRY(function_end(c, n->offset));
    TRY(emit(c, n->offset, OPCODE_RECURSE, f.code));
    return emit_raw_output(c, n->offset);
}

static enum status compile_for(struct compiler *c, const struct place *p, const struct node *n)
{
    TRY(compile_expression(c, p, n->b));
    return n->flags & NODE_RECURSIVE ? compile_recursive_loop(c, p, n) : compile_loop(c, p, n);
}

static enum status compile_break(struct compiler *c, const struct node *n)
{
    struct function *f = c->function;
    struct loop *loop = f->loop;
    if (!loop)
        return compiler_fail(c, n->offset, "'%s' outside loop", n->kind == NODE_BREAK ? "break" : "continue");
    uint32_t depth = f->depth;
    for (uint32_t i = loop->captures; i < f->captures; i++) {
        TRY(emit(c, n->offset, OPCODE_END_CAPTURE, 0));
        TRY(emit(c, n->offset, OPCODE_POP, 0));
    }
    for (uint32_t i = loop->escapes; i < f->escapes; i++)
        TRY(emit(c, n->offset, OPCODE_END_AUTOESCAPE, 0));
    uint32_t jump = emit_here(c);
    TRY(emit(c, n->offset, OPCODE_JUMP, n->kind == NODE_BREAK ? loop->breaks : loop->start));
    if (n->kind == NODE_BREAK)
        loop->breaks = jump;
    f->depth = depth;
    return STATUS_OK;
}

/* ---- Macros ------------------------------------------------------------------------------------- */

/* caller, kwargs and varargs become parameters where the body uses them. */
static enum status add_special_parameters(struct compiler *c, struct symbols *symbols, uint32_t code,
                                          uint32_t offset, const struct node *parameters,
                                          const struct node *body)
{
    bool explicit_caller = false, skip_kwargs = false, skip_varargs = false;
    for (const struct node *n = parameters; n; n = n->next) {
        bool is_caller = str_is(n->name, "caller");
        explicit_caller = explicit_caller || is_caller;
        skip_kwargs = skip_kwargs || str_is(n->name, "kwargs");
        skip_varargs = skip_varargs || str_is(n->name, "varargs");
        if (is_caller && !n->a && nodes_use(body, "caller"))
            return compiler_fail(
                c, offset,
                "When defining macros or call blocks the special \"caller\" argument must be omitted "
                "or be given a default.");
    }
    c->t->codes[code].explicit_caller = explicit_caller;
    if (nodes_use(body, "caller") && !explicit_caller) {
        TRY(symbols_parameter(c, symbols, STR("caller"), NULL));
        c->t->codes[code].uses_caller = true;
    }
    if (nodes_use(body, "kwargs") && !skip_kwargs) {
        TRY(symbols_parameter(c, symbols, STR("kwargs"), NULL));
        c->t->codes[code].uses_kwargs = true;
    }
    if (nodes_use(body, "varargs") && !skip_varargs) {
        TRY(symbols_parameter(c, symbols, STR("varargs"), NULL));
        c->t->codes[code].uses_varargs = true;
    }
    return STATUS_OK;
}

static enum status compile_defaults(struct compiler *c, const struct place *p, const struct node *parameters)
{
    uint32_t slot = 0;
    for (const struct node *n = parameters; n; n = n->next, slot++) {
        uint32_t jump = emit_here(c), name;
        TRY(emit(c, n->offset, OPCODE_DEFAULT, slot));
        if (n->a) {
            TRY(compile_expression(c, p, n->a));
        } else {
            TRY(compiler_name(c, n->name, &name));
            TRY(emit(c, n->offset, OPCODE_NO_ARGUMENT, name));
        }
        TRY(emit(c, n->offset, OPCODE_STORE, slot));
        emit_land(c, jump);
    }
    return STATUS_OK;
}

enum status compile_macro(struct compiler *c, const struct place *p, const struct node *n, struct str name,
                          const struct node *parameters, const struct node *body)
{
    struct function f;
    struct symbols symbols;
    uint32_t count = 0;
    TRY(function_begin(c, &f, name));
    symbols_begin(&symbols, p->symbols, &f);
    for (const struct node *parameter = parameters; parameter; parameter = parameter->next, count++) {
        uint32_t slot;
        TRY(symbols_parameter(c, &symbols, parameter->name, &slot));
        if (slot != count)
            return compiler_fail(c, parameter->offset, "duplicate argument '%" PRISTR "' in macro definition",
                                 ARGSTR(parameter->name));
    }
    c->t->codes[f.code].parameters = count;
    TRY(add_special_parameters(c, &symbols, f.code, n->offset, parameters, body));
    for (const struct node *parameter = parameters; parameter; parameter = parameter->next)
        TRY(symbols_read(c, &symbols, parameter->a));
    TRY(symbols_read(c, &symbols, body));
    struct place place = inner_place(p, &symbols);
    place.checks_parent = false;
    TRY(compile_enter(c, &symbols, n->offset));
    TRY(compile_defaults(c, &place, parameters));
    TRY(compile_statements(c, &place, body));
    TRY(function_end(c, n->offset));
    return emit(c, n->offset, OPCODE_MACRO, f.code);
}

static enum status compile_macro_statement(struct compiler *c, const struct place *p, const struct node *n)
{
    TRY(compile_macro(c, p, n, n->name, n->a, n->b));
    return store_slot(c, p, n->name, n->offset, true);
}

/* ---- Several templates -------------------------------------------------------------------------- */

/* The variables that a block or template sees besides the context: those of all scopes around. */
static enum status emit_locals(struct compiler *c, const struct place *p, uint32_t offset)
{
    struct map_builder seen;
    uint32_t count = 0;
    uint16_t depth = 0;
    map_begin(&seen, c->scratch);
    for (const struct symbols *s = p->symbols; s; s = s->parent) {
        for (uint32_t i = 0; i < s->count; i++) {
            const struct symbol *symbol = &s->list[i];
            struct str name = value_as_str(c->t->constants[symbol->name]);
            if (!symbol->defined || !symbol->stored || !value_is_absent(map_peek(&seen, name)))
                continue;
            map_put(&seen, name, value_null());
            TRY(emit(c, offset, OPCODE_CONST, symbol->name));
            struct instruction load = {.op = OPCODE_LOAD_RAW, .a = symbol->slot, .n = depth};
            TRY(emit_full(c, offset, load, 1));
            count++;
        }
        if (s->parent && s->parent->function != s->function)
            depth++;
    }
    if (seen.failed)
        return compiler_no_memory(c);
    return emit_full(c, offset, (struct instruction){.op = OPCODE_LOCALS, .a = count}, 1 - (int)count * 2);
}

static enum status add_block(struct compiler *c, const struct node *n, uint32_t name, uint32_t code)
{
    struct template *t = c->t;
    if (name >= c->block_name_capacity) {
        uint32_t capacity = t->constant_count * 2;
        uint32_t *numbers = ARENA_ARRAY(c->scratch, uint32_t, capacity);
        if (!numbers)
            return compiler_no_memory(c);
        if (c->block_name_capacity)
            memcpy(numbers, c->block_of_name, c->block_name_capacity * sizeof *numbers);
        c->block_of_name = numbers;
        c->block_name_capacity = capacity;
    }
    if (c->block_of_name[name])
        return compiler_fail(c, n->offset, "block '%" PRISTR "' defined twice", ARGSTR(n->name));
    if (t->block_count == c->block_capacity) {
        uint32_t capacity = c->block_capacity ? c->block_capacity * 2 : 8;
        struct block *blocks = ARENA_ARRAY(&t->arena, struct block, capacity);
        if (!blocks)
            return compiler_no_memory(c);
        if (t->block_count)
            memcpy(blocks, t->blocks, t->block_count * sizeof *blocks);
        t->blocks = blocks;
        c->block_capacity = capacity;
    }
    c->block_of_name[name] = t->block_count + 1;
    t->blocks[t->block_count++] = (struct block){name, code};
    return STATUS_OK;
}

/* `super` and `self` are variables of a block that uses them. */
static enum status enter_special(struct compiler *c, struct symbols *s, const struct node *body,
                                 const char *name, enum op op)
{
    uint32_t slot;
    if (!nodes_use(body, name))
        return STATUS_OK;
    TRY(symbols_parameter(c, s, str_of(name), &slot));
    TRY(emit(c, body->offset, op, 0));
    return emit(c, body->offset, OPCODE_STORE, slot);
}

static enum status compile_block_function(struct compiler *c, const struct node *n, uint32_t name)
{
    struct function f;
    struct symbols symbols;
    TRY(function_begin(c, &f, n->name));
    TRY(add_block(c, n, name, f.code));
    symbols_begin(&symbols, NULL, &f);
    TRY(enter_special(c, &symbols, n->a, "self", OPCODE_SELF));
    TRY(enter_special(c, &symbols, n->a, "super", OPCODE_SUPER));
    TRY(symbols_read(c, &symbols, n->a));
    struct place place = {.symbols = &symbols};
    TRY(compile_enter(c, &symbols, n->offset));
    TRY(compile_statements(c, &place, n->a));
    return function_end(c, n->offset);
}

static enum status compile_block(struct compiler *c, const struct place *p, const struct node *n)
{
    uint32_t name, jump = 0;
    bool scoped = n->flags & NODE_SCOPED;
    TRY(compiler_name(c, n->name, &name));
    TRY(compile_block_function(c, n, name));
    if (p->toplevel && c->known_extends)
        return STATUS_OK;
    bool checked = p->toplevel && c->extends_so_far > 0;
    if (checked) {
        jump = emit_here(c);
        TRY(emit(c, n->offset, OPCODE_SKIP_IF_EXTENDED, 0));
    }
    if (scoped)
        TRY(emit_locals(c, p, n->offset));
    struct instruction in = {
        .op = OPCODE_BLOCK, .a = name, .flags = (uint8_t)(scoped | (n->flags & NODE_REQUIRED ? 2 : 0))};
    TRY(emit_full(c, n->offset, in, scoped ? -1 : 0));
    if (checked)
        emit_land(c, jump);
    return STATUS_OK;
}

static enum status compile_extends(struct compiler *c, const struct place *p, const struct node *n)
{
    if (!p->toplevel)
        return compiler_fail(c, n->offset, "cannot use extend from a non top-level scope");
    TRY(compile_expression(c, p, n->a));
    TRY(emit(c, n->offset, OPCODE_EXTENDS, 0));
    c->extends_so_far++;
    c->known_extends = c->known_extends || p->rootlevel;
    return STATUS_OK;
}

static enum status compile_other_template(struct compiler *c, const struct place *p, const struct node *n,
                                          enum op op)
{
    bool with_context = n->flags & NODE_WITH_CONTEXT;
    TRY(compile_expression(c, p, n->a));
    if (with_context)
        TRY(emit_locals(c, p, n->offset));
    struct instruction in = {.op = (uint8_t)op, .flags = n->flags};
    return emit_full(c, n->offset, in, (op == OPCODE_IMPORT ? 0 : -1) - with_context);
}

static enum status compile_from_import(struct compiler *c, const struct place *p, const struct node *n)
{
    TRY(compile_other_template(c, p, n, OPCODE_IMPORT));
    for (const struct node *name = n->b; name; name = name->next) {
        uint32_t number;
        TRY(compiler_name(c, name->name, &number));
        TRY(emit(c, name->offset, OPCODE_FROM, number));
        struct str as = value_is_absent(name->value) ? name->name : value_as_str(name->value);
        TRY(store_slot(c, p, as, name->offset, false));
    }
    return emit(c, n->offset, OPCODE_POP, 0);
}

/* ---- All of them -------------------------------------------------------------------------------- */

static enum status compile_statement(struct compiler *c, struct place *p, const struct node *n)
{
    switch (n->kind) {
    case NODE_OUTPUT: return compile_output(c, p, n);
    case NODE_FOR: return compile_for(c, p, n);
    case NODE_IF: return compile_if(c, p, n);
    case NODE_MACRO: return compile_macro_statement(c, p, n);
    case NODE_CALL_BLOCK: TRY(compile_call_with_caller(c, p, n)); return emit_raw_output(c, n->offset);
    case NODE_FILTER_BLOCK: return compile_filter_block(c, p, n);
    case NODE_WITH: return compile_with(c, p, n);
    case NODE_SET: return compile_set(c, p, n);
    case NODE_SET_BLOCK: return compile_set_block(c, p, n);
    case NODE_DO: return compile_do(c, p, n);
    case NODE_BLOCK: return compile_block(c, p, n);
    case NODE_EXTENDS: return compile_extends(c, p, n);
    case NODE_INCLUDE: return compile_other_template(c, p, n, OPCODE_INCLUDE);
    case NODE_IMPORT:
        TRY(compile_other_template(c, p, n, OPCODE_IMPORT));
        return store_slot(c, p, n->name, n->offset, false);
    case NODE_FROM_IMPORT: return compile_from_import(c, p, n);
    case NODE_AUTOESCAPE: return compile_autoescape(c, p, n);
    case NODE_BREAK:
    case NODE_CONTINUE: return compile_break(c, n);
    default: return compiler_fail(c, n->offset, "this is no statement");
    }
}

enum status compile_statements(struct compiler *c, struct place *p, const struct node *list)
{
    for (const struct node *n = list; n; n = n->next)
        TRY(compile_statement(c, p, n));
    return STATUS_OK;
}

/* Notes which statements that concern other templates occur anywhere. */
static void survey(struct compiler *c, const struct node *list)
{
    for (const struct node *n = list; n; n = n->next) {
        c->extends = c->extends || n->kind == NODE_EXTENDS;
        c->exports = c->exports || n->kind == NODE_EXTENDS || n->kind == NODE_BLOCK ||
                     n->kind == NODE_INCLUDE || n->kind == NODE_IMPORT || n->kind == NODE_FROM_IMPORT;
        survey(c, n->a);
        survey(c, n->b);
        survey(c, n->c);
        survey(c, n->d);
    }
}

enum status compile_template(struct compiler *c, const struct node *body)
{
    struct function f;
    struct symbols symbols;
    survey(c, body);
    TRY(function_begin(c, &f, STR("")));
    symbols_begin(&symbols, NULL, &f);
    if (body)
        TRY(enter_special(c, &symbols, body, "self", OPCODE_SELF));
    TRY(symbols_read(c, &symbols, body));
    struct place place = {
        .symbols = &symbols, .toplevel = true, .rootlevel = true, .checks_parent = c->extends};
    TRY(compile_enter(c, &symbols, 0));
    TRY(compile_statements(c, &place, body));
    if (c->extends)
        TRY(emit(c, 0, OPCODE_PARENT, 0));
    return function_end(c, 0);
}

enum status compile_expression_template(struct compiler *c, const struct node *expression)
{
    struct function f;
    struct symbols symbols;
    TRY(function_begin(c, &f, STR("")));
    symbols_begin(&symbols, NULL, &f);
    TRY(symbols_read(c, &symbols, expression));
    struct place place = {.symbols = &symbols, .rootlevel = true};
    TRY(compile_enter(c, &symbols, 0));
    TRY(compile_expression(c, &place, expression));
    return function_end(c, 0);
}
