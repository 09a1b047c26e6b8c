/*
 * Compiled playbooks by their text, so that the executions of one playbook share one. Bounded: the one that
 * was not used for longest goes. Belongs to one thread; the playbooks themselves are shared freely.
 */
#ifndef TRANSITION_PLAYBOOK_CACHE_H
#define TRANSITION_PLAYBOOK_CACHE_H

#include "playbook/playbook.h"

struct playbook_cache;

enum status playbook_cache_new(uint32_t capacity, struct playbook_cache **out, struct error *err) MUST_CHECK;
void playbook_cache_free(struct playbook_cache **cache);
/* A reference of the caller's. Errors as playbook_compile(); a text that does not compile is not kept. */
enum status playbook_cache_get(struct playbook_cache *cache, struct str text, const char *name,
                               struct playbook **out, struct error *err) MUST_CHECK;

#endif
