#include "text_cache.h"

#include <stdlib.h>

#include "value_inner.h"

/* A place in the order of use, and in the chain of a bucket. The key's bytes are behind it. */
struct kept {
    struct kept *newer, *older;
    struct kept *next; /* in the bucket */
    uint64_t hash;
    size_t kind_len, text_len;
    size_t weight; /* of key and value */
    void *value;
    char bytes[];
};

struct text_cache {
    text_cache_release *release;
    struct kept *newest, *oldest;
    uint32_t count, max_count;
    size_t bytes, max_bytes;
    uint32_t bucket_mask;
    struct kept *buckets[];
};

enum { MAX_BUCKETS = 1 << 20 };

enum status text_cache_new(uint32_t max_count, size_t max_bytes, text_cache_release *release,
                           struct text_cache **out, struct error *err)
{
    uint32_t buckets = 1;
    while (buckets < max_count && buckets < MAX_BUCKETS)
        buckets *= 2;
    *out = (struct text_cache *)calloc(1, sizeof **out + buckets * sizeof(struct kept *));
    if (!*out)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a cache of %u texts", max_count);
    (*out)->release = release;
    (*out)->max_count = max_count;
    (*out)->max_bytes = max_bytes > 0 ? max_bytes : SIZE_MAX;
    (*out)->bucket_mask = buckets - 1;
    return STATUS_OK;
}

void text_cache_free(struct text_cache **cache)
{
    if (!*cache)
        return;
    for (struct kept *k = (*cache)->newest, *older; k; k = older) {
        older = k->older;
        (*cache)->release(k->value);
        free(k);
    }
    free(*cache);
    *cache = NULL;
}

uint32_t text_cache_count(const struct text_cache *cache)
{
    return cache->count;
}

/* ---- Order and buckets -------------------------------------------------------------------------- */

static void unlink_from_order(struct text_cache *cache, struct kept *k)
{
    *(k->newer ? &k->newer->older : &cache->newest) = k->older;
    *(k->older ? &k->older->newer : &cache->oldest) = k->newer;
}

static void make_newest(struct text_cache *cache, struct kept *k)
{
    k->newer = NULL;
    k->older = cache->newest;
    *(k->older ? &k->older->newer : &cache->oldest) = k;
    cache->newest = k;
}

static struct kept **bucket_of(struct text_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & cache->bucket_mask];
}

static uint64_t hash_key(struct text_key key)
{
    return hash_text(key.text) ^ 3 * hash_text(key.kind);
}

static bool is_key(const struct kept *k, struct text_key key)
{
    struct str kind = {k->bytes, k->kind_len}, text = {k->bytes + k->kind_len, k->text_len};
    return str_equal(text, key.text) && str_equal(kind, key.kind);
}

static struct kept *find(struct text_cache *cache, struct text_key key, uint64_t hash)
{
    struct kept *k = *bucket_of(cache, hash);
    while (k && !(k->hash == hash && is_key(k, key)))
        k = k->next;
    return k;
}

static void forget_oldest(struct text_cache *cache)
{
    struct kept *k = cache->oldest, **at = bucket_of(cache, k->hash);
    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    unlink_from_order(cache, k);
    cache->count--;
    cache->bytes -= k->weight;
    cache->release(k->value);
    free(k);
}

/* ---- Finding and keeping ------------------------------------------------------------------------ */

void *text_cache_find(struct text_cache *cache, struct text_key key)
{
    struct kept *k = find(cache, key, hash_key(key));
    if (!k)
        return NULL;
    unlink_from_order(cache, k);
    make_newest(cache, k);
    return k->value;
}

static struct kept *copy_key(struct text_key key, uint64_t hash)
{
    struct kept *k = (struct kept *)malloc(sizeof *k + key.kind.len + key.text.len);
    if (!k)
        return NULL;
    *k = (struct kept){.hash = hash, .kind_len = key.kind.len, .text_len = key.text.len};
    if (key.kind.len > 0)
        memcpy(k->bytes, key.kind.ptr, key.kind.len);
    if (key.text.len > 0)
        memcpy(k->bytes + key.kind.len, key.text.ptr, key.text.len);
    return k;
}

/* False when it is more than `most`, or than can be counted. */
static bool add_up(struct text_key key, size_t value_bytes, size_t most, size_t *out)
{
    *out = 0;
    const size_t parts[] = {key.kind.len, key.text.len, value_bytes};
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (parts[i] > most - *out)
            return false;
        *out += parts[i];
    }
    return true;
}

bool text_cache_keep(struct text_cache *cache, struct text_key key, void *value, size_t value_bytes)
{
    uint64_t hash = hash_key(key);
    size_t weight;
    if (!add_up(key, value_bytes, cache->max_bytes, &weight) || find(cache, key, hash))
        return false;
    struct kept *k = copy_key(key, hash);
    if (!k)
        return false;
    while (cache->count > 0 && (cache->count >= cache->max_count || cache->bytes > cache->max_bytes - weight))
        forget_oldest(cache);
    k->value = value;
    k->weight = weight;
    k->next = *bucket_of(cache, hash);
    *bucket_of(cache, hash) = k;
    make_newest(cache, k);
    cache->count++;
    cache->bytes += weight;
    return true;
}
