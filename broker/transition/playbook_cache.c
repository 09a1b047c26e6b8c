#include "playbook_cache.h"

#include <stdlib.h>

#include "core/text_cache.h"

enum { MAX_BYTES = 64 << 20 }; /* of texts */

struct playbook_cache {
    struct text_cache *playbooks;
};

static void release(void *playbook)
{
    playbook_unref(playbook);
}

enum status playbook_cache_new(uint32_t capacity, struct playbook_cache **out, struct error *err)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a cache of playbooks");
    enum status status = text_cache_new(capacity, MAX_BYTES, release, &(*out)->playbooks, err);
    if (status != STATUS_OK)
        playbook_cache_free(out);
    return status;
}

void playbook_cache_free(struct playbook_cache **cache)
{
    if (!*cache)
        return;
    text_cache_free(&(*cache)->playbooks);
    free(*cache);
    *cache = NULL;
}

enum status playbook_cache_get(struct playbook_cache *cache, struct str text, const char *name,
                               struct playbook **out, struct error *err)
{
    const struct text_key key = {.text = text};
    *out = text_cache_find(cache->playbooks, key);
    if (*out) {
        playbook_ref(*out);
        return STATUS_OK;
    }
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    enum status status = playbook_compile(text, name, &diagnostics, out, err);
    diagnostics_free(&diagnostics);
    TRY(status);
    playbook_ref(*out);
    if (!text_cache_keep(cache->playbooks, key, *out, 0))
        playbook_unref(*out);
    return STATUS_OK;
}
