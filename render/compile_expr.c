/* Expressions to instructions. */
#include "builtin.h"
#include "compiler.h"
#include "lexer.h"
#include "member.h"
#include "symbols.h"

enum status compile_load(struct compiler *c, const struct place *p, struct str text, uint32_t offset)
{
    uint32_t name;
    struct reference found;
    TRY(compiler_name(c, text, &name));
    if (!symbols_find(p->symbols, name, &found))
        return compiler_fail(c, offset, "the name '%" PRISTR "' was not read before it is used",
                             ARGSTR(text));
    struct instruction in = {
        .op = found.depth ? OPCODE_LOAD_OUTER : OPCODE_LOAD, .a = found.slot, .n = found.depth};
    return emit_full(c, offset, in, 1);
}

static enum status compile_list(struct compiler *c, const struct place *p, const struct node *list,
                                uint32_t *count)
{
    *count = 0;
    for (const struct node *n = list; n; n = n->next, (*count)++)
        TRY(compile_expression(c, p, n));
    return STATUS_OK;
}

static enum status emit_build(struct compiler *c, uint32_t offset, enum op op, uint32_t count,
                              uint32_t values)
{
    return emit_full(c, offset, (struct instruction){.op = (uint8_t)op, .a = count}, 1 - (int)values);
}

static enum status compile_sequence(struct compiler *c, const struct place *p, const struct node *n)
{
    uint32_t count;
    enum op op = n->kind == NODE_LIST ? OPCODE_LIST : n->kind == NODE_TUPLE ? OPCODE_TUPLE : OPCODE_CONCAT;
    TRY(compile_list(c, p, n->a, &count));
    return emit_build(c, n->offset, op, count, count);
}

static enum status compile_dict(struct compiler *c, const struct place *p, const struct node *n)
{
    uint32_t count = 0;
    for (const struct node *pair = n->a; pair; pair = pair->next, count++) {
        TRY(compile_expression(c, p, pair->a));
        TRY(compile_expression(c, p, pair->b));
    }
    return emit_build(c, n->offset, OPCODE_MAP, count, count * 2);
}

static enum status compile_constant(struct compiler *c, uint32_t offset, struct value v)
{
    uint32_t number;
    TRY(compiler_constant(c, v, &number));
    return emit(c, offset, OPCODE_CONST, number);
}

static enum status compile_getitem(struct compiler *c, const struct place *p, const struct node *n)
{
    TRY(compile_expression(c, p, n->a));
    if (n->b->kind != NODE_SLICE) {
        TRY(compile_expression(c, p, n->b));
        return emit(c, n->offset, OPCODE_GETITEM, 0);
    }
    const struct node *parts[] = {n->b->a, n->b->b, n->b->c};
    for (int i = 0; i < 3; i++) {
        if (parts[i])
            TRY(compile_expression(c, p, parts[i]));
        else
            TRY(compile_constant(c, n->offset, value_null()));
    }
    return emit(c, n->offset, OPCODE_SLICE, 0);
}

static enum status compile_getattr(struct compiler *c, const struct place *p, const struct node *n)
{
    uint32_t name;
    TRY(compile_expression(c, p, n->a));
    TRY(compiler_name(c, n->name, &name));
    return emit(c, n->offset, OPCODE_GETATTR, name);
}

/* ---- Calls -------------------------------------------------------------------------------------- */

static bool may_mutate(struct str method)
{
    static const char *const METHODS[] = {"append", "extend",  "insert", "pop",     "remove",    "clear",
                                          "sort",   "reverse", "update", "popitem", "setdefault"};
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        if (str_is(method, METHODS[i]))
            return true;
    }
    return false;
}

static enum status compile_spread(struct compiler *c, const struct place *p, const struct node *n,
                                  uint8_t *flags, uint32_t *values)
{
    if (!n)
        return STATUS_OK;
    *flags |= n->kind == NODE_SPREAD ? CALL_LIST : CALL_MAP;
    (*values)++;
    return compile_expression(c, p, n->a);
}

/* Of how many it is looked whether one occurs twice. */
enum { MANY_KEYWORDS = 200 };

/* `caller`: the call block whose body is passed as a keyword argument, or NULL. */
static enum status compile_arguments(struct compiler *c, const struct place *p, uint32_t offset,
                                     struct instruction call, uint32_t extra, const struct node *arguments,
                                     const struct node *caller)
{
    const struct node *spread = NULL, *spread_map = NULL;
    struct list_builder names;
    uint32_t values = extra;
    list_begin(&names, c->scratch);
    for (const struct node *n = arguments; n; n = n->next) {
        if (n->kind == NODE_SPREAD) {
            spread = n;
        } else if (n->kind == NODE_SPREAD_MAP) {
            spread_map = n;
        } else if (n->kind != NODE_KEYWORD) {
            TRY(compile_expression(c, p, n));
            call.a++;
            values++;
        }
    }
    for (const struct node *n = arguments; n; n = n->next) {
        if (n->kind != NODE_KEYWORD)
            continue;
        for (uint32_t i = 0; i < names.len && i < MANY_KEYWORDS; i++) {
            if (str_equal(value_as_str(names.items[i]), n->name))
                return compiler_fail(c, n->offset, "keyword argument repeated: %" PRISTR, ARGSTR(n->name));
        }
        TRY(compile_expression(c, p, n->a));
        list_add(&names, value_str(n->name));
        values++;
    }
    if (caller) {
        TRY(compile_macro(c, p, caller, (struct str){"", 0}, caller->b, caller->c));
        list_add(&names, value_text("caller"));
        values++;
    }
    if (names.len > UINT16_MAX)
        return compiler_fail(c, offset, "a call has more than %d keyword arguments", UINT16_MAX);
    call.n = (uint16_t)names.len;
    if (names.len > 0 || names.failed) {
        struct value list;
        TRY(list_end(&names, &list, c->err));
        TRY(compile_constant(c, offset, list));
        values++;
    }
    TRY(compile_spread(c, p, spread, &call.flags, &values));
    TRY(compile_spread(c, p, spread_map, &call.flags, &values));
    return emit_full(c, offset, call, 1 - (int)values);
}

enum status compile_call(struct compiler *c, const struct place *p, uint32_t offset, struct instruction call,
                         uint32_t extra, const struct node *arguments)
{
    return compile_arguments(c, p, offset, call, extra, arguments, NULL);
}

static enum status compile_call_node(struct compiler *c, const struct place *p, const struct node *n,
                                     const struct node *caller)
{
    struct instruction call = {.op = OPCODE_CALL};
    if (n->a->kind == NODE_GETATTR) {
        call.op = OPCODE_CALL_METHOD;
        c->t->mutates = c->t->mutates || may_mutate(n->a->name);
        TRY(compiler_name(c, n->a->name, &call.b));
        TRY(compile_expression(c, p, n->a->a));
    } else {
        TRY(compile_expression(c, p, n->a));
    }
    return compile_arguments(c, p, n->offset, call, 1, n->b, caller);
}

enum status compile_call_with_caller(struct compiler *c, const struct place *p, const struct node *block)
{
    return compile_call_node(c, p, block->a, block);
}

/* ---- Filters and tests -------------------------------------------------------------------------- */

/* An unknown one fails here, or, inside an if, when it is reached. */
static enum status unknown(struct compiler *c, const struct place *p, const struct node *n, const char *kind)
{
    if (!p->soft)
        return compiler_fail(c, n->offset, "No %s named '%" PRISTR "'.", kind, ARGSTR(n->name));
    struct str message = arena_printf(c->scratch, "No %s named '%" PRISTR "' found.", kind, ARGSTR(n->name));
    uint32_t number;
    if (!message.ptr)
        return compiler_no_memory(c);
    TRY(compiler_name(c, message, &number));
    return emit(c, n->offset, OPCODE_FAIL, number);
}

static enum status compile_filter(struct compiler *c, const struct place *p, const struct node *n)
{
    int filter = filter_find(n->name);
    if (filter < 0)
        return unknown(c, p, n, "filter");
    struct instruction call = {.op = OPCODE_FILTER, .a = 1, .b = (uint32_t)filter};
    return compile_call(c, p, n->offset, call, 1, n->b);
}

enum status compile_filters(struct compiler *c, const struct place *p, const struct node *filter)
{
    if (filter->a)
        TRY(compile_filters(c, p, filter->a));
    return compile_filter(c, p, filter);
}

static enum status compile_test(struct compiler *c, const struct place *p, const struct node *n)
{
    int test = test_find(n->name);
    TRY(compile_expression(c, p, n->a));
    if (test < 0)
        return unknown(c, p, n, "test");
    struct instruction call = {.op = OPCODE_TEST, .a = 1, .b = (uint32_t)test};
    return compile_call(c, p, n->offset, call, 1, n->b);
}

/* ---- Operators ---------------------------------------------------------------------------------- */

static const enum op COMPARISONS[] = {
    [OP_EQ] = OPCODE_EQ, [OP_NE] = OPCODE_NE, [OP_LT] = OPCODE_LT, [OP_LE] = OPCODE_LE,
    [OP_GT] = OPCODE_GT, [OP_GE] = OPCODE_GE, [OP_IN] = OPCODE_IN, [OP_NOT_IN] = OPCODE_NOT_IN};

/* a < b < c: each operand is evaluated once, and what comes after a false comparison not at all. */
static enum status compile_comparison(struct compiler *c, const struct place *p, const struct node *n)
{
    uint32_t exits = 0; /* chain of jumps, through their operand */
    TRY(compile_expression(c, p, n->a));
    for (const struct node *operand = n->b; operand; operand = operand->next) {
        TRY(compile_expression(c, p, operand->a));
        if (!operand->next) {
            TRY(emit(c, operand->offset, COMPARISONS[operand->op], 0));
            break;
        }
        TRY(emit(c, operand->offset, OPCODE_OVER, 0)); /* [x y] -> [y x y] */
        TRY(emit(c, operand->offset, COMPARISONS[operand->op], 0));
        uint32_t jump = emit_here(c);
        TRY(emit(c, operand->offset, OPCODE_JUMP_FALSE_KEEP, exits));
        exits = jump;
    }
    if (!exits)
        return STATUS_OK;
    uint32_t done = emit_here(c);
    TRY(emit(c, n->offset, OPCODE_JUMP, 0));
    while (exits) {
        uint32_t next = c->function->instructions[exits].a;
        emit_land(c, exits);
        exits = next;
    }
    c->function->depth++; /* here the operand is still under the result */
    TRY(emit(c, n->offset, OPCODE_DROP_UNDER, 0));
    emit_land(c, done);
    return STATUS_OK;
}

static enum status compile_logic(struct compiler *c, const struct place *p, const struct node *n)
{
    TRY(compile_expression(c, p, n->a));
    uint32_t jump = emit_here(c);
    TRY(emit(c, n->offset, n->kind == NODE_AND ? OPCODE_JUMP_FALSE_KEEP : OPCODE_JUMP_TRUE_KEEP, 0));
    TRY(compile_expression(c, p, n->b));
    emit_land(c, jump);
    return STATUS_OK;
}

/* x if a else y; without an else the value is undefined, with a message of its own. */
static enum status compile_conditional(struct compiler *c, const struct place *p, const struct node *n)
{
    struct place soft = *p;
    soft.soft = true;
    TRY(compile_expression(c, &soft, n->a));
    uint32_t to_else = emit_here(c);
    TRY(emit(c, n->offset, OPCODE_JUMP_FALSE, 0));
    TRY(compile_expression(c, &soft, n->b));
    uint32_t done = emit_here(c);
    TRY(emit(c, n->offset, OPCODE_JUMP, 0));
    emit_land(c, to_else);
    c->function->depth--;
    if (n->c) {
        TRY(compile_expression(c, &soft, n->c));
    } else {
        uint32_t number, line, column;
        offset_position(c->source, n->offset, &line, &column);
        struct str message = arena_printf(
            c->scratch,
            "the inline if-expression on line %u evaluated to false and no else section was defined.", line);
        if (!message.ptr)
            return compiler_no_memory(c);
        TRY(compiler_name(c, message, &number));
        TRY(emit_full(c, n->offset, (struct instruction){.op = OPCODE_NO_ARGUMENT, .a = number, .flags = 1},
                      1));
    }
    emit_land(c, done);
    return STATUS_OK;
}

static enum status compile_unary(struct compiler *c, const struct place *p, const struct node *n)
{
    TRY(compile_expression(c, p, n->a));
    return emit(c, n->offset,
                n->kind == NODE_NOT      ? OPCODE_NOT
                : n->kind == NODE_NEGATE ? OPCODE_NEGATE
                                         : OPCODE_PLUS,
                0);
}

static enum status compile_binary(struct compiler *c, const struct place *p, const struct node *n)
{
    static const enum op OPS[] = {
        [OP_ADD] = OPCODE_ADD, [OP_SUB] = OPCODE_SUB, [OP_MUL] = OPCODE_MUL,          [OP_DIV] = OPCODE_DIV,
        [OP_MOD] = OPCODE_MOD, [OP_POW] = OPCODE_POW, [OP_FLOORDIV] = OPCODE_FLOORDIV};
    TRY(compile_expression(c, p, n->a));
    TRY(compile_expression(c, p, n->b));
    return emit(c, n->offset, OPS[n->op], 0);
}

enum status compile_expression(struct compiler *c, const struct place *p, const struct node *n)
{
    switch (n->kind) {
    case NODE_CONST: return compile_constant(c, n->offset, n->value);
    case NODE_NAME: return compile_load(c, p, n->name, n->offset);
    case NODE_LIST:
    case NODE_TUPLE:
    case NODE_CONCAT: return compile_sequence(c, p, n);
    case NODE_DICT: return compile_dict(c, p, n);
    case NODE_GETATTR: return compile_getattr(c, p, n);
    case NODE_GETITEM: return compile_getitem(c, p, n);
    case NODE_CALL: return compile_call_node(c, p, n, NULL);
    case NODE_FILTER: TRY(compile_expression(c, p, n->a)); return compile_filter(c, p, n);
    case NODE_TEST: return compile_test(c, p, n);
    case NODE_NOT:
    case NODE_NEGATE:
    case NODE_PLUS: return compile_unary(c, p, n);
    case NODE_BINARY: return compile_binary(c, p, n);
    case NODE_AND:
    case NODE_OR: return compile_logic(c, p, n);
    case NODE_COMPARE: return compile_comparison(c, p, n);
    case NODE_CONDITIONAL: return compile_conditional(c, p, n);
    case NODE_SLICE: return compiler_fail(c, n->offset, "a slice stands only alone between brackets");
    default: return compiler_fail(c, n->offset, "this is no expression");
    }
}
