#include "quantity.h"

#include <strings.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit DURATION_UNITS[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};
static const struct unit SIZE_UNITS[] = {
    {"", 1},
    {"B", 1},
    {"KiB", INT64_C(1) << 10},
    {"MiB", INT64_C(1) << 20},
    {"GiB", INT64_C(1) << 30},
    {"K", INT64_C(1) << 10},
    {"M", INT64_C(1) << 20},
    {"G", INT64_C(1) << 30},
    {NULL, 0},
};

/* Digits with at most one point, as thousandths, so that "1.5h" is exact. */
struct decimal {
    int64_t whole;
    int64_t thousandths;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the number at the front of *rest and cuts it off; false if there is none or it is too large. */
static bool decimal_read(struct str *rest, struct decimal *out)
{
    size_t at = 0;
    *out = (struct decimal){0, 0};
    for (; at < rest->len && is_digit(rest->ptr[at]); at++) {
        if (out->whole > INT64_MAX / 100)
            return false;
        out->whole = out->whole * 10 + (rest->ptr[at] - '0');
    }
    if (at == 0)
        return false;
    if (at + 1 < rest->len && rest->ptr[at] == '.' && is_digit(rest->ptr[at + 1])) {
        int64_t place = 100;
        for (at++; at < rest->len && is_digit(rest->ptr[at]); at++, place /= 10)
            out->thousandths += place * (rest->ptr[at] - '0');
    }
    *rest = (struct str){rest->ptr + at, rest->len - at};
    return true;
}

static const struct unit *unit_find(const struct unit *units, struct str name)
{
    for (; units->name; units++) {
        if (str_is(name, units->name))
            return units;
    }
    return NULL;
}

static bool quantity_read(struct str text, const struct unit *units, int64_t *out)
{
    struct str rest = str_trim(text);
    struct decimal number;
    if (!decimal_read(&rest, &number))
        return false;
    const struct unit *unit = unit_find(units, str_trim(rest));
    int64_t whole, part;
    if (!unit || __builtin_mul_overflow(number.whole, unit->factor, &whole) ||
        __builtin_mul_overflow(number.thousandths, unit->factor, &part))
        return false;
    return !__builtin_add_overflow(whole, part / 1000, out);
}

enum status duration_parse(struct str text, int64_t *milliseconds, struct error *err)
{
    if (str_is(str_trim(text), "0")) {
        *milliseconds = 0;
        return STATUS_OK;
    }
    if (quantity_read(text, DURATION_UNITS, milliseconds))
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is no duration", ARGSTR(text));
    return error_hint(err, "Write a number with ms, s, m, h or d, as in 250ms, 30s or 1.5h.");
}

enum status size_parse(struct str text, int64_t *bytes, struct error *err)
{
    if (quantity_read(text, SIZE_UNITS, bytes))
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is no size", ARGSTR(text));
    return error_hint(err, "Write a number of bytes, or one with B, KiB, MiB or GiB, as in 64KiB.");
}

static bool is_one_of(struct str text, const char *const *words)
{
    for (; *words; words++) {
        if (text.len == strlen(*words) && strncasecmp(text.ptr, *words, text.len) == 0)
            return true;
    }
    return false;
}

enum status flag_parse(struct str text, bool *out, struct error *err)
{
    static const char *const yes[] = {"true", "yes", "on", "1", NULL};
    static const char *const no[] = {"false", "no", "off", "0", NULL};
    text = str_trim(text);
    *out = is_one_of(text, yes);
    if (*out || is_one_of(text, no))
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is neither true nor false", ARGSTR(text));
    return error_hint(err, "Write true or false.");
}
