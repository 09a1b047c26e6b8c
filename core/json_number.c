#include "json_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A number in pieces: whole, fraction and exponent as they stand in the text. */
struct parts {
    bool negative;
    struct str whole, fraction;
    int64_t exponent; /* saturated, far beyond where it makes a difference */
    bool is_float;
};

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct str take_digits(const char **p)
{
    const char *start = *p;
    while (is_digit(**p))
        (*p)++;
    return (struct str){start, (size_t)(*p - start)};
}

static enum status take_exponent(const char **p, int64_t *exponent, struct error *err)
{
    static const int64_t far = 1000000000;
    bool negative = **p == '-';
    if (**p == '-' || **p == '+')
        (*p)++;
    struct str digits = take_digits(p);
    if (digits.len == 0)
        return error_set(err, STATUS_SYNTAX, "an exponent needs a digit");
    int64_t n = 0;
    for (size_t i = 0; i < digits.len && n < far; i++)
        n = n * 10 + (digits.ptr[i] - '0');
    *exponent = negative ? -n : n;
    return STATUS_OK;
}

static enum status take_parts(const char **p, struct parts *n, struct error *err)
{
    *n = (struct parts){.negative = **p == '-', .fraction = {"", 0}};
    *p += n->negative;
    n->whole = take_digits(p);
    if (n->whole.len == 0)
        return error_set(err, STATUS_SYNTAX, "a digit should follow the minus sign");
    if (n->whole.ptr[0] == '0' && n->whole.len > 1) {
        *p = n->whole.ptr;
        return error_set(err, STATUS_SYNTAX, "a number may not begin with a zero");
    }
    if (**p == '.') {
        (*p)++;
        n->is_float = true;
        n->fraction = take_digits(p);
        if (n->fraction.len == 0)
            return error_set(err, STATUS_SYNTAX, "a digit should follow the decimal point");
    }
    if (**p == 'e' || **p == 'E') {
        (*p)++;
        n->is_float = true;
        return take_exponent(p, &n->exponent, err);
    }
    return STATUS_OK;
}

/* The 19 digits that surely fit into 64 bits, or false. */
static bool small_integer(struct str whole, struct str fraction, uint64_t *out)
{
    uint64_t n = 0;
    if (whole.len + fraction.len > 19)
        return false;
    for (size_t i = 0; i < whole.len; i++)
        n = n * 10 + (uint64_t)(whole.ptr[i] - '0');
    for (size_t i = 0; i < fraction.len; i++)
        n = n * 10 + (uint64_t)(fraction.ptr[i] - '0');
    *out = n;
    return true;
}

static enum status make_integer(const struct parts *n, struct value *out, struct error *err)
{
    uint64_t magnitude;
    if (small_integer(n->whole, n->fraction, &magnitude)) {
        uint64_t largest = (uint64_t)INT64_MAX + n->negative;
        if (magnitude <= largest) {
            *out = value_int(n->negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude);
            return STATUS_OK;
        }
    }
    if (n->whole.len > JSON_MAX_DIGITS)
        return error_set(err, STATUS_LIMIT, "an integer may have at most %d digits, and this one has %zu",
                         (int)JSON_MAX_DIGITS, n->whole.len);
    *out = (struct value){.type = VALUE_BIGINT, .len = (uint32_t)(n->whole.len + n->negative)};
    out->u.s = n->whole.ptr - n->negative;
    return STATUS_OK;
}

/*
 * Both numbers are doubles exactly, so their product or quotient is rounded once (Clinger, "How to read
 * floating point numbers accurately", 1990).
 */
static bool exact_float(uint64_t mantissa, int64_t exponent, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (mantissa > UINT64_C(1) << 53 || exponent < -22 || exponent > 22)
        return false;
    *out = exponent < 0 ? (double)mantissa / powers[-exponent] : (double)mantissa * powers[exponent];
    return true;
}

/* No double lies within fewer digits of the middle between two others; what follows only says "and more". */
enum { SIGNIFICANT_DIGITS = 800 };

struct significant {
    char digits[SIGNIFICANT_DIGITS + 40];
    size_t count, dropped;
    bool more;
};

static void add_significant(struct significant *s, struct str digits)
{
    for (size_t i = 0; i < digits.len; i++) {
        if (s->count == 0 && digits.ptr[i] == '0')
            continue;
        if (s->count < SIGNIFICANT_DIGITS) {
            s->digits[s->count++] = digits.ptr[i];
        } else {
            s->dropped++;
            s->more |= digits.ptr[i] != '0';
        }
    }
}

/* By strtod(), which rounds correctly; without a decimal point, since that depends on the locale. */
static double rounded_float(const struct parts *n)
{
    struct significant s = {.count = 0};
    add_significant(&s, n->whole);
    add_significant(&s, n->fraction);
    if (s.count == 0)
        return 0;
    if (s.more)
        s.digits[s.count - 1] = '1'; /* beyond any tie, in the right direction */
    int64_t exponent = n->exponent - (int64_t)n->fraction.len + (int64_t)s.dropped;
    if (exponent > 9999 || exponent < -9999)
        exponent = exponent < 0 ? -9999 : 9999;
    snprintf(s.digits + s.count, sizeof s.digits - s.count, "e%d", (int)exponent);
    return strtod(s.digits, NULL);
}

static enum status make_float(const struct parts *n, struct value *out, struct error *err)
{
    uint64_t mantissa;
    double f;
    if (!small_integer(n->whole, n->fraction, &mantissa) ||
        !exact_float(mantissa, n->exponent - (int64_t)n->fraction.len, &f))
        f = rounded_float(n);
    if (isinf(f))
        return error_set(err, STATUS_SYNTAX,
                         "the number is too large: a number with a fraction or an exponent "
                         "can be at most about 1.8e308");
    *out = value_float(n->negative ? -f : f);
    return STATUS_OK;
}

enum status json_number(const char **p, struct value *out, struct error *err)
{
    struct parts n;
    TRY(take_parts(p, &n, err));
    return n.is_float ? make_float(&n, out, err) : make_integer(&n, out, err);
}
