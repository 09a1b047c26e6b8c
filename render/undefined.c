/* Undefined values: what they are called, and what happens where they cannot be used. */
#include <stdarg.h>
#include <stdio.h>

#include "builtin.h"
#include "thing.h"

enum { SHOWN_NAMES = 30, CANDIDATES = 256 };

struct value undefined_name(const struct value *name)
{
    return (struct value){.type = VALUE_UNDEFINED, .extra = UNDEFINED_NAME, .u.object = name};
}

enum status undefined_member(struct vm *vm, enum undefined_kind kind, struct value of, struct value name,
                             struct value *out)
{
    struct undefined_member *m = (struct undefined_member *)vm_alloc(vm, sizeof *m);
    if (!m)
        return vm_no_memory(vm, "an undefined value");
    *m = (struct undefined_member){of, name};
    *out = (struct value){.type = VALUE_UNDEFINED, .extra = (uint16_t)kind, .u.object = m};
    return STATUS_OK;
}

enum status undefined_hint(struct vm *vm, struct value *out, const char *fmt, ...)
{
    va_list args;
    char text[512];
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct value *message = (struct value *)vm_alloc(vm, sizeof *message);
    if (!message)
        return vm_no_memory(vm, "an undefined value");
    TRY(vm_string(vm, str_of(text), message));
    *out = (struct value){.type = VALUE_UNDEFINED, .extra = UNDEFINED_HINT, .u.object = message};
    return STATUS_OK;
}

/* ---- The names in scope ------------------------------------------------------------------------- */

struct candidates {
    struct str names[CANDIDATES];
    size_t count;
};

static void add_name(struct candidates *c, struct str name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (str_equal(c->names[i], name))
            return;
    }
    if (c->count < CANDIDATES && name.len > 0)
        c->names[c->count++] = name;
}

static void add_keys(struct candidates *c, struct value map)
{
    map = thing_view(map);
    for (uint32_t i = 0; map.type == VALUE_MAP && i < map.len && c->count < CANDIDATES; i++)
        add_name(c, value_as_str(map.u.map->entries[i].key));
}

static void names_in_scope(const struct vm *vm, struct candidates *c)
{
    for (const struct frame *f = vm->frame; f; f = f->outer) {
        for (uint32_t i = 0; i < f->code->slots; i++) {
            if (!is_undefined(f->slots[i]))
                add_name(c, value_as_str(f->t->constants[f->code->slot_names[i]]));
        }
    }
    if (!vm->frame || !vm->frame->context)
        return;
    if (vm->frame->context->variables)
        add_keys(c, thing_map_as_value(vm->frame->context->variables));
    for (const struct scope *s = vm->frame->context->scope; s; s = s->outer)
        add_keys(c, s->names);
}

/* Appends to the error's message what fits. */
static void PRINTF_LIKE(2, 3) append(struct error *err, const char *fmt, ...)
{
    size_t len = strlen(err->message);
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->message + len, sizeof err->message - len, fmt, args);
    va_end(args);
}

/* "; what: a, b, c and 7 more" behind the error's message, and the nearest as the hint. */
static void suggest(struct vm *vm, const char *what, struct str name, const struct candidates *c)
{
    struct error *err = vm->err;
    if (!err)
        return;
    append(err, "; %s: %s", what, c->count ? "" : "nothing");
    for (size_t i = 0; i < c->count; i++) {
        size_t room = sizeof err->message - strlen(err->message);
        if (i == SHOWN_NAMES || room < c->names[i].len + sizeof ", and 999 more") {
            append(err, " and %zu more", c->count - i);
            break;
        }
        append(err, "%s%" PRISTR, i ? ", " : "", ARGSTR(c->names[i]));
    }
    struct str nearest = str_nearest(name, c->names, c->count);
    if (nearest.len > 0)
        error_hint(err, "did you mean '%" PRISTR "'?", ARGSTR(nearest));
}

/* ---- Failing ------------------------------------------------------------------------------------ */

static enum status fail_name(struct vm *vm, struct str name)
{
    struct candidates c = {.count = 0};
    error_set(vm->err, STATUS_UNDEFINED, "'%" PRISTR "' is undefined", ARGSTR(name));
    names_in_scope(vm, &c);
    suggest(vm, "in scope", name, &c);
    return STATUS_UNDEFINED;
}

static enum status fail_member(struct vm *vm, const struct undefined_member *m)
{
    struct candidates c = {.count = 0};
    struct value repr;
    struct writer w;
    bool text = m->name.type == VALUE_STRING;
    writer_begin(&w, vm);
    TRY(text_repr(&w, m->name));
    TRY(writer_end(&w, &repr));
    struct str shown = value_as_str(repr);
    if (text)
        error_set(vm->err, STATUS_UNDEFINED, "'%s' has no attribute %" PRISTR, object_name(m->of),
                  ARGSTR(shown));
    else
        error_set(vm->err, STATUS_UNDEFINED, "%s has no element %" PRISTR, object_name(m->of), ARGSTR(shown));
    add_keys(&c, m->of);
    if (text && c.count > 0)
        suggest(vm, "it has", value_as_str(m->name), &c);
    return STATUS_UNDEFINED;
}

enum status undefined_fail(struct vm *vm, struct value v)
{
    const struct value *text = (const struct value *)v.u.object;
    switch (v.extra) {
    case UNDEFINED_NAME: return fail_name(vm, value_as_str(*text));
    case UNDEFINED_ATTRIBUTE:
    case UNDEFINED_ITEM: return fail_member(vm, (const struct undefined_member *)v.u.object);
    case UNDEFINED_HINT:
    case UNDEFINED_LENIENT:
        return error_set(vm->err, STATUS_UNDEFINED, "%" PRISTR, ARGSTR(value_as_str(*text)));
    default: return error_set(vm->err, STATUS_UNDEFINED, "the value is undefined");
    }
}
