/*
 * The value that users see: workloads, arguments, results, what templates work on.
 *
 * A value is immutable and is passed by value (16 bytes). What it points to lives in an arena that the
 * maker chose and that outlives it; values share freely within that lifetime, and value_copy() takes one
 * into another. Integers are exact: 64 bits as they are, larger ones as their decimal digits.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "status.h"
#include "str.h"

enum value_type {
    VALUE_UNDEFINED, /* of templates only; never in JSON. The zero value. u.object may say which name */
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,    /* u.i */
    VALUE_BIGINT, /* beyond 64 bits: u.s is canonical decimal text ("-" first if negative), len its length */
    VALUE_FLOAT,  /* u.f; never NaN or infinite in JSON */
    VALUE_STRING, /* u.s, len bytes of UTF-8, not zero-terminated */
    VALUE_LIST,   /* u.list, len items */
    VALUE_MAP,    /* u.map, len entries, in the order of insertion */
    VALUE_OBJECT, /* a thing of the template engine (macro, range, loop, …); never in JSON */
};

/* Flags ride on a value and are kept by value_copy(); JSON ignores them. */
enum {
    VALUE_MARKUP = 1, /* a string that is safe HTML */
    VALUE_TUPLE = 2,  /* a list that was a tuple */
    /* A step's data: `.data` and `.result` on it give the value itself unless it has such a key. */
    VALUE_STEP_DATA = 4,
};

struct value {
    uint8_t type;
    uint8_t flags;
    uint16_t extra; /* for the template engine */
    uint32_t len;
    union {
        bool b;
        int64_t i;
        double f;
        const char *s;
        const struct value *list;
        const struct value_map *map;
        const void *object;
    } u;
};

struct value_entry {
    struct value key; /* JSON has strings only; templates may use any hashable value */
    struct value value;
};

struct value_map {
    const struct value_entry *entries;
    const uint32_t *index; /* open addressing over entry numbers + 1; NULL in small maps */
    uint32_t index_mask;
};

static inline struct value value_null(void)
{
    return (struct value){.type = VALUE_NULL};
}
static inline struct value value_bool(bool b)
{
    return (struct value){.type = VALUE_BOOL, .u.b = b};
}
static inline struct value value_int(int64_t i)
{
    return (struct value){.type = VALUE_INT, .u.i = i};
}
static inline struct value value_float(double f)
{
    return (struct value){.type = VALUE_FLOAT, .u.f = f};
}
/* Borrows the bytes. At most UINT32_MAX of them. */
static inline struct value value_str(struct str s)
{
    return (struct value){.type = VALUE_STRING, .len = (uint32_t)s.len, .u.s = s.ptr};
}
static inline struct value value_text(const char *zero_terminated)
{
    return value_str(str_of(zero_terminated));
}
static inline struct str value_as_str(struct value v)
{
    return v.type == VALUE_STRING ? (struct str){v.u.s, v.len} : (struct str){"", 0};
}
static inline bool value_is_absent(struct value v)
{
    return v.type == VALUE_UNDEFINED;
}

/*
 * How deep values may be nested. Deeper ones, which only templates can make, are refused by value_copy() and
 * json_write() (STATUS_LIMIT) and are equal to nothing, so that no value can exhaust the stack.
 */
enum { VALUE_MAX_DEPTH = 1000 };

extern const struct value VALUE_EMPTY_LIST, VALUE_EMPTY_MAP;

/* "string", "integer", "number", "list", "map", …: the word for messages. */
const char *value_type_name(struct value v);

/*
 * Builders: collect in any arena, then finish. A failed allocation sticks and makes the finish return
 * STATUS_NO_MEMORY or STATUS_LIMIT. A key that is put twice keeps its first place and its last value.
 */
struct list_builder {
    struct arena *arena;
    struct value *items;
    uint32_t len, cap;
    bool failed;
};
void list_begin(struct list_builder *b, struct arena *a);
void list_add(struct list_builder *b, struct value v);
enum status list_end(struct list_builder *b, struct value *out, struct error *err) MUST_CHECK;

struct map_builder {
    struct arena *arena;
    struct value_entry *entries;
    uint32_t *index;
    uint32_t len, cap, index_mask;
    bool failed;
};
void map_begin(struct map_builder *b, struct arena *a);
/* The key's bytes are borrowed, as the value is. */
void map_put(struct map_builder *b, struct str key, struct value v);
void map_put_value(struct map_builder *b, struct value key, struct value v);
/* Every entry of `map`, over what is there. */
void map_put_all(struct map_builder *b, struct value map);
/* What was put under the key so far; absent if nothing. */
struct value map_peek(const struct map_builder *b, struct str key);
enum status map_end(struct map_builder *b, struct value *out, struct error *err) MUST_CHECK;
/*
 * What was put so far, as a map that shares the builder's memory, while the builder goes on. It keeps its
 * entries if only new keys are put afterwards; looking one up by its key is allowed until the next put.
 */
enum status map_so_far(const struct map_builder *b, struct value *out, struct error *err) MUST_CHECK;

/* The value under a key, or an absent value (VALUE_UNDEFINED); also when `map` is no map. */
struct value value_get(struct value map, struct str key);
#define VALUE_GET(map, literal) value_get((map), STR(literal))
struct value value_get_by_value(struct value map, struct value key);
/* By path: "a.b.c"; no escapes. */
struct value value_get_path(struct value map, struct str path);

/*
 * Equality and hash agree, and numbers compare across their types (1 == 1.0, true == 1), as in Python;
 * maps without regard to order. Flags are ignored. Undefined equals undefined, NaN nothing. Hashes differ
 * from one run of the program to the next, so that nobody can prepare keys that collide; never write one
 * down.
 */
bool value_equal(struct value a, struct value b);
uint64_t value_hash(struct value v);
/* Same type, same bytes, same order of keys. */
bool value_identical(struct value a, struct value b);

/* A deep copy that owes nothing to the source's arena. VALUE_OBJECT is refused (STATUS_INVALID). */
enum status value_copy(struct arena *a, struct value v, struct value *out, struct error *err) MUST_CHECK;
/* The same without flags: what writing the value as JSON and reading it again would give. */
enum status value_copy_plain(struct arena *a, struct value v, struct value *out,
                             struct error *err) MUST_CHECK;
/* `over` over `base`: maps are merged deeply, everything else (lists too) is replaced. Shares both. */
enum status value_merge(struct arena *a, struct value base, struct value over, struct value *out,
                        struct error *err) MUST_CHECK;
/* Bytes that the value takes, near enough for limits; counting ends at VALUE_SIZE_MAX. */
enum { VALUE_SIZE_MAX = 1 << 30 };
size_t value_size(struct value v);

/* Shortest decimal text that reads back as the same double, in Python's form ("1.0", "1e+16", "inf"). */
size_t float_format(double f, char out[32]);

#endif
