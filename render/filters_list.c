/* Filters of sequences. */
#include "core/digest.h"
#include "number.h"
#include "tables.h"
#include "thing.h"

static struct value list_of(const struct value *items, uint32_t count)
{
    return (struct value){.type = VALUE_LIST, .len = count, .u.list = items};
}

BUILTIN(filter_first)
{
    struct iterator it;
    bool more;
    (void)argv;
    TRY(iter_begin(vm, &it, all->values[0]));
    TRY(iter_next(vm, &it, out, &more));
    return more ? STATUS_OK : undefined_hint(vm, out, "No first item, sequence was empty.");
}

BUILTIN(filter_last)
{
    const struct value *items;
    uint32_t count;
    if (thing_is(argv[0], THING_ITERATOR) || !iter_can(argv[0]))
        return vm_fail(vm, "'%s' object is not reversible", type_name(argv[0]));
    TRY(iter_all(vm, all->values[0], &items, &count));
    if (count == 0)
        return undefined_hint(vm, out, "No last item, sequence was empty.");
    *out = items[count - 1];
    /* Python goes backwards by index, and a part of Markup is Markup; forwards it is not. */
    if (argv[0].type == VALUE_STRING)
        out->flags |= argv[0].flags & VALUE_MARKUP;
    return STATUS_OK;
}

BUILTIN(filter_length)
{
    uint64_t len;
    (void)all;
    TRY(iter_length(vm, argv[0], &len));
    *out = value_int((int64_t)len);
    return STATUS_OK;
}

BUILTIN(filter_list)
{
    const struct value *items;
    uint32_t count;
    (void)argv;
    TRY(iter_all(vm, all->values[0], &items, &count));
    *out = list_of(items, count);
    return STATUS_OK;
}

BUILTIN(filter_items)
{
    (void)all;
    if (is_undefined(argv[0])) {
        struct iterator none = {.kind = ITER_ITEMS};
        return iter_new(vm, "generator", &none, out);
    }
    if (argv[0].type != VALUE_MAP)
        return vm_fail(vm, "Can only get item pairs from a mapping.");
    struct iterator it = {
        .kind = ITER_PAIRS, .len = argv[0].len, .u.entries = argv[0].len ? argv[0].u.map->entries : NULL};
    return iter_new(vm, "generator", &it, out);
}

/* ---- join --------------------------------------------------------------------------------------- */

static enum status attributes_of(struct vm *vm, struct value path, uint32_t count, const struct value **items)
{
    struct value *attributes = (struct value *)vm_alloc(vm, count * sizeof *attributes);
    if (!attributes)
        return vm_no_memory(vm, "a list");
    for (uint32_t i = 0; i < count; i++)
        TRY(attr_path(vm, (*items)[i], path, &attributes[i]));
    *items = attributes;
    return STATUS_OK;
}

/* With autoescape, if anything is safe text, everything else is made safe. */
static enum status join_escapes(struct vm *vm, struct value separator, const struct value *items,
                                uint32_t count, bool *out)
{
    *out = false;
    if (!vm->autoescape)
        return STATUS_OK;
    *out = text_is_html(vm, separator);
    for (uint32_t i = 0; i < count && !*out; i++)
        *out = text_is_html(vm, items[i]);
    return vm_tick(vm, count);
}

BUILTIN(filter_join)
{
    struct value separator = is_given(argv[1]) ? argv[1] : value_text("");
    const struct value *items;
    struct writer w;
    uint32_t count;
    bool escapes;
    (void)all;
    if (!vm->autoescape) /* first, as in Jinja: it may be what fails */
        TRY(text_of(vm, separator, &separator));
    TRY(iter_all(vm, argv[0], &items, &count));
    if (is_given(argv[2]) && argv[2].type != VALUE_NULL)
        TRY(attributes_of(vm, argv[2], count, &items));
    TRY(join_escapes(vm, separator, items, count, &escapes));
    TRY(escapes ? text_escaped(vm, separator, &separator) : text_of(vm, separator, &separator));
    writer_begin(&w, vm);
    for (uint32_t i = 0; i < count; i++) {
        struct value item = items[i];
        if (escapes)
            TRY(text_escaped(vm, item, &item));
        if (i > 0)
            writer_str(&w, value_as_str(separator));
        TRY(text_str(&w, item));
        TRY(vm_tick(vm, 1));
    }
    TRY(writer_end(&w, out));
    out->flags = escapes ? VALUE_MARKUP : 0;
    return vm_tick(vm, out->len / 64);
}

/* ---- reverse, random, sum ----------------------------------------------------------------------- */

BUILTIN(filter_reverse)
{
    const struct value *items;
    uint32_t count;
    if (argv[0].type == VALUE_STRING) {
        struct value parts[3] = {value_null(), value_null(), value_int(-1)};
        return attr_slice(vm, argv[0], parts, out);
    }
    if (!iter_can(argv[0]))
        return vm_fail(vm, "argument must be iterable");
    TRY(iter_all(vm, all->values[0], &items, &count));
    struct value *reversed = (struct value *)vm_alloc(vm, count * sizeof *reversed);
    if (!reversed)
        return vm_no_memory(vm, "a list");
    TRY(vm_tick(vm, count / 4));
    for (uint32_t i = 0; i < count; i++)
        reversed[i] = items[count - 1 - i];
    struct iterator it = {.kind = ITER_ITEMS, .len = count, .u.items = reversed};
    return iter_new(vm,
                    argv[0].type == VALUE_LIST && !(argv[0].flags & VALUE_TUPLE) ? "list_reverseiterator"
                                                                                 : "reversed",
                    &it, out);
}

BUILTIN(filter_random)
{
    const struct value *items;
    uint32_t count;
    (void)all;
    if (argv[0].type == VALUE_MAP || thing_is(argv[0], THING_ITERATOR) || !iter_can(argv[0]))
        return vm_fail(vm, "object of type '%s' has no items by number", type_name(argv[0]));
    TRY(iter_all(vm, argv[0], &items, &count));
    if (count == 0)
        return undefined_hint(vm, out, "No random item, sequence was empty.");
    *out = items[splitmix64(&vm->random) % count];
    return STATUS_OK;
}

BUILTIN(filter_sum)
{
    struct value sum = is_given(argv[2]) ? argv[2] : value_int(0);
    struct iterator it;
    bool more, by_attribute = is_given(argv[1]) && argv[1].type != VALUE_NULL;
    (void)all;
    TRY(iter_begin(vm, &it, argv[0]));
    if (sum.type == VALUE_STRING)
        return vm_fail(vm, "sum() can't sum strings [use ''.join(seq) instead]");
    for (;;) {
        struct value item;
        TRY(iter_next(vm, &it, &item, &more));
        if (!more)
            break;
        if (by_attribute)
            TRY(attr_path(vm, item, argv[1], &item));
        TRY(op_binary(vm, OPCODE_ADD, sum, item, &sum));
    }
    *out = sum;
    return STATUS_OK;
}

/* ---- batch and slice: lists that are made when they are looped over ----------------------------- */

static enum status make_batches(struct vm *vm, const struct value *argv, const struct arguments *all,
                                struct value *out)
{
    const struct value *items;
    struct list_builder b;
    uint32_t count;
    int64_t size;
    (void)all;
    TRY(iter_all(vm, argv[0], &items, &count));
    TRY(op_index(vm, argv[1], &size));
    bool fills = is_given(argv[2]) && argv[2].type != VALUE_NULL;
    list_begin(&b, vm->arena);
    /* A size below one never fills a batch, except that 0 ends an empty one first. */
    uint64_t step = size < 1 ? (uint64_t)count : (uint64_t)size;
    if (size == 0 && count > 0)
        list_add(&b, list_of(NULL, 0));
    for (uint64_t at = 0; at < count; at += step) {
        uint64_t here = count - at < step ? count - at : step;
        struct value batch = list_of(items + at, (uint32_t)here);
        TRY(vm_tick(vm, 1));
        if (fills && size > 0 && here < step) {
            TRY(vm_tick(vm, step));
            struct value *filled =
                step > UINT32_MAX ? NULL : (struct value *)vm_alloc(vm, step * sizeof *filled);
            if (!filled)
                return vm_no_memory(vm, "a batch");
            for (uint64_t i = 0; i < step; i++)
                filled[i] = i < here ? items[at + i] : argv[2];
            batch = list_of(filled, (uint32_t)step);
        }
        list_add(&b, batch);
        if (b.failed)
            return vm_no_memory(vm, "batches");
    }
    return list_end(&b, out, vm->err);
}

static enum status make_slices(struct vm *vm, const struct value *argv, const struct arguments *all,
                               struct value *out)
{
    const struct value *items;
    struct list_builder b;
    uint32_t count;
    int64_t slices;
    (void)all;
    TRY(iter_all(vm, argv[0], &items, &count));
    TRY(op_index(vm, argv[1], &slices));
    if (slices == 0)
        return vm_fail(vm, "integer division or modulo by zero");
    bool fills = is_given(argv[2]) && argv[2].type != VALUE_NULL;
    list_begin(&b, vm->arena);
    uint64_t at = 0;
    for (int64_t i = 0; i < slices; i++) {
        uint64_t len = count / (uint64_t)slices + ((uint64_t)i < count % (uint64_t)slices);
        struct value slice = list_of(items + at, (uint32_t)len);
        TRY(vm_tick(vm, 1));
        if (fills && (uint64_t)i >= count % (uint64_t)slices) {
            struct value *filled = (struct value *)vm_alloc(vm, (len + 1) * sizeof *filled);
            if (!filled)
                return vm_no_memory(vm, "a slice");
            if (len)
                memcpy(filled, items + at, len * sizeof *filled);
            filled[len] = argv[2];
            slice = list_of(filled, (uint32_t)len + 1);
        }
        list_add(&b, slice);
        if (b.failed)
            return vm_no_memory(vm, "slices");
        at += len;
    }
    return list_end(&b, out, vm->err);
}

static const struct builtin BATCHES = {"batch", "do_batch", "value linecount fill_with", 2, make_batches};
static const struct builtin SLICES = {"slice", "do_slice", "value slices fill_with", 2, make_slices};

static enum status delay(struct vm *vm, const struct builtin *b, const struct value *argv, uint32_t count,
                         struct value *out)
{
    struct iterator_call *c = (struct iterator_call *)arena_zalloc(vm->arena, 1, sizeof *c);
    struct arguments *args = (struct arguments *)arena_zalloc(vm->arena, 1, sizeof *args);
    struct value *values = (struct value *)vm_alloc(vm, count * sizeof *values);
    if (!c || !args || !values)
        return vm_no_memory(vm, "an iterator");
    memcpy(values, argv, count * sizeof *values);
    *args = (struct arguments){.values = values, .count = count};
    c->builtin = b;
    c->arguments = args;
    struct iterator it = {.kind = ITER_DELAYED, .extra = c};
    return iter_new(vm, "generator", &it, out);
}

BUILTIN(filter_batch)
{
    (void)all;
    return delay(vm, &BATCHES, argv, 3, out);
}

BUILTIN(filter_slice)
{
    (void)all;
    return delay(vm, &SLICES, argv, 3, out);
}
