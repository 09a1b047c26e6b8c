#include "value.h"

#include "value_inner.h"

static const struct value_map EMPTY_MAP = {.entries = NULL};
const struct value VALUE_EMPTY_LIST = {.type = VALUE_LIST};
const struct value VALUE_EMPTY_MAP = {.type = VALUE_MAP, .u.map = &EMPTY_MAP};

const char *value_type_name(struct value v)
{
    switch ((enum value_type)v.type) {
    case VALUE_UNDEFINED: return "undefined";
    case VALUE_NULL: return "null";
    case VALUE_BOOL: return "boolean";
    case VALUE_INT:
    case VALUE_BIGINT: return "integer";
    case VALUE_FLOAT: return "number";
    case VALUE_STRING: return "string";
    case VALUE_LIST: return "list";
    case VALUE_MAP: return "map";
    case VALUE_OBJECT: return "object";
    }
    return "object";
}

struct value value_get_path(struct value map, struct str path)
{
    do {
        map = value_get(map, str_split(&path, '.'));
    } while (path.len != 0);
    return map;
}

static bool equal(struct value a, struct value b, int depth);

static bool lists_equal(struct value a, struct value b, int depth)
{
    if (a.len != b.len)
        return false;
    if (a.u.list == b.u.list)
        return true;
    for (uint32_t i = 0; i < a.len; i++) {
        if (!equal(a.u.list[i], b.u.list[i], depth + 1))
            return false;
    }
    return true;
}

static bool maps_equal(struct value a, struct value b, int depth)
{
    if (a.len != b.len)
        return false;
    if (a.u.map == b.u.map)
        return true;
    for (uint32_t i = 0; i < a.len; i++) {
        const struct value_entry *mine = &a.u.map->entries[i];
        const struct value *theirs = value_find(b, mine->key);
        if (theirs == NULL || !equal(mine->value, *theirs, depth + 1))
            return false;
    }
    return true;
}

static bool equal(struct value a, struct value b, int depth)
{
    if (is_number(a) && is_number(b))
        return numbers_equal(a, b);
    if (a.type != b.type || depth > VALUE_MAX_DEPTH)
        return false;
    switch ((enum value_type)a.type) {
    case VALUE_STRING: return str_equal((struct str){a.u.s, a.len}, (struct str){b.u.s, b.len});
    case VALUE_LIST: return lists_equal(a, b, depth);
    case VALUE_MAP: return maps_equal(a, b, depth);
    case VALUE_OBJECT: return a.u.object == b.u.object;
    case VALUE_UNDEFINED:
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_BIGINT:
    case VALUE_FLOAT: break;
    }
    return true; /* undefined and null; numbers were compared above */
}

bool value_equal(struct value a, struct value b)
{
    return equal(a, b, 0);
}

static bool identical(struct value a, struct value b, int depth);

/* Zeros of both signs differ, and NaN is the same as itself. */
static bool same_bits(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

static bool entries_identical(struct value a, struct value b, int depth)
{
    for (uint32_t i = 0; i < a.len; i++) {
        const struct value_entry *x = &a.u.map->entries[i], *y = &b.u.map->entries[i];
        if (!identical(x->key, y->key, depth + 1) || !identical(x->value, y->value, depth + 1))
            return false;
    }
    return true;
}

static bool identical(struct value a, struct value b, int depth)
{
    if (a.type != b.type || a.len != b.len || depth > VALUE_MAX_DEPTH)
        return false;
    switch ((enum value_type)a.type) {
    case VALUE_BOOL: return a.u.b == b.u.b;
    case VALUE_INT: return a.u.i == b.u.i;
    case VALUE_FLOAT: return same_bits(a.u.f, b.u.f);
    case VALUE_BIGINT:
    case VALUE_STRING: return a.len == 0 || memcmp(a.u.s, b.u.s, a.len) == 0;
    case VALUE_OBJECT: return a.u.object == b.u.object;
    case VALUE_LIST:
        for (uint32_t i = 0; i < a.len; i++) {
            if (!identical(a.u.list[i], b.u.list[i], depth + 1))
                return false;
        }
        return true;
    case VALUE_MAP: return entries_identical(a, b, depth);
    case VALUE_UNDEFINED:
    case VALUE_NULL: break;
    }
    return true;
}

bool value_identical(struct value a, struct value b)
{
    return identical(a, b, 0);
}

static void add_size(struct value v, size_t *size, int depth)
{
    *size += sizeof v;
    if (v.type == VALUE_STRING || v.type == VALUE_BIGINT)
        *size += v.len;
    if (depth > VALUE_MAX_DEPTH)
        return;
    for (uint32_t i = 0; v.type == VALUE_LIST && i < v.len && *size < VALUE_SIZE_MAX; i++)
        add_size(v.u.list[i], size, depth + 1);
    if (v.type != VALUE_MAP)
        return;
    *size += sizeof *v.u.map + (v.u.map->index != NULL ? (size_t)v.u.map->index_mask * sizeof(uint32_t) : 0);
    for (uint32_t i = 0; i < v.len && *size < VALUE_SIZE_MAX; i++) {
        add_size(v.u.map->entries[i].key, size, depth + 1);
        add_size(v.u.map->entries[i].value, size, depth + 1);
    }
}

size_t value_size(struct value v)
{
    size_t size = 0;
    add_size(v, &size, 0);
    return size < VALUE_SIZE_MAX ? size : (size_t)VALUE_SIZE_MAX;
}
