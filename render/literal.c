#include "literal.h"

#include "core/utf8.h"

enum status literal_newlines(struct arena *a, struct str text, const char *newline, struct str *out,
                             struct error *err)
{
    size_t newline_len = strlen(newline), count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n' || text.ptr[i] == '\r';
    char *copy = (char *)arena_alloc(a, text.len + count * newline_len);
    if (!copy)
        return arena_error(a, err, "the template's text");
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\n' && text.ptr[i] != '\r') {
            copy[len++] = text.ptr[i];
            continue;
        }
        if (text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n')
            i++;
        for (size_t n = 0; n < newline_len; n++)
            copy[len++] = newline[n];
    }
    *out = (struct str){copy, len};
    return STATUS_OK;
}

/* ---- Strings ------------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* \xhh, \uhhhh, \Uhhhhhhhh: `digits` of them at s[at]. */
static bool read_hex(struct str s, size_t at, size_t digits, uint32_t *code)
{
    *code = 0;
    if (s.len - at < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        int d = hex_digit(s.ptr[at + i]);
        if (d < 0)
            return false;
        *code = *code << 4 | (uint32_t)d;
    }
    return true;
}

static size_t read_octal(struct str s, size_t at, uint32_t *code)
{
    size_t n = 0;
    for (*code = 0; n < 3 && at + n < s.len && s.ptr[at + n] >= '0' && s.ptr[at + n] <= '7'; n++)
        *code = *code << 3 | (uint32_t)(s.ptr[at + n] - '0');
    return n;
}

static char simple_escape(char c)
{
    static const char FROM[] = "\\'\"abfnrtv", TO[] = "\\'\"\a\b\f\n\r\t\v";
    const char *hit = c ? strchr(FROM, c) : NULL;
    return hit ? TO[hit - FROM] : 0;
}

/* Decodes the escape at s[*at], which is behind the backslash; appends to out. */
static enum status read_escape(struct str s, size_t *at, char *out, size_t *len, struct error *err)
{
    char c = s.ptr[*at];
    char simple = simple_escape(c);
    if (simple || c == '\n') { /* a backslash at the end of a line joins the lines */
        if (simple)
            out[(*len)++] = simple;
        (*at)++;
        return STATUS_OK;
    }
    uint32_t code;
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits) {
        if (!read_hex(s, *at + 1, digits, &code))
            return error_set(err, STATUS_SYNTAX,
                             "truncated \\%c escape in a string: it takes %zu hexadecimal digits", c, digits);
        size_t put = utf8_put(out + *len, code);
        if (put == 0)
            return error_set(err, STATUS_SYNTAX, "\\%c%0*X in a string is no character", c, (int)digits,
                             code);
        *len += put;
        *at += 1 + digits;
        return STATUS_OK;
    }
    if (c >= '0' && c <= '7') {
        *at += read_octal(s, *at, &code);
        *len += utf8_put(out + *len, code);
        return STATUS_OK;
    }
    if (c == 'N' && *at + 1 < s.len && s.ptr[*at + 1] == '{')
        return error_set(err, STATUS_SYNTAX,
                         "\\N{…} in a string: write the character itself, or \\u and its number");
    out[(*len)++] = '\\';
    return STATUS_OK;
}

enum status literal_string(struct arena *a, struct str inside, struct str *out, struct error *err)
{
    if (!memchr(inside.ptr, '\\', inside.len)) {
        *out = inside;
        return STATUS_OK;
    }
    char *copy = (char *)arena_alloc(a, inside.len + 4); /* no escape is shorter than what it stands for */
    if (!copy)
        return arena_error(a, err, "a string of the template");
    size_t len = 0;
    for (size_t i = 0; i < inside.len;) {
        if (inside.ptr[i] == '\\' && i + 1 < inside.len) {
            i++;
            TRY(read_escape(inside, &i, copy, &len, err));
        } else {
            copy[len++] = inside.ptr[i++];
        }
    }
    *out = (struct str){copy, len};
    return STATUS_OK;
}

/* ---- Numbers ------------------------------------------------------------------------------------ */

static bool in_base(char c, int base)
{
    int d = hex_digit(c);
    return d >= 0 && d < base;
}

/* Digits with single underscores between them; with `lead`, an underscore may come first. */
static size_t digits_length(struct str s, size_t at, int base, bool lead)
{
    size_t p = at;
    while (p < s.len) {
        size_t digit = p + (s.ptr[p] == '_' && (p > at || lead) ? 1 : 0);
        if (digit >= s.len || !in_base(s.ptr[digit], base))
            break;
        p = digit + 1;
    }
    return p - at;
}

static size_t exponent_length(struct str s, size_t at)
{
    if (at >= s.len || (s.ptr[at] != 'e' && s.ptr[at] != 'E'))
        return 0;
    size_t p = at + 1;
    if (p < s.len && (s.ptr[p] == '+' || s.ptr[p] == '-'))
        p++;
    size_t digits = digits_length(s, p, 10, false);
    return digits ? p + digits - at : 0;
}

static size_t float_length(struct str s)
{
    size_t whole = digits_length(s, 0, 10, false), len = whole;
    size_t fraction = len + 1 < s.len && s.ptr[len] == '.' ? digits_length(s, len + 1, 10, false) : 0;
    if (fraction)
        len += 1 + fraction;
    len += exponent_length(s, len);
    return len > whole ? len : 0;
}

static size_t integer_length(struct str s)
{
    if (s.ptr[0] == '0' && s.len > 2) {
        char c = s.ptr[1] | 0x20;
        int base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
        size_t digits = base ? digits_length(s, 2, base, true) : 0;
        if (digits)
            return 2 + digits;
    }
    if (s.ptr[0] != '0')
        return digits_length(s, 0, 10, false);
    size_t p = 1;
    while (p < s.len && (s.ptr[p] == '0' || (s.ptr[p] == '_' && p + 1 < s.len && s.ptr[p + 1] == '0')))
        p++;
    return p;
}

size_t literal_number_length(struct str text, bool may_be_float, bool *is_float)
{
    size_t len = may_be_float ? float_length(text) : 0;
    *is_float = len > 0;
    return len > 0 ? len : integer_length(text);
}

enum status literal_without_underscores(struct arena *a, struct str text, struct str *out, struct error *err)
{
    *out = text;
    if (!memchr(text.ptr, '_', text.len))
        return STATUS_OK;
    char *copy = (char *)arena_alloc(a, text.len);
    if (!copy)
        return arena_error(a, err, "a number of the template");
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '_')
            copy[len++] = text.ptr[i];
    }
    *out = (struct str){copy, len};
    return STATUS_OK;
}
