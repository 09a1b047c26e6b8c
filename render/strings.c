#include "strings.h"

#include "core/utf8.h"

uint32_t string_next(struct str s, size_t *at)
{
    int32_t c = utf8_next(s, at);
    if (c >= 0)
        return (uint32_t)c;
    (*at)++;
    return 0xFFFD;
}

size_t text_length(struct str s)
{
    return utf8_length(s);
}

/* ---- Case --------------------------------------------------------------------------------------- */

enum { SMALL_SIGMA = 0x3C3, FINAL_SIGMA = 0x3C2, CAPITAL_SIGMA = 0x3A3 };

/* Whether the next character in one direction that is not case-ignorable is cased. */
static bool cased_before(struct str s, size_t at)
{
    while (at > 0) {
        size_t start = at - 1;
        while (start > 0 && ((unsigned char)s.ptr[start] & 0xC0) == 0x80)
            start--;
        size_t p = start;
        int32_t c = utf8_next(s, &p);
        if (c < 0 || !unicode_is_case_ignorable((uint32_t)c))
            return c >= 0 && unicode_is_cased((uint32_t)c);
        at = start;
    }
    return false;
}

static bool cased_after(struct str s, size_t at)
{
    while (at < s.len) {
        int32_t c = utf8_next(s, &at);
        if (c < 0)
            return false;
        if (!unicode_is_case_ignorable((uint32_t)c))
            return unicode_is_cased((uint32_t)c);
    }
    return false;
}

static void put_converted(struct writer *w, uint32_t c, enum unicode_case to)
{
    uint32_t out[3];
    int count = unicode_convert(c, to, out);
    for (int i = 0; i < count; i++)
        writer_code_point(w, out[i]);
}

static enum unicode_case case_of(enum string_case how, uint32_t c, bool first, bool after_cased)
{
    switch (how) {
    case STRING_UPPER: return UNICODE_UPPER;
    case STRING_FOLD: return UNICODE_FOLD;
    case STRING_TITLE: return after_cased ? UNICODE_LOWER : UNICODE_TITLE;
    case STRING_CAPITALIZE: return first ? UNICODE_TITLE : UNICODE_LOWER;
    case STRING_SWAP: return unicode_is_lower(c) ? UNICODE_UPPER : UNICODE_LOWER;
    case STRING_LOWER: break;
    }
    return UNICODE_LOWER;
}

enum { WORD = sizeof(uint64_t) };
#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * Eight ASCII letters at once. Adding 0x80 - 'a' to a byte below 0x80 sets its top bit from 'a' on, adding
 * 0x7f - 'z' from behind 'z' on: where the two differ there is a letter, and its bit 0x20 is turned.
 */
static uint64_t turn_case(uint64_t eight, unsigned char first)
{
    uint64_t from = eight + EVERY_BYTE(0x80u - first), behind = eight + EVERY_BYTE(0x7fu - (first + 25u));
    return eight ^ ((from ^ behind) & EVERY_BYTE(0x80u)) >> 2;
}

/* ASCII needs no tables, and most text is that. Gives how much of it was written. */
static size_t case_ascii(struct writer *w, struct str s, enum string_case how)
{
    unsigned char first = how == STRING_LOWER ? 'A' : 'a';
    size_t i = 0;
    if (how != STRING_LOWER && how != STRING_UPPER)
        return 0;
    char *to = writer_grow(w, s.len);
    if (!to)
        return s.len;
    for (uint64_t eight; s.len - i >= WORD; i += WORD) {
        memcpy(&eight, s.ptr + i, WORD);
        if (eight & EVERY_BYTE(0x80u))
            break;
        eight = turn_case(eight, first);
        memcpy(to + i, &eight, WORD);
    }
    for (; i < s.len && !(s.ptr[i] & 0x80); i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        to[i] = (char)(c ^ ((unsigned char)(c - first) < 26) << 5);
    }
    w->len += i;
    return i;
}

void string_case(struct writer *w, struct str s, enum string_case how)
{
    bool after_cased = false;
    for (size_t at = case_ascii(w, s, how); at < s.len && w->status == STATUS_OK;) {
        size_t start = at;
        int32_t c = utf8_next(s, &at);
        if (c < 0) {
            writer_char(w, s.ptr[at++]);
            continue;
        }
        enum unicode_case to = case_of(how, (uint32_t)c, start == 0, after_cased);
        bool final =
            c == CAPITAL_SIGMA && to == UNICODE_LOWER && cased_before(s, start) && !cased_after(s, at);
        if (final)
            writer_code_point(w, FINAL_SIGMA);
        else
            put_converted(w, (uint32_t)c, to);
        after_cased = unicode_is_cased((uint32_t)c);
    }
}

/* ---- Stripping ---------------------------------------------------------------------------------- */

static bool strips(int32_t c, struct str bytes, const struct str *chars)
{
    if (c < 0)
        return false;
    return chars ? str_find(*chars, bytes) >= 0 : unicode_is_space((uint32_t)c);
}

struct str string_strip(struct str s, const struct str *chars, int ends)
{
    while ((ends & STRIP_LEFT) && s.len > 0) {
        size_t at = 0;
        int32_t c = utf8_next(s, &at);
        if (!strips(c, (struct str){s.ptr, at}, chars))
            break;
        s = (struct str){s.ptr + at, s.len - at};
    }
    while ((ends & STRIP_RIGHT) && s.len > 0) {
        size_t start = s.len - 1;
        while (start > 0 && ((unsigned char)s.ptr[start] & 0xC0) == 0x80)
            start--;
        size_t at = start;
        int32_t c = utf8_next(s, &at);
        if (!strips(c, (struct str){s.ptr + start, s.len - start}, chars))
            break;
        s.len = start;
    }
    return s;
}

/* ---- Searching and replacing -------------------------------------------------------------------- */

ptrdiff_t string_find_last(struct str s, struct str needle)
{
    if (needle.len > s.len)
        return -1;
    for (size_t at = s.len - needle.len + 1; at-- > 0;) {
        if (needle.len == 0 || memcmp(s.ptr + at, needle.ptr, needle.len) == 0)
            return (ptrdiff_t)at;
    }
    return -1;
}

/* An empty `old` is found before each character and at the end. */
static enum status replace_empty(struct writer *w, struct str s, struct str new, int64_t count)
{
    size_t at = 0;
    for (; count != 0 && w->status == STATUS_OK; count--) {
        writer_str(w, new);
        if (at >= s.len)
            return w->status;
        size_t len = string_offset((struct str){s.ptr + at, s.len - at}, 1);
        writer_add(w, s.ptr + at, len);
        at += len;
    }
    writer_add(w, s.ptr + at, s.len - at);
    return w->status;
}

enum status string_replace(struct writer *w, struct str s, struct str old, struct str new, int64_t count)
{
    TRY(vm_tick(w->vm, s.len / 16 + 1));
    if (old.len == 0)
        return replace_empty(w, s, new, count);
    while (count != 0) {
        ptrdiff_t hit = str_find(s, old);
        if (hit < 0)
            break;
        writer_add(w, s.ptr, (size_t)hit);
        writer_str(w, new);
        s = (struct str){s.ptr + hit + old.len, s.len - (size_t)hit - old.len};
        count -= count > 0;
        TRY(w->status);
    }
    writer_str(w, s);
    return w->status;
}

/* \n \r \r\n \v \f \x1c \x1d \x1e \x85 \u2028 \u2029 */
static size_t line_end_length(struct str s, size_t at)
{
    unsigned char c = (unsigned char)s.ptr[at];
    if (c == '\r')
        return at + 1 < s.len && s.ptr[at + 1] == '\n' ? 2 : 1;
    if (c == '\n' || c == '\v' || c == '\f' || (c >= 0x1c && c <= 0x1e))
        return 1;
    if (c == 0xC2 && at + 1 < s.len && (unsigned char)s.ptr[at + 1] == 0x85)
        return 2;
    bool separator = c == 0xE2 && at + 2 < s.len && (unsigned char)s.ptr[at + 1] == 0x80;
    return separator && ((unsigned char)s.ptr[at + 2] & 0xFE) == 0xA8 ? 3 : 0;
}

bool string_line(struct str *rest, struct str *line, bool keep)
{
    if (rest->len == 0)
        return false;
    size_t at = 0, end = 0;
    while (at < rest->len && (end = line_end_length(*rest, at)) == 0)
        at++;
    *line = (struct str){rest->ptr, keep ? at + end : at};
    *rest = (struct str){rest->ptr + at + end, rest->len - at - end};
    return true;
}

size_t string_offset(struct str s, uint64_t index)
{
    size_t at = 0;
    for (; index > 0 && at < s.len; index--) {
        do
            at++;
        while (at < s.len && ((unsigned char)s.ptr[at] & 0xC0) == 0x80);
    }
    return at;
}

void string_justify(struct writer *w, struct str s, uint64_t width, struct str fill, char align)
{
    uint64_t len = utf8_length(s), pad = width > len ? width - len : 0;
    uint64_t left = align == '>' ? pad : align == '^' ? pad / 2 + (pad & width & 1) : 0;
    writer_repeat(w, fill, left);
    writer_str(w, s);
    writer_repeat(w, fill, pad - left);
}
