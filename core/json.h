/*
 * JSON text to values and back, strictly (RFC 8259): integers exact, UTF-8 checked, duplicate keys, trailing
 * text, lone surrogates and NaN refused, depth and size bounded.
 */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "arena.h"
#include "buf.h"
#include "value.h"

struct json_limits {
    size_t max_bytes;   /* of the text; 0: 256 MiB */
    uint32_t max_depth; /* 0: 128 */
};

/*
 * One whole document. Strings and containers are made in `a`; the text is not referred to afterwards.
 * Errors: STATUS_SYNTAX with line and column, STATUS_LIMIT, STATUS_NO_MEMORY.
 */
enum status json_read(struct arena *a, struct str text, const struct json_limits *limits, struct value *out,
                      struct error *err) MUST_CHECK;
/* The same, and the document must be a map. `what` names it in the message ("the payload"). */
enum status json_read_map(struct arena *a, struct str text, const char *what, struct value *out,
                          struct error *err) MUST_CHECK;

enum json_style {
    JSON_COMPACT, /* no white space, keys in order of insertion: the form on the wire and in the log */
    JSON_PRETTY,  /* two spaces */
    JSON_SORTED,  /* compact, keys sorted bytewise: for digests and comparisons */
};
/* STATUS_INVALID for a value that JSON cannot carry: undefined, an object, NaN, a key that is no string. */
enum status json_write(struct buf *b, struct value v, enum json_style style, struct error *err) MUST_CHECK;
/* The text in the arena, zero-terminated. */
enum status json_text(struct arena *a, struct value v, struct str *out, struct error *err) MUST_CHECK;

/*
 * What a value may have that an execution carries, as args, as a result, as what is saved: as much as a
 * message (json_limits), less what stands around the value there. Each row of the log, which has several of
 * them, stays far below what Postgres takes, 1 GB.
 */
enum { JSON_VALUE_BYTES = 256 << 20, JSON_VALUE_DEPTH = 125 };
struct json_bounds {
    size_t max_bytes;   /* of the compact text; 0: any */
    uint32_t max_depth; /* of lists and maps in each other; 0: VALUE_MAX_DEPTH */
};
/*
 * Whether json_write() can write the value, within bounds. `*bytes`, if it is not NULL, is how long the
 * compact text can be at most, and never by much. STATUS_INVALID for what JSON cannot carry, STATUS_LIMIT;
 * the place is the path in the value, "rows[3].total", or "" for the whole.
 */
enum status json_check(struct value v, const struct json_bounds *bounds, size_t *bytes,
                       struct error *err) MUST_CHECK;
/* A string with its quotes. */
void json_write_string(struct buf *b, struct str s);

#endif
