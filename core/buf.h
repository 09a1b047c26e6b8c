/*
 * A growing buffer of bytes with a hard maximum. A failure sticks: append as often as you like and look
 * once, at buf_status(). There is always a zero byte behind the content once something was appended.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stddef.h>

#include "status.h"
#include "str.h"

struct buf {
    char *data;
    size_t len, cap;
    size_t max;         /* 0: none */
    enum status status; /* STATUS_OK, STATUS_LIMIT or STATUS_NO_MEMORY */
};

/* An empty buffer of at most `max` bytes; no memory is taken yet. */
void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
/* Empties it and clears the failure, keeping the memory. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, struct str s);
void buf_add_text(struct buf *b, const char *zero_terminated);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for `len` more bytes at the end, to be filled by the caller and claimed with buf_claim(); or NULL. */
char *buf_reserve(struct buf *b, size_t len);
void buf_claim(struct buf *b, size_t len);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->data ? b->data : "", b->len};
}
enum status buf_status(const struct buf *b, struct error *err) MUST_CHECK;
/* Hands the memory over to the caller, who frees it; the buffer is empty again. NULL if it had failed. */
char *buf_take(struct buf *b, size_t *len);

#endif
