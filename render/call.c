/* Calling: how arguments find their parameters, and what each kind of value does when it is called. */
#include "builtin.h"
#include "inherit.h"
#include "thing.h"

/* ---- Arguments ---------------------------------------------------------------------------------- */

static enum status spread_list(struct vm *vm, struct arguments *args, struct value list)
{
    const struct value *items;
    uint32_t count;
    if (!iter_can(list))
        return vm_fail(vm, "argument after * must be an iterable, not %s", type_name(list));
    TRY(iter_all(vm, list, &items, &count));
    struct value *values = (struct value *)vm_alloc(vm, ((size_t)args->count + count) * sizeof *values);
    if (!values)
        return vm_no_memory(vm, "the arguments of a call");
    if (args->count)
        memcpy(values, args->values, args->count * sizeof *values);
    if (count)
        memcpy(values + args->count, items, count * sizeof *values);
    args->values = values;
    args->count += count;
    return STATUS_OK;
}

static enum status spread_map(struct vm *vm, struct arguments *args, struct value map)
{
    map = thing_view(map);
    if (map.type != VALUE_MAP)
        return vm_fail(vm, "argument after ** must be a mapping, not %s", type_name(map));
    size_t total = (size_t)args->named_count + map.len;
    struct value *names = (struct value *)vm_alloc(vm, total * sizeof *names);
    struct value *named = (struct value *)vm_alloc(vm, total * sizeof *named);
    if (!names || !named)
        return vm_no_memory(vm, "the arguments of a call");
    TRY(vm_tick(vm, total));
    if (args->named_count) {
        memcpy(names, args->names, args->named_count * sizeof *names);
        memcpy(named, args->named, args->named_count * sizeof *named);
    }
    for (uint32_t i = 0; i < map.len; i++) {
        const struct value_entry *e = &map.u.map->entries[i];
        if (e->key.type != VALUE_STRING)
            return vm_fail(vm, "keywords must be strings");
        for (uint32_t j = 0; j < args->named_count; j++) {
            if (value_equal(names[j], e->key))
                return vm_fail(vm, "got multiple values for keyword argument '%" PRISTR "'",
                               ARGSTR(value_as_str(e->key)));
        }
        names[args->named_count + i] = e->key;
        named[args->named_count + i] = e->value;
    }
    args->names = names;
    args->named = named;
    args->named_count = (uint32_t)total;
    return STATUS_OK;
}

enum status arguments_spread(struct vm *vm, struct arguments *args, int flags, struct value list,
                             struct value map)
{
    if (flags & CALL_LIST)
        TRY(spread_list(vm, args, list));
    return flags & CALL_MAP ? spread_map(vm, args, map) : STATUS_OK;
}

enum status argument_flag(struct vm *vm, struct value v, bool otherwise, bool *out)
{
    *out = otherwise;
    return is_given(v) ? op_truth(vm, v, out) : STATUS_OK;
}

/* ---- Functions of the engine -------------------------------------------------------------------- */

struct parameters {
    struct str names[BUILTIN_MAX_PARAMETERS];
    uint32_t count, positional; /* the first that can be given by their names come behind `positional` */
    bool variadic;
};

static void parameters_read(const char *text, struct parameters *p)
{
    struct str rest = str_of(text);
    *p = (struct parameters){0};
    while (rest.len > 0) {
        struct str name = str_split(&rest, ' ');
        if (str_is(name, "*"))
            p->variadic = true;
        else if (str_is(name, "/"))
            p->positional = p->count;
        else
            p->names[p->count++] = name;
    }
}

static enum status fail_count(struct vm *vm, const struct builtin *b, uint32_t parameters, uint32_t given)
{
    if (b->required == parameters)
        return vm_fail(vm, "%s() takes %u positional argument%s but %u %s given", b->python, parameters,
                       parameters == 1 ? "" : "s", given, given == 1 ? "was" : "were");
    return vm_fail(vm, "%s() takes from %u to %u positional arguments but %u were given", b->python,
                   b->required, parameters, given);
}

static enum status bind_keyword(struct vm *vm, const struct builtin *b, struct str name, struct value v,
                                const struct parameters *p, struct value *argv)
{
    for (uint32_t i = p->positional; i < p->count; i++) {
        if (!str_equal(p->names[i], name))
            continue;
        if (is_given(argv[i]))
            return vm_fail(vm, "%s() got multiple values for argument '%" PRISTR "'", b->python,
                           ARGSTR(name));
        argv[i] = v;
        return STATUS_OK;
    }
    return vm_fail(vm, "%s() got an unexpected keyword argument '%" PRISTR "'", b->python, ARGSTR(name));
}

/* By name, or fewer or more of them than are required. */
static enum status call_with_binding(struct vm *vm, const struct builtin *b, const struct arguments *all,
                                     struct value *out)
{
    struct value argv[BUILTIN_MAX_PARAMETERS + 1] = {{0}};
    struct parameters p;
    parameters_read(b->parameters, &p);
    if (all->count > p.count && !p.variadic)
        return fail_count(vm, b, p.count, all->count);
    for (uint32_t i = 0; i < all->count && i < p.count; i++)
        argv[i] = thing_view(all->values[i]);
    for (uint32_t i = 0; !p.variadic && i < all->named_count; i++)
        TRY(bind_keyword(vm, b, value_as_str(all->names[i]), thing_view(all->named[i]), &p, argv));
    for (uint32_t i = 0; i < b->required; i++) {
        if (!is_given(argv[i]))
            return vm_fail(vm, "%s() missing %u required positional argument: '%" PRISTR "'", b->python,
                           b->required - i, ARGSTR(p.names[i]));
    }
    return b->call(vm, argv, all, out);
}

enum status builtin_call(struct vm *vm, const struct builtin *b, const struct arguments *all,
                         struct value *out)
{
    struct value argv[BUILTIN_MAX_PARAMETERS + 1];
    if (all->named_count > 0 || all->count != b->required)
        return call_with_binding(vm, b, all, out);
    for (uint32_t i = 0; i < all->count; i++) /* nearly always */
        argv[i] = thing_view(all->values[i]);
    for (uint32_t i = all->count; i < BUILTIN_MAX_PARAMETERS + 1; i++)
        argv[i] = (struct value){0};
    return b->call(vm, argv, all, out);
}

/* ---- Macros ------------------------------------------------------------------------------------- */

struct keywords {
    const struct arguments *args;
    bool *taken;
};

static bool take_keyword(struct keywords *k, struct str name, struct value *out)
{
    for (uint32_t i = 0; i < k->args->named_count; i++) {
        if (!k->taken[i] && str_equal(value_as_str(k->args->names[i]), name)) {
            k->taken[i] = true;
            *out = k->args->named[i];
            return true;
        }
    }
    return false;
}

static enum status rest_as_kwargs(struct vm *vm, const struct keywords *k, struct value *out)
{
    struct map_builder b;
    map_begin(&b, vm->arena);
    for (uint32_t i = 0; i < k->args->named_count; i++) {
        if (!k->taken[i])
            map_put_value(&b, k->args->names[i], k->args->named[i]);
    }
    return map_end(&b, out, vm->err);
}

static enum status refuse_keywords(struct vm *vm, struct str macro, const struct keywords *k)
{
    for (uint32_t i = 0; i < k->args->named_count; i++) {
        struct str name = value_as_str(k->args->names[i]);
        if (k->taken[i])
            continue;
        if (str_is(name, "caller"))
            return vm_fail(vm,
                           "macro '%" PRISTR
                           "' was invoked with two values for the special caller argument. This is "
                           "most likely a bug.",
                           ARGSTR(macro));
        return vm_fail(vm, "macro '%" PRISTR "' takes no keyword argument '%" PRISTR "'", ARGSTR(macro),
                       ARGSTR(name));
    }
    return STATUS_OK;
}

/* caller, kwargs and varargs, behind the parameters. */
static enum status bind_special(struct vm *vm, const struct thing_macro *m, const struct arguments *args,
                                struct keywords *k, struct value *slot)
{
    const struct code *code = m->code;
    struct str name = value_as_str(m->t->constants[code->name]);
    if (code->uses_caller) {
        if (!take_keyword(k, STR("caller"), slot) || slot->type == VALUE_NULL)
            TRY(undefined_hint(vm, slot, "No caller defined"));
        slot++;
    }
    if (code->uses_kwargs)
        TRY(rest_as_kwargs(vm, k, slot++));
    else
        TRY(refuse_keywords(vm, name, k));
    if (!code->uses_varargs) {
        if (args->count > code->parameters)
            return vm_fail(vm, "macro '%" PRISTR "' takes not more than %u argument(s)", ARGSTR(name),
                           code->parameters);
        return STATUS_OK;
    }
    uint32_t more = args->count > code->parameters ? args->count - code->parameters : 0;
    struct value *items = (struct value *)vm_alloc(vm, more * sizeof *items);
    if (!items)
        return vm_no_memory(vm, "a list");
    if (more)
        memcpy(items, args->values + code->parameters, more * sizeof *items);
    *slot = (struct value){.type = VALUE_LIST, .flags = VALUE_TUPLE, .len = more, .u.list = items};
    return STATUS_OK;
}

static enum status call_macro(struct vm *vm, const struct thing_macro *m, const struct arguments *args,
                              struct value *out)
{
    struct frame *f;
    struct keywords k = {args, NULL};
    TRY(vm_new_frame(vm, m->t, m->code, &f));
    k.taken = (bool *)arena_zalloc(vm->arena, args->named_count, sizeof *k.taken);
    if (!k.taken)
        return vm_no_memory(vm, "the arguments of a macro");
    f->outer = m->outer;
    f->context = m->context;
    f->block = m->outer ? m->outer->block : NULL;
    for (uint32_t i = 0; i < m->code->parameters; i++) {
        struct str name = value_as_str(m->t->constants[m->code->slot_names[i]]);
        if (i < args->count)
            f->slots[i] = args->values[i];
        else if (!take_keyword(&k, name, &f->slots[i]))
            f->slots[i] = (struct value){.extra = UNDEFINED_MISSING};
    }
    TRY(bind_special(vm, m, args, &k, f->slots + m->code->parameters));
    bool autoescape = vm->autoescape;
    vm->autoescape = m->autoescape;
    enum status s = vm_run_captured(vm, f, out);
    vm->autoescape = autoescape;
    out->flags |= autoescape ? VALUE_MARKUP : 0;
    return s;
}

/* ---- Everything --------------------------------------------------------------------------------- */

static enum status call_builtin_method(struct vm *vm, const struct builtin *b, struct value self,
                                       const struct arguments *args, struct value *out)
{
    enum { FEW = 8 };
    struct value few[FEW + 1], *values = few;
    if (args->count > FEW) {
        values = (struct value *)vm_alloc(vm, ((size_t)args->count + 1) * sizeof *values);
        if (!values)
            return vm_no_memory(vm, "the arguments of a call");
    }
    values[0] = self;
    if (args->count)
        memcpy(values + 1, args->values, args->count * sizeof *values);
    struct arguments all = {values, args->count + 1, args->names, args->named, args->named_count};
    return builtin_call(vm, b, &all, out);
}

/* loop(items) in a recursive loop: the loop's body over the items, one level deeper. */
static enum status call_loop(struct vm *vm, const struct thing_loop *loop, const struct arguments *args,
                             struct value *out)
{
    if (!loop->frame)
        return vm_fail(vm, "The loop must have the 'recursive' marker to be called recursively.");
    if (args->count != 1 || args->named_count)
        return vm_fail(vm, "loop() takes one argument, what to loop over");
    struct frame *f;
    TRY(vm_new_frame(vm, loop->frame->t, loop->frame->code, &f));
    f->outer = loop->frame->outer;
    f->context = loop->frame->context;
    f->block = loop->frame->block;
    f->loop_depth = loop->depth + 1;
    f->slots[0] = args->values[0];
    TRY(vm_run_captured(vm, f, out));
    out->flags |= vm->autoescape ? VALUE_MARKUP : 0;
    return STATUS_OK;
}

static enum status call_joiner(struct vm *vm, struct thing_joiner *j, struct value *out)
{
    *out = j->used ? j->separator : value_text("");
    j->used = true;
    (void)vm;
    return STATUS_OK;
}

enum status call_value(struct vm *vm, struct value f, const struct arguments *args, struct value *out)
{
    if (is_undefined(f))
        return undefined_fail(vm, f);
    if (f.type != VALUE_OBJECT)
        return vm_fail(vm, "'%s' object is not callable", type_name(f));
    switch ((int)*(const enum thing_kind *)f.u.object) {
    case THING_MACRO: return call_macro(vm, THING(thing_macro, f), args, out);
    case THING_LOOP: return call_loop(vm, THING(thing_loop, f), args, out);
    case THING_FUNCTION: return builtin_call(vm, THING(thing_function, f)->builtin, args, out);
    case THING_BLOCK:
        return inherit_call_block(vm, THING(thing_block, f)->context, THING(thing_block, f)->block, out);
    case THING_JOINER: return call_joiner(vm, THING(thing_joiner, f), out);
    case THING_METHOD: {
        const struct thing_method *m = THING(thing_method, f);
        return call_builtin_method(vm, method_of(m->self, m->which), m->self, args, out);
    }
    default: return vm_fail(vm, "'%s' object is not callable", type_name(f));
    }
}

enum status call_method(struct vm *vm, struct value of, const struct value *name, enum member member,
                        const struct arguments *args, struct value *out)
{
    const struct builtin *method = member == MEMBER_NONE ? NULL : method_of(of, member);
    if (method)
        return call_builtin_method(vm, method, of, args, out);
    struct value f;
    TRY(attr_get(vm, of, name, member, &f));
    return call_value(vm, f, args, out);
}
