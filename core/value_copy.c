/* Copies and merges. */
#include "value_inner.h"

/* Which flags a copy keeps. */
enum { ALL_FLAGS = 255, NO_FLAGS = 0 };

static enum status copy(struct arena *a, struct value v, uint8_t flags, struct value *out, int depth,
                        struct error *err);

static enum status copy_text(struct arena *a, struct value v, struct value *out, struct error *err)
{
    const char *text = arena_strdup(a, (struct str){v.u.s, v.len});
    if (text == NULL)
        return arena_error(a, err, "the copy of a string");
    *out = v;
    out->u.s = text;
    return STATUS_OK;
}

static enum status copy_list(struct arena *a, struct value v, uint8_t flags, struct value *out, int depth,
                             struct error *err)
{
    struct value *items = arena_alloc(a, v.len * sizeof *items);
    if (items == NULL)
        return arena_error(a, err, "the copy of a list");
    for (uint32_t i = 0; i < v.len; i++)
        TRY(copy(a, v.u.list[i], flags, &items[i], depth + 1, err));
    *out = v;
    out->u.list = items;
    return STATUS_OK;
}

static enum status copy_map(struct arena *a, struct value v, uint8_t flags, struct value *out, int depth,
                            struct error *err)
{
    const struct value_map *from = v.u.map;
    struct value_map *map = ARENA_NEW(a, struct value_map);
    struct value_entry *entries = arena_alloc(a, v.len * sizeof *entries);
    if (map == NULL || entries == NULL)
        return arena_error(a, err, "the copy of a map");
    for (uint32_t i = 0; i < v.len; i++) {
        TRY(copy(a, from->entries[i].key, flags, &entries[i].key, depth + 1, err));
        TRY(copy(a, from->entries[i].value, flags, &entries[i].value, depth + 1, err));
    }
    map->entries = entries;
    if (from->index != NULL) { /* entry numbers stay the same, so the index does */
        size_t slots = (size_t)from->index_mask + 1;
        uint32_t *index = arena_alloc(a, slots * sizeof *index);
        if (index == NULL)
            return arena_error(a, err, "the copy of a map");
        memcpy(index, from->index, slots * sizeof *index);
        map->index = index;
        map->index_mask = from->index_mask;
    }
    *out = v;
    out->u.map = map;
    return STATUS_OK;
}

static enum status copy(struct arena *a, struct value v, uint8_t flags, struct value *out, int depth,
                        struct error *err)
{
    if (depth > VALUE_MAX_DEPTH)
        return error_set(err, STATUS_LIMIT, "a value is nested more than %d levels deep",
                         (int)VALUE_MAX_DEPTH);
    v.flags &= flags;
    switch ((enum value_type)v.type) {
    case VALUE_STRING:
    case VALUE_BIGINT: return copy_text(a, v, out, err);
    case VALUE_LIST: return copy_list(a, v, flags, out, depth, err);
    case VALUE_MAP: return copy_map(a, v, flags, out, depth, err);
    case VALUE_OBJECT:
        error_set(err, STATUS_INVALID, "the value has an object of the template engine in it");
        return error_hint(err, "Use the data that it stands for, as with |list or |string.");
    case VALUE_UNDEFINED: v.u.object = NULL; break; /* the name that it may refer to is not ours to keep */
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT: break;
    }
    *out = v;
    return STATUS_OK;
}

enum status value_copy(struct arena *a, struct value v, struct value *out, struct error *err)
{
    return copy(a, v, ALL_FLAGS, out, 0, err);
}

enum status value_copy_plain(struct arena *a, struct value v, struct value *out, struct error *err)
{
    return copy(a, v, NO_FLAGS, out, 0, err);
}

static enum status merge(struct arena *a, struct value base, struct value over, int depth, struct value *out,
                         struct error *err)
{
    if (over.type != VALUE_MAP || base.type != VALUE_MAP || base.len == 0) {
        *out = value_is_absent(over) ? base : over;
        return STATUS_OK;
    }
    if (over.len == 0) {
        *out = base;
        return STATUS_OK;
    }
    if (depth > VALUE_MAX_DEPTH)
        return error_set(err, STATUS_LIMIT, "a value is nested more than %d levels deep",
                         (int)VALUE_MAX_DEPTH);
    struct map_builder b;
    map_begin(&b, a);
    map_put_all(&b, base);
    for (uint32_t i = 0; i < over.len; i++) {
        const struct value_entry *e = &over.u.map->entries[i];
        struct value merged;
        TRY(merge(a, value_get_by_value(base, e->key), e->value, depth + 1, &merged, err));
        map_put_value(&b, e->key, merged);
    }
    return map_end(&b, out, err);
}

enum status value_merge(struct arena *a, struct value base, struct value over, struct value *out,
                        struct error *err)
{
    return merge(a, base, over, 0, out, err);
}
