#include "random_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/digest.h"
#include "core/utf8.h"

uint64_t random_seed(const char *test)
{
    const char *given = getenv("NOETL_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 0;
    if (given == NULL && getrandom(&seed, sizeof seed, 0) != sizeof seed)
        abort();
    printf("%s: repeat with NOETL_SEED=%" PRIu64 "\n", test, seed);
    return seed;
}

static uint64_t below(uint64_t *seed, uint64_t n)
{
    return splitmix64(seed) % n;
}

double random_double(uint64_t *seed)
{
    static const double extremes[] = {0.0,
                                      -0.0,
                                      5e-324,
                                      2.2250738585072014e-308,
                                      1.7976931348623157e308,
                                      1e15,
                                      1e16,
                                      1e17,
                                      1e-4,
                                      1e-5,
                                      9007199254740993.0,
                                      0.1,
                                      1e22,
                                      1e23};
    double f;
    uint64_t bits;
    switch (below(seed, 5)) {
    case 0: return extremes[below(seed, sizeof extremes / sizeof extremes[0])];
    case 1: return (double)(int64_t)splitmix64(seed);
    case 2: return (double)((int64_t)below(seed, 2000001) - 1000000) / 1000;
    case 3: return ldexp(1, (int)below(seed, 2098) - 1074); /* powers of two: uneven neighbours */
    default: break;
    }
    do {
        bits = splitmix64(seed);
        memcpy(&f, &bits, sizeof f);
    } while (!isfinite(f));
    return f;
}

static struct value random_string(struct arena *a, uint64_t *seed)
{
    static const uint32_t ranges[] = {0x80, 0x20, 0x80, 0x800, 0x10000, 0x110000};
    size_t count = below(seed, 20), len = 0;
    char *text = arena_alloc(a, 4 * count);
    for (size_t i = 0; i < count; i++)
        len += utf8_put(text + len, (uint32_t)below(seed, ranges[below(seed, 6)]));
    return value_str((struct str){text, len});
}

static struct value random_integer(struct arena *a, uint64_t *seed)
{
    int64_t n = (int64_t)splitmix64(seed) >> below(seed, 64);
    if (below(seed, 4) != 0)
        return value_int(n);
    struct str digits = arena_printf(a, "%s%" PRIu64 "%018" PRIu64, n < 0 ? "-" : "", 10 + below(seed, 1000),
                                     below(seed, UINT64_C(1000000000000000000)));
    return (struct value){.type = VALUE_BIGINT, .len = (uint32_t)digits.len, .u.s = digits.ptr};
}

static struct value random_list(struct arena *a, uint64_t *seed, int depth)
{
    struct list_builder b;
    struct value v;
    list_begin(&b, a);
    for (uint64_t i = below(seed, 12); i > 0; i--)
        list_add(&b, random_value(a, seed, depth + 1));
    if (list_end(&b, &v, NULL) != STATUS_OK)
        abort();
    return v;
}

static struct value random_map(struct arena *a, uint64_t *seed, int depth)
{
    struct map_builder b;
    struct value v;
    map_begin(&b, a);
    for (uint64_t i = below(seed, 30); i > 0; i--)
        map_put_value(&b, random_string(a, seed), random_value(a, seed, depth + 1));
    if (map_end(&b, &v, NULL) != STATUS_OK)
        abort();
    return v;
}

struct value random_value(struct arena *a, uint64_t *seed, int depth)
{
    switch (below(seed, depth < 4 ? 9 : 6)) {
    case 0: return value_null();
    case 1: return value_bool(below(seed, 2) != 0);
    case 2: return random_integer(a, seed);
    case 3: return value_float(random_double(seed));
    case 4:
    case 5: return random_string(a, seed);
    case 6: return random_list(a, seed, depth);
    default: return random_map(a, seed, depth);
    }
}
