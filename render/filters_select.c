/* map, select and reject, and what they do by attribute: iterators that work as they are looped over. */
#include "tables.h"
#include "thing.h"

static enum status find_filter(struct vm *vm, struct value name, const struct builtin **out)
{
    int number = filter_find(value_as_str(name));
    if (number < 0)
        return vm_fail(vm, "No filter named '%" PRISTR "'.", ARGSTR(value_as_str(name)));
    *out = filter_get(number);
    return STATUS_OK;
}

static enum status find_test(struct vm *vm, struct value name, const struct builtin **out)
{
    int number = test_find(value_as_str(name));
    if (number < 0)
        return vm_fail(vm, "No test named '%" PRISTR "'.", ARGSTR(value_as_str(name)));
    *out = test_get(number);
    return STATUS_OK;
}

/* The arguments behind the first `skip`, for the filter or test: copied, for they are used later. */
static enum status keep_arguments(struct vm *vm, const struct arguments *all, uint32_t skip,
                                  struct iterator_call *c)
{
    struct arguments *rest = (struct arguments *)arena_zalloc(vm->arena, 1, sizeof *rest);
    uint32_t count = all->count > skip ? all->count - skip : 0;
    struct value *values = (struct value *)vm_alloc(vm, ((size_t)count + all->named_count) * sizeof *values);
    if (!rest || !values)
        return vm_no_memory(vm, "an iterator");
    if (count)
        memcpy(values, all->values + skip, count * sizeof *values);
    if (all->named_count)
        memcpy(values + count, all->named, all->named_count * sizeof *values);
    *rest = (struct arguments){values, count, all->names, values + count, all->named_count};
    c->arguments = rest;
    return STATUS_OK;
}

static enum status make(struct vm *vm, uint8_t kind, struct value over, struct iterator_call *c,
                        struct value *out)
{
    struct iterator *source = (struct iterator *)vm_alloc(vm, sizeof *source);
    bool any;
    if (!source)
        return vm_no_memory(vm, "an iterator");
    *source = (struct iterator){.kind = ITER_ITEMS};
    TRY(op_truth(vm, over, &any));
    if (any) /* what is false, None as well, has no items */
        TRY(iter_begin(vm, source, over));
    struct iterator it = {.kind = kind, .u.source = source, .extra = c};
    return iter_new(vm, "generator", &it, out);
}

/* map(attribute=…, default=…) */
static enum status prepare_attribute(struct vm *vm, const struct arguments *all, struct iterator_call *c)
{
    for (uint32_t i = 0; i < all->named_count; i++) {
        struct str name = value_as_str(all->names[i]);
        if (str_is(name, "attribute"))
            c->attribute = all->named[i];
        else if (str_is(name, "default"))
            c->fallback = all->named[i].type == VALUE_NULL ? (struct value){0} : all->named[i];
        else
            return vm_fail(vm, "Unexpected keyword argument '%" PRISTR "'", ARGSTR(name));
    }
    c->by_attribute = true;
    return STATUS_OK;
}

static bool names_attribute(const struct arguments *all)
{
    for (uint32_t i = 0; all->count == 1 && i < all->named_count; i++) {
        if (str_is(value_as_str(all->names[i]), "attribute"))
            return true;
    }
    return false;
}

BUILTIN(filter_map)
{
    struct iterator_call *c = (struct iterator_call *)arena_zalloc(vm->arena, 1, sizeof *c);
    (void)argv;
    if (!c)
        return vm_no_memory(vm, "an iterator");
    if (names_attribute(all)) {
        TRY(prepare_attribute(vm, all, c));
    } else if (all->count < 2) {
        return vm_fail(vm, "map requires a filter argument");
    } else {
        TRY(find_filter(vm, all->values[1], &c->builtin));
        TRY(keep_arguments(vm, all, 2, c));
    }
    return make(vm, ITER_MAP, all->values[0], c, out);
}

static enum status make_select(struct vm *vm, const struct arguments *all, bool negated, bool by_attribute,
                               struct value *out)
{
    struct iterator_call *c = (struct iterator_call *)arena_zalloc(vm->arena, 1, sizeof *c);
    uint32_t at = 1;
    if (!c)
        return vm_no_memory(vm, "an iterator");
    c->negated = negated;
    if (by_attribute) {
        if (all->count < 2)
            return vm_fail(vm, "Missing parameter for attribute name");
        c->by_attribute = true;
        c->attribute = all->values[at++];
    }
    if (all->count > at) {
        TRY(find_test(vm, all->values[at], &c->builtin));
        TRY(keep_arguments(vm, all, at + 1, c));
    }
    return make(vm, ITER_SELECT, all->values[0], c, out);
}

BUILTIN(filter_select)
{
    (void)argv;
    return make_select(vm, all, false, false, out);
}

BUILTIN(filter_reject)
{
    (void)argv;
    return make_select(vm, all, true, false, out);
}

BUILTIN(filter_selectattr)
{
    (void)argv;
    return make_select(vm, all, false, true, out);
}

BUILTIN(filter_rejectattr)
{
    (void)argv;
    return make_select(vm, all, true, true, out);
}
