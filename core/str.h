/* A borrowed slice of bytes, UTF-8 unless said otherwise. Not ended by a zero byte. */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For printf: printf("%" PRISTR, ARGSTR(s)). */
#define PRISTR    ".*s"
#define ARGSTR(s) (int)(s).len, (s).ptr

/* NULL gives an empty slice. */
static inline struct str str_of(const char *zero_terminated)
{
    return (struct str){zero_terminated, zero_terminated ? strlen(zero_terminated) : 0};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(struct str a, const char *zero_terminated)
{
    return str_equal(a, str_of(zero_terminated));
}

/* Bytewise order, shorter first among equals: <0, 0, >0. */
int str_compare(struct str a, struct str b);
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);
/* Without white space (space, \t, \n, \r, \f, \v) at both ends. */
struct str str_trim(struct str s);
/* The first `max` bytes at most, for messages about text of any length; cut between two characters. */
struct str str_head(struct str s, size_t max);
/* Position of the first `needle`, or -1. */
ptrdiff_t str_find(struct str haystack, struct str needle);
/* Cuts the part before the first `separator` off `*rest` and returns it; all of it when there is none. */
struct str str_split(struct str *rest, char separator);
/* What stands between the separators number `n` - 1 and `n`, from 0; "" if there are fewer. */
struct str str_token(struct str s, char separator, size_t n);

/* A whole decimal integer, optional minus, nothing around it; false for other text and out of range. */
bool str_to_int64(struct str s, int64_t *out);

/* Of the candidates, the one closest to `word` by edits, if close enough to suggest; else an empty slice. */
struct str str_nearest(struct str word, const struct str *candidates, size_t count);

#endif
