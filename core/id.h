/*
 * Names of things on the wire: execution ids, task ids, partitions.
 *
 * An execution id is a positive 63-bit number, written in decimal, always as text in JSON. Two kinds:
 *   bit 62 clear   made from time: milliseconds since 2024-01-01 UTC << 22 | node << 12 | sequence; ids of
 * one publisher grow, so that lists and partitions by id follow time (until 2058) bit 62 set     made from an
 * idempotency key: the first 62 bits of SHA-256("path\0key"), so that the same request gets the same id from
 * every publisher
 *
 * A task id names one attempt: "s3v1a2" is the second of the first visit of step 3, "s3v1a1i17a2" the second
 * of item 17 of the iterator that is the first, "s3v1a1i17t1a1" of the second task (from 0) of that item.
 * Iterators in iterators go on in the same way.
 */
#ifndef CORE_ID_H
#define CORE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"
#include "str.h"

enum { ID_TEXT = 24, TASK_ID_TEXT = 144, TASK_ID_DEPTH = 4 };
#define ID_EPOCH_MS INT64_C(1704067200000) /* 2024-01-01T00:00:00Z */

/* `now_ms` since 1970; `node` 0–1023; `sequence` 0–4095. */
int64_t id_from_time(int64_t now_ms, uint32_t node, uint32_t sequence);
int64_t id_from_key(struct str playbook_path, struct str key);
/* Milliseconds since 1970 of an id made from time; 0 for one made from a key. */
int64_t id_time_ms(int64_t id);
/* Zero-terminated decimal; returns its length. */
size_t id_format(int64_t id, char out[ID_TEXT]);
/* STATUS_INVALID unless the text is a positive decimal number of at most 63 bits. */
enum status id_parse(struct str text, int64_t *out, struct error *err) MUST_CHECK;

/* Which of `partitions` an execution belongs to: FNV-1a 32 of its decimal text, as nats-server would say. */
uint32_t id_partition(int64_t execution_id, uint32_t partitions);

struct task_id {
    uint32_t step;  /* number of the step in its playbook, from 0 */
    uint32_t visit; /* from 1 */
    uint32_t depth; /* how many iterators it is in: 0 for the step itself */
    struct task_place {
        uint32_t item, task; /* in the iterator around it, from 0; of no meaning at depth 0 */
        uint32_t attempt;    /* from 1 */
    } places[TASK_ID_DEPTH];
};
/* `depth` is below TASK_ID_DEPTH. Returns the length. */
size_t task_id_format(const struct task_id *id, char out[TASK_ID_TEXT]);
enum status task_id_parse(struct str text, struct task_id *out, struct error *err) MUST_CHECK;

/* Whether the text can stand as one token of a subject here: 1–128 of [A-Za-z0-9_-]. */
bool is_subject_token(struct str s);

#endif
