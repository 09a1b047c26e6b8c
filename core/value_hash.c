#include "value_inner.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "digest.h"

/*
 * Texts: SipHash-1-3 (Aumasson, Bernstein 2012), keyed, since keys of maps come from outside. The room may
 * not ask for randomness; where the loader put the program serves, and only speed depends on it.
 */
struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 = rotl(s->v0, 32) + s->v3;
    s->v2 += s->v1;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v2 = rotl(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static inline uint64_t process_key(void)
{
    uint64_t x = (uint64_t)(uintptr_t)&VALUE_EMPTY_MAP * UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 29;
}

uint64_t hash_text(struct str text)
{
    uint64_t key = process_key(), word;
    struct sip s = {key ^ UINT64_C(0x736f6d6570736575), ~key ^ UINT64_C(0x646f72616e646f6d),
                    key ^ UINT64_C(0x6c7967656e657261), ~key ^ UINT64_C(0x7465646279746573)};
    size_t at = 0;
    for (; text.len - at >= 8; at += 8) {
        memcpy(&word, text.ptr + at, 8);
        sip_word(&s, word);
    }
    word = (uint64_t)text.len << 56;
    for (unsigned shift = 0; at < text.len; at++, shift += 8)
        word |= (uint64_t)(unsigned char)text.ptr[at] << shift;
    sip_word(&s, word);
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/*
 * Numbers: the remainder by the prime 2^61 - 1, as in CPython, since that can be had exactly from an integer
 * of any size and from a float, and so is the same for all forms of a number.
 */
static const uint64_t PRIME = (UINT64_C(1) << 61) - 1;

static uint64_t times_modulo(uint64_t a, uint64_t b)
{
    return (uint64_t)((unsigned __int128)a * b % PRIME);
}

static uint64_t negate_if(bool negative, uint64_t remainder)
{
    return negative && remainder != 0 ? PRIME - remainder : remainder;
}

static uint64_t remainder_of_int(int64_t i)
{
    uint64_t magnitude = i < 0 ? -(uint64_t)i : (uint64_t)i;
    return negate_if(i < 0, magnitude % PRIME);
}

static uint64_t remainder_of_digits(struct str text)
{
    bool negative = text.ptr[0] == '-';
    uint64_t r = 0;
    for (size_t i = negative; i < text.len; i++)
        r = (times_modulo(r, 10) + (uint64_t)(text.ptr[i] - '0')) % PRIME;
    return negate_if(negative, r);
}

static uint64_t remainder_of_float(double f)
{
    int exponent;
    if (!isfinite(f))
        return isnan(f) ? PRIME + 1 : PRIME + (f < 0 ? 2 : 3);
    double fraction = frexp(fabs(f), &exponent); /* 0 or 0.5 <= fraction < 1 */
    uint64_t r = (uint64_t)ldexp(fraction, DBL_MANT_DIG) % PRIME;
    /* The order of 2 modulo the prime is 61: exponents, negative ones too, count modulo 61. */
    int shift = (exponent - DBL_MANT_DIG) % 61;
    r = times_modulo(r, UINT64_C(1) << (shift < 0 ? shift + 61 : shift));
    return negate_if(f < 0, r);
}

static uint64_t mix(uint64_t x)
{
    return splitmix64(&x);
}

enum { HASH_DEPTH = 3, HASH_ITEMS = 64 }; /* what is looked at, so that no value takes long */

static uint64_t hash_nested(struct value v, int depth)
{
    uint64_t hash = (uint64_t)v.type << 32 | v.len;
    switch ((enum value_type)v.type) {
    case VALUE_BOOL: return mix(v.u.b);
    case VALUE_INT: return mix(remainder_of_int(v.u.i));
    case VALUE_BIGINT: return mix(remainder_of_digits((struct str){v.u.s, v.len}));
    case VALUE_FLOAT: return mix(remainder_of_float(v.u.f));
    case VALUE_STRING: return hash_text((struct str){v.u.s, v.len});
    case VALUE_OBJECT: return mix((uint64_t)(uintptr_t)v.u.object);
    case VALUE_LIST:
        for (uint32_t i = 0; depth < HASH_DEPTH && i < v.len && i < HASH_ITEMS; i++)
            hash = mix(hash ^ hash_nested(v.u.list[i], depth + 1));
        return mix(hash);
    case VALUE_MAP: /* a sum: without regard to order */
        for (uint32_t i = 0; depth < HASH_DEPTH && v.len <= HASH_ITEMS && i < v.len; i++) {
            const struct value_entry *e = &v.u.map->entries[i];
            hash += mix(hash_nested(e->key, depth + 1) + 3 * hash_nested(e->value, depth + 1));
        }
        return mix(hash);
    case VALUE_UNDEFINED:
    case VALUE_NULL: break;
    }
    return mix(hash);
}

uint64_t value_hash(struct value v)
{
    if (v.type == VALUE_STRING)
        return hash_text((struct str){v.u.s, v.len});
    return hash_nested(v, 0);
}

static bool int_equals_float(int64_t i, double f)
{
    /* 2^63 is a double, the largest int64 is not. */
    return f >= -0x1p63 && f < 0x1p63 && f == floor(f) && (int64_t)f == i;
}

static bool digits_equal_float(struct str digits, double f)
{
    char text[DBL_MAX_10_EXP + 8];
    if (!isfinite(f) || fabs(f) < 0x1p63)
        return false;
    int len = snprintf(text, sizeof text, "%.0f", f); /* exact, and without a decimal point in any locale */
    return str_equal(digits, (struct str){text, (size_t)len});
}

bool numbers_equal(struct value a, struct value b)
{
    if (a.type == VALUE_BOOL)
        a = value_int(a.u.b);
    if (b.type == VALUE_BOOL)
        b = value_int(b.u.b);
    if (a.type > b.type) {
        struct value swap = a;
        a = b;
        b = swap;
    }
    if (a.type == VALUE_INT) {
        if (b.type == VALUE_FLOAT)
            return int_equals_float(a.u.i, b.u.f);
        return b.type == VALUE_INT && a.u.i == b.u.i;
    }
    if (a.type == VALUE_FLOAT)
        return a.u.f == b.u.f;
    struct str digits = {a.u.s, a.len};
    return b.type == VALUE_FLOAT ? digits_equal_float(digits, b.u.f)
                                 : str_equal(digits, (struct str){b.u.s, b.len});
}
