#include "trace.h"

#include <stdio.h>
#include <string.h>

#include "digest.h"

/* Where the parts of a traceparent begin, and their lengths. */
enum { TRACE_AT = 3, TRACE_LEN = 32, SPAN_AT = 36, SPAN_LEN = 16, FLAGS_AT = 53, FLAGS_LEN = 2, SAMPLED = 1 };

static bool is_hex(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
            return false;
    }
    return true;
}

static bool is_zero(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != '0')
            return false;
    }
    return true;
}

bool traceparent_is_valid(struct str s)
{
    if (s.len < TRACEPARENT_TEXT - 1 || !is_hex(s.ptr, 2) || memcmp(s.ptr, "ff", 2) == 0)
        return false;
    bool is_first_version = is_zero(s.ptr, 2);
    if (s.len > TRACEPARENT_TEXT - 1 && (is_first_version || s.ptr[TRACEPARENT_TEXT - 1] != '-'))
        return false;
    return s.ptr[TRACE_AT - 1] == '-' && s.ptr[SPAN_AT - 1] == '-' && s.ptr[FLAGS_AT - 1] == '-' &&
           is_hex(s.ptr + TRACE_AT, TRACE_LEN) && is_hex(s.ptr + SPAN_AT, SPAN_LEN) &&
           is_hex(s.ptr + FLAGS_AT, FLAGS_LEN) && !is_zero(s.ptr + TRACE_AT, TRACE_LEN) &&
           !is_zero(s.ptr + SPAN_AT, SPAN_LEN);
}

/* The last hexadecimal digit's lowest bit. */
static bool is_sampled(struct str s)
{
    char digit = s.ptr[FLAGS_AT + 1];
    return (digit <= '9' ? digit - '0' : digit - 'a' + 10) & SAMPLED;
}

bool traceparent_of_span(struct str parent, struct str name, char out[TRACEPARENT_TEXT])
{
    struct sha256 h;
    uint8_t digest[32];
    char span[SPAN_LEN + 1];
    out[0] = '\0';
    if (!traceparent_is_valid(parent))
        return false;
    sha256_begin(&h);
    sha256_add(&h, parent.ptr + TRACE_AT, TRACE_LEN + 1 + SPAN_LEN);
    sha256_add(&h, ":", 1);
    sha256_add(&h, name.ptr, name.len);
    sha256_end(&h, digest);
    for (size_t i = 0; i < SPAN_LEN / 2; i++)
        snprintf(span + 2 * i, 3, "%02x", digest[i]);
    if (is_zero(span, SPAN_LEN)) /* that would be no id */
        span[SPAN_LEN - 1] = '1';
    snprintf(out, TRACEPARENT_TEXT, "00-%.*s-%s-%02x", TRACE_LEN, parent.ptr + TRACE_AT, span,
             is_sampled(parent) ? SAMPLED : 0);
    return true;
}
