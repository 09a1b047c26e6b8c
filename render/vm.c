/* The instructions. */
#include "vm.h"

#include <stdarg.h>
#include <stdio.h>

#include "builtin.h"
#include "inherit.h"
#include "lexer.h"
#include "thing.h"

/* ---- Failing ------------------------------------------------------------------------------------ */

enum status vm_fail(struct vm *vm, const char *fmt, ...)
{
    char message[sizeof vm->err->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    error_set(vm->err, STATUS_RUNTIME, "%s", message);
    return STATUS_RUNTIME;
}

enum status vm_limit(struct vm *vm, const char *fmt, ...)
{
    char message[sizeof vm->err->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    error_set(vm->err, STATUS_LIMIT, "%s", message);
    return STATUS_LIMIT;
}

enum status vm_no_memory(struct vm *vm, const char *what)
{
    return arena_error(vm->arena, vm->err, what) == STATUS_LIMIT ? STATUS_LIMIT : STATUS_NO_MEMORY;
}

enum status vm_out_of_steps(struct vm *vm)
{
    vm->steps = 0;
    return vm_limit(vm, "the template takes more than the %llu steps that a render may take",
                    (unsigned long long)vm->max_steps);
}

enum status vm_string(struct vm *vm, struct str s, struct value *out)
{
    char *copy = arena_strdup(vm->arena, s);
    if (!copy)
        return vm_no_memory(vm, "a text");
    *out = value_str((struct str){copy, s.len});
    return STATUS_OK;
}

enum status vm_printf(struct vm *vm, struct value *out, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return vm_string(vm, str_of(text), out);
}

/* The innermost place is the one that counts: an error that has its line already keeps it. */
static void note_place(struct vm *vm, const struct frame *f, const struct instruction *at)
{
    struct error *err = vm->err;
    if (!err || err->line)
        return;
    uint32_t line, column;
    offset_position(f->t->source, f->code->offsets[at - f->code->instructions], &line, &column);
    error_at(err, line, column);
    error_place(err, "%" PRISTR, ARGSTR(f->t->name));
}

/* ---- Names -------------------------------------------------------------------------------------- */

static const struct value *find_in_scope(const struct context *context, struct value name,
                                         struct value *found)
{
    if (context->variables) {
        const struct value_entry *e = thing_map_find(context->variables, name);
        if (e)
            return &e->value;
    }
    for (const struct scope *s = context->scope; s; s = s->outer) {
        *found = value_get(s->names, value_as_str(name));
        if (is_given(*found)) /* it may be there and be undefined */
            return found;
    }
    return NULL;
}

/* A list or map of the context as one that can change: the same one each time the name is used. */
static enum status changeable(struct vm *vm, const struct value *name, struct value *v)
{
    if (v->type != VALUE_LIST && v->type != VALUE_MAP)
        return STATUS_OK;
    if (!vm->changeable)
        TRY(thing_map_new(vm, THING_MAP, &vm->changeable));
    const struct value_entry *e = thing_map_find(vm->changeable, *name);
    if (e) {
        *v = e->value;
        return STATUS_OK;
    }
    TRY(thing_thaw(vm, *v, v));
    return thing_map_put(vm, vm->changeable, *name, *v);
}

static enum status resolve_global(struct vm *vm, struct str name, struct value *out)
{
    const struct builtin *global = global_find(name);
    if (global) {
        struct thing_function *f = (struct thing_function *)vm_alloc(vm, sizeof *f);
        if (!f)
            return vm_no_memory(vm, "a function");
        *f = (struct thing_function){THING_FUNCTION, global};
        *out = thing_value(f);
    } else if (str_is(name, "env") && vm->inputs->env.type == VALUE_MAP) {
        *out = vm->inputs->env;
    } else if (str_is(name, "env")) {
        *out = VALUE_EMPTY_MAP;
    }
    return STATUS_OK;
}

enum status vm_resolve(struct vm *vm, struct context *context, const struct value *name, struct value *out)
{
    struct value found;
    const struct value *v = find_in_scope(context, *name, &found);
    *out = undefined_name(name);
    if (!v)
        return resolve_global(vm, value_as_str(*name), out);
    *out = *v;
    return vm->mutates && v == &found ? changeable(vm, name, out) : STATUS_OK;
}

static enum status load_slot(struct vm *vm, const struct frame *f, uint32_t slot, struct value *out)
{
    struct value *v = &f->slots[slot];
    if (v->type == VALUE_UNDEFINED) {
        const struct value *name = &f->t->constants[f->code->slot_names[slot]];
        if (v->extra == UNDEFINED_ABSENT)
            TRY(vm_resolve(vm, f->context, name, v));
        if (v->extra == UNDEFINED_MISSING) {
            *out = undefined_name(name);
            return STATUS_OK;
        }
    }
    *out = *v;
    return STATUS_OK;
}

static const struct frame *outer_frame(const struct frame *f, uint32_t depth)
{
    for (; depth > 0; depth--)
        f = f->outer;
    return f;
}

/* ---- Output ------------------------------------------------------------------------------------- */

enum status vm_output(struct vm *vm, struct value v)
{
    if (v.type == VALUE_STRING && (!vm->autoescape || (v.flags & VALUE_MARKUP))) {
        writer_add(&vm->out, v.u.s, v.len);
        return vm->out.status;
    }
    if (!vm->autoescape)
        return text_str(&vm->out, v);
    struct value safe;
    TRY(text_escaped(vm, v, &safe));
    writer_str(&vm->out, value_as_str(safe));
    return vm->out.status;
}

/* A filter block's or call block's result is written as it is: it has to be text. */
static enum status output_raw(struct vm *vm, struct value v)
{
    if (v.type != VALUE_STRING)
        return vm_fail(vm, "sequence item 0: expected str instance, %s found", type_name(v));
    writer_str(&vm->out, value_as_str(v));
    return vm->out.status;
}

enum status vm_run_captured(struct vm *vm, struct frame *f, struct value *out)
{
    struct writer outer = vm->out;
    struct value ignored;
    writer_begin(&vm->out, vm);
    enum status s = vm_run(vm, f, &ignored);
    struct writer inner = vm->out;
    vm->out = outer;
    TRY(s);
    return writer_end(&inner, out);
}

/* What a call costs beside its instructions, in steps: a step is to be about the same time everywhere. */
enum { FRAME_STEPS = 20, CALL_STEPS = 3 };

/* ---- Frames ------------------------------------------------------------------------------------- */

enum status vm_new_frame(struct vm *vm, const struct template *t, const struct code *code, struct frame **out)
{
    size_t values = (size_t)code->slots + code->stack;
    TRY(vm_tick(vm, FRAME_STEPS + values / 4));
    struct frame *f = (struct frame *)vm_alloc(vm, sizeof *f + values * sizeof *f->slots);
    if (!f)
        return vm_no_memory(vm, "a call");
    *f = (struct frame){.t = t, .code = code, .slots = (struct value *)(f + 1)};
    memset(f->slots, 0, code->slots * sizeof *f->slots);
    *out = f;
    return STATUS_OK;
}

/* ---- Building values ---------------------------------------------------------------------------- */

static enum status build_list(struct vm *vm, const struct value *values, uint32_t count, uint8_t flags,
                              struct value *out)
{
    struct value *items = (struct value *)vm_alloc(vm, count * sizeof *items);
    if (!items)
        return vm_no_memory(vm, "a list");
    if (count)
        memcpy(items, values, count * sizeof *items);
    *out = (struct value){.type = VALUE_LIST, .flags = flags, .len = count, .u.list = items};
    return vm->mutates ? thing_thaw(vm, *out, out) : STATUS_OK;
}

static enum status build_map(struct vm *vm, const struct value *pairs, uint32_t count, struct value *out)
{
    struct map_builder b;
    map_begin(&b, vm->arena);
    for (uint32_t i = 0; i < count; i++) {
        TRY(op_hashable(vm, pairs[(size_t)2 * i]));
        map_put_value(&b, pairs[(size_t)2 * i], pairs[(size_t)2 * i + 1]);
    }
    TRY(map_end(&b, out, vm->err));
    return vm->mutates ? thing_thaw(vm, *out, out) : STATUS_OK;
}

/* The named variables that are not missing. */
static enum status build_locals(struct vm *vm, const struct value *pairs, uint32_t count, struct value *out)
{
    struct map_builder b;
    map_begin(&b, vm->arena);
    for (uint32_t i = 0; i < count; i++) {
        struct value v = pairs[(size_t)2 * i + 1];
        if (v.type != VALUE_UNDEFINED || (v.extra != UNDEFINED_MISSING && v.extra != UNDEFINED_ABSENT))
            map_put(&b, value_as_str(pairs[(size_t)2 * i]), v);
    }
    return map_end(&b, out, vm->err);
}

static enum status unpack(struct vm *vm, struct value v, uint32_t count, struct value *to)
{
    const struct value *items;
    uint32_t len;
    if (!iter_can(v))
        return vm_fail(vm, "cannot unpack non-iterable %s object", type_name(v));
    TRY(iter_all(vm, v, &items, &len));
    if (len < count)
        return vm_fail(vm, "not enough values to unpack (expected %u, got %u)", count, len);
    if (len > count)
        return vm_fail(vm, "too many values to unpack (expected %u)", count);
    for (uint32_t i = 0; i < count; i++)
        to[i] = items[count - 1 - i];
    return STATUS_OK;
}

static enum status set_attribute(struct vm *vm, struct value of, struct value name, struct value v)
{
    if (!thing_is(of, THING_NAMESPACE))
        return vm_fail(vm, "cannot assign attribute on non-namespace object");
    return thing_map_put(vm, THING(thing_map, of), name, v);
}

static enum status make_macro(struct vm *vm, const struct frame *f, uint32_t code, struct value *out)
{
    struct thing_macro *m = (struct thing_macro *)vm_alloc(vm, sizeof *m);
    if (!m)
        return vm_no_memory(vm, "a macro");
    *m = (struct thing_macro){THING_MACRO, f->t, &f->t->codes[code], f, f->context, vm->autoescape};
    *out = thing_value(m);
    return STATUS_OK;
}

static enum status no_argument(struct vm *vm, const struct instruction *i, struct value name,
                               struct value *out)
{
    if (!i->flags)
        return undefined_hint(vm, out, "parameter '%" PRISTR "' was not provided",
                              ARGSTR(value_as_str(name)));
    TRY(undefined_hint(vm, out, "%" PRISTR, ARGSTR(value_as_str(name)))); /* of an if without else */
    out->extra = UNDEFINED_LENIENT;
    return STATUS_OK;
}

/* ---- Loops -------------------------------------------------------------------------------------- */

/* An iterator that only this loop has, with its counters. */
static enum status begin_loop(struct vm *vm, struct value over, struct value *out)
{
    struct iterator it;
    TRY(iter_begin(vm, &it, over));
    it.keeps = true;
    return iter_new(vm, "generator", &it, out);
}

static enum status begin_condition(struct vm *vm, const struct frame *f, uint32_t code, struct value *top)
{
    struct value condition;
    struct iterator *source = &THING(thing_iterator, *top)->it;
    TRY(make_macro(vm, f, code, &condition));
    source->keeps = false;
    struct iterator it = {.kind = ITER_IF, .u.source = source, .extra = condition.u.object, .keeps = true};
    return iter_new(vm, "generator", &it, top);
}

static enum status begin_loop_object(struct vm *vm, const struct frame *f, const struct instruction *i,
                                     struct value top)
{
    struct thing_loop *loop = (struct thing_loop *)vm_alloc(vm, sizeof *loop);
    if (!loop)
        return vm_no_memory(vm, "a loop");
    *loop = (struct thing_loop){
        THING_LOOP, &THING(thing_iterator, top)->it, i->flags ? f : NULL, i->flags ? f->loop_depth : 0, {0}};
    f->slots[i->a] = thing_value(loop);
    return STATUS_OK;
}

static enum status recurse(struct vm *vm, const struct frame *f, uint32_t code, struct value over,
                           struct value *out)
{
    struct frame *loop;
    TRY(vm_new_frame(vm, f->t, &f->t->codes[code], &loop));
    loop->outer = f;
    loop->context = f->context;
    loop->block = f->block;
    loop->slots[0] = over;
    return vm_run_captured(vm, loop, out);
}

/* ---- Calls -------------------------------------------------------------------------------------- */

/* Takes a call's operands off the stack: *sp is then at the value that is called or filtered. */
static enum status pop_arguments(struct vm *vm, const struct instruction *i, struct value **sp,
                                 struct arguments *args)
{
    struct value spread = {0}, spread_map = {0};
    *args = (struct arguments){0};
    if (i->flags & CALL_MAP)
        spread_map = *--*sp;
    if (i->flags & CALL_LIST)
        spread = *--*sp;
    if (i->n > 0) {
        args->names = (--*sp)->u.list;
        args->named_count = i->n;
        *sp -= i->n;
        args->named = *sp;
    }
    *sp -= i->a;
    args->values = *sp;
    args->count = i->a;
    return i->flags ? arguments_spread(vm, args, i->flags, spread, spread_map) : STATUS_OK;
}

static enum status thaw_result(struct vm *vm, struct value *v)
{
    return vm->mutates && (v->type == VALUE_LIST || v->type == VALUE_MAP) ? thing_thaw_copy(vm, *v, v)
                                                                          : STATUS_OK;
}

static enum status do_call(struct vm *vm, const struct frame *f, const struct instruction *i,
                           struct value **sp)
{
    struct arguments args;
    struct value result, *top = *sp;
    TRY(vm_tick(vm, CALL_STEPS));
    TRY(pop_arguments(vm, i, &top, &args));
    switch (i->op) {
    case OPCODE_FILTER: TRY(builtin_call(vm, filter_get((int)i->b), &args, &result)); break;
    case OPCODE_TEST: TRY(builtin_call(vm, test_get((int)i->b), &args, &result)); break;
    case OPCODE_CALL:
        top--;
        TRY(call_value(vm, *top, &args, &result));
        break;
    default:
        top--;
        TRY(call_method(vm, *top, &f->t->constants[i->b], (enum member)f->t->members[i->b], &args, &result));
        break;
    }
    TRY(thaw_result(vm, &result));
    *top++ = result;
    *sp = top;
    return STATUS_OK;
}

static enum status compare(struct vm *vm, const struct instruction *i, struct value x, struct value y,
                           struct value *out)
{
    bool result;
    switch (i->op) {
    case OPCODE_LT: TRY(op_compare(vm, COMPARE_LT, x, y, &result)); break;
    case OPCODE_LE: TRY(op_compare(vm, COMPARE_LE, x, y, &result)); break;
    case OPCODE_GT: TRY(op_compare(vm, COMPARE_GT, x, y, &result)); break;
    case OPCODE_GE: TRY(op_compare(vm, COMPARE_GE, x, y, &result)); break;
    case OPCODE_IN:
    case OPCODE_NOT_IN:
        TRY(op_contains(vm, x, y, &result));
        result = result == (i->op == OPCODE_IN);
        break;
    default:
        TRY(op_equal(vm, x, y, &result));
        result = result == (i->op == OPCODE_EQ);
        break;
    }
    *out = value_bool(result);
    return STATUS_OK;
}

/* Whether the template that the function is written in has a parent by now. */
static bool is_extended(const struct frame *f)
{
    while (f->outer)
        f = f->outer;
    return f->parent != NULL;
}

/* ---- The loop ----------------------------------------------------------------------------------- */

/* The less frequent instructions; *sp is behind the top of the stack. */
static enum status run_rare(struct vm *vm, struct frame *f, const struct instruction **at,
                            struct value **stack)
{
    const struct instruction *i = *at;
    const struct value *constants = f->t->constants;
    struct value *sp = *stack;
    bool flag;
    switch (i->op) {
    case OPCODE_INIT_LAZY: f->slots[i->a] = (struct value){.extra = UNDEFINED_ABSENT}; break;
    case OPCODE_INIT_MISSING: f->slots[i->a] = (struct value){.extra = UNDEFINED_MISSING}; break;
    case OPCODE_INIT_ALIAS: {
        const struct frame *outer = outer_frame(f, i->n);
        if (outer->slots[i->b].type == VALUE_UNDEFINED && outer->slots[i->b].extra == UNDEFINED_ABSENT)
            TRY(load_slot(vm, outer, i->b, &f->slots[i->a]));
        f->slots[i->a] = outer->slots[i->b];
        break;
    }
    case OPCODE_LOAD_RAW: {
        const struct frame *outer = outer_frame(f, i->n);
        *sp++ = outer->slots[i->a];
        break;
    }
    case OPCODE_OVER: /* [x y] -> [y x y] */
        sp[0] = sp[-1];
        sp[-1] = sp[-2];
        sp[-2] = sp[0];
        sp++;
        break;
    case OPCODE_DROP_UNDER: /* [y result] -> [result] */
        sp[-2] = sp[-1];
        sp--;
        break;
    case OPCODE_NEGATE:
    case OPCODE_PLUS: TRY(op_negate(vm, sp[-1], i->op == OPCODE_PLUS, &sp[-1])); break;
    case OPCODE_SLICE:
        sp -= 3;
        TRY(attr_slice(vm, sp[-1], sp, &sp[-1]));
        TRY(thaw_result(vm, &sp[-1]));
        break;
    case OPCODE_LIST:
        sp -= i->a;
        TRY(build_list(vm, sp, i->a, 0, sp));
        sp++;
        break;
    case OPCODE_TUPLE:
        sp -= i->a;
        TRY(build_list(vm, sp, i->a, VALUE_TUPLE, sp));
        sp++;
        break;
    case OPCODE_MAP:
        sp -= (size_t)i->a * 2;
        TRY(build_map(vm, sp, i->a, sp));
        sp++;
        break;
    case OPCODE_LOCALS:
        sp -= (size_t)i->a * 2;
        TRY(build_locals(vm, sp, i->a, sp));
        sp++;
        break;
    case OPCODE_CAPTURE: TRY(capture_begin(vm)); break;
    case OPCODE_END_CAPTURE: TRY(capture_end(vm, sp++)); break;
    case OPCODE_MARK:
        if (vm->autoescape) {
            TRY(text_of(vm, sp[-1], &sp[-1]));
            sp[-1].flags |= VALUE_MARKUP;
        }
        break;
    case OPCODE_ITERATE: TRY(begin_loop(vm, sp[-1], &sp[-1])); break;
    case OPCODE_ITERATE_IF: TRY(begin_condition(vm, f, i->a, &sp[-1])); break;
    case OPCODE_LOOP: TRY(begin_loop_object(vm, f, i, sp[-1])); break;
    case OPCODE_END_FOR:
        sp--;
        if (THING(thing_iterator, *sp)->it.given > 0)
            *at = f->code->instructions + i->a - 1;
        break;
    case OPCODE_RECURSE: TRY(recurse(vm, f, i->a, sp[-1], &sp[-1])); break;
    case OPCODE_UNPACK:
        TRY(unpack(vm, sp[-1], i->a, sp - 1));
        sp += (int64_t)i->a - 1;
        break;
    case OPCODE_SET_ATTR:
        sp -= 2;
        TRY(set_attribute(vm, sp[1], constants[i->a], sp[0]));
        break;
    case OPCODE_MACRO: TRY(make_macro(vm, f, i->a, sp++)); break;
    case OPCODE_DEFAULT: {
        struct value v = f->slots[i->a];
        if (v.type != VALUE_UNDEFINED || v.extra != UNDEFINED_MISSING)
            *at = f->code->instructions + i->b - 1;
        break;
    }
    case OPCODE_NO_ARGUMENT: TRY(no_argument(vm, i, constants[i->a], sp++)); break;
    case OPCODE_AUTOESCAPE:
        TRY(op_truth(vm, sp[-1], &flag));
        sp[-1] = value_bool(vm->autoescape);
        vm->autoescape = flag;
        break;
    case OPCODE_END_AUTOESCAPE: vm->autoescape = (--sp)->u.b; break;
    case OPCODE_EXPORT: TRY(inherit_export(vm, f, constants[i->a], f->slots[i->b])); break;
    case OPCODE_BLOCK: {
        struct value locals = i->flags & 1 ? *--sp : (struct value){0};
        TRY(inherit_block(vm, f, constants[i->a], locals, i->flags & 2));
        break;
    }
    case OPCODE_EXTENDS: TRY(inherit_extends(vm, f, *--sp)); break;
    case OPCODE_SKIP_IF_EXTENDED:
        if (is_extended(f))
            *at = f->code->instructions + i->a - 1;
        break;
    case OPCODE_PARENT: TRY(inherit_run_parent(vm, f)); break;
    case OPCODE_INCLUDE: {
        struct value locals = i->flags & 1 ? *--sp : (struct value){0};
        TRY(inherit_include(vm, f, *--sp, locals, i->flags));
        break;
    }
    case OPCODE_IMPORT: {
        struct value locals = i->flags & 1 ? *--sp : (struct value){0};
        TRY(inherit_import(vm, f, sp[-1], locals, i->flags, &sp[-1]));
        break;
    }
    case OPCODE_FROM:
        TRY(inherit_from(vm, f, sp[-1], constants[i->a], f->code->offsets[i - f->code->instructions], sp));
        sp++;
        break;
    case OPCODE_SUPER: TRY(inherit_super(vm, f, sp++)); break;
    case OPCODE_SELF: TRY(inherit_self(vm, f, sp++)); break;
    default: return vm_fail(vm, "%" PRISTR, ARGSTR(value_as_str(constants[i->a])));
    }
    *stack = sp;
    return STATUS_OK;
}

static enum status run(struct vm *vm, struct frame *f, const struct instruction **at, struct value *out)
{
    const struct value *constants = f->t->constants;
    const struct instruction *first = f->code->instructions, *i = first;
    struct value *sp = f->slots + f->code->slots;
    bool flag;
    for (;; i++) {
        *at = i;
        TRY(vm_tick(vm, 1));
        switch (i->op) {
        case OPCODE_CONST: *sp++ = constants[i->a]; break;
        case OPCODE_LOAD: TRY(load_slot(vm, f, i->a, sp++)); break;
        case OPCODE_LOAD_OUTER: TRY(load_slot(vm, outer_frame(f, i->n), i->a, sp++)); break;
        case OPCODE_STORE: f->slots[i->a] = *--sp; break;
        case OPCODE_POP: sp--; break;
        case OPCODE_ADD:
        case OPCODE_SUB:
        case OPCODE_MUL:
        case OPCODE_DIV:
        case OPCODE_FLOORDIV:
        case OPCODE_MOD:
        case OPCODE_POW:
            sp--;
            TRY(op_binary(vm, (enum op)i->op, sp[-1], sp[0], &sp[-1]));
            TRY(thaw_result(vm, &sp[-1]));
            break;
        case OPCODE_EQ:
        case OPCODE_NE:
        case OPCODE_LT:
        case OPCODE_LE:
        case OPCODE_GT:
        case OPCODE_GE:
        case OPCODE_IN:
        case OPCODE_NOT_IN:
            sp--;
            TRY(compare(vm, i, sp[-1], sp[0], &sp[-1]));
            break;
        case OPCODE_NOT:
            TRY(op_truth(vm, sp[-1], &flag));
            sp[-1] = value_bool(!flag);
            break;
        case OPCODE_CONCAT:
            sp -= i->a;
            TRY(op_concat(vm, sp, i->a, sp));
            sp++;
            break;
        case OPCODE_JUMP: i = first + i->a - 1; break;
        case OPCODE_JUMP_FALSE:
            TRY(op_truth(vm, *--sp, &flag));
            if (!flag)
                i = first + i->a - 1;
            break;
        case OPCODE_JUMP_FALSE_KEEP:
        case OPCODE_JUMP_TRUE_KEEP:
            TRY(op_truth(vm, sp[-1], &flag));
            if (flag == (i->op == OPCODE_JUMP_TRUE_KEEP))
                i = first + i->a - 1;
            else
                sp--;
            break;
        case OPCODE_GETATTR:
            TRY(attr_get(vm, sp[-1], &constants[i->a], (enum member)f->t->members[i->a], &sp[-1]));
            break;
        case OPCODE_GETITEM:
            sp--;
            TRY(attr_item(vm, sp[-1], sp[0], &sp[-1]));
            break;
        case OPCODE_CALL:
        case OPCODE_CALL_METHOD:
        case OPCODE_FILTER:
        case OPCODE_TEST: TRY(do_call(vm, f, i, &sp)); break;
        case OPCODE_OUTPUT:
            sp--;
            TRY(i->flags ? output_raw(vm, *sp) : vm_output(vm, *sp));
            break;
        case OPCODE_TEXT:
            writer_add(&vm->out, constants[i->a].u.s, constants[i->a].len);
            TRY(vm->out.status);
            break;
        case OPCODE_NEXT:
            TRY(iter_next(vm, &THING(thing_iterator, sp[-1])->it, sp, &flag));
            if (flag)
                sp++;
            else
                i = first + i->a - 1;
            break;
        case OPCODE_RETURN:
            *out = sp > f->slots + f->code->slots ? sp[-1] : (struct value){0};
            return STATUS_OK;
        default: TRY(run_rare(vm, f, &i, &sp)); break;
        }
    }
}

enum status vm_run(struct vm *vm, struct frame *f, struct value *out)
{
    const struct instruction *at = f->code->instructions;
    if (vm->depth >= vm->max_depth)
        return vm_limit(vm, "more than %u calls and includes inside one another", vm->max_depth);
    struct frame *caller = vm->frame;
    struct capture *captures = vm->captures;
    bool autoescape = vm->autoescape;
    vm->depth++;
    f->caller = caller;
    vm->frame = f;
    vm->captures = NULL;
    enum status s = run(vm, f, &at, out);
    if (s != STATUS_OK)
        note_place(vm, f, at);
    vm->captures = captures;
    vm->frame = caller;
    vm->autoescape = autoescape;
    vm->depth--;
    return s;
}
