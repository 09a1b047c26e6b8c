/* Maps and the builders: entries in order of insertion, and over many of them a hash index. */
#include "value_inner.h"

/* As many as fit into 32-bit numbers with their index and the bytes of both. */
enum { MOST_ITEMS = 1 << 28, FIRST_CAPACITY = 8 };

size_t map_index_slots(uint32_t len)
{
    size_t slots = (size_t)4 * MAP_WITHOUT_INDEX;
    while (slots < 2 * (size_t)len)
        slots *= 2;
    return slots;
}

static inline bool same_key(struct value a, struct value b)
{
    if (a.type == VALUE_STRING && b.type == VALUE_STRING)
        return a.len == b.len && (a.len == 0 || memcmp(a.u.s, b.u.s, a.len) == 0);
    return value_equal(a, b);
}

/* The slot that has the key, or the free one where it belongs. Linear probing; some slot is always free. */
static uint32_t *find_slot(uint32_t *index, uint32_t mask, const struct value_entry *entries,
                           struct value key)
{
    uint32_t at = (uint32_t)value_hash(key) & mask;
    while (index[at] != 0 && !same_key(entries[index[at] - 1].key, key))
        at = (at + 1) & mask;
    return &index[at];
}

uint32_t map_index_fill(uint32_t *index, uint32_t mask, const struct value_entry *entries, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        uint32_t *slot = find_slot(index, mask, entries, entries[i].key);
        if (*slot != 0)
            return i;
        *slot = i + 1;
    }
    return len;
}

/* The number of the entry, or -1. */
static int64_t find_entry(const struct value_entry *entries, uint32_t len, const uint32_t *index,
                          uint32_t mask, struct value key)
{
    if (index != NULL) {
        uint32_t at = (uint32_t)value_hash(key) & mask;
        for (; index[at] != 0; at = (at + 1) & mask) {
            if (same_key(entries[index[at] - 1].key, key))
                return (int64_t)index[at] - 1;
        }
        return -1;
    }
    for (uint32_t i = 0; i < len; i++) {
        if (same_key(entries[i].key, key))
            return i;
    }
    return -1;
}

const struct value *value_find(struct value map, struct value key)
{
    if (map.type != VALUE_MAP)
        return NULL;
    const struct value_map *m = map.u.map;
    int64_t found = find_entry(m->entries, map.len, m->index, m->index_mask, key);
    return found >= 0 ? &m->entries[found].value : NULL;
}

struct value value_get(struct value map, struct str key)
{
    return value_get_by_value(map, value_str(key));
}

struct value value_get_by_value(struct value map, struct value key)
{
    const struct value *found = value_find(map, key);
    return found != NULL ? *found : (struct value){.type = VALUE_UNDEFINED};
}

/* Memory for twice as many items: where the old are if they are the arena's newest, else anew. */
static void *grow_items(struct arena *a, void *items, uint32_t len, uint32_t *cap, size_t item_size)
{
    uint32_t wanted = *cap != 0 ? *cap * 2 : (uint32_t)FIRST_CAPACITY;
    if (wanted > MOST_ITEMS)
        return NULL;
    void *grown = items;
    if (!arena_extend(a, items, *cap * item_size, wanted * item_size)) {
        grown = arena_alloc(a, wanted * item_size);
        if (grown == NULL)
            return NULL;
        if (len != 0)
            memcpy(grown, items, len * item_size);
    }
    *cap = wanted;
    return grown;
}

void list_begin(struct list_builder *b, struct arena *a)
{
    *b = (struct list_builder){.arena = a};
}

void list_add(struct list_builder *b, struct value v)
{
    if (b->failed)
        return;
    if (b->len == b->cap) {
        struct value *items = grow_items(b->arena, b->items, b->len, &b->cap, sizeof *items);
        if (items == NULL) {
            b->failed = true;
            return;
        }
        b->items = items;
    }
    b->items[b->len++] = v;
}

enum status list_end(struct list_builder *b, struct value *out, struct error *err)
{
    if (b->failed)
        return arena_error(b->arena, err, "a list");
    *out = (struct value){.type = VALUE_LIST, .len = b->len, .u.list = b->items};
    return STATUS_OK;
}

void map_begin(struct map_builder *b, struct arena *a)
{
    *b = (struct map_builder){.arena = a};
}

static bool grow_map(struct map_builder *b)
{
    struct value_entry *entries = grow_items(b->arena, b->entries, b->len, &b->cap, sizeof *entries);
    if (entries == NULL)
        return false;
    b->entries = entries;
    if (b->cap <= MAP_WITHOUT_INDEX)
        return true;
    size_t slots = map_index_slots(b->cap);
    uint32_t *index = ARENA_ARRAY(b->arena, uint32_t, slots);
    if (index == NULL)
        return false;
    b->index = index;
    b->index_mask = (uint32_t)(slots - 1);
    map_index_fill(b->index, b->index_mask, b->entries, b->len);
    return true;
}

void map_put_value(struct map_builder *b, struct value key, struct value v)
{
    if (b->failed)
        return;
    int64_t found = find_entry(b->entries, b->len, b->index, b->index_mask, key);
    if (found >= 0) {
        b->entries[found].value = v;
        return;
    }
    if (b->len == b->cap && !grow_map(b)) {
        b->failed = true;
        return;
    }
    b->entries[b->len++] = (struct value_entry){key, v};
    if (b->index != NULL)
        *find_slot(b->index, b->index_mask, b->entries, key) = b->len;
}

void map_put(struct map_builder *b, struct str key, struct value v)
{
    map_put_value(b, value_str(key), v);
}

void map_put_all(struct map_builder *b, struct value map)
{
    for (uint32_t i = 0; map.type == VALUE_MAP && i < map.len; i++)
        map_put_value(b, map.u.map->entries[i].key, map.u.map->entries[i].value);
}

struct value map_peek(const struct map_builder *b, struct str key)
{
    int64_t found = find_entry(b->entries, b->len, b->index, b->index_mask, value_str(key));
    return found >= 0 ? b->entries[found].value : (struct value){.type = VALUE_UNDEFINED};
}

enum status map_so_far(const struct map_builder *b, struct value *out, struct error *err)
{
    struct map_builder so_far = *b;
    return map_end(&so_far, out, err);
}

enum status map_end(struct map_builder *b, struct value *out, struct error *err)
{
    if (b->failed)
        return arena_error(b->arena, err, "a map");
    if (b->len == 0) {
        *out = VALUE_EMPTY_MAP;
        return STATUS_OK;
    }
    struct value_map *map = ARENA_NEW(b->arena, struct value_map);
    if (map == NULL)
        return arena_error(b->arena, err, "a map");
    *map = (struct value_map){b->entries, b->index, b->index_mask};
    *out = (struct value){.type = VALUE_MAP, .len = b->len, .u.map = map};
    return STATUS_OK;
}
