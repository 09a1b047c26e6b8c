/*
 * Compiled templates, kept by all that a compile depends on: text, mode, name and options. Bounded; the one
 * that was not asked for for longest goes.
 *
 * Any thread may use one cache at any time. It holds its lock only to look up and to keep, not while it
 * compiles: two threads that miss the same template at once compile it twice, and one of the two is kept.
 */
#ifndef RENDER_TEMPLATE_CACHE_H
#define RENDER_TEMPLATE_CACHE_H

#include "template.h"

struct template_cache;

/* At most `max_count` templates, and `max_bytes` of memory for what they are compiled to; 0 for no bound. */
enum status template_cache_new(uint32_t max_count, size_t max_bytes, struct template_cache **out,
                               struct error *err) MUST_CHECK;
/* When no thread uses it any more; NULL is allowed. Templates that it gave live on. */
void template_cache_free(struct template_cache **cache);

/*
 * What template_compile_with() gives, for a template_free() of the caller's; with `cache` NULL it is just
 * that. A text that does not compile is not kept. A loader is told from others by its function, and by the
 * bytes that it has copied or else by its address.
 */
enum status template_cache_get(struct template_cache *cache, struct str source, enum template_mode mode,
                               const char *name, const struct template_options *options,
                               struct template **out, struct error *err) MUST_CHECK;

/* How many are kept. */
uint32_t template_cache_count(struct template_cache *cache);

#endif
