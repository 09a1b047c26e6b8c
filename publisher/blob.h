/*
 * Bytes of any size in chunks on a stream, found by their digest.
 *
 *   <prefix>.results.<execution_id>.<digest>.<n>     on <PREFIX>_RESULTS: what executions pass on
 *   <prefix>.exchange.<what>.<digest>.<n>            on <PREFIX>_EXCHANGE: large requests and answers of the
 * API
 *
 * A chunk's subject and message id are functions of the bytes, and its subject keeps one message: putting the
 * same bytes twice stores them once. Chunks leave with the age of their stream. All functions wait, and may
 * be called from any thread that may.
 */
#ifndef PUBLISHER_BLOB_H
#define PUBLISHER_BLOB_H

#include "core/buf.h"
#include "core/value.h"
#include "bus/bus.h"
#include "subject.h"

/* The largest that is put or read. */
enum { BLOB_MAX = 256 << 20 };

struct blob_ref {
    char subject[SUBJECT_MAX]; /* of the chunks, without their number */
    char digest[65];           /* SHA-256 of the bytes, in hexadecimal */
    uint64_t size;
    uint32_t chunks;
};

enum blob_store { BLOB_RESULTS, BLOB_EXCHANGE };

/*
 * Stores the bytes under `owner`, a subject's token: an execution's id. Returns when the stream has them all.
 * STATUS_LIMIT for more than BLOB_MAX, STATUS_NOT_FOUND when the stream was never made, STATUS_UNAVAILABLE
 * and STATUS_TIMEOUT while NATS does not answer or the stream is full.
 */
enum status blob_put(struct bus *bus, const struct subjects *s, enum blob_store store, const char *owner,
                     struct str bytes, struct blob_ref *out, struct error *err) MUST_CHECK;
/*
 * Appends the bytes to `out`, whose maximum is its owner's matter. STATUS_NOT_FOUND when a chunk is gone
 * (its age has passed), STATUS_INVALID when what is there has another digest: neither gets better by waiting.
 */
enum status blob_get(struct bus *bus, const struct subjects *s, const struct blob_ref *ref, struct buf *out,
                     struct error *err) MUST_CHECK;

/* {"subject","digest","size","chunks"}; the map's texts are copied into `a`. */
enum status blob_ref_to_value(struct arena *a, const struct blob_ref *ref, struct value *out,
                              struct error *err) MUST_CHECK;
/* STATUS_INVALID for what no blob_put() under this prefix can have made. */
enum status blob_ref_from_value(const struct subjects *s, struct value v, struct blob_ref *out,
                                struct error *err) MUST_CHECK;

#endif
