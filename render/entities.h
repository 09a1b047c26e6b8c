/* Character references of HTML: &amp; &#38; &#x26;. */
#ifndef RENDER_ENTITIES_H
#define RENDER_ENTITIES_H

#include "vm.h"

struct entity {
    const char *name, *text; /* without the "&"; some names end in ";" */
};
extern const struct entity ENTITIES[]; /* entities_table.c, sorted by name */
extern const size_t ENTITY_COUNT;

/* Python's html.unescape(). */
void entities_unescape(struct writer *w, struct str s);

#endif
