#include "inherit.h"

#include "lexer.h"
#include "thing.h"

struct module_entry {
    const struct template *t;
    struct value module;
    struct module_entry *next;
};

enum status inherit_export(struct vm *vm, struct frame *f, struct value name, struct value v)
{
    if (!f->context->variables)
        TRY(thing_map_new(vm, THING_MAP, &f->context->variables));
    return thing_map_put(vm, f->context->variables, name, v);
}

/* ---- Loading ------------------------------------------------------------------------------------ */

static enum status load(struct vm *vm, const struct frame *f, struct str name, const struct template **out)
{
    const struct template_loader *loader = &f->t->loader;
    enum status s = loader->load ? loader->load(loader->user, name, out, vm->err)
                                 : error_set(vm->err, STATUS_NOT_FOUND, "%" PRISTR, ARGSTR(name));
    if (s != STATUS_OK)
        return s;
    if (!*out) {
        error_set(vm->err, STATUS_INTERNAL, "the loader found '%" PRISTR "' but gave no template",
                  ARGSTR(name));
        return STATUS_INTERNAL;
    }
    vm->mutates = vm->mutates || (*out)->mutates;
    return STATUS_OK;
}

/* A name, or the first of a list that there is. */
static enum status select(struct vm *vm, const struct frame *f, struct value name,
                          const struct template **out)
{
    const struct value *names;
    uint32_t count;
    if (is_undefined(name))
        return undefined_fail(vm, name);
    if (name.type == VALUE_STRING)
        return load(vm, f, value_as_str(name), out);
    TRY(iter_all(vm, name, &names, &count));
    if (count == 0)
        return error_set(vm->err, STATUS_NOT_FOUND, "Tried to select from an empty list of templates.");
    for (uint32_t i = 0; i < count; i++) {
        if (is_undefined(names[i]))
            continue;
        enum status s = load(vm, f, value_as_str(names[i]), out);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    return error_set(vm->err, STATUS_NOT_FOUND,
                     "none of the templates given were found, the last of them '%" PRISTR "'",
                     ARGSTR(value_as_str(names[count - 1])));
}

/* One template more that is being looked into; unlike calls, parents are not run inside one another. */
static enum status new_context(struct vm *vm, const struct scope *scope, struct context **out)
{
    *out = (struct context *)arena_zalloc(vm->arena, 1, sizeof **out);
    if (!*out)
        return vm_no_memory(vm, "a context");
    (*out)->scope = scope;
    return STATUS_OK;
}

static enum status push_scope(struct vm *vm, struct value names, const struct scope **scope)
{
    struct scope *s = (struct scope *)vm_alloc(vm, sizeof *s);
    if (!s)
        return vm_no_memory(vm, "a scope");
    *s = (struct scope){names, *scope};
    *scope = s;
    return STATUS_OK;
}

/* What another template sees with context: the variables around, then all that the context has. */
static enum status derive(struct vm *vm, const struct context *from, struct value locals,
                          struct context **out)
{
    const struct scope *scope = from->scope;
    if (from->variables)
        TRY(push_scope(vm, thing_map_as_value(from->variables), &scope));
    if (locals.type == VALUE_MAP && locals.len > 0)
        TRY(push_scope(vm, locals, &scope));
    return new_context(vm, scope, out);
}

/* ---- Running ------------------------------------------------------------------------------------ */

static enum status run_template(struct vm *vm, const struct template *t, struct context *context,
                                struct frame **out)
{
    struct value ignored;
    TRY(vm_new_frame(vm, t, &t->codes[0], out));
    (*out)->context = context;
    bool autoescape = vm->autoescape;
    vm->autoescape = t->autoescape;
    enum status s = vm_run(vm, *out, &ignored);
    vm->autoescape = autoescape;
    return s;
}

enum status inherit_include(struct vm *vm, struct frame *f, struct value name, struct value locals, int flags)
{
    const struct template *t = NULL;
    struct context *context;
    struct frame *run;
    enum status s = select(vm, f, name, &t);
    if (s == STATUS_NOT_FOUND && (flags & 2))
        return STATUS_OK;
    TRY(s);
    if (flags & 1)
        TRY(derive(vm, f->context, locals, &context));
    else
        TRY(new_context(vm, NULL, &context));
    TRY(inherit_add_blocks(vm, context, t));
    return run_template(vm, t, context, &run);
}

static enum status make_module(struct vm *vm, const struct template *t, struct context *context,
                               struct value *out)
{
    struct frame *run;
    struct map_builder names;
    struct writer outer = vm->out;
    struct thing_module *module = (struct thing_module *)vm_alloc(vm, sizeof *module);
    if (!module)
        return vm_no_memory(vm, "a module");
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): whoever selected it has one, or has failed */
    *module = (struct thing_module){.kind = THING_MODULE, .name = t->name};
    writer_begin(&vm->out, vm);
    enum status s = run_template(vm, t, context, &run);
    struct writer inner = vm->out;
    vm->out = outer;
    TRY(s);
    TRY(writer_end(&inner, &module->body));
    map_begin(&names, vm->arena);
    for (uint32_t i = 0; i < t->export_count; i++) {
        struct value v = run->slots[t->exports[i].slot];
        if (!is_undefined(v) || v.extra > UNDEFINED_MISSING)
            map_put(&names, value_as_str(t->constants[t->exports[i].name]), v);
    }
    *out = thing_value(module);
    return map_end(&names, &module->names, vm->err);
}

enum status inherit_import(struct vm *vm, struct frame *f, struct value name, struct value locals, int flags,
                           struct value *out)
{
    const struct template *t = NULL;
    struct context *context;
    TRY(select(vm, f, name, &t));
    if (flags & 1) {
        TRY(derive(vm, f->context, locals, &context));
        TRY(inherit_add_blocks(vm, context, t));
        return make_module(vm, t, context, out);
    }
    for (const struct module_entry *m = vm->modules; m; m = m->next) {
        if (m->t == t) {
            *out = m->module;
            return STATUS_OK;
        }
    }
    TRY(new_context(vm, NULL, &context));
    TRY(inherit_add_blocks(vm, context, t));
    struct module_entry *entry = (struct module_entry *)vm_alloc(vm, sizeof *entry);
    if (!entry)
        return vm_no_memory(vm, "a module");
    TRY(make_module(vm, t, context, out));
    *entry = (struct module_entry){t, *out, vm->modules};
    vm->modules = entry;
    return STATUS_OK;
}

enum status inherit_from(struct vm *vm, struct frame *f, struct value module, struct value name,
                         uint32_t offset, struct value *out)
{
    const struct thing_module *m = THING(thing_module, module);
    uint32_t line, column;
    *out = value_get_by_value(m->names, name);
    if (!value_is_absent(*out))
        return STATUS_OK;
    offset_position(f->t->source, offset, &line, &column);
    return undefined_hint(vm, out,
                          "the template '%" PRISTR
                          "' (imported on line %u) does not export the requested name '%" PRISTR "'",
                          ARGSTR(m->name), line, ARGSTR(value_as_str(name)));
}

/* ---- Blocks ------------------------------------------------------------------------------------- */

static struct block_stack *find_block(const struct context *context, struct str name)
{
    struct block_stack *b = context->blocks;
    while (b && !str_equal(b->name, name))
        b = b->next;
    return b;
}

enum status inherit_add_blocks(struct vm *vm, struct context *context, const struct template *t)
{
    for (uint32_t i = 0; i < t->block_count; i++) {
        struct str name = value_as_str(t->constants[t->blocks[i].name]);
        struct block_stack *b = (struct block_stack *)arena_zalloc(vm->arena, 1, sizeof *b);
        if (!b)
            return vm_no_memory(vm, "a block");
        TRY(vm_tick(vm, 1));
        *b = (struct block_stack){.name = name, .t = t, .code = &t->codes[t->blocks[i].code]};
        struct block_stack *young = find_block(context, name);
        while (young && young->super)
            young = young->super;
        if (young) {
            young->super = b;
        } else {
            b->next = context->blocks;
            context->blocks = b;
        }
    }
    return STATUS_OK;
}

static enum status block_frame(struct vm *vm, struct context *context, const struct block_stack *b,
                               struct frame **out)
{
    TRY(vm_new_frame(vm, b->t, b->code, out));
    (*out)->context = context;
    (*out)->block = b;
    return STATUS_OK;
}

enum status inherit_block(struct vm *vm, struct frame *f, struct value name, struct value locals,
                          bool required)
{
    struct context *context = f->context;
    const struct block_stack *b = find_block(context, value_as_str(name));
    struct frame *run;
    struct value ignored;
    if (!b || (required && !b->super))
        return vm_fail(vm, "Required block '%" PRISTR "' not found", ARGSTR(value_as_str(name)));
    if (locals.type == VALUE_MAP) {
        TRY(derive(vm, context, locals, &context));
        context->blocks = f->context->blocks;
    }
    TRY(block_frame(vm, context, b, &run));
    return vm_run(vm, run, &ignored);
}

enum status inherit_call_block(struct vm *vm, struct context *context, const struct block_stack *block,
                               struct value *out)
{
    struct frame *run;
    TRY(block_frame(vm, context, block, &run));
    TRY(vm_run_captured(vm, run, out));
    out->flags |= vm->autoescape ? VALUE_MARKUP : 0;
    return STATUS_OK;
}

static enum status parent_block(struct vm *vm, struct context *context, const struct block_stack *b,
                                struct value *out)
{
    if (!b || !b->super)
        return undefined_hint(vm, out, "there is no parent block called '%" PRISTR "'.",
                              ARGSTR(b ? b->name : (struct str){0}));
    struct thing_block *block = (struct thing_block *)vm_alloc(vm, sizeof *block);
    if (!block)
        return vm_no_memory(vm, "a block");
    *block = (struct thing_block){THING_BLOCK, context, b->super};
    *out = thing_value(block);
    return STATUS_OK;
}

enum status inherit_super(struct vm *vm, struct frame *f, struct value *out)
{
    return parent_block(vm, f->context, f->block, out);
}

enum status inherit_super_of(struct vm *vm, const struct thing_block *block, struct value *out)
{
    return parent_block(vm, block->context, block->block, out);
}

enum status inherit_self(struct vm *vm, struct frame *f, struct value *out)
{
    struct thing_self *self = (struct thing_self *)vm_alloc(vm, sizeof *self);
    if (!self)
        return vm_no_memory(vm, "self");
    *self = (struct thing_self){THING_SELF, f->context};
    *out = thing_value(self);
    return STATUS_OK;
}

/* ---- Parents ------------------------------------------------------------------------------------ */

enum status inherit_extends(struct vm *vm, struct frame *f, struct value name)
{
    if (f->parent)
        return vm_fail(vm, "extended multiple times");
    if (is_undefined(name))
        return undefined_fail(vm, name);
    TRY(op_hashable(vm, name));
    if (name.type != VALUE_STRING)
        return error_set(vm->err, STATUS_NOT_FOUND, "a template's name is a text, not of the type %s",
                         type_name(name));
    TRY(load(vm, f, value_as_str(name), &f->parent));
    return inherit_add_blocks(vm, f->context, f->parent);
}

/* In the same context: it sees what the child set, and shows the child's blocks. */
enum status inherit_run_parent(struct vm *vm, struct frame *f)
{
    struct frame *run;
    return f->parent ? run_template(vm, f->parent, f->context, &run) : STATUS_OK;
}
