/* Values of Postgres as values of playbooks, and back. Pure. */
#ifndef WORKER_TOOLS_POSTGRES_VALUE_H
#define WORKER_TOOLS_POSTGRES_VALUE_H

#include "core/arena.h"
#include "core/value.h"

/*
 * The text form of a value of the type `oid`, in ISO date style:
 *   integers exact · numeric: an integer if it has no fraction, a number if it has at most 15 digits (which a
 * double keeps), else text · float: a number, NaN and infinities as text · bool · json, jsonb: the value, or
 * the text where it is no strict JSON · arrays of these: lists · bytea: base64 · timestamps:
 * "2026-01-02T03:04:05+00:00" · void: null · all others: text
 */
enum status postgres_to_value(struct arena *a, uint32_t oid, struct str text, struct value *out,
                              struct error *err) MUST_CHECK;

/* Whether the type is an array that is known here. */
bool postgres_is_array(uint32_t oid);

/*
 * The text of a parameter, zero-terminated; NULL for null. Lists and maps become JSON, or, with `as_array`,
 * an array literal. STATUS_INVALID for text with a zero byte, which Postgres cannot hold.
 */
enum status postgres_parameter(struct arena *a, struct value v, bool as_array, const char **out,
                               struct error *err) MUST_CHECK;

#endif
