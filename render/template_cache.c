#include "template_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "code.h"
#include "core/text_cache.h"

struct template_cache {
    pthread_mutex_t mutex; /* of the templates' order and number */
    struct text_cache *templates;
};

static void release(void *t)
{
    template_free(t);
}

enum status template_cache_new(uint32_t max_count, size_t max_bytes, struct template_cache **out,
                               struct error *err)
{
    struct template_cache *cache = (struct template_cache *)calloc(1, sizeof *cache);
    *out = NULL;
    if (!cache)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a cache of templates");
    enum status s = text_cache_new(max_count, max_bytes, release, &cache->templates, err);
    if (s != STATUS_OK) {
        free(cache);
        return s;
    }
    pthread_mutex_init(&cache->mutex, NULL);
    *out = cache;
    return STATUS_OK;
}

void template_cache_free(struct template_cache **cache)
{
    if (!*cache)
        return;
    text_cache_free(&(*cache)->templates);
    pthread_mutex_destroy(&(*cache)->mutex);
    free(*cache);
    *cache = NULL;
}

uint32_t template_cache_count(struct template_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    uint32_t count = text_cache_count(cache->templates);
    pthread_mutex_unlock(&cache->mutex);
    return count;
}

/* ---- What a template is kept by ----------------------------------------------------------------- */

/* With its end, so that two texts behind each other are told from two others; no text from an empty one. */
static void add_text(struct buf *b, const char *text)
{
    buf_add_char(b, text ? 't' : '-');
    if (text)
        buf_add(b, text, strlen(text) + 1);
}

static void add_options(struct buf *b, const struct template_options *o)
{
    const char *texts[] = {
        o->block_begin,        o->block_end,   o->variable_begin,   o->variable_end,
        o->comment_begin,      o->comment_end, o->newline_sequence, o->line_statement_prefix,
        o->line_comment_prefix};
    const bool flags[] = {o->trim_blocks, o->lstrip_blocks, o->keep_trailing_newline,
                          o->autoescape,  o->without_do,    o->without_loop_controls};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_text(b, texts[i]);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        buf_add_char(b, flags[i] ? '1' : '0');
}

static void add_loader(struct buf *b, const struct template_loader *loader)
{
    buf_add(b, &loader->load, sizeof loader->load);
    buf_add(b, &loader->user_bytes, sizeof loader->user_bytes);
    if (loader->user_bytes > 0)
        buf_add(b, loader->user, loader->user_bytes);
    else
        buf_add(b, &loader->user, sizeof loader->user);
}

/* All but the text. */
static void add_kind(struct buf *b, enum template_mode mode, const char *name,
                     const struct template_options *options)
{
    buf_add_char(b, (char)('0' + (int)mode));
    add_text(b, name);
    if (!options)
        return;
    add_options(b, options);
    add_loader(b, &options->loader);
}

/* ---- Getting ------------------------------------------------------------------------------------ */

static struct template *find(struct template_cache *cache, struct text_key key)
{
    pthread_mutex_lock(&cache->mutex);
    struct template *t = (struct template *)text_cache_find(cache->templates, key);
    if (t)
        template_ref(t);
    pthread_mutex_unlock(&cache->mutex);
    return t;
}

static void keep(struct template_cache *cache, struct text_key key, struct template *t)
{
    template_ref(t);
    pthread_mutex_lock(&cache->mutex);
    bool kept = text_cache_keep(cache->templates, key, t, t->arena.used);
    pthread_mutex_unlock(&cache->mutex);
    if (!kept)
        template_free(t);
}

enum status template_cache_get(struct template_cache *cache, struct str source, enum template_mode mode,
                               const char *name, const struct template_options *options,
                               struct template **out, struct error *err)
{
    struct buf kind;
    enum status s = STATUS_OK;
    if (!cache)
        return template_compile_with(source, mode, name, options, out, err);
    buf_init(&kind, 0);
    add_kind(&kind, mode, name, options);
    bool complete = buf_status(&kind, NULL) == STATUS_OK; /* a key that is cut off could be another's */
    const struct text_key key = {buf_str(&kind), source};
    *out = complete ? find(cache, key) : NULL;
    if (!*out) {
        s = template_compile_with(source, mode, name, options, out, err);
        if (s == STATUS_OK && complete)
            keep(cache, key, *out);
    }
    buf_free(&kind);
    return s;
}
