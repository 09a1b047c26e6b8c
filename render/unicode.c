#include "unicode.h"

#include "core/utf8.h"
#include "unicode_tables.h"

static inline uint32_t properties(uint32_t c)
{
    return c < 0x110000 ? UNICODE_PAGES[UNICODE_PAGE_OF[c / UNICODE_PAGE]][c % UNICODE_PAGE] : 0;
}

static inline bool has(uint32_t c, uint32_t property)
{
    return (properties(c) & property) != 0;
}

bool unicode_is_space(uint32_t c)
{
    return has(c, UNICODE_SPACE);
}

bool unicode_is_alpha(uint32_t c)
{
    return has(c, UNICODE_ALPHA);
}

bool unicode_is_decimal(uint32_t c)
{
    return has(c, UNICODE_DECIMAL);
}

bool unicode_is_digit(uint32_t c)
{
    return has(c, UNICODE_DIGIT);
}

bool unicode_is_numeric(uint32_t c)
{
    return has(c, UNICODE_NUMERIC);
}

bool unicode_is_upper(uint32_t c)
{
    return has(c, UNICODE_IS_UPPER);
}

bool unicode_is_lower(uint32_t c)
{
    return has(c, UNICODE_IS_LOWER);
}

bool unicode_is_title(uint32_t c)
{
    return has(c, UNICODE_IS_TITLE);
}

bool unicode_is_cased(uint32_t c)
{
    return has(c, UNICODE_IS_UPPER | UNICODE_IS_LOWER | UNICODE_IS_TITLE);
}

bool unicode_is_case_ignorable(uint32_t c)
{
    return has(c, UNICODE_CASE_IGNORABLE);
}

bool unicode_is_printable(uint32_t c)
{
    return has(c, UNICODE_PRINTABLE);
}

bool unicode_is_word(uint32_t c)
{
    return c == '_' ||
           has(c, UNICODE_ALPHA | UNICODE_DECIMAL | UNICODE_DIGIT | UNICODE_NUMERIC | UNICODE_ID_PART);
}

bool unicode_is_identifier(struct str s)
{
    for (size_t at = 0; at < s.len;) {
        bool first = at == 0;
        int32_t c = utf8_next(s, &at);
        if (c < 0 || !has((uint32_t)c, first ? UNICODE_ID_START : UNICODE_ID_PART))
            return false;
    }
    return s.len > 0;
}

int unicode_decimal_value(uint32_t c)
{
    uint32_t p = properties(c);
    return p & UNICODE_DECIMAL ? (int)(p >> UNICODE_VALUE_SHIFT) : -1;
}

static const struct unicode_case_entry *find_case(uint32_t c)
{
    size_t low = 0, high = UNICODE_CASE_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (UNICODE_CASES[middle].code == c)
            return &UNICODE_CASES[middle];
        if (UNICODE_CASES[middle].code < c)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int unicode_convert(uint32_t c, enum unicode_case to, uint32_t out[3])
{
    bool down = to == UNICODE_LOWER || to == UNICODE_FOLD;
    out[0] = c;
    if (c < 128) {
        if (down ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z')
            out[0] = c ^ 0x20;
        return 1;
    }
    const struct unicode_case_entry *e = find_case(c);
    if (!e)
        return 1;
    uint32_t form = e->form[to];
    if (!(form & 0x80000000u)) {
        out[0] = form;
        return 1;
    }
    const uint32_t *text = UNICODE_LONG_CASES[form & 0x7fffffffu];
    for (uint32_t i = 0; i < text[0]; i++)
        out[i] = text[1 + i];
    return (int)text[0];
}
