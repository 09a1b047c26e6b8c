/* What values of databases have in common on their way into playbooks. All in `a`, copied. Pure. */
#ifndef WORKER_TOOLS_SQL_VALUE_H
#define WORKER_TOOLS_SQL_VALUE_H

#include "core/arena.h"
#include "core/value.h"

enum status sql_text(struct arena *a, struct str text, struct value *out, struct error *err) MUST_CHECK;
/* Exact, of any length; text that is no integer stays text. */
enum status sql_integer(struct arena *a, struct str text, struct value *out, struct error *err) MUST_CHECK;
/* An integer if it has no fraction, a number if it has at most 15 digits, which a double keeps, else text. */
enum status sql_numeric(struct arena *a, struct str text, struct value *out, struct error *err) MUST_CHECK;
/* The value, or the text where it is no strict JSON. */
enum status sql_json(struct arena *a, struct str text, struct value *out, struct error *err) MUST_CHECK;
/*
 * Columns as the keys of rows: each name becomes a copy, and one that stands before it already gets _2, _3, …
 * `names` may be NULL, for no memory.
 */
enum status sql_name_columns(struct arena *a, struct str *names, uint32_t count,
                             struct error *err) MUST_CHECK;
/* As base64. */
enum status sql_bytes(struct arena *a, struct str bytes, struct value *out, struct error *err) MUST_CHECK;

#endif
