#include "playbook_cache.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

struct cached {
    char *text;
    size_t len;
    uint32_t hash;
    uint64_t used;
    struct playbook *playbook;
};

struct playbook_cache {
    uint32_t capacity, count;
    uint64_t clock;
    struct cached items[];
};

enum status playbook_cache_new(uint32_t capacity, struct playbook_cache **out, struct error *err)
{
    struct playbook_cache *cache = calloc(1, sizeof(*cache) + capacity * sizeof(struct cached));
    if (!cache)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a cache of %u playbooks", capacity);
    cache->capacity = capacity;
    *out = cache;
    return STATUS_OK;
}

static void forget(struct cached *item)
{
    free(item->text);
    playbook_unref(item->playbook);
}

void playbook_cache_free(struct playbook_cache **cache)
{
    if (!*cache)
        return;
    for (uint32_t i = 0; i < (*cache)->count; i++)
        forget(&(*cache)->items[i]);
    free(*cache);
    *cache = NULL;
}

static struct cached *find(struct playbook_cache *cache, struct str text, uint32_t hash)
{
    for (uint32_t i = 0; i < cache->count; i++) {
        struct cached *item = &cache->items[i];
        if (item->hash == hash && str_equal((struct str){item->text, item->len}, text))
            return item;
    }
    return NULL;
}

/* A free place, made by forgetting the playbook that was not asked for for longest. */
static struct cached *place_for_one_more(struct playbook_cache *cache)
{
    if (cache->count < cache->capacity)
        return &cache->items[cache->count++];
    struct cached *oldest = &cache->items[0];
    for (uint32_t i = 1; i < cache->count; i++) {
        if (cache->items[i].used < oldest->used)
            oldest = &cache->items[i];
    }
    forget(oldest);
    return oldest;
}

enum status playbook_cache_get(struct playbook_cache *cache, struct str text, const char *name,
                               struct playbook **out, struct error *err)
{
    uint32_t hash = fnv1a32(text);
    struct cached *item = find(cache, text, hash);
    if (item) {
        item->used = ++cache->clock;
        *out = playbook_ref(item->playbook);
        return STATUS_OK;
    }
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    struct playbook *playbook = NULL;
    enum status status = playbook_compile(text, name, &diagnostics, &playbook, err);
    diagnostics_free(&diagnostics);
    TRY(status);

    char *copy = malloc(text.len + 1);
    if (!copy) {
        playbook_unref(playbook);
        return error_set(err, STATUS_NO_MEMORY, "no memory to keep the playbook %s", name);
    }
    memcpy(copy, text.ptr, text.len);
    *place_for_one_more(cache) = (struct cached){copy, text.len, hash, ++cache->clock, playbook};
    *out = playbook_ref(playbook);
    return STATUS_OK;
}
