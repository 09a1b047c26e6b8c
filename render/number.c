#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bigint.h"

/* ---- Conversions -------------------------------------------------------------------------------- */

double number_to_double(struct value v)
{
    if (v.type == VALUE_FLOAT)
        return v.u.f;
    if (v.type == VALUE_INT)
        return (double)v.u.i;
    if (v.type == VALUE_BOOL)
        return v.u.b;
    /* Beyond 310 digits it is infinite; the rest fits a buffer with the zero byte that strtod wants. */
    char text[320];
    if (v.len >= sizeof text)
        return v.u.s[0] == '-' ? -INFINITY : INFINITY;
    memcpy(text, v.u.s, v.len);
    text[v.len] = 0;
    return strtod(text, NULL);
}

int number_sign(struct value v)
{
    if (v.type == VALUE_BIGINT)
        return v.u.s[0] == '-' ? -1 : 1;
    double f = number_to_double(v);
    return f < 0 ? -1 : f > 0;
}

bool number_to_int64(struct value v, int64_t *out)
{
    v = number_of_bool(v);
    if (v.type != VALUE_INT)
        return false;
    *out = v.u.i;
    return true;
}

enum status number_from_literal(struct arena *a, struct str text, bool is_float, struct value *out,
                                struct error *err)
{
    if (is_float) {
        double f;
        if (text.len > NUMBER_MAX_LITERAL_DIGITS || !number_parse_float(text, &f))
            return error_set(err, STATUS_LIMIT, "a number of %zu digits is too long", text.len);
        *out = value_float(f);
        return STATUS_OK;
    }
    int base = 10;
    if (text.len > 2 && text.ptr[0] == '0') {
        char c = text.ptr[1] | 0x20;
        base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
    }
    struct str digits = base == 10 ? text : (struct str){text.ptr + 2, text.len - 2};
    bool valid;
    enum number_error e = number_parse_int(a, digits, base, NUMBER_MAX_LITERAL_DIGITS, out, &valid);
    if (e == NUMBER_NO_MEMORY)
        return arena_error(a, err, "a number of the template");
    if (e == NUMBER_TOO_LARGE)
        return error_set(err, STATUS_LIMIT, "an integer of %zu digits is longer than the %d that are allowed",
                         digits.len, NUMBER_MAX_LITERAL_DIGITS);
    return valid ? STATUS_OK : error_set(err, STATUS_SYNTAX, "'%" PRISTR "' is no number", ARGSTR(text));
}

static int digit_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'z' ? c - 'a' + 10
           : c >= 'A' && c <= 'Z' ? c - 'A' + 10
                                  : 99;
}

/* Digits of the base with single underscores between them. */
static bool check_digits(struct str s, int base)
{
    bool after_digit = false;
    for (size_t i = 0; i < s.len; i++) {
        bool underscore = s.ptr[i] == '_';
        if (underscore ? !after_digit : digit_value(s.ptr[i]) >= base)
            return false;
        after_digit = !underscore;
    }
    return after_digit;
}

enum number_error number_parse_int(struct arena *a, struct str digits, int base, uint32_t max_digits,
                                   struct value *out, bool *valid)
{
    bool negative = digits.len > 0 && digits.ptr[0] == '-';
    if (negative || (digits.len > 0 && digits.ptr[0] == '+'))
        digits = (struct str){digits.ptr + 1, digits.len - 1};
    *valid = check_digits(digits, base);
    if (!*valid)
        return NUMBER_OK;
    /* A digit of base 36 is at most 1.56 decimal ones. */
    if (digits.len > max_digits)
        return NUMBER_TOO_LARGE;
    struct bigint b;
    if (!bigint_allocate(a, (uint32_t)(digits.len / 5 + 2), &b))
        return NUMBER_NO_MEMORY;
    uint32_t factor = 1, chunk = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] == '_')
            continue;
        chunk = chunk * (uint32_t)base + (uint32_t)digit_value(digits.ptr[i]);
        factor *= (uint32_t)base;
        if (factor > BIGINT_BASE / 36 || i + 1 == digits.len) {
            bigint_multiply_add(&b, factor, chunk);
            factor = 1;
            chunk = 0;
        }
    }
    b.negative = negative && b.len > 0;
    return bigint_to_value(a, &b, out) ? NUMBER_OK : NUMBER_NO_MEMORY;
}

/* inf, infinity, nan, in any case, with a sign. */
static bool parse_special(struct str s, double *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = (struct str){s.ptr + 1, s.len - 1};
    char word[9] = {0};
    if (s.len == 0 || s.len > 8)
        return false;
    for (size_t i = 0; i < s.len; i++)
        word[i] = s.ptr[i] | 0x20;
    if (strcmp(word, "inf") == 0 || strcmp(word, "infinity") == 0)
        *out = negative ? -INFINITY : INFINITY;
    else if (strcmp(word, "nan") == 0)
        *out = NAN;
    else
        return false;
    return true;
}

/* Copies a decimal float without its underscores; false if the text has another form. */
static bool copy_float(struct str s, char *out)
{
    size_t i = 0, len = 0, digits = 0;
    bool point = false, exponent = false;
    if (i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-'))
        out[len++] = s.ptr[i++];
    for (; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '_') {
            bool between =
                i > 0 && digit_value(s.ptr[i - 1]) < 10 && i + 1 < s.len && digit_value(s.ptr[i + 1]) < 10;
            if (!between)
                return false;
            continue;
        }
        if (c == '.' && !point && !exponent) {
            point = true;
        } else if ((c == 'e' || c == 'E') && !exponent && digits > 0) {
            exponent = true;
            digits = 0;
            if (i + 1 < s.len && (s.ptr[i + 1] == '+' || s.ptr[i + 1] == '-')) {
                out[len++] = c;
                c = s.ptr[++i];
            }
        } else if (digit_value(c) < 10) {
            digits++;
        } else {
            return false;
        }
        out[len++] = c;
    }
    out[len] = 0;
    return digits > 0;
}

bool number_parse_float(struct str text, double *out)
{
    struct str s = str_trim(text);
    if (parse_special(s, out))
        return true;
    char small[128], *copy = s.len < sizeof small ? small : (char *)malloc(s.len + 1);
    bool valid = copy && copy_float(s, copy);
    if (valid)
        *out = strtod(copy, NULL);
    if (copy != small)
        free(copy);
    return valid;
}

struct str number_digits(struct arena *a, struct value v, int base)
{
    struct bigint b;
    if (!bigint_from_value(a, v, &b))
        return (struct str){0};
    size_t size = (size_t)b.len * 30 + 2, at = size;
    char *text = (char *)arena_alloc(a, size);
    if (!text)
        return (struct str){0};
    if (b.len == 0)
        text[--at] = '0';
    while (b.len > 0)
        text[--at] = "0123456789abcdef"[bigint_divide_small(&b, (uint32_t)base)];
    return (struct str){text + at, size - at};
}

/* ---- Comparison --------------------------------------------------------------------------------- */

static int compare_big(struct value a, struct value b)
{
    bool na = number_sign(a) < 0, nb = number_sign(b) < 0;
    if (na != nb)
        return na ? -1 : 1;
    if (a.type != b.type) /* the big one is further from zero */
        return (a.type == VALUE_BIGINT) == na ? -1 : 1;
    int c = a.len != b.len ? (a.len < b.len ? -1 : 1) : memcmp(a.u.s, b.u.s, a.len);
    return na ? -c : c;
}

/* An integer of 64 bits against a float, without rounding the integer. */
static int compare_int_float(int64_t i, double f)
{
    if (f >= 9223372036854775808.0)
        return -1;
    if (f < -9223372036854775808.0)
        return 1;
    int64_t whole = (int64_t)f;
    if (i != whole)
        return i < whole ? -1 : 1;
    double fraction = f - (double)whole;
    return fraction > 0 ? -1 : fraction < 0;
}

static int compare_big_float(struct value big, double f)
{
    double d = number_to_double(big);
    if (d != f || isinf(f))
        return d < f ? -1 : d > f ? 1 : isinf(f) ? (f > 0 ? -1 : 1) : 0;
    /* The nearest double of the integer is f: compare exactly, as decimal text. */
    char text[400];
    int len = snprintf(text, sizeof text, "%.0f", f);
    return compare_big(big, (struct value){.type = VALUE_BIGINT, .len = (uint32_t)len, .u.s = text});
}

int number_compare(struct value a, struct value b, bool *unordered)
{
    a = number_of_bool(a);
    b = number_of_bool(b);
    *unordered = false;
    if (a.type == VALUE_INT && b.type == VALUE_INT)
        return a.u.i < b.u.i ? -1 : a.u.i > b.u.i;
    if ((a.type == VALUE_FLOAT && isnan(a.u.f)) || (b.type == VALUE_FLOAT && isnan(b.u.f))) {
        *unordered = true;
        return 1;
    }
    if (a.type == VALUE_FLOAT && b.type == VALUE_FLOAT)
        return a.u.f < b.u.f ? -1 : a.u.f > b.u.f;
    if (a.type == VALUE_FLOAT)
        return b.type == VALUE_INT ? -compare_int_float(b.u.i, a.u.f) : -compare_big_float(b, a.u.f);
    if (b.type == VALUE_FLOAT)
        return a.type == VALUE_INT ? compare_int_float(a.u.i, b.u.f) : compare_big_float(a, b.u.f);
    return compare_big(a, b);
}

/* ---- Arithmetic --------------------------------------------------------------------------------- */

uint64_t number_work(struct value a, struct value b)
{
    uint64_t x = a.type == VALUE_BIGINT ? a.len / BIGINT_LIMB_DIGITS : 1;
    uint64_t y = b.type == VALUE_BIGINT ? b.len / BIGINT_LIMB_DIGITS : 1;
    return 1 + x * y / 16;
}

static bool either_float(struct value x, struct value y)
{
    return x.type == VALUE_FLOAT || y.type == VALUE_FLOAT;
}

typedef bool big_operation(struct arena *a, const struct bigint *x, const struct bigint *y,
                           struct bigint *out);

static enum number_error big(struct arena *a, big_operation *operation, struct value x, struct value y,
                             struct value *out)
{
    struct bigint bx, by, result;
    if (!bigint_from_value(a, x, &bx) || !bigint_from_value(a, y, &by) || !operation(a, &bx, &by, &result) ||
        !bigint_to_value(a, &result, out))
        return NUMBER_NO_MEMORY;
    return NUMBER_OK;
}

enum number_error number_add(struct arena *a, struct value x, struct value y, struct value *out)
{
    x = number_of_bool(x);
    y = number_of_bool(y);
    int64_t sum;
    if (either_float(x, y))
        *out = value_float(number_to_double(x) + number_to_double(y));
    else if (x.type == VALUE_INT && y.type == VALUE_INT && !__builtin_add_overflow(x.u.i, y.u.i, &sum))
        *out = value_int(sum);
    else
        return big(a, bigint_add, x, y, out);
    return NUMBER_OK;
}

static bool subtract_big(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *out)
{
    struct bigint minus = *y;
    minus.negative = !y->negative && y->len > 0;
    return bigint_add(a, x, &minus, out);
}

enum number_error number_subtract(struct arena *a, struct value x, struct value y, struct value *out)
{
    x = number_of_bool(x);
    y = number_of_bool(y);
    int64_t difference;
    if (either_float(x, y))
        *out = value_float(number_to_double(x) - number_to_double(y));
    else if (x.type == VALUE_INT && y.type == VALUE_INT && !__builtin_sub_overflow(x.u.i, y.u.i, &difference))
        *out = value_int(difference);
    else
        return big(a, subtract_big, x, y, out);
    return NUMBER_OK;
}

enum number_error number_negate(struct arena *a, struct value x, struct value *out)
{
    if (x.type == VALUE_FLOAT) {
        *out = value_float(-x.u.f);
        return NUMBER_OK;
    }
    return number_subtract(a, value_int(0), x, out);
}

static uint32_t digit_count(struct value v)
{
    return v.type == VALUE_BIGINT ? v.len : 19;
}

enum number_error number_multiply(struct arena *a, uint32_t max_digits, struct value x, struct value y,
                                  struct value *out)
{
    x = number_of_bool(x);
    y = number_of_bool(y);
    int64_t product;
    if (either_float(x, y))
        *out = value_float(number_to_double(x) * number_to_double(y));
    else if (x.type == VALUE_INT && y.type == VALUE_INT && !__builtin_mul_overflow(x.u.i, y.u.i, &product))
        *out = value_int(product);
    else if (digit_count(x) + digit_count(y) > max_digits + 38)
        return NUMBER_TOO_LARGE;
    else
        return big(a, bigint_multiply, x, y, out);
    return out->type == VALUE_BIGINT && out->len > max_digits + 1 ? NUMBER_TOO_LARGE : NUMBER_OK;
}

/* Python's float floor division and modulo, which agree with one another. */
static void float_divmod(double x, double y, double *quotient, double *remainder)
{
    double mod = fmod(x, y), div = (x - mod) / y;
    if (mod != 0) {
        if ((y < 0) != (mod < 0)) {
            mod += y;
            div -= 1;
        }
    } else {
        mod = copysign(0, y);
    }
    if (div != 0) {
        double whole = floor(div);
        div = div - whole > 0.5 ? whole + 1 : whole;
    } else {
        div = copysign(0, x / y);
    }
    *quotient = div;
    *remainder = mod;
}

static enum number_error divmod(struct arena *a, struct value x, struct value y, struct value *quotient,
                                struct value *remainder)
{
    x = number_of_bool(x);
    y = number_of_bool(y);
    if (number_sign(y) == 0 && !(y.type == VALUE_FLOAT && isnan(y.u.f)))
        return NUMBER_ZERO_DIVISION;
    if (either_float(x, y)) {
        double q, r;
        float_divmod(number_to_double(x), number_to_double(y), &q, &r);
        *quotient = value_float(q);
        *remainder = value_float(r);
        return NUMBER_OK;
    }
    if (x.type == VALUE_INT && y.type == VALUE_INT && !(x.u.i == INT64_MIN && y.u.i == -1)) {
        int64_t q = x.u.i / y.u.i, r = x.u.i % y.u.i;
        bool adjust = r != 0 && (r < 0) != (y.u.i < 0);
        *quotient = value_int(adjust ? q - 1 : q);
        *remainder = value_int(adjust ? r + y.u.i : r);
        return NUMBER_OK;
    }
    struct bigint bx, by, q, r;
    if (!bigint_from_value(a, x, &bx) || !bigint_from_value(a, y, &by) ||
        !bigint_divide(a, &bx, &by, &q, &r) || !bigint_to_value(a, &q, quotient) ||
        !bigint_to_value(a, &r, remainder))
        return NUMBER_NO_MEMORY;
    return NUMBER_OK;
}

enum number_error number_floor_divide(struct arena *a, struct value x, struct value y, struct value *out)
{
    struct value remainder;
    return divmod(a, x, y, out, &remainder);
}

enum number_error number_modulo(struct arena *a, struct value x, struct value y, struct value *out)
{
    struct value quotient;
    return divmod(a, x, y, &quotient, out);
}

static enum number_error float_power(double x, double y, struct value *out)
{
    if (x == 0 && y < 0)
        return NUMBER_ZERO_NEGATIVE_POWER;
    if (x < 0 && isfinite(x) && isfinite(y) && y != floor(y))
        return NUMBER_COMPLEX;
    double f = pow(x, y);
    if (isinf(f) && isfinite(x) && isfinite(y))
        return NUMBER_FLOAT_OVERFLOW;
    *out = value_float(f);
    return NUMBER_OK;
}

/* Digits of x**n are about n × log10 |x|: refuses before any work is done. */
static bool power_fits(struct value x, int64_t n, uint32_t max_digits)
{
    double digits = x.type == VALUE_BIGINT ? x.len : log10(fabs((double)x.u.i) + 0.5);
    return digits <= 0.3 || (double)n * digits <= (double)max_digits + 1;
}

enum number_error number_power(struct arena *a, uint32_t max_digits, struct value x, struct value y,
                               struct value *out)
{
    x = number_of_bool(x);
    y = number_of_bool(y);
    if (either_float(x, y) || number_sign(y) < 0)
        return float_power(number_to_double(x), number_to_double(y), out);
    bool tiny = x.type == VALUE_INT && x.u.i >= -1 && x.u.i <= 1;
    if (y.type != VALUE_INT && !tiny)
        return NUMBER_TOO_LARGE;
    if (tiny) {
        bool odd = y.type == VALUE_INT ? (y.u.i & 1) != 0 : ((y.u.s[y.len - 1] - '0') & 1) != 0;
        *out = value_int(number_sign(y) == 0 || x.u.i == 1 ? 1 : x.u.i == 0 ? 0 : odd ? -1 : 1);
        return NUMBER_OK;
    }
    if (!power_fits(x, y.u.i, max_digits))
        return NUMBER_TOO_LARGE;
    struct value result = value_int(1), square = x;
    for (int64_t n = y.u.i; n > 0; n >>= 1) {
        enum number_error e = n & 1 ? number_multiply(a, max_digits, result, square, &result) : NUMBER_OK;
        if (e == NUMBER_OK && n > 1)
            e = number_multiply(a, max_digits, square, square, &square);
        if (e != NUMBER_OK)
            return e;
    }
    *out = result;
    return NUMBER_OK;
}

/* log2 |v|, nearly; v is not 0. */
static double magnitude(struct value v)
{
    if (v.type == VALUE_INT)
        return log2(fabs((double)v.u.i));
    enum { LEADING = 15 };
    size_t from = v.u.s[0] == '-', len = v.len - from;
    double leading = 0;
    for (size_t i = 0; i < LEADING; i++)
        leading = leading * 10 + (v.u.s[from + i] - '0');
    return log2(leading) + (double)(len - LEADING) * log2(10);
}

static enum number_error scale(struct arena *a, int64_t shift, struct value v, struct value *out)
{
    struct value power;
    enum number_error e = number_power(a, UINT32_MAX / 2, value_int(2), value_int(shift), &power);
    return e == NUMBER_OK ? number_multiply(a, UINT32_MAX / 2, v, power, out) : e;
}

/*
 * The double nearest to x / y: the quotient as an integer of some bits more than a double has, the last of
 * which is set if something is left over.
 */
static enum number_error divide_exactly(struct arena *a, struct value x, struct value y, struct value *out)
{
    enum { BITS = 60, SMALLEST = 1076 }; /* no more bits than a subnormal has, which is rounded only once */
    bool negative = (number_sign(x) < 0) != (number_sign(y) < 0);
    double exponent = number_sign(x) == 0 ? -INFINITY : magnitude(x) - magnitude(y);
    if (exponent > 1025)
        return NUMBER_FLOAT_OVERFLOW;
    *out = value_float(negative ? -0.0 : 0.0);
    if (exponent < -1080)
        return NUMBER_OK;
    int64_t shift = BITS - (int64_t)floor(exponent), bits = 0;
    shift = shift > SMALLEST ? SMALLEST : shift;
    struct value quotient, remainder;
    enum number_error e = shift > 0 ? scale(a, shift, x, &x) : scale(a, -shift, y, &y);
    if (e == NUMBER_OK && number_sign(x) < 0)
        e = number_negate(a, x, &x);
    if (e == NUMBER_OK && number_sign(y) < 0)
        e = number_negate(a, y, &y);
    if (e == NUMBER_OK)
        e = divmod(a, x, y, &quotient, &remainder);
    if (e != NUMBER_OK)
        return e;
    number_to_int64(quotient, &bits);
    double f = ldexp((double)(bits | (number_sign(remainder) != 0)), (int)-shift);
    *out = value_float(negative ? -f : f);
    return isinf(f) ? NUMBER_FLOAT_OVERFLOW : NUMBER_OK;
}

static bool fits_double(struct value v)
{
    return v.type == VALUE_FLOAT ||
           (v.type == VALUE_INT && v.u.i >= -(INT64_C(1) << 53) && v.u.i <= INT64_C(1) << 53);
}

enum number_error number_divide(struct arena *a, struct value x, struct value y, struct value *out)
{
    x = number_of_bool(x);
    y = number_of_bool(y);
    if (number_sign(y) == 0 && !(y.type == VALUE_FLOAT && isnan(y.u.f)))
        return NUMBER_ZERO_DIVISION;
    if (!either_float(x, y) && !(fits_double(x) && fits_double(y)))
        return divide_exactly(a, x, y, out);
    *out = value_float(number_to_double(x) / number_to_double(y));
    return NUMBER_OK;
}

/* ---- Rounding ----------------------------------------------------------------------------------- */

enum number_error number_truncate(struct arena *a, double f, struct value *out)
{
    f = trunc(f);
    if (f >= -9223372036854775808.0 && f < 9223372036854775808.0) {
        *out = value_int((int64_t)f);
        return NUMBER_OK;
    }
    struct str text = arena_printf(a, "%.0f", f);
    if (!text.ptr)
        return NUMBER_NO_MEMORY;
    *out = (struct value){.type = VALUE_BIGINT, .len = (uint32_t)text.len, .u.s = text.ptr};
    return NUMBER_OK;
}

/*
 * To `places` before the point, half to even, on the exact decimal digits: dividing by a power of ten first
 * would round twice. The digits that stay are read back with the power as their exponent.
 */
static double round_before_point(double f, int places)
{
    char text[330] = "0"; /* 309 digits, a carry, and an exponent */
    double whole = trunc(fabs(f));
    int len = snprintf(text + 1, sizeof text - 16, "%.0f", whole) + 1, keep = len - places;
    if (keep < 1)
        return copysign(0, f);
    bool more = fabs(f) != whole;
    for (int i = keep + 1; i < len; i++)
        more = more || text[i] != '0';
    bool odd = (text[keep - 1] - '0') % 2 != 0;
    bool up = text[keep] > '5' || (text[keep] == '5' && (more || odd));
    for (int i = keep - 1; up && i >= 0; i--) {
        up = text[i] == '9';
        text[i] = up ? '0' : (char)(text[i] + 1);
    }
    snprintf(text + keep, sizeof text - (size_t)keep, "e%d", places);
    return copysign(strtod(text, NULL), f);
}

double number_round_float(double f, int digits)
{
    if (!isfinite(f) || digits > 350)
        return f;
    if (digits < -310)
        return copysign(0, f);
    if (digits < 0)
        return round_before_point(f, -digits);
    char text[800]; /* 309 digits before the point and 350 after it */
    snprintf(text, sizeof text, "%.*f", digits, f);
    return strtod(text, NULL);
}

enum number_error number_round_int(struct arena *a, struct value v, int64_t digits, struct value *out)
{
    *out = number_of_bool(v);
    if (digits >= 0)
        return NUMBER_OK;
    if (-digits > (int64_t)digit_count(*out)) {
        *out = value_int(0);
        return NUMBER_OK;
    }
    struct value power, half, quotient, remainder, doubled;
    enum number_error e = number_power(a, digit_count(*out) + 20, value_int(10), value_int(-digits), &power);
    if (e == NUMBER_OK)
        e = divmod(a, *out, power, &quotient, &remainder);
    if (e == NUMBER_OK)
        e = number_add(a, remainder, remainder, &doubled);
    if (e != NUMBER_OK)
        return e;
    bool unordered;
    int c = number_compare(doubled, power, &unordered);
    e = number_modulo(a, quotient, value_int(2), &half);
    bool up = c > 0 || (c == 0 && e == NUMBER_OK && number_sign(half) != 0);
    if (e == NUMBER_OK)
        e = number_subtract(a, *out, remainder, out);
    return e == NUMBER_OK && up ? number_add(a, *out, power, out) : e;
}
