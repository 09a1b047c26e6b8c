/*
 * What a plain scalar is. The two schemas that disagree:
 *   YAML 1.1 as PyYAML has it   http://yaml.org/type/ and PyYAML's resolver
 *   YAML 1.2's core schema      https://yaml.org/spec/1.2.2/#103-core-schema
 */
#include "ynode.h"

#include "core/json.h"

#define DIGITS "0123456789"

static const char AS_TEXT_IN_12[] = "YAML 1.2 reads it as text";
static const char AS_TEXT_IN_11[] = "YAML 1.1 reads it as text";

static bool is_one_of(struct str s, const char *words)
{
    struct str rest = str_of(words);
    while (rest.len) {
        if (str_equal(str_split(&rest, ' '), s))
            return true;
    }
    return false;
}

/* Whether all of it is of the set, and something of it is no underscore. */
static bool is_only(struct str s, const char *set)
{
    bool something = false;
    for (size_t i = 0; i < s.len; i++) {
        if (!s.ptr[i] || !strchr(set, s.ptr[i]))
            return false;
        something = something || s.ptr[i] != '_';
    }
    return something;
}

static bool has(struct str s, char c)
{
    return s.len && memchr(s.ptr, c, s.len) != NULL;
}

static struct str after(struct str s, size_t n)
{
    return (struct str){s.ptr + n, s.len - n};
}

static bool resolve_word(struct str s, struct value *out, const char **ambiguous)
{
    if (s.len == 0 || is_one_of(s, "~ null Null NULL")) {
        *out = value_null();
        return true;
    }
    if (is_one_of(s, "true True TRUE false False FALSE")) {
        *out = value_bool(s.ptr[0] == 't' || s.ptr[0] == 'T');
        return true;
    }
    if (is_one_of(s, "yes Yes YES on On ON no No NO off Off OFF")) {
        *out = value_bool(is_one_of(s, "yes Yes YES on On ON"));
        *ambiguous = AS_TEXT_IN_12;
        return true;
    }
    return false;
}

static enum status read_with_base(struct str digits, unsigned base, bool negative, struct value *out,
                                  struct error *err)
{
    int64_t n = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        if (c == '_')
            continue;
        int64_t digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        if (__builtin_mul_overflow(n, (int64_t)base, &n) || __builtin_add_overflow(n, digit, &n)) {
            error_set(err, STATUS_INVALID, "the number has more than 63 bits");
            return error_hint(err, "write it in decimal, where integers may be of any size");
        }
    }
    *out = value_int(negative ? -n : n);
    return STATUS_OK;
}

/*
 * Reads decimal text by way of JSON, which has integers of any size and correctly rounded floats: takes the
 * underscores out, and puts in the zeros that JSON wants around a point.
 */
static enum status read_decimal(struct arena *a, struct str body, bool negative, struct value *out,
                                struct error *err)
{
    char *text = arena_alloc(a, body.len + 4);
    size_t n = 0;
    if (!text)
        return arena_error(a, err, "a number");
    if (negative)
        text[n++] = '-';
    for (size_t i = 0; i < body.len; i++) {
        char c = body.ptr[i];
        bool digit_before = n > 0 && text[n - 1] >= '0' && text[n - 1] <= '9';
        bool digit_after = i + 1 < body.len && body.ptr[i + 1] >= '0' && body.ptr[i + 1] <= '9';
        if (c == '_')
            continue;
        if (c == '.' && !digit_before)
            text[n++] = '0';
        text[n++] = c;
        if (c == '.' && !digit_after)
            text[n++] = '0';
    }
    if (json_read(a, (struct str){text, n}, NULL, out, err) == STATUS_OK)
        return STATUS_OK;
    return err->status == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : (err->status = STATUS_INVALID);
}

/* [0-9_]* ( . [0-9_]* )? ( [eE] [-+]? [0-9]+ )? with a digit in front and a point or an exponent. */
static bool is_float(struct str s, bool has_sign, const char **ambiguous)
{
    size_t i = 0, digits = 0;
    bool point = false;
    for (; i < s.len && (strchr(DIGITS "_", s.ptr[i]) || (s.ptr[i] == '.' && !point)); i++) {
        if (s.ptr[i] == '_' && digits == 0)
            return false;
        point = point || s.ptr[i] == '.';
        digits += s.ptr[i] >= '0' && s.ptr[i] <= '9';
    }
    if (digits == 0)
        return false;
    if (i < s.len) {
        struct str exponent = after(s, i + 1);
        bool signed_exponent = exponent.len && (exponent.ptr[0] == '-' || exponent.ptr[0] == '+');
        if ((s.ptr[i] != 'e' && s.ptr[i] != 'E') ||
            !is_only(signed_exponent ? after(exponent, 1) : exponent, DIGITS))
            return false;
        if (!signed_exponent || !point)
            *ambiguous = AS_TEXT_IN_11;
    } else if (!point) {
        return false;
    }
    if (has(s, '_'))
        *ambiguous = AS_TEXT_IN_12;
    else if (s.ptr[0] == '.' && has_sign)
        *ambiguous = AS_TEXT_IN_11;
    return true;
}

/* 12:30, 1:02:03: numbers to the base 60 in YAML 1.1. */
static bool is_base_60(struct str s)
{
    if (!has(s, ':') || s.len == 0 || s.ptr[0] < '1' || s.ptr[0] > '9')
        return false;
    str_split(&s, ':');
    while (s.len) {
        struct str part = str_split(&s, ':');
        if (part.len == 0 || part.len > 2 || !is_only(part, DIGITS) || (part.len == 2 && part.ptr[0] > '5'))
            return false;
    }
    return true;
}

/* Sets *found unless the text is no number. */
static enum status resolve_number(struct arena *a, struct str s, struct value *out, bool *found,
                                  const char **ambiguous, struct error *err)
{
    bool has_sign = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'), negative = has_sign && s.ptr[0] == '-';
    struct str body = has_sign ? after(s, 1) : s;
    *found = true;
    if (is_one_of(body, ".inf .Inf .INF") || (!has_sign && is_one_of(body, ".nan .NaN .NAN"))) {
        error_set(err, STATUS_INVALID, "JSON has no number %" PRISTR, ARGSTR(s));
        return error_hint(err, "quote it to have it as text");
    }
    if (has(body, '_'))
        *ambiguous = AS_TEXT_IN_12;
    if (str_starts_with(body, STR("0x")) && is_only(after(body, 2), DIGITS "abcdefABCDEF_"))
        return read_with_base(after(body, 2), 16, negative, out, err);
    if (str_starts_with(body, STR("0b")) && is_only(after(body, 2), "01_")) {
        *ambiguous = AS_TEXT_IN_12;
        return read_with_base(after(body, 2), 2, negative, out, err);
    }
    if (str_starts_with(body, STR("0o")) && is_only(after(body, 2), "01234567")) {
        *ambiguous = AS_TEXT_IN_11;
        return read_with_base(after(body, 2), 8, negative, out, err);
    }
    if (body.len > 1 && body.ptr[0] == '0' && is_only(body, "01234567_")) {
        *ambiguous = "YAML 1.2 reads it as decimal";
        return read_with_base(body, 8, negative, out, err);
    }
    if (is_only(body, DIGITS "_") && body.ptr[0] != '_' && (body.ptr[0] != '0' || body.len == 1))
        return read_decimal(a, body, negative, out, err);
    *ambiguous = NULL;
    if (is_float(body, has_sign, ambiguous))
        return read_decimal(a, body, negative, out, err);
    if (is_only(body, DIGITS))
        *ambiguous = "YAML 1.2 reads it as a number";
    else if (is_base_60(body))
        *ambiguous = "YAML 1.1 reads it as a number to the base 60";
    *found = false;
    return STATUS_OK;
}

enum status scalar_resolve(struct arena *a, struct str text, struct value *out, const char **ambiguous,
                           struct error *err)
{
    bool found = false;
    *ambiguous = NULL;
    if (resolve_word(text, out, ambiguous))
        return STATUS_OK;
    if (strchr("+-.0123456789", text.ptr[0]))
        TRY(resolve_number(a, text, out, &found, ambiguous, err));
    if (!found)
        *out = value_str(text);
    return STATUS_OK;
}
