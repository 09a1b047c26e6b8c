#include "compiler.h"

#include <stdio.h>
#include <stdarg.h>

#include "lexer.h"
#include "member.h"
#include "symbols.h"

enum status compiler_no_memory(struct compiler *c)
{
    const struct arena *full =
        c->t->arena.limit && c->t->arena.used >= c->scratch->used ? &c->t->arena : c->scratch;
    return arena_error(full, c->err, "the compiled template");
}

enum status compiler_fail(struct compiler *c, uint32_t offset, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    uint32_t line, column;
    offset_position(c->source, offset, &line, &column);
    error_set(c->err, STATUS_SYNTAX, "%s", message);
    return error_at(c->err, line, column);
}

/* ---- Constants ---------------------------------------------------------------------------------- */

static enum status add_constant(struct compiler *c, struct value v, uint32_t *number)
{
    struct template *t = c->t;
    uint32_t capacity = c->constant_capacity;
    struct value *constants =
        (struct value *)arena_grow(&t->arena, t->constants, sizeof v, t->constant_count, &capacity);
    capacity = c->constant_capacity;
    uint16_t *members =
        (uint16_t *)arena_grow(&t->arena, t->members, sizeof *members, t->constant_count, &capacity);
    if (!constants || !members)
        return compiler_no_memory(c);
    t->constants = constants;
    t->members = members;
    c->constant_capacity = capacity;
    *number = t->constant_count++;
    t->constants[*number] = v;
    t->members[*number] = (uint16_t)(v.type == VALUE_STRING ? member_find(value_as_str(v)) : MEMBER_NONE);
    return STATUS_OK;
}

enum status compiler_constant(struct compiler *c, struct value v, uint32_t *number)
{
    if (v.type == VALUE_STRING)
        return compiler_name(c, value_as_str(v), number);
    struct value copy;
    TRY(value_copy(&c->t->arena, v, &copy, c->err));
    return add_constant(c, copy, number);
}

static uint32_t *find_name(struct compiler *c, struct str text)
{
    uint32_t i = (uint32_t)value_hash(value_str(text)) & c->constant_mask;
    for (; c->constant_index[i]; i = (i + 1) & c->constant_mask) {
        if (str_equal(value_as_str(c->t->constants[c->constant_index[i] - 1]), text))
            break;
    }
    return &c->constant_index[i];
}

/* Keeps the index at most half full. */
static enum status grow_index(struct compiler *c)
{
    if (c->constant_index && c->t->constant_count * 2 < c->constant_mask)
        return STATUS_OK;
    uint32_t size = c->constant_index ? (c->constant_mask + 1) * 2 : 64;
    uint32_t *index = ARENA_ARRAY(c->scratch, uint32_t, size);
    if (!index)
        return compiler_no_memory(c);
    c->constant_index = index;
    c->constant_mask = size - 1;
    for (uint32_t i = 0; i < c->t->constant_count; i++) {
        if (c->t->constants[i].type == VALUE_STRING)
            *find_name(c, value_as_str(c->t->constants[i])) = i + 1;
    }
    return STATUS_OK;
}

enum status compiler_name(struct compiler *c, struct str text, uint32_t *number)
{
    TRY(grow_index(c));
    uint32_t *entry = find_name(c, text);
    if (*entry) {
        *number = *entry - 1;
        return STATUS_OK;
    }
    char *copy = arena_strdup(&c->t->arena, text);
    if (!copy)
        return compiler_no_memory(c);
    TRY(add_constant(c, value_str((struct str){copy, text.len}), number));
    *entry = *number + 1;
    return STATUS_OK;
}

/* ---- Functions ---------------------------------------------------------------------------------- */

enum status function_begin(struct compiler *c, struct function *f, struct str name)
{
    struct template *t = c->t;
    *f = (struct function){.outer = c->function};
    struct code *codes =
        (struct code *)arena_grow(&t->arena, t->codes, sizeof *codes, t->code_count, &c->code_capacity);
    if (!codes)
        return compiler_no_memory(c);
    t->codes = codes;
    f->code = t->code_count++;
    c->function = f;
    return compiler_name(c, name, &t->codes[f->code].name);
}

enum status function_end(struct compiler *c, uint32_t offset)
{
    struct function *f = c->function;
    TRY(emit(c, offset, OPCODE_RETURN, 0));
    struct arena *a = &c->t->arena;
    struct code *code = &c->t->codes[f->code];
    code->instructions = ARENA_ARRAY(a, struct instruction, f->count);
    code->offsets = ARENA_ARRAY(a, uint32_t, f->count);
    code->slot_names = ARENA_ARRAY(a, uint32_t, f->slots);
    if (!code->instructions || !code->offsets || !code->slot_names)
        return compiler_no_memory(c);
    memcpy(code->instructions, f->instructions, f->count * sizeof *f->instructions);
    memcpy(code->offsets, f->offsets, f->count * sizeof *f->offsets);
    if (f->slots)
        memcpy(code->slot_names, f->slot_names, f->slots * sizeof *f->slot_names);
    code->count = f->count;
    code->slots = f->slots;
    code->stack = f->max_depth;
    c->function = f->outer;
    return STATUS_OK;
}

enum status function_add_slot(struct compiler *c, struct function *f, uint32_t name, uint32_t *slot)
{
    uint32_t *names =
        (uint32_t *)arena_grow(c->scratch, f->slot_names, sizeof *names, f->slots, &f->slot_capacity);
    if (!names)
        return compiler_no_memory(c);
    f->slot_names = names;
    *slot = f->slots++;
    names[*slot] = name;
    return STATUS_OK;
}

/* ---- Instructions ------------------------------------------------------------------------------- */

enum status emit_full(struct compiler *c, uint32_t offset, struct instruction i, int change)
{
    struct function *f = c->function;
    uint32_t capacity = f->capacity;
    struct instruction *instructions =
        (struct instruction *)arena_grow(c->scratch, f->instructions, sizeof i, f->count, &capacity);
    capacity = f->capacity;
    uint32_t *offsets = (uint32_t *)arena_grow(c->scratch, f->offsets, sizeof offset, f->count, &capacity);
    if (!instructions || !offsets)
        return compiler_no_memory(c);
    f->instructions = instructions;
    f->offsets = offsets;
    f->capacity = capacity;
    f->instructions[f->count] = i;
    f->offsets[f->count++] = offset;
    f->depth = (uint32_t)((int)f->depth + change);
    if (f->depth > f->max_depth)
        f->max_depth = f->depth;
    return STATUS_OK;
}

enum status emit(struct compiler *c, uint32_t offset, enum op op, uint32_t a)
{
    enum { VARIES = 0 };
    static const int8_t CHANGES[OPCODE_COUNT] = {
#define X(name, stack, what) stack,
#include "op.def"
#undef X
    };
    return emit_full(c, offset, (struct instruction){.op = (uint8_t)op, .a = a}, CHANGES[op]);
}

void emit_land(struct compiler *c, uint32_t at)
{
    struct instruction *i = &c->function->instructions[at];
    if (i->op == OPCODE_DEFAULT)
        i->b = c->function->count;
    else
        i->a = c->function->count;
}

enum status compile_enter(struct compiler *c, const struct symbols *s, uint32_t offset)
{
    static const enum op ENTER[] = {[SYMBOL_LAZY] = OPCODE_INIT_LAZY,
                                    [SYMBOL_ALIAS] = OPCODE_INIT_ALIAS,
                                    [SYMBOL_MISSING] = OPCODE_INIT_MISSING};
    bool is_root_of_function = !s->parent || s->parent->function != s->function;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct symbol *symbol = &s->list[i];
        if (!symbol->defined || symbol->load == SYMBOL_PARAMETER)
            continue;
        if (symbol->load == SYMBOL_LAZY && is_root_of_function) /* a new frame's slots are that already */
            continue;
        struct instruction in = {.op = (uint8_t)ENTER[symbol->load],
                                 .a = symbol->slot,
                                 .b = symbol->outer_slot,
                                 .n = symbol->outer_depth};
        TRY(emit_full(c, offset, in, 0));
    }
    return STATUS_OK;
}
