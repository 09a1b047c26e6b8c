/* NKeys: Ed25519 keys in base32, as NATS writes them
 * (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth). */
#ifndef BUS_NKEY_H
#define BUS_NKEY_H

#include "core/status.h"

enum { NKEY_TEXT = 64 };

/* The public key ("U…") of the seed ("SU…") that a file holds, zero-terminated. */
enum status nkey_public(const char *seed_file, char out[NKEY_TEXT], struct error *err) MUST_CHECK;

#endif
