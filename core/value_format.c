#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value.h"

/* A positive double as digits d.ddd × 10^exponent, without zeros at the end. */
struct decimal {
    char digits[20];
    int count;
    int exponent;
};

static void set_digits(struct decimal *d, uint64_t n, int exponent_of_last)
{
    char reversed[20];
    int count = 0;
    while (n % 10 == 0 && n != 0) {
        n /= 10;
        exponent_of_last++;
    }
    do {
        reversed[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    for (int i = 0; i < count; i++)
        d->digits[i] = reversed[count - 1 - i];
    d->count = count;
    d->exponent = exponent_of_last + count - 1;
}

/*
 * Most numbers that people write have few digits behind the point. m / 10^k with m below 2^53 and k at most
 * 22 is rounded once, so when it gives f back, m × 10^-k is a decimal form of f; with at most 15 digits it is
 * the only one of its length, and the smallest k has the fewest digits.
 */
static bool short_decimal(double f, struct decimal *d)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10};
    for (int k = 0; k < (int)(sizeof powers / sizeof powers[0]); k++) {
        double m = nearbyint(f * powers[k]);
        if (m >= 1e15)
            return false;
        if (m >= 1 && m / powers[k] == f) {
            set_digits(d, (uint64_t)m, -k);
            return true;
        }
    }
    return false;
}

/* Reads digits × 10^exponent; the text has no decimal point, so the locale does not matter. */
static double read_back(uint64_t digits, int exponent)
{
    char text[40];
    snprintf(text, sizeof text, "%llue%d", (unsigned long long)digits, exponent);
    return strtod(text, NULL);
}

/* f rounded to `count` digits, as an integer × 10^*exponent. The decimal point, whatever it is, is skipped.
 */
static uint64_t round_to(double f, int count, int *exponent)
{
    char text[40];
    uint64_t n = 0;
    const char *p = text;
    snprintf(text, sizeof text, "%.*e", count - 1, f);
    for (; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9')
            n = n * 10 + (uint64_t)(*p - '0');
    }
    *exponent = (int)strtol(p + 1, NULL, 10) - (count - 1);
    return n;
}

/*
 * The fewest digits that read back as f: 15 hold for every normal double that so many can say, subnormal ones
 * need to be tried from 1, and 17 are always enough.
 */
static void shortest_decimal(double f, struct decimal *d)
{
    bool subnormal = fpclassify(f) == FP_SUBNORMAL;
    int exponent = 0;
    bool power_of_two = frexp(f, &exponent) == 0.5;
    uint64_t n = 0;
    for (int count = subnormal ? 1 : 15; count <= 17; count++) {
        n = round_to(f, count, &exponent);
        if (read_back(n, exponent) == f)
            break;
        /* At a power of two the doubles above are twice as far apart: the next decimal may be in reach. */
        if (power_of_two && read_back(n + 1, exponent) == f) {
            n++;
            break;
        }
    }
    set_digits(d, n, exponent);
}

static char *put_digits(char *out, const char *digits, int count)
{
    memcpy(out, digits, (size_t)count);
    return out + count;
}

static char *put_zeros(char *out, int count)
{
    memset(out, '0', (size_t)count);
    return out + count;
}

static char *put_scientific(char *out, const struct decimal *d)
{
    *out++ = d->digits[0];
    if (d->count > 1) {
        *out++ = '.';
        out = put_digits(out, d->digits + 1, d->count - 1);
    }
    return out + snprintf(out, 8, "e%+03d", d->exponent);
}

static char *put_plain(char *out, const struct decimal *d)
{
    int whole = d->exponent + 1; /* digits before the point */
    if (whole <= 0) {
        out = put_zeros(put_digits(out, "0.", 2), -whole);
        return put_digits(out, d->digits, d->count);
    }
    if (d->count <= whole) {
        out = put_zeros(put_digits(out, d->digits, d->count), whole - d->count);
        return put_digits(out, ".0", 2);
    }
    out = put_digits(out, d->digits, whole);
    *out++ = '.';
    return put_digits(out, d->digits + whole, d->count - whole);
}

static char *put_positive(char *out, double f)
{
    struct decimal d;
    if (!short_decimal(f, &d))
        shortest_decimal(f, &d);
    /* Where Python's repr() changes its form. */
    return d.exponent < -4 || d.exponent >= 16 ? put_scientific(out, &d) : put_plain(out, &d);
}

size_t float_format(double f, char out[32])
{
    char *end = out;
    if (signbit(f) && !isnan(f))
        *end++ = '-';
    if (isnan(f))
        end = put_digits(end, "nan", 3);
    else if (isinf(f))
        end = put_digits(end, "inf", 3);
    else if (f == 0)
        end = put_digits(end, "0.0", 3);
    else
        end = put_positive(end, fabs(f));
    *end = '\0';
    return (size_t)(end - out);
}
