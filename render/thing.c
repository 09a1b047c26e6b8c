#include "thing.h"

/* ---- Lists -------------------------------------------------------------------------------------- */

enum status thing_list_reserve(struct vm *vm, struct thing_list *l, uint32_t more)
{
    if (l->cap > 0 && more <= l->cap - l->len)
        return STATUS_OK;
    uint64_t cap = (uint64_t)l->len + more;
    cap = cap < 8 ? 8 : cap + cap / 2;
    struct value *items = cap > UINT32_MAX ? NULL : (struct value *)vm_alloc(vm, cap * sizeof *items);
    if (!items)
        return vm_no_memory(vm, "a list");
    TRY(vm_tick(vm, l->len / ITEMS_A_STEP));
    if (l->len)
        memcpy(items, l->items, l->len * sizeof *items);
    l->items = items;
    l->cap = (uint32_t)cap;
    return STATUS_OK;
}

enum status thing_list_add(struct vm *vm, struct thing_list *l, struct value v)
{
    TRY(thing_list_reserve(vm, l, 1));
    l->items[l->len++] = v;
    return STATUS_OK;
}

static enum status thaw_list(struct vm *vm, struct value v, struct value *out)
{
    struct thing_list *l = (struct thing_list *)vm_alloc(vm, sizeof *l);
    if (!l)
        return vm_no_memory(vm, "a list");
    *l = (struct thing_list){THING_LIST, (struct value *)own(v.u.list), v.len, 0};
    *out = thing_value(l);
    return STATUS_OK;
}

/* ---- Maps --------------------------------------------------------------------------------------- */

enum status thing_map_new(struct vm *vm, enum thing_kind kind, struct thing_map **out)
{
    struct thing_map *m = (struct thing_map *)vm_alloc(vm, sizeof *m);
    if (!m)
        return vm_no_memory(vm, "a map");
    *m = (struct thing_map){.kind = kind};
    *out = m;
    return STATUS_OK;
}

static void show(struct thing_map *m)
{
    m->map = (struct value_map){m->entries, m->index, m->index ? m->cap * 2 - 1 : 0};
}

static void index_entry(struct thing_map *m, uint32_t number)
{
    uint32_t mask = m->cap * 2 - 1;
    uint32_t i = (uint32_t)value_hash(m->entries[number].key) & mask;
    while (m->index[i])
        i = (i + 1) & mask;
    m->index[i] = number + 1;
}

static void reindex(struct thing_map *m)
{
    memset(m->index, 0, (size_t)m->cap * 2 * sizeof *m->index);
    for (uint32_t i = 0; i < m->len; i++)
        index_entry(m, i);
    show(m);
}

static enum status map_reserve(struct vm *vm, struct thing_map *m)
{
    if (m->len < m->cap)
        return STATUS_OK;
    uint32_t cap = 8;
    while (cap <= m->len && cap < UINT32_MAX / 8)
        cap *= 2;
    struct value_entry *entries = (struct value_entry *)vm_alloc(vm, cap * sizeof *entries);
    uint32_t *index = (uint32_t *)vm_alloc(vm, (size_t)cap * 2 * sizeof *index);
    if (!entries || !index)
        return vm_no_memory(vm, "a map");
    TRY(vm_tick(vm, m->len / ITEMS_A_STEP));
    if (m->len)
        memcpy(entries, m->entries, m->len * sizeof *entries);
    m->entries = entries;
    m->index = index;
    m->cap = cap;
    reindex(m);
    return STATUS_OK;
}

struct value_entry *thing_map_find(const struct thing_map *m, struct value key)
{
    if (m->cap == 0) { /* shared, or empty: as any map */
        for (uint32_t i = 0; i < m->len; i++) {
            if (value_equal(m->entries[i].key, key))
                return &m->entries[i];
        }
        return NULL;
    }
    uint32_t mask = m->cap * 2 - 1;
    for (uint32_t i = (uint32_t)value_hash(key) & mask; m->index[i]; i = (i + 1) & mask) {
        struct value_entry *e = &m->entries[m->index[i] - 1];
        if (value_equal(e->key, key))
            return e;
    }
    return NULL;
}

enum status thing_map_put(struct vm *vm, struct thing_map *m, struct value key, struct value v)
{
    TRY(map_reserve(vm, m));
    struct value_entry *e = thing_map_find(m, key);
    if (e) {
        e->value = v;
        return STATUS_OK;
    }
    m->entries[m->len] = (struct value_entry){key, v};
    index_entry(m, m->len++);
    show(m);
    return STATUS_OK;
}

enum status thing_map_remove(struct vm *vm, struct thing_map *m, struct value_entry *entry)
{
    size_t number = (size_t)(entry - m->entries);
    if (m->cap == 0) {
        TRY(map_reserve(vm, m));
    }
    TRY(vm_tick(vm, m->len / ITEMS_A_STEP));
    memmove(m->entries + number, m->entries + number + 1, (m->len - number - 1) * sizeof *entry);
    m->len--;
    reindex(m);
    return STATUS_OK;
}

/* The entries are copied at once: their values may be thawed in place. */
static enum status thaw_map(struct vm *vm, struct value v, struct value *out)
{
    struct thing_map *m = (struct thing_map *)arena_zalloc(vm->arena, 1, sizeof *m);
    if (!m)
        return vm_no_memory(vm, "a map");
    m->kind = THING_MAP;
    m->entries = (struct value_entry *)own(v.u.map->entries);
    m->len = v.len;
    if (m->len > 0) {
        TRY(map_reserve(vm, m));
    }
    show(m);
    *out = thing_value(m);
    return STATUS_OK;
}

/* ---- Thawing and freezing ----------------------------------------------------------------------- */

enum status thing_thaw(struct vm *vm, struct value v, struct value *out)
{
    *out = v;
    if (v.type == VALUE_LIST && !(v.flags & VALUE_TUPLE))
        return thaw_list(vm, v, out);
    if (v.type == VALUE_MAP)
        return thaw_map(vm, v, out);
    return STATUS_OK;
}

enum status thing_thaw_copy(struct vm *vm, struct value v, struct value *out)
{
    TRY(thing_thaw(vm, v, out));
    if (thing_is(*out, THING_LIST))
        return thing_list_reserve(vm, THING(thing_list, *out), 1);
    return STATUS_OK;
}

enum status thing_thaw_item(struct vm *vm, struct value *item)
{
    return thing_thaw(vm, *item, item);
}

static enum status freeze(struct vm *vm, struct value v, uint32_t depth, struct value *out);

static enum status freeze_list(struct vm *vm, struct value v, uint32_t depth, struct value *out)
{
    struct list_builder b;
    list_begin(&b, vm->arena);
    for (uint32_t i = 0; i < v.len; i++) {
        struct value item;
        TRY(freeze(vm, v.u.list[i], depth, &item));
        list_add(&b, item);
    }
    TRY(list_end(&b, out, vm->err));
    out->flags = v.flags & (VALUE_TUPLE | VALUE_STEP_DATA);
    return STATUS_OK;
}

static enum status freeze_map(struct vm *vm, struct value v, uint32_t depth, struct value *out)
{
    struct map_builder b;
    map_begin(&b, vm->arena);
    for (uint32_t i = 0; i < v.len; i++) {
        struct value item;
        TRY(freeze(vm, v.u.map->entries[i].value, depth, &item));
        map_put_value(&b, v.u.map->entries[i].key, item);
    }
    TRY(map_end(&b, out, vm->err));
    out->flags = v.flags & VALUE_STEP_DATA;
    return STATUS_OK;
}

static enum status freeze_thing(struct vm *vm, struct value v, uint32_t depth, struct value *out)
{
    enum thing_kind kind = *(const enum thing_kind *)v.u.object;
    if (kind == THING_NAMESPACE)
        return freeze_map(vm, thing_map_as_value(THING(thing_map, v)), depth, out);
    if (kind == THING_RANGE || kind == THING_ITERATOR || kind == THING_VIEW) {
        const struct value *items;
        uint32_t count;
        TRY(iter_all(vm, v, &items, &count));
        return freeze_list(vm, (struct value){.type = VALUE_LIST, .len = count, .u.list = items}, depth, out);
    }
    struct writer w; /* what it would print as */
    writer_begin(&w, vm);
    TRY(text_str(&w, v));
    return writer_end(&w, out);
}

/* Whether a value is plain all the way down, so that it need not be copied. */
static bool is_plain(struct value v, uint32_t depth)
{
    if (v.type == VALUE_OBJECT || v.type == VALUE_UNDEFINED || depth > VM_MAX_VALUE_DEPTH)
        return false;
    for (uint32_t i = 0; v.type == VALUE_LIST && i < v.len; i++) {
        if (v.u.list[i].type >= VALUE_LIST && !is_plain(v.u.list[i], depth + 1))
            return false;
        if (v.u.list[i].type == VALUE_UNDEFINED)
            return false;
    }
    for (uint32_t i = 0; v.type == VALUE_MAP && i < v.len; i++) {
        if (!is_plain(v.u.map->entries[i].value, depth + 1))
            return false;
    }
    return true;
}

static enum status freeze(struct vm *vm, struct value v, uint32_t depth, struct value *out)
{
    TRY(vm_tick(vm, 1));
    if (depth > VM_MAX_VALUE_DEPTH)
        return vm_limit(vm, "a value nested more than %d levels deep", VM_MAX_VALUE_DEPTH);
    *out = v;
    struct value plain = thing_view(v);
    if (is_undefined(v)) {
        if (vm->refuses_undefined)
            TRY(undefined_strict(vm, v));
        *out = value_null();
    } else if (plain.type == VALUE_LIST) {
        return freeze_list(vm, plain, depth + 1, out);
    } else if (plain.type == VALUE_MAP) {
        return freeze_map(vm, plain, depth + 1, out);
    } else if (v.type == VALUE_OBJECT) {
        return freeze_thing(vm, v, depth + 1, out);
    }
    return STATUS_OK;
}

enum status thing_freeze(struct vm *vm, struct value v, struct value *out)
{
    *out = v;
    if (is_undefined(v)) /* the caller sees that nothing was defined */
        return STATUS_OK;
    return is_plain(v, 0) ? STATUS_OK : freeze(vm, v, 0, out);
}
