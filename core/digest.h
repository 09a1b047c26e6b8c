/* Hashes and text encodings of bytes. */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "str.h"

/* FNV-1a, 32 bits: what nats-server's partition() mapping uses. http://www.isthe.com/chongo/tech/comp/fnv/ */
uint32_t fnv1a32(struct str s);

struct sha256 {
    uint32_t state[8];
    uint64_t length;
    uint8_t block[64];
    size_t fill;
};
/* FIPS 180-4. */
void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *bytes, size_t len);
void sha256_end(struct sha256 *h, uint8_t out[32]);
/* Lower-case hexadecimal of the whole digest, zero-terminated. */
void sha256_hex(struct str s, char out[65]);

/* RFC 4648 with padding. */
void base64_encode(struct buf *b, struct str bytes);
/* Standard or URL alphabet, padding optional, white space skipped; false for other text, and if `b` has no
 * room. */
bool base64_decode(struct buf *b, struct str text);

/* SplitMix64: a deterministic stream of numbers from a seed (Steele, Lea, Flood 2014). */
uint64_t splitmix64(uint64_t *state);

#endif
