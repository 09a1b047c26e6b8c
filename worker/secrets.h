/* The secret texts that one attempt used, so that they can be taken out of what it reports. */
#ifndef WORKER_SECRETS_H
#define WORKER_SECRETS_H

#include "core/arena.h"
#include "core/status.h"
#include "core/value.h"

enum { SECRETS_MAX = 32 };

struct secrets {
    struct str items[SECRETS_MAX];
    size_t count;
};

/* Borrowed. Texts of fewer than 4 bytes are not kept: replacing them would garble what they occur in. */
void secrets_add(struct secrets *s, struct str secret);
/* The texts of a credential, apart from those that are no secret by their key (user, host, …). */
void secrets_add_credential(struct secrets *s, struct value credential);
/* `text` with "***" for each secret in it; the same text if there is none. */
struct str secrets_redact(const struct secrets *s, struct arena *a, struct str text);
/* In place: message, place and hint. */
void secrets_redact_error(const struct secrets *s, struct error *err);

#endif
