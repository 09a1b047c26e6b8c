#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->status = STATUS_OK;
    if (b->data != NULL)
        b->data[0] = '\0';
}

/* A capacity of at least `needed` bytes, the closing zero among them; doubling keeps appending linear. */
static bool grow(struct buf *b, size_t needed)
{
    size_t cap = b->cap != 0 ? b->cap : FIRST_CAPACITY;
    while (cap < needed)
        cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
    if (b->max != 0 && cap > b->max && b->max < SIZE_MAX)
        cap = b->max + 1;
    char *data = realloc(b->data, cap);
    if (data == NULL) {
        b->status = STATUS_NO_MEMORY;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

char *buf_reserve(struct buf *b, size_t len)
{
    size_t needed;
    if (b->status != STATUS_OK)
        return NULL;
    if (__builtin_add_overflow(b->len, len, &needed) || needed == SIZE_MAX ||
        (b->max != 0 && needed > b->max)) {
        b->status = STATUS_LIMIT;
        return NULL;
    }
    if (needed + 1 > b->cap && !grow(b, needed + 1))
        return NULL;
    return b->data + b->len;
}

void buf_claim(struct buf *b, size_t len)
{
    if (b->status != STATUS_OK)
        return;
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    char *room = buf_reserve(b, len);
    if (room == NULL)
        return;
    if (len != 0)
        memcpy(room, bytes, len);
    buf_claim(b, len);
}

void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.ptr, s.len);
}

void buf_add_text(struct buf *b, const char *zero_terminated)
{
    buf_add_str(b, str_of(zero_terminated));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

PRINTF_LIKE(2, 0)
static void print(struct buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    char *room = len >= 0 ? buf_reserve(b, (size_t)len) : NULL;
    if (room != NULL) {
        vsnprintf(room, (size_t)len + 1, fmt, again);
        buf_claim(b, (size_t)len);
    } else if (len < 0 && b->status == STATUS_OK) {
        b->status = STATUS_LIMIT; /* longer than INT_MAX */
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    print(b, fmt, args);
    va_end(args);
}

enum status buf_status(const struct buf *b, struct error *err)
{
    if (b->status == STATUS_OK)
        return STATUS_OK;
    if (b->status == STATUS_NO_MEMORY)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for a text of more than %zu bytes",
                         b->len);
    return error_set(err, b->status, "the text is longer than the limit of %zu bytes", b->max);
}

char *buf_take(struct buf *b, size_t *len)
{
    buf_reserve(b, 0); /* an empty text is memory too */
    if (b->status != STATUS_OK)
        return NULL;
    char *data = b->data;
    data[b->len] = '\0';
    if (len != NULL)
        *len = b->len;
    b->data = NULL;
    buf_free(b);
    return data;
}
