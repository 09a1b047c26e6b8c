/*
 * Reading what a client sent, strictly: a member that is not known or not of its type is an error that names
 * it. All members here may be null, which is as if they were absent. The errors are STATUS_INVALID, and
 * STATUS_SYNTAX for text that is not JSON.
 */
#ifndef PUBLISHER_PAYLOAD_H
#define PUBLISHER_PAYLOAD_H

#include "core/value.h"

/* The map that the text is; an empty text is an empty map. `what` names it ("the run request"). */
enum status payload_read(struct arena *a, struct str text, const char *what, struct value *out,
                         struct error *err) MUST_CHECK;
/* Refuses members that are not among `known`, with a suggestion; `what` names the document ("a run request").
 */
enum status payload_known(struct value map, const struct str *known, size_t count, const char *what,
                          struct error *err) MUST_CHECK;
/* "" if absent. */
enum status payload_text(struct value map, struct str name, struct str *out, struct error *err) MUST_CHECK;
/* The same, and it must be there and not empty. */
enum status payload_required_text(struct value map, struct str name, struct str *out,
                                  struct error *err) MUST_CHECK;
/* A map; absent stays absent. */
enum status payload_map(struct value map, struct str name, struct value *out, struct error *err) MUST_CHECK;
enum status payload_flag(struct value map, struct str name, bool absent, bool *out,
                         struct error *err) MUST_CHECK;
/* A number from 0 to `max`, also as decimal text (as in a query string); 0 if absent. */
enum status payload_number(struct value map, struct str name, int64_t max, int64_t *out,
                           struct error *err) MUST_CHECK;
/* "2026-01-02T03:04:05Z" as nanoseconds since 1970; 0 if absent. */
enum status payload_time(struct value map, struct str name, int64_t *out, struct error *err) MUST_CHECK;
/* "execution_id", which must be there; ids are text. */
enum status payload_execution_id(struct value map, int64_t *out, struct error *err) MUST_CHECK;
/* "version" of a playbook: a number; 0, "latest" and absent are the newest, 0. */
enum status payload_version(struct value map, uint64_t *out, struct error *err) MUST_CHECK;

#endif
