/* Of this room only: what the files about values share. */
#ifndef CORE_VALUE_INNER_H
#define CORE_VALUE_INNER_H

#include "value.h"

/* SipHash-1-3 of the text, with this process's key; what value_hash() gives for a string. */
uint64_t hash_text(struct str s);
/* Whether two values that are both boolean or number are the same number, exactly. */
bool numbers_equal(struct value a, struct value b);
static inline bool is_number(struct value v)
{
    return v.type >= VALUE_BOOL && v.type <= VALUE_FLOAT;
}

/* Maps of up to so many entries are searched one by one and have no index. */
enum { MAP_WITHOUT_INDEX = 8 };
/* Slots of the index of a map that can grow to `len` entries: a power of two, at most half full. */
size_t map_index_slots(uint32_t len);
/*
 * Enters entries[0..len) into a zeroed index. Returns `len`, or the number of the first entry whose key an
 * earlier one has, after which nothing is entered.
 */
uint32_t map_index_fill(uint32_t *index, uint32_t mask, const struct value_entry *entries, uint32_t len);
/* Where the value under a key is in a map; NULL if it has none. */
const struct value *value_find(struct value map, struct value key);

#endif
