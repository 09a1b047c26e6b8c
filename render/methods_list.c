/* Methods of lists and tuples. */
#include "methods.h"
#include "number.h"
#include "sort.h"

/* The list that a method changes. One that is not changeable was made for this call alone: a copy will do. */
static enum status changeable(struct vm *vm, const struct arguments *all, struct thing_list **out)
{
    struct value v = all->values[0];
    if (!thing_is(v, THING_LIST))
        TRY(thing_thaw(vm, v, &v));
    *out = THING(thing_list, v);
    return STATUS_OK;
}

METHOD(list_append)
{
    struct thing_list *l;
    (void)argv;
    TRY(changeable(vm, all, &l));
    *out = value_null();
    return thing_list_add(vm, l, all->values[1]);
}

METHOD(list_extend)
{
    struct thing_list *l;
    const struct value *items;
    uint32_t count;
    (void)argv;
    TRY(changeable(vm, all, &l));
    TRY(iter_all(vm, thing_view(all->values[1]), &items, &count));
    TRY(thing_list_reserve(vm, l, count));
    TRY(vm_tick(vm, count / ITEMS_A_STEP));
    if (count)
        memmove(l->items + l->len, items, count * sizeof *items);
    l->len += count;
    *out = value_null();
    return STATUS_OK;
}

METHOD(list_insert)
{
    struct thing_list *l;
    int64_t at;
    TRY(changeable(vm, all, &l));
    TRY(op_index(vm, argv[1], &at));
    at = at < 0                 ? (at + (int64_t)l->len < 0 ? 0 : at + (int64_t)l->len)
         : at > (int64_t)l->len ? (int64_t)l->len
                                : at;
    TRY(thing_list_reserve(vm, l, 1));
    TRY(vm_tick(vm, (l->len - (uint64_t)at) / ITEMS_A_STEP));
    memmove(l->items + at + 1, l->items + at, (l->len - (size_t)at) * sizeof *l->items);
    l->items[at] = all->count > 2 ? all->values[2] : argv[2];
    l->len++;
    *out = value_null();
    return STATUS_OK;
}

static enum status remove_at(struct vm *vm, struct thing_list *l, size_t at)
{
    TRY(thing_list_reserve(vm, l, 0));
    if (l->cap == 0)
        TRY(thing_list_reserve(vm, l, 1));
    TRY(vm_tick(vm, (l->len - at) / ITEMS_A_STEP));
    memmove(l->items + at, l->items + at + 1, (l->len - at - 1) * sizeof *l->items);
    l->len--;
    return STATUS_OK;
}

METHOD(list_pop)
{
    struct thing_list *l;
    int64_t at = -1;
    TRY(changeable(vm, all, &l));
    if (is_given(argv[1]))
        TRY(op_index(vm, argv[1], &at));
    if (l->len == 0)
        return vm_fail(vm, "pop from empty list");
    at += at < 0 ? (int64_t)l->len : 0;
    if (at < 0 || at >= (int64_t)l->len)
        return vm_fail(vm, "pop index out of range");
    *out = l->items[at];
    return remove_at(vm, l, (size_t)at);
}

/* The first item that equals; -1 if none. */
static enum status find_item(struct vm *vm, const struct value *items, uint32_t from, uint32_t to,
                             struct value v, int64_t *out)
{
    bool equal;
    for (uint32_t i = from; i < to; i++) {
        TRY(op_equal(vm, items[i], v, &equal));
        if (equal) {
            *out = i;
            return STATUS_OK;
        }
    }
    *out = -1;
    return STATUS_OK;
}

METHOD(list_remove)
{
    struct thing_list *l;
    int64_t at;
    TRY(changeable(vm, all, &l));
    TRY(find_item(vm, l->items, 0, l->len, argv[1], &at));
    if (at < 0)
        return vm_fail(vm, "list.remove(x): x not in list");
    *out = value_null();
    return remove_at(vm, l, (size_t)at);
}

METHOD(list_clear)
{
    struct thing_list *l;
    (void)argv;
    TRY(changeable(vm, all, &l));
    *l = (struct thing_list){.kind = THING_LIST};
    *out = value_null();
    return STATUS_OK;
}

METHOD(list_reverse)
{
    struct thing_list *l;
    (void)argv;
    TRY(changeable(vm, all, &l));
    if (l->cap == 0)
        TRY(thing_list_reserve(vm, l, 1));
    TRY(vm_tick(vm, l->len / ITEMS_A_STEP));
    for (uint32_t i = 0; i < l->len / 2; i++) {
        struct value swap = l->items[i];
        l->items[i] = l->items[l->len - 1 - i];
        l->items[l->len - 1 - i] = swap;
    }
    *out = value_null();
    return STATUS_OK;
}

METHOD(list_sort)
{
    struct thing_list *l;
    bool reverse = false;
    if (all->count > 1)
        return vm_fail(vm, "sort() takes no positional arguments");
    if (is_given(argv[1]) && argv[1].type != VALUE_NULL)
        return vm_fail(vm, "'%s' object is not callable", type_name(argv[1]));
    if (is_given(argv[2]))
        TRY(op_truth(vm, argv[2], &reverse));
    TRY(changeable(vm, all, &l));
    if (l->cap == 0)
        TRY(thing_list_reserve(vm, l, 1));
    struct sort_item *items = (struct sort_item *)vm_alloc(vm, l->len * sizeof *items);
    if (!items)
        return vm_no_memory(vm, "a sorted list");
    for (uint32_t i = 0; i < l->len; i++)
        items[i] = (struct sort_item){l->items[i], l->items[i]};
    TRY(sort_items(vm, items, l->len, reverse ? SORT_REVERSE : 0));
    for (uint32_t i = 0; i < l->len; i++)
        l->items[i] = items[i].value;
    *out = value_null();
    return STATUS_OK;
}

METHOD(list_copy)
{
    (void)vm;
    (void)all;
    *out = argv[0];
    return STATUS_OK;
}

METHOD(list_count)
{
    int64_t count = 0;
    bool equal;
    (void)all;
    for (uint32_t i = 0; i < argv[0].len; i++) {
        TRY(op_equal(vm, argv[0].u.list[i], argv[1], &equal));
        count += equal;
    }
    *out = value_int(count);
    return STATUS_OK;
}

static enum status bound(struct vm *vm, struct value v, uint32_t len, uint32_t otherwise, uint32_t *out)
{
    int64_t i = otherwise;
    if (is_given(v))
        TRY(op_index(vm, v, &i));
    i += i < 0 ? (int64_t)len : 0;
    *out = i < 0 ? 0 : i > (int64_t)len ? len : (uint32_t)i;
    return STATUS_OK;
}

METHOD(list_index)
{
    uint32_t from, to;
    int64_t at;
    (void)all;
    TRY(bound(vm, argv[2], argv[0].len, 0, &from));
    TRY(bound(vm, argv[3], argv[0].len, argv[0].len, &to));
    TRY(find_item(vm, argv[0].u.list, from, to, argv[1], &at));
    *out = value_int(at);
    return at >= 0 ? STATUS_OK
                   : vm_fail(vm, argv[0].flags & VALUE_TUPLE ? "tuple.index(x): x not in tuple"
                                                             : "the value is not in list");
}

static const struct method LIST_METHODS[] = {
    {MEMBER_COUNT, {"count", "count", "self value /", 2, list_count}},
    {MEMBER_INDEX, {"index", "index", "self value start stop /", 2, list_index}},
    /* Tuples have those above only. */
    {MEMBER_APPEND, {"append", "append", "self object /", 2, list_append}},
    {MEMBER_CLEAR, {"clear", "clear", "self", 1, list_clear}},
    {MEMBER_COPY, {"copy", "copy", "self", 1, list_copy}},
    {MEMBER_EXTEND, {"extend", "extend", "self iterable /", 2, list_extend}},
    {MEMBER_INSERT, {"insert", "insert", "self index object /", 3, list_insert}},
    {MEMBER_POP, {"pop", "pop", "self index /", 1, list_pop}},
    {MEMBER_REMOVE, {"remove", "remove", "self value /", 2, list_remove}},
    {MEMBER_REVERSE, {"reverse", "reverse", "self", 1, list_reverse}},
    {MEMBER_SORT, {"sort", "sort", "self key reverse", 1, list_sort}},
};

const struct builtin *list_method(enum member m, bool tuple)
{
    return method_find(LIST_METHODS, tuple ? 2 : BUILTIN_TABLE_SIZE(LIST_METHODS), m);
}
