#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Under AddressSanitizer, what is free in a block is poisoned: use after arena_reset() and overruns show. */
#if defined(__SANITIZE_ADDRESS__)
#    define ARENA_ASAN 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define ARENA_ASAN 1
#    endif
#endif
#ifdef ARENA_ASAN
#    include <sanitizer/asan_interface.h>
#    define POISON(ptr, size)   ASAN_POISON_MEMORY_REGION((ptr), (size))
#    define UNPOISON(ptr, size) ASAN_UNPOISON_MEMORY_REGION((ptr), (size))
#else
#    define POISON(ptr, size)   ((void)(ptr), (void)(size))
#    define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

enum {
    ALIGNMENT = alignof(max_align_t),
    FIRST_BLOCK_BYTES = 4 * 1024 - 32, /* with malloc's own header, one page */
    LARGEST_BLOCK_BYTES = 1024 * 1024, /* only an allocation larger than that gets a larger block */
};

struct arena_block {
    struct arena_block *older;
    size_t size; /* with this header */
    alignas(max_align_t) char bytes[];
};

static size_t round_up(size_t size)
{
    return (size + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);
}

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){.limit = limit, .block_size = FIRST_BLOCK_BYTES};
}

static void free_block(struct arena *a, struct arena_block *block)
{
    a->used -= block->size;
    UNPOISON(block, block->size);
    free(block);
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    while (a->blocks != NULL) {
        struct arena_block *block = a->blocks;
        a->blocks = block->older;
        free_block(a, block);
    }
    arena_init(a, a->limit);
}

/* The largest block of ordinary size: a single huge message must not be paid for ever after. */
static struct arena_block *block_to_keep(const struct arena *a)
{
    struct arena_block *keep = NULL;
    for (struct arena_block *block = a->blocks; block != NULL; block = block->older) {
        if (block->size <= LARGEST_BLOCK_BYTES && (keep == NULL || block->size > keep->size))
            keep = block;
    }
    return keep;
}

static void use_block(struct arena *a, struct arena_block *block)
{
    a->next = block->bytes;
    a->end = (char *)block + block->size;
    POISON(a->next, (size_t)(a->end - a->next));
}

void arena_reset(struct arena *a)
{
    struct arena_block *keep = block_to_keep(a);
    while (a->blocks != NULL) {
        struct arena_block *block = a->blocks;
        a->blocks = block->older;
        if (block != keep)
            free_block(a, block);
    }
    a->next = a->end = NULL;
    a->limit_reached = false;
    if (keep != NULL) {
        keep->older = NULL;
        a->blocks = keep;
        use_block(a, keep);
    }
}

void arena_adopt(struct arena *into, struct arena *from)
{
    if (from->blocks == NULL)
        return;
    if (from->next != NULL)
        POISON(from->next, (size_t)(from->end - from->next));
    struct arena_block *oldest = from->blocks;
    while (oldest->older != NULL)
        oldest = oldest->older;
    /* Behind the newest block, which is the one that has room left. */
    struct arena_block **behind = into->blocks != NULL ? &into->blocks->older : &into->blocks;
    oldest->older = *behind;
    *behind = from->blocks;
    into->used += from->used;
    arena_init(from, from->limit);
}

/* A block with room for `payload` bytes, as large as the arena would like but within its limit; or NULL. */
static struct arena_block *new_block(struct arena *a, size_t payload)
{
    if (payload > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    size_t needed = sizeof(struct arena_block) + payload;
    size_t left = a->limit == 0 ? SIZE_MAX : a->limit > a->used ? a->limit - a->used : 0;
    if (needed > left) {
        a->limit_reached = true;
        return NULL;
    }
    size_t size = a->block_size != 0 ? a->block_size : (size_t)FIRST_BLOCK_BYTES;
    if (size > left)
        size = left;
    if (size < needed)
        size = needed;
    struct arena_block *block = malloc(size);
    if (block == NULL)
        return NULL;
    block->size = size;
    a->used += size;
    return block;
}

static void *alloc_in_new_block(struct arena *a, size_t size)
{
    struct arena_block *block = new_block(a, size);
    if (block == NULL)
        return NULL;
    size_t room = block->size - sizeof(struct arena_block);
    bool current_has_more_left = (size_t)(a->end - a->next) > room - size;
    if (a->blocks != NULL && current_has_more_left) {
        block->older = a->blocks->older; /* a block of its own; go on with the current one */
        a->blocks->older = block;
        POISON(block->bytes + size, room - size);
        return block->bytes;
    }
    block->older = a->blocks;
    a->blocks = block;
    use_block(a, block);
    if (a->block_size < LARGEST_BLOCK_BYTES)
        a->block_size = a->block_size * 2 < LARGEST_BLOCK_BYTES ? a->block_size * 2 : LARGEST_BLOCK_BYTES;
    a->next += size;
    return block->bytes;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2) {
        a->limit_reached = a->limit != 0;
        return NULL;
    }
    size_t rounded = size != 0 ? round_up(size) : (size_t)ALIGNMENT;
    void *result = a->next;
    if (rounded <= (size_t)(a->end - a->next))
        a->next += rounded;
    else
        result = alloc_in_new_block(a, rounded);
    if (result != NULL)
        UNPOISON(result, size);
    return result;
}

bool arena_extend(struct arena *a, void *newest, size_t old_size, size_t new_size)
{
    if (newest == NULL || new_size > SIZE_MAX / 2 || (char *)newest + round_up(old_size) != a->next)
        return false;
    if (round_up(new_size) > (size_t)(a->end - (char *)newest))
        return false;
    a->next = (char *)newest + round_up(new_size);
    UNPOISON(newest, new_size);
    return true;
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        a->limit_reached = a->limit != 0;
        return NULL;
    }
    void *p = arena_alloc(a, total);
    if (p != NULL)
        memset(p, 0, total);
    return p;
}

void *arena_grow(struct arena *a, void *items, size_t size, uint32_t count, uint32_t *capacity)
{
    if (count < *capacity)
        return items;
    uint32_t larger = *capacity ? *capacity * 2 : 8;
    void *moved = arena_zalloc(a, larger, size);
    if (!moved)
        return NULL;
    if (count)
        memcpy(moved, items, count * size);
    *capacity = larger;
    return moved;
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->blocks, a->blocks ? a->blocks->older : NULL, a->next};
}

/* Newer blocks stand before those of the mark, or, the large ones, between its newest and the others. */
bool arena_is_since(const struct arena *a, const struct arena_mark *mark, const void *p)
{
    uintptr_t at = (uintptr_t)p;
    for (const struct arena_block *block = a->blocks; block != mark->older; block = block->older) {
        uintptr_t start = (uintptr_t)(block == mark->newest ? mark->next : block->bytes);
        if (at >= start && at < (uintptr_t)block + block->size)
            return true;
    }
    return false;
}

char *arena_strdup(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.len + 1);
    if (copy == NULL)
        return NULL;
    if (s.len != 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

PRINTF_LIKE(2, 0)
static struct str print(struct arena *a, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    char *text = len >= 0 ? arena_alloc(a, (size_t)len + 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return (struct str){text, text != NULL ? (size_t)len : 0};
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct str s = print(a, fmt, args);
    va_end(args);
    return s;
}

enum status arena_error(const struct arena *a, struct error *err, const char *what)
{
    if (!a->limit_reached)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for %s", what);
    error_set(err, STATUS_LIMIT, "there is no room for %s within the limit of %zu bytes", what, a->limit);
    return error_hint(err, "Make it smaller, or raise the limit that bounds it.");
}
