#include "str.h"

int str_compare(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common != 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts_with(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_equal((struct str){s.ptr, prefix.len}, prefix);
}

bool str_ends_with(struct str s, struct str suffix)
{
    if (s.len < suffix.len)
        return false;
    return suffix.len == 0 || memcmp(s.ptr + (s.len - suffix.len), suffix.ptr, suffix.len) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len != 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len != 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct str str_head(struct str s, size_t max)
{
    if (s.len <= max)
        return s;
    while (max > 0 && ((unsigned char)s.ptr[max] & 0xC0) == 0x80)
        max--;
    return (struct str){s.ptr, max};
}

ptrdiff_t str_find(struct str haystack, struct str needle)
{
    if (needle.len == 0)
        return 0;
    if (haystack.len < needle.len)
        return -1;
    const char *found = memmem(haystack.ptr, haystack.len, needle.ptr, needle.len);
    return found != NULL ? found - haystack.ptr : -1;
}

struct str str_split(struct str *rest, char separator)
{
    const char *end = rest->len != 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
    struct str part = *rest;
    if (end == NULL) {
        *rest = (struct str){rest->ptr != NULL ? rest->ptr + rest->len : NULL, 0};
        return part;
    }
    part.len = (size_t)(end - rest->ptr);
    *rest = (struct str){end + 1, rest->len - part.len - 1};
    return part;
}

struct str str_token(struct str s, char separator, size_t n)
{
    struct str token = str_split(&s, separator);
    while (n-- > 0)
        token = str_split(&s, separator);
    return token;
}

bool str_to_int64(struct str s, int64_t *out)
{
    bool negative = s.len != 0 && s.ptr[0] == '-';
    int64_t n = 0; /* minus the number, for the range is larger there */
    if (s.len == (negative ? 1u : 0u))
        return false;
    for (size_t i = negative; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(n, (int64_t)10, &n) || __builtin_sub_overflow(n, s.ptr[i] - '0', &n))
            return false;
    }
    if (!negative && n == INT64_MIN)
        return false;
    *out = negative ? n : -n;
    return true;
}

/* Longer words are no typing mistakes of each other that anybody needs help with. */
enum { NEAREST_WORD = 48 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours (optimal string alignment, three rows). */
static size_t edit_distance(struct str a, struct str b)
{
    size_t rows[3][NEAREST_WORD + 1];
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                row[j] = smaller(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

struct str str_nearest(struct str word, const struct str *candidates, size_t count)
{
    struct str nearest = {"", 0};
    size_t closer_than = word.len / 3 + 2; /* one mistake in short words, one more for every three letters */
    if (word.len == 0 || word.len > NEAREST_WORD)
        return nearest;
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].len > NEAREST_WORD)
            continue;
        size_t distance = edit_distance(word, candidates[i]);
        /* A word that shares no letter with the candidate is no misspelling of it. */
        if (distance < closer_than && distance < smaller(word.len, candidates[i].len)) {
            nearest = candidates[i];
            closer_than = distance;
        }
    }
    return nearest;
}
