#include "failing_memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/arena.h"

/* What the linker calls the functions themselves, and what it calls in their place. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__real_arena_alloc(struct arena *a, size_t size);
void *__real_arena_zalloc(struct arena *a, size_t count, size_t size);
char *__real_arena_strdup(struct arena *a, struct str s);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
void *__wrap_arena_alloc(struct arena *a, size_t size);
void *__wrap_arena_zalloc(struct arena *a, size_t count, size_t size);
char *__wrap_arena_strdup(struct arena *a, struct str s);
struct str __wrap_arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

static size_t requests, failing = SIZE_MAX, held;
static bool fails_ever_after;

void memory_fail_at(size_t n, bool ever_after)
{
    requests = 0;
    failing = n;
    fails_ever_after = ever_after;
}

size_t memory_fail_never(void)
{
    size_t n = requests;
    memory_fail_at(SIZE_MAX, false);
    return n;
}

size_t memory_held(void)
{
    return held;
}

static bool fails(void)
{
    size_t n = requests++;
    return n == failing || (n > failing && fails_ever_after);
}

static void *hold(void *p)
{
    held += p != NULL;
    return p;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : hold(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : hold(__real_calloc(count, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    bool is_new = p == NULL;
    if (fails())
        return NULL;
    void *moved = __real_realloc(p, size);
    return is_new ? hold(moved) : moved;
}

void __wrap_free(void *p)
{
    held -= p != NULL;
    __real_free(p);
}

void *__wrap_arena_alloc(struct arena *a, size_t size)
{
    return fails() ? NULL : __real_arena_alloc(a, size);
}

void *__wrap_arena_zalloc(struct arena *a, size_t count, size_t size)
{
    return fails() ? NULL : __real_arena_zalloc(a, count, size);
}

char *__wrap_arena_strdup(struct arena *a, struct str s)
{
    return fails() ? NULL : __real_arena_strdup(a, s);
}

/* The real one cannot be handed a list of arguments: a copy of what it says. */
struct str __wrap_arena_printf(struct arena *a, const char *fmt, ...)
{
    const struct str none = {NULL, 0};
    char *text = NULL;
    va_list args;
    if (fails())
        return none;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        return none;
    struct str s = {__real_arena_strdup(a, (struct str){text, (size_t)len}), (size_t)len};
    __real_free(text);
    return s.ptr ? s : none;
}
