#include "bigint.h"

#include <stdio.h>

bool bigint_allocate(struct arena *a, uint32_t limbs, struct bigint *out)
{
    *out = (struct bigint){ARENA_ARRAY(a, uint32_t, limbs ? limbs : 1), 0, false};
    return out->limbs != NULL;
}

static void trim(struct bigint *b)
{
    while (b->len > 0 && b->limbs[b->len - 1] == 0)
        b->len--;
    b->negative = b->negative && b->len > 0;
}

static bool from_int64(struct arena *a, int64_t i, struct bigint *out)
{
    if (!bigint_allocate(a, 3, out))
        return false;
    out->negative = i < 0;
    for (uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i; rest; rest /= BIGINT_BASE)
        out->limbs[out->len++] = (uint32_t)(rest % BIGINT_BASE);
    return true;
}

bool bigint_from_value(struct arena *a, struct value v, struct bigint *out)
{
    if (v.type != VALUE_BIGINT)
        return from_int64(a, v.type == VALUE_BOOL ? v.u.b : v.u.i, out);
    bool negative = v.len > 0 && v.u.s[0] == '-';
    const char *digits = v.u.s + negative;
    uint32_t count = v.len - negative;
    if (!bigint_allocate(a, count / BIGINT_LIMB_DIGITS + 1, out))
        return false;
    for (uint32_t end = count; end > 0; end = end > BIGINT_LIMB_DIGITS ? end - BIGINT_LIMB_DIGITS : 0) {
        uint32_t limb = 0;
        for (uint32_t i = end > BIGINT_LIMB_DIGITS ? end - BIGINT_LIMB_DIGITS : 0; i < end; i++)
            limb = limb * 10 + (uint32_t)(digits[i] - '0');
        out->limbs[out->len++] = limb;
    }
    out->negative = negative;
    trim(out);
    return true;
}

/* Whether the value fits 64 bits; then it is in *out. */
static bool to_int64(const struct bigint *b, int64_t *out)
{
    if (b->len > 3)
        return false;
    unsigned __int128 magnitude = 0;
    for (uint32_t i = b->len; i-- > 0;)
        magnitude = magnitude * BIGINT_BASE + b->limbs[i];
    if (magnitude > (unsigned __int128)INT64_MAX + b->negative)
        return false;
    *out = b->negative ? (int64_t)(0 - (uint64_t)magnitude) : (int64_t)magnitude;
    return true;
}

bool bigint_to_value(struct arena *a, const struct bigint *b, struct value *out)
{
    int64_t small;
    if (to_int64(b, &small)) {
        *out = value_int(small);
        return true;
    }
    size_t size = (size_t)b->len * BIGINT_LIMB_DIGITS + 2;
    char *text = (char *)arena_alloc(a, size);
    if (!text)
        return false;
    size_t len = (size_t)snprintf(text, size, "%s%u", b->negative ? "-" : "", b->limbs[b->len - 1]);
    for (uint32_t i = b->len - 1; i-- > 0; len += BIGINT_LIMB_DIGITS) {
        uint32_t limb = b->limbs[i];
        for (int d = BIGINT_LIMB_DIGITS; d-- > 0; limb /= 10)
            text[len + (size_t)d] = (char)('0' + limb % 10);
    }
    *out = (struct value){.type = VALUE_BIGINT, .len = (uint32_t)len, .u.s = text};
    return true;
}

static int compare_magnitude(const struct bigint *x, const struct bigint *y)
{
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    for (uint32_t i = x->len; i-- > 0;) {
        if (x->limbs[i] != y->limbs[i])
            return x->limbs[i] < y->limbs[i] ? -1 : 1;
    }
    return 0;
}

/* out = |x| + |y|; out has room. */
static void add_magnitude(const struct bigint *x, const struct bigint *y, struct bigint *out)
{
    uint32_t carry = 0;
    uint32_t len = x->len > y->len ? x->len : y->len;
    for (uint32_t i = 0; i < len; i++) {
        uint32_t sum = carry + (i < x->len ? x->limbs[i] : 0) + (i < y->len ? y->limbs[i] : 0);
        carry = sum >= BIGINT_BASE;
        out->limbs[i] = sum - (carry ? BIGINT_BASE : 0);
    }
    out->limbs[len] = carry;
    out->len = len + 1;
}

/* out = |x| - |y|, |x| >= |y|. */
static void subtract_magnitude(const struct bigint *x, const struct bigint *y, struct bigint *out)
{
    uint32_t borrow = 0;
    for (uint32_t i = 0; i < x->len; i++) {
        uint32_t take = borrow + (i < y->len ? y->limbs[i] : 0);
        borrow = x->limbs[i] < take;
        out->limbs[i] = x->limbs[i] + (borrow ? BIGINT_BASE : 0) - take;
    }
    out->len = x->len;
}

bool bigint_add(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *out)
{
    if (!bigint_allocate(a, (x->len > y->len ? x->len : y->len) + 1, out))
        return false;
    if (x->negative == y->negative) {
        add_magnitude(x, y, out);
        out->negative = x->negative;
    } else if (compare_magnitude(x, y) >= 0) {
        subtract_magnitude(x, y, out);
        out->negative = x->negative;
    } else {
        subtract_magnitude(y, x, out);
        out->negative = y->negative;
    }
    trim(out);
    return true;
}

bool bigint_multiply(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *out)
{
    if (!bigint_allocate(a, x->len + y->len, out))
        return false;
    for (uint32_t i = 0; i < x->len; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < y->len; j++) {
            uint64_t sum = out->limbs[i + j] + (uint64_t)x->limbs[i] * y->limbs[j] + carry;
            out->limbs[i + j] = (uint32_t)(sum % BIGINT_BASE);
            carry = sum / BIGINT_BASE;
        }
        out->limbs[i + y->len] = (uint32_t)carry;
    }
    out->len = x->len + y->len;
    out->negative = x->negative != y->negative;
    trim(out);
    return true;
}

void bigint_multiply_add(struct bigint *b, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (uint32_t i = 0; i < b->len; i++) {
        uint64_t sum = (uint64_t)b->limbs[i] * factor + carry;
        b->limbs[i] = (uint32_t)(sum % BIGINT_BASE);
        carry = sum / BIGINT_BASE;
    }
    if (carry)
        b->limbs[b->len++] = (uint32_t)carry;
}

uint32_t bigint_divide_small(struct bigint *b, uint32_t divisor)
{
    uint64_t rest = 0;
    for (uint32_t i = b->len; i-- > 0;) {
        rest = rest * BIGINT_BASE + b->limbs[i];
        b->limbs[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    trim(b);
    return (uint32_t)rest;
}

static bool copy(struct arena *a, const struct bigint *from, uint32_t spare, struct bigint *out)
{
    if (!bigint_allocate(a, from->len + spare, out))
        return false;
    memcpy(out->limbs, from->limbs, from->len * sizeof *from->limbs);
    out->len = from->len;
    out->negative = from->negative;
    return true;
}

/* One digit of the quotient: subtracts q × v from u[at…] and corrects the estimate (Knuth 4.3.1 D3–D6). */
static uint32_t divide_step(struct bigint *u, const struct bigint *v, uint32_t at)
{
    uint32_t n = v->len;
    uint64_t top = (uint64_t)u->limbs[at + n] * BIGINT_BASE + u->limbs[at + n - 1];
    uint64_t q = top / v->limbs[n - 1], r = top % v->limbs[n - 1];
    while (q >= BIGINT_BASE || (n > 1 && q * v->limbs[n - 2] > r * BIGINT_BASE + u->limbs[at + n - 2])) {
        q--;
        r += v->limbs[n - 1];
        if (r >= BIGINT_BASE)
            break;
    }
    uint64_t borrow = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t product = q * v->limbs[i] + borrow;
        int64_t t = (int64_t)u->limbs[at + i] - (int64_t)(product % BIGINT_BASE);
        borrow = product / BIGINT_BASE + (t < 0);
        u->limbs[at + i] = (uint32_t)(t < 0 ? t + BIGINT_BASE : t);
    }
    int64_t t = (int64_t)u->limbs[at + n] - (int64_t)borrow;
    u->limbs[at + n] = (uint32_t)(t < 0 ? t + BIGINT_BASE : t);
    if (t >= 0)
        return (uint32_t)q;
    uint32_t carry = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t sum = u->limbs[at + i] + v->limbs[i] + carry;
        carry = sum >= BIGINT_BASE;
        u->limbs[at + i] = sum - (carry ? BIGINT_BASE : 0);
    }
    u->limbs[at + n] = (u->limbs[at + n] + carry) % BIGINT_BASE;
    return (uint32_t)(q - 1);
}

/* |x| ÷ |y| towards zero. */
static bool divide_magnitude(struct arena *a, const struct bigint *x, const struct bigint *y,
                             struct bigint *quotient, struct bigint *remainder)
{
    struct bigint v;
    if (!copy(a, x, 2, remainder) || !copy(a, y, 1, &v) || !bigint_allocate(a, x->len + 1, quotient))
        return false;
    if (compare_magnitude(x, y) < 0)
        return true;
    uint32_t scale =
        BIGINT_BASE / (v.limbs[v.len - 1] + 1); /* so that the top limb is at least half the base */
    uint32_t m = x->len - y->len;
    bigint_multiply_add(remainder, scale, 0);
    bigint_multiply_add(&v, scale, 0);
    for (uint32_t i = remainder->len; i < x->len + 1; i++)
        remainder->limbs[i] = 0;
    for (uint32_t at = m + 1; at-- > 0;)
        quotient->limbs[at] = divide_step(remainder, &v, at);
    quotient->len = m + 1;
    remainder->len = x->len + 1;
    trim(quotient);
    bigint_divide_small(remainder, scale);
    return true;
}

bool bigint_divide(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *quotient,
                   struct bigint *remainder)
{
    if (!divide_magnitude(a, x, y, quotient, remainder))
        return false;
    quotient->negative = x->negative != y->negative;
    remainder->negative = x->negative;
    trim(quotient);
    trim(remainder);
    if (remainder->len == 0 || x->negative == y->negative)
        return true;
    /* Towards minus infinity: one less, and the remainder on the divisor's side. */
    uint32_t one_limb = 1;
    struct bigint minus_one = {&one_limb, 1, true}, q = *quotient, r = *remainder;
    return bigint_add(a, &q, &minus_one, quotient) && bigint_add(a, &r, y, remainder);
}
