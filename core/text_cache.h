/*
 * What was made from a text, kept by that text: a compiled template, a compiled playbook. Bounded by the
 * number of texts and by bytes; what was not asked for for longest goes. Finding takes a time
 * that does not depend on how much is kept.
 *
 * Belongs to one thread at a time. Values are the caller's pointers; NULL is none.
 */
#ifndef CORE_TEXT_CACHE_H
#define CORE_TEXT_CACHE_H

#include "status.h"
#include "str.h"

struct text_cache;

/* `kind` is what else the value depends on, as any bytes: the same text of another kind is another value. */
struct text_key {
    struct str kind, text;
};

/* Gives a value back that is forgotten. Must not use the cache. */
typedef void text_cache_release(void *value);

/* Bounds: `max_count` is at least 1; `max_bytes` of keys and values together, 0 for none. */
enum status text_cache_new(uint32_t max_count, size_t max_bytes, text_cache_release *release,
                           struct text_cache **out, struct error *err) MUST_CHECK;
/* Forgets everything; NULL is allowed. */
void text_cache_free(struct text_cache **cache);

/* NULL when it is not kept. What is found is the last to go. It stays the cache's. */
void *text_cache_find(struct text_cache *cache, struct text_key key);

/*
 * Keeps `value`, whose size counts as `value_bytes`, and copies the key. True: the value is the cache's now,
 * until it is released. False: nothing has changed and the value is the caller's still, because the key is
 * kept already, both are larger than all that may be kept, or there is no memory; then it is not found next
 * time, and that is all.
 */
bool text_cache_keep(struct text_cache *cache, struct text_key key, void *value,
                     size_t value_bytes) MUST_CHECK;

/* How many there are. */
uint32_t text_cache_count(const struct text_cache *cache);

#endif
