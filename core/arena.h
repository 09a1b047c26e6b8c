/*
 * An arena: memory that is taken piece by piece and given back all at once. Lifetimes here belong to a
 * message, a render, an execution or the process, and each has an arena.
 *
 * Not thread-safe: an arena belongs to one thread at a time. Memory is aligned for any object.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    char *next, *end;           /* the free part of the newest block */
    size_t used;                /* bytes in all blocks, what `limit` bounds */
    size_t limit;               /* 0: none */
    size_t block_size;          /* of the next block; doubles up to a maximum */
    bool limit_reached;         /* an allocation failed at the limit since the arena was empty */
};

/* An empty arena that takes no memory until it is used. `limit` in bytes, 0 for none. */
void arena_init(struct arena *a, size_t limit);
/* Gives everything back; the arena is empty and usable again, with its limit. NULL is allowed. */
void arena_free(struct arena *a);
/* Forgets what was allocated but keeps one block, for an arena that is used again and again. */
void arena_reset(struct arena *a);

/* Everything in `from` lives on in `into`, past its limit if need be; `from` is empty and usable again. */
void arena_adopt(struct arena *into, struct arena *from);

/* NULL when the limit is reached or the system has no memory. Not zeroed. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* count × size bytes, zeroed; NULL also when the product overflows. */
void *arena_zalloc(struct arena *a, size_t count, size_t size);
/*
 * An array of items of `size` bytes with room for one more than `count`: `items` itself, or a copy with twice
 * the room, whose new items are zero. NULL, with nothing changed, when there is no memory.
 */
void *arena_grow(struct arena *a, void *items, size_t size, uint32_t count, uint32_t *capacity);
/* Whether the newest allocation could grow (or shrink) where it is; if false, nothing has changed. */
bool arena_extend(struct arena *a, void *newest, size_t old_size, size_t new_size);
/* A moment in an arena's life, to ask later what is older. Worthless once the arena was reset or adopted. */
struct arena_mark {
    const struct arena_block *newest, *older;
    const char *next;
};
struct arena_mark arena_mark(const struct arena *a);
/* Whether `p` points into memory that was allocated from the arena since then. */
bool arena_is_since(const struct arena *a, const struct arena_mark *mark, const void *p);

/* A copy with a zero byte behind it, not counted; NULL as above. */
char *arena_strdup(struct arena *a, struct str s);
/* printf into the arena; an str with ptr NULL when there is no memory. */
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Saying that an arena's allocation failed: STATUS_LIMIT if its limit did it, else STATUS_NO_MEMORY. */
enum status arena_error(const struct arena *a, struct error *err, const char *what);

#define ARENA_NEW(arena, type)          ((type *)arena_zalloc((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_zalloc((arena), (count), sizeof(type)))

#endif
