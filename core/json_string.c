#include "json_string.h"

#include "utf8.h"

/* What is being read, and where its next byte goes: never beyond what was read, as no escape is shorter. */
struct unescaper {
    char *in, *out;
    const char *where; /* of the mistake, if there is one */
    struct error *err;
};

/* The first byte that means something in a string: a quote, a backslash, or a control character. */
static inline char *skip_plain(char *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    static const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    for (;; p += 8) {
        /* https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord; the lowest hit is exact */
        uint64_t word;
        memcpy(&word, p, sizeof word);
        uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
        uint64_t hits =
            (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((word - ones * 0x20) & ~word)) &
            highs;
        if (hits != 0)
            return p + (__builtin_ctzll(hits) >> 3);
    }
#else
    while (*p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
        p++;
    return p;
#endif
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX at p, or -1. */
static int32_t code_unit(const char *p)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* u->in is at the backslash of \uXXXX, and is moved behind the last digit. */
static enum status unescape_unicode(struct unescaper *u)
{
    int32_t c = code_unit(u->in + 2);
    u->where = u->in;
    if (c < 0)
        return error_set(u->err, STATUS_SYNTAX, "\\u needs four hexadecimal digits");
    u->in += 6;
    if (c >= 0xD800 && c <= 0xDFFF) {
        int32_t low = c < 0xDC00 && u->in[0] == '\\' && u->in[1] == 'u' ? code_unit(u->in + 2) : -1;
        if (low < 0xDC00 || low > 0xDFFF)
            return error_set(u->err, STATUS_SYNTAX,
                             "the surrogate \\u%04X is half a character without its other half", (unsigned)c);
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        u->in += 6;
    }
    u->out += utf8_put(u->out, (uint32_t)c);
    return STATUS_OK;
}

/* u->in is at a backslash. */
static enum status unescape(struct unescaper *u)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char c = u->in[1];
    if (c == 'u')
        return unescape_unicode(u);
    const char *name = c != '\0' ? strchr(names, c) : NULL;
    if (name == NULL) {
        u->where = u->in;
        error_set(u->err, STATUS_SYNTAX,
                  "a backslash in a string has to be followed by one of \" \\ / b f n r t u");
        return error_hint(u->err, "Write \\\\ for a backslash.");
    }
    u->in += 2;
    *u->out++ = bytes[name - names];
    return STATUS_OK;
}

static enum status refuse_end(struct unescaper *u, const char *opening_quote, const char *end)
{
    unsigned char c = (unsigned char)*u->in;
    if (u->in >= end) {
        u->where = opening_quote;
        return error_set(u->err, STATUS_SYNTAX, "the string that begins here has no closing quote");
    }
    u->where = u->in;
    error_set(u->err, STATUS_SYNTAX, "the control character U+%04X is in a string", c);
    return error_hint(u->err, "Write it as an escape, like \\n or \\u%04x.", c);
}

/* Goes on at the first backslash. */
static enum status unescape_all(struct unescaper *u)
{
    while (*u->in == '\\') {
        TRY(unescape(u));
        char *run = u->in;
        u->in = skip_plain(run);
        memmove(u->out, run, (size_t)(u->in - run));
        u->out += u->in - run;
    }
    return STATUS_OK;
}

enum status json_string(char **p, const char *end, struct value *out, const char **where, struct error *err)
{
    char *start = *p + 1, *special = skip_plain(start);
    struct unescaper u = {special, special, start, err};
    enum status s = unescape_all(&u);
    if (s == STATUS_OK && *u.in != '"')
        s = refuse_end(&u, *p, end);
    *where = u.where;
    if (s != STATUS_OK)
        return s;
    *p = u.in + 1;
    *out = value_str((struct str){start, (size_t)(u.out - start)});
    return STATUS_OK;
}
