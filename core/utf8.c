#include "utf8.h"

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* Length of the character at p, of which `left` > 0 bytes are there; 0 if it is not valid (RFC 3629, 4). */
static size_t sequence_length(const unsigned char *p, size_t left)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    if (c < 0xC2 || c > 0xF4)
        return 0; /* a continuation, an overlong form, or above U+10FFFF */
    if (c < 0xE0)
        return left >= 2 && is_continuation(p[1]) ? 2 : 0;
    if (left < 3 || !is_continuation(p[1]) || !is_continuation(p[2]))
        return 0;
    if (c < 0xF0) {
        bool overlong = c == 0xE0 && p[1] < 0xA0;
        bool surrogate = c == 0xED && p[1] > 0x9F;
        return overlong || surrogate ? 0 : 3;
    }
    if (left < 4 || !is_continuation(p[3]))
        return 0;
    bool overlong = c == 0xF0 && p[1] < 0x90;
    bool too_large = c == 0xF4 && p[1] > 0x8F;
    return overlong || too_large ? 0 : 4;
}

int32_t utf8_next(struct str s, size_t *at)
{
    if (*at >= s.len)
        return -1;
    const unsigned char *p = (const unsigned char *)s.ptr + *at;
    size_t len = sequence_length(p, s.len - *at);
    *at += len;
    switch (len) {
    case 1: return p[0];
    case 2: return (p[0] & 0x1F) << 6 | (p[1] & 0x3F);
    case 3: return (p[0] & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    case 4: return (p[0] & 0x07) << 18 | (p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    default: return -1;
    }
}

size_t utf8_put(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        if (c >= 0xD800 && c <= 0xDFFF)
            return 0;
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    if (c > 0x10FFFF)
        return 0;
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Most text is ASCII: eight bytes at a time have no bit 7. */
static size_t skip_ascii(const unsigned char *p, size_t at, size_t len)
{
    while (len - at >= 8) {
        uint64_t word;
        memcpy(&word, p + at, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            return at;
        at += 8;
    }
    return at;
}

size_t utf8_check(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t at = 0;
    while (at < s.len) {
        if (p[at] < 0x80) {
            at = skip_ascii(p, at + 1, s.len);
            continue;
        }
        size_t len = sequence_length(p + at, s.len - at);
        if (len == 0)
            return at;
        at += len;
    }
    return at;
}

size_t utf8_length(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += !is_continuation((unsigned char)s.ptr[i]);
    return count;
}

void utf8_add_clean(struct buf *b, struct str s)
{
    static const char REPLACEMENT[] = "\xEF\xBF\xBD";
    size_t clean = 0, at = 0;
    while (at < s.len) {
        size_t before = at;
        if (utf8_next(s, &at) > 0)
            continue;
        buf_add(b, s.ptr + clean, before - clean);
        buf_add(b, REPLACEMENT, 3);
        at = before + 1;
        clean = at;
    }
    buf_add(b, s.ptr + clean, s.len - clean);
}
