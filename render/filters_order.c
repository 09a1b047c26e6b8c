/* Filters that order: sort, groupby, unique, min and max. */
#include "sort.h"
#include "tables.h"
#include "thing.h"

static enum status is_less(struct vm *vm, struct value x, struct value y, int flags, bool *out)
{
    bool equal = false, simple = x.type == y.type && (x.type == VALUE_STRING || x.type == VALUE_INT);
    if ((flags & SORT_EQUAL_FIRST) && !simple)
        TRY(op_equal(vm, x, y, &equal));
    *out = false;
    return equal ? STATUS_OK : op_compare(vm, COMPARE_LT, x, y, out);
}

/* Bottom-up merging: an item of the right half goes first only if it is less. */
enum status sort_items(struct vm *vm, struct sort_item *items, uint32_t count, int flags)
{
    struct sort_item *from = items, *to = (struct sort_item *)vm_alloc(vm, count * sizeof *to);
    if (!to)
        return vm_no_memory(vm, "a sorted list");
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t low = 0; low < count; low += 2 * width) {
            uint32_t middle = count - low > width ? low + width : count;
            uint32_t high = count - middle > width ? middle + width : count;
            for (uint32_t l = low, r = middle, k = low; k < high; k++) {
                bool right = l >= middle;
                if (l < middle && r < high)
                    TRY(flags & SORT_REVERSE ? is_less(vm, from[l].key, from[r].key, flags, &right)
                                             : is_less(vm, from[r].key, from[l].key, flags, &right));
                to[k] = right ? from[r++] : from[l++];
            }
        }
        struct sort_item *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    return STATUS_OK;
}

static bool has_attribute(struct value attribute)
{
    return is_given(attribute) && attribute.type != VALUE_NULL;
}

/* What an item is compared by. */
static enum status key_of(struct vm *vm, struct value item, struct value attribute, bool case_sensitive,
                          struct value *out)
{
    *out = item;
    if (has_attribute(attribute))
        TRY(attr_path(vm, item, attribute, out));
    return case_sensitive ? STATUS_OK : text_ignore_case(vm, *out, out);
}

/* sort(attribute="a,b"): a tuple of the keys. */
static enum status keys_of(struct vm *vm, struct value item, struct value attribute, bool case_sensitive,
                           struct value *out)
{
    struct str rest = value_as_str(attribute);
    if (attribute.type != VALUE_STRING || !memchr(rest.ptr, ',', rest.len))
        return key_of(vm, item, attribute, case_sensitive, out);
    struct list_builder b;
    list_begin(&b, vm->arena);
    for (bool more = true; more;) {
        struct value key;
        more = memchr(rest.ptr, ',', rest.len) != NULL;
        TRY(key_of(vm, item, value_str(str_split(&rest, ',')), case_sensitive, &key));
        list_add(&b, key);
    }
    return list_end(&b, out, vm->err);
}

static enum status sorted(struct vm *vm, struct value over, struct value attribute, bool case_sensitive,
                          int flags, struct sort_item **items, uint32_t *count)
{
    const struct value *values;
    TRY(iter_all(vm, over, &values, count));
    *items = (struct sort_item *)vm_alloc(vm, *count * sizeof **items);
    if (!*items)
        return vm_no_memory(vm, "a sorted list");
    for (uint32_t i = 0; i < *count; i++) {
        (*items)[i].value = values[i];
        TRY(keys_of(vm, values[i], attribute, case_sensitive, &(*items)[i].key));
        TRY(vm_tick(vm, 1));
    }
    return sort_items(vm, *items, *count, flags);
}

static enum status list_of_items(struct vm *vm, const struct sort_item *items, uint32_t count,
                                 struct value *out)
{
    struct value *values = (struct value *)vm_alloc(vm, count * sizeof *values);
    if (!values)
        return vm_no_memory(vm, "a sorted list");
    for (uint32_t i = 0; i < count; i++)
        values[i] = items[i].value;
    *out = (struct value){.type = VALUE_LIST, .len = count, .u.list = values};
    return STATUS_OK;
}

BUILTIN(filter_sort)
{
    struct sort_item *items;
    uint32_t count;
    bool reverse, case_sensitive;
    TRY(argument_flag(vm, argv[1], false, &reverse));
    TRY(argument_flag(vm, argv[2], false, &case_sensitive));
    TRY(sorted(vm, all->values[0], argv[3], case_sensitive, (reverse ? SORT_REVERSE : 0) | SORT_EQUAL_FIRST,
               &items, &count));
    return list_of_items(vm, items, count, out);
}

BUILTIN(filter_dictsort)
{
    struct value pairs, by = is_given(argv[2]) ? argv[2] : value_text("key");
    struct iterator it = {.kind = ITER_PAIRS};
    struct sort_item *items;
    uint32_t count;
    bool reverse, case_sensitive, by_value = str_is(value_as_str(by), "value");
    (void)all;
    TRY(argument_flag(vm, argv[1], false, &case_sensitive));
    TRY(argument_flag(vm, argv[3], false, &reverse));
    if (!by_value && !str_is(value_as_str(by), "key"))
        return vm_fail(vm, "You can only sort by either \"key\" or \"value\"");
    if (is_undefined(argv[0]))
        return undefined_fail(vm, argv[0]);
    if (argv[0].type != VALUE_MAP)
        return vm_fail(vm, "'%s' object has no attribute 'items'", type_name(argv[0]));
    it.len = argv[0].len;
    it.u.entries = it.len ? argv[0].u.map->entries : NULL;
    TRY(iter_new(vm, "generator", &it, &pairs));
    TRY(sorted(vm, pairs, value_int(by_value), case_sensitive, reverse ? SORT_REVERSE : 0, &items, &count));
    return list_of_items(vm, items, count, out);
}

/* ---- groupby ------------------------------------------------------------------------------------ */

static enum status add_group(struct vm *vm, struct list_builder *groups, struct value key,
                             const struct sort_item *items, uint32_t count)
{
    struct value *pair = (struct value *)vm_alloc(vm, 2 * sizeof *pair);
    if (!pair)
        return vm_no_memory(vm, "a group");
    pair[0] = key;
    TRY(list_of_items(vm, items, count, &pair[1]));
    list_add(
        groups,
        (struct value){
            .type = VALUE_LIST, .flags = VALUE_TUPLE, .extra = VALUE_EXTRA_GROUP, .len = 2, .u.list = pair});
    return STATUS_OK;
}

static enum status group_key(struct vm *vm, struct value item, const struct value *argv, struct value *out)
{
    *out = item;
    if (has_attribute(argv[1]))
        TRY(attr_path(vm, item, argv[1], out));
    if (is_undefined(*out) && is_given(argv[2]) && argv[2].type != VALUE_NULL)
        *out = argv[2];
    return STATUS_OK;
}

BUILTIN(filter_groupby)
{
    const struct value *values;
    struct sort_item *items;
    struct list_builder groups;
    uint32_t count;
    bool case_sensitive;
    (void)all;
    TRY(argument_flag(vm, argv[3], false, &case_sensitive));
    TRY(iter_all(vm, argv[0], &values, &count));
    items = (struct sort_item *)vm_alloc(vm, count * sizeof *items);
    if (!items)
        return vm_no_memory(vm, "groups");
    for (uint32_t i = 0; i < count; i++) {
        items[i].value = values[i];
        TRY(group_key(vm, values[i], argv, &items[i].key));
        if (!case_sensitive)
            TRY(text_ignore_case(vm, items[i].key, &items[i].key));
        TRY(vm_tick(vm, 1));
    }
    TRY(sort_items(vm, items, count, 0));
    list_begin(&groups, vm->arena);
    for (uint32_t start = 0, end; start < count; start = end) {
        struct value key;
        bool same = true;
        for (end = start + 1; end < count; end++) {
            TRY(op_equal(vm, items[end].key, items[start].key, &same));
            if (!same)
                break;
        }
        TRY(group_key(vm, items[start].value, argv, &key));
        TRY(add_group(vm, &groups, key, items + start, end - start));
    }
    return list_end(&groups, out, vm->err);
}

/* ---- unique, min, max --------------------------------------------------------------------------- */

BUILTIN(filter_unique)
{
    struct iterator_unique *u = (struct iterator_unique *)arena_zalloc(vm->arena, 1, sizeof *u);
    struct iterator *source = (struct iterator *)vm_alloc(vm, sizeof *source);
    (void)all;
    if (!u || !source)
        return vm_no_memory(vm, "an iterator");
    TRY(argument_flag(vm, argv[1], false, &u->case_sensitive));
    if (has_attribute(argv[2]))
        u->attribute = argv[2];
    TRY(thing_map_new(vm, THING_MAP, &u->seen));
    TRY(iter_begin(vm, source, argv[0]));
    struct iterator it = {.kind = ITER_UNIQUE, .u.source = source, .extra = u};
    return iter_new(vm, "generator", &it, out);
}

static enum status extreme(struct vm *vm, const struct value *argv, enum compare how, struct value *out)
{
    struct iterator it;
    struct value best_key, item, key;
    bool more, case_sensitive, better;
    TRY(argument_flag(vm, argv[1], false, &case_sensitive));
    TRY(iter_begin(vm, &it, argv[0]));
    TRY(iter_next(vm, &it, out, &more));
    if (!more)
        return undefined_hint(vm, out, "No aggregated item, sequence was empty.");
    TRY(key_of(vm, *out, argv[2], case_sensitive, &best_key));
    for (;;) {
        TRY(iter_next(vm, &it, &item, &more));
        if (!more)
            return STATUS_OK;
        TRY(key_of(vm, item, argv[2], case_sensitive, &key));
        TRY(op_compare(vm, how, key, best_key, &better));
        if (better) {
            *out = item;
            best_key = key;
        }
    }
}

BUILTIN(filter_min)
{
    (void)all;
    return extreme(vm, argv, COMPARE_LT, out);
}

BUILTIN(filter_max)
{
    (void)all;
    return extreme(vm, argv, COMPARE_GT, out);
}
