#include "source.h"

#include "core/utf8.h"

/* Length of the line break at `at`, or 0. */
static size_t line_break(struct str s, size_t at)
{
    const unsigned char *p = (const unsigned char *)s.ptr + at;
    size_t left = s.len - at;
    if (left == 0)
        return 0;
    if (p[0] == '\n')
        return 1;
    if (p[0] == '\r')
        return left > 1 && p[1] == '\n' ? 2 : 1;
    if (left > 1 && p[0] == 0xc2 && p[1] == 0x85)
        return 2;
    if (left > 2 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
        return 3;
    return 0;
}

static uint32_t count_lines(struct str text)
{
    uint32_t n = 1;
    for (size_t at = 0; at < text.len;) {
        size_t length = line_break(text, at);
        n += length > 0;
        at += length ? length : 1;
    }
    return n;
}

enum status source_open(struct source *s, struct arena *a, struct str text, struct error *err)
{
    if (str_starts_with(text, STR("\xef\xbb\xbf")))
        text = (struct str){text.ptr + 3, text.len - 3};
    *s = (struct source){.text = text, .line_count = count_lines(text)};
    s->lines = ARENA_ARRAY(a, size_t, s->line_count);
    if (!s->lines)
        return arena_error(a, err, "the lines of a playbook");
    uint32_t line = 0;
    for (size_t at = 0; at < text.len;) {
        size_t length = line_break(text, at);
        at += length ? length : 1;
        if (length)
            s->lines[++line] = at;
    }
    return STATUS_OK;
}

struct str source_line(const struct source *s, uint32_t line)
{
    if (line == 0 || line > s->line_count)
        return STR("");
    size_t from = s->lines[line - 1], to = from;
    while (to < s->text.len && !line_break(s->text, to))
        to++;
    return (struct str){s->text.ptr + from, to - from};
}

/* Steps over one character, or over one byte of what is none. */
static void step(struct str s, size_t *at)
{
    if (utf8_next(s, at) < 0)
        ++*at;
}

size_t source_offset(const struct source *s, struct position at)
{
    if (at.line == 0 || at.line > s->line_count)
        return s->text.len;
    struct str line = source_line(s, at.line);
    size_t offset = 0;
    for (uint32_t column = 1; column < at.column && offset < line.len; column++)
        step(line, &offset);
    return s->lines[at.line - 1] + offset;
}

struct position source_position(const struct source *s, size_t offset)
{
    uint32_t low = 0, high = s->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (s->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    struct position p = {low + 1, 1, 0};
    for (size_t at = s->lines[low]; at < offset && at < s->text.len; p.column++)
        step(s->text, &at);
    return p;
}

static bool is_space(struct str s, size_t at)
{
    return s.ptr[at] == ' ' || s.ptr[at] == '\t' || line_break(s, at) > 0;
}

/* Behind `&anchor` and `!tag`, which libyaml counts as the scalar's. */
static size_t skip_properties(struct str text, size_t at)
{
    while (at < text.len && (text.ptr[at] == '&' || text.ptr[at] == '!')) {
        while (at < text.len && !is_space(text, at))
            at++;
        while (at < text.len && is_space(text, at))
            at++;
    }
    return at;
}

static size_t skip_opening(struct str text, size_t at, enum scalar_style style)
{
    if (style == SCALAR_SINGLE || style == SCALAR_DOUBLE)
        return at < text.len ? at + 1 : at;
    if (style == SCALAR_BLOCK) {
        while (at < text.len && !line_break(text, at))
            at++;
    }
    return at;
}

/*
 * Bytes of the escape at `at`. One whose value is white space, or nothing (\ before a line's end), counts as
 * white space; *is_white says so.
 */
static size_t escape_length(struct str text, size_t at, bool *is_white)
{
    char c = at + 1 < text.len ? text.ptr[at + 1] : '\0';
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    *is_white = c != '\0' && (strchr("tnrvf NLP_\t", c) != NULL || line_break(text, at + 1) > 0);
    if (digits && at + 2 + digits <= text.len) {
        static const char *const spaces[] = {"20", "09", "0a", "0A", "0d", "0D"};
        for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++)
            *is_white = *is_white || memcmp(text.ptr + at + digits, spaces[i], 2) == 0;
    }
    return 2 + digits;
}

/* Characters of value[0, at) that are no white space; what an escape may stand for included. */
static size_t count_black(struct str value, size_t at)
{
    size_t n = 0;
    for (size_t i = 0; i < at && i < value.len;) {
        size_t from = i;
        int32_t c = utf8_next(value, &i);
        if (c < 0)
            i++;
        bool white = is_space(value, from) || c == '\v' || c == '\f' || c == 0xa0;
        n += !white;
    }
    return n;
}

/* Bytes that stand for one character of the value, or for white space that may have been folded. */
static size_t token_length(struct str text, size_t at, enum scalar_style style, bool *is_white)
{
    *is_white = is_space(text, at);
    if (style == SCALAR_DOUBLE && text.ptr[at] == '\\')
        return escape_length(text, at, is_white);
    if (style == SCALAR_SINGLE && text.ptr[at] == '\'')
        return 2;
    size_t behind = at;
    step(text, &behind);
    return behind - at;
}

struct position source_position_in_scalar(const struct source *s, size_t start, enum scalar_style style,
                                          struct str value, size_t at)
{
    struct str text = s->text;
    size_t i = skip_opening(text, skip_properties(text, start), style);
    size_t left = count_black(value, at);
    bool white;
    while (left > 0 && i < text.len) {
        i += token_length(text, i, style, &white);
        left -= !white;
    }
    if (at < value.len && !is_space(value, at)) {
        while (i < text.len && is_space(text, i))
            step(text, &i);
    }
    return source_position(s, i < text.len ? i : text.len);
}
