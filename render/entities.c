#include "entities.h"

#include "core/utf8.h"

enum { LONGEST_NAME = 32, REPLACEMENT = 0xFFFD };

static const char *find(struct str name)
{
    size_t low = 0, high = ENTITY_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int c = str_compare(name, str_of(ENTITIES[middle].name));
        if (c == 0)
            return ENTITIES[middle].text;
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* What browsers make of numbers 128 to 159: the characters of Windows-1252. */
static const uint16_t WINDOWS[32] = {0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
                                     0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
                                     0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                     0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

static bool is_noncharacter(uint32_t c)
{
    return (c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f ||
           (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

static void write_number(struct writer *w, uint32_t c)
{
    if (c == 0 || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        writer_code_point(w, REPLACEMENT);
    else if (c >= 0x80 && c <= 0x9f)
        writer_code_point(w, WINDOWS[c - 0x80]);
    else if (!is_noncharacter(c))
        writer_code_point(w, c);
}

static int digit(char c, int base)
{
    int d = c >= '0' && c <= '9'                     ? c - '0'
            : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                     : 99;
    return d < base ? d : -1;
}

/* "#…" behind the "&"; gives how much of it was a reference. */
static size_t numeric(struct writer *w, struct str s)
{
    bool hex = s.len > 1 && (s.ptr[1] | 0x20) == 'x';
    size_t start = hex ? 2 : 1, at = start;
    uint32_t c = 0;
    for (; at < s.len && digit(s.ptr[at], hex ? 16 : 10) >= 0; at++)
        c = c > 0x10ffff ? c : c * (hex ? 16 : 10) + (uint32_t)digit(s.ptr[at], hex ? 16 : 10);
    if (at == start)
        return 0;
    write_number(w, c);
    return at + (at < s.len && s.ptr[at] == ';');
}

/* A name, or the longest beginning of one that is a name; gives how much of it was a reference. */
static size_t named(struct writer *w, struct str s)
{
    size_t len = 0, characters = 0;
    while (len < s.len && !strchr("\t\n\f <&#;", s.ptr[len]) && s.ptr[len] && characters < LONGEST_NAME) {
        characters += ((unsigned char)s.ptr[len] & 0xC0) != 0x80;
        len++;
    }
    if (len > 0 && len < s.len && s.ptr[len] == ';')
        len++;
    for (size_t part = len; part > 1; part--) {
        const char *text = find((struct str){s.ptr, part});
        if (text) {
            writer_text(w, text);
            return part;
        }
    }
    return 0;
}

void entities_unescape(struct writer *w, struct str s)
{
    size_t at = 0;
    while (at < s.len) {
        const char *hit = memchr(s.ptr + at, '&', s.len - at);
        size_t plain = hit ? (size_t)(hit - s.ptr) - at : s.len - at;
        writer_add(w, s.ptr + at, plain);
        at += plain;
        if (!hit)
            break;
        struct str rest = {s.ptr + at + 1, s.len - at - 1};
        size_t used = rest.len == 0 ? 0 : rest.ptr[0] == '#' ? numeric(w, rest) : named(w, rest);
        if (used == 0)
            writer_char(w, '&');
        at += 1 + used;
    }
}
