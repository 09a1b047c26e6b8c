/* The secret texts that one attempt used, so that they can be taken out of what it reports. */
#ifndef WORKER_SECRETS_H
#define WORKER_SECRETS_H

#include "core/arena.h"
#include "core/status.h"
#include "core/value.h"

/* SECRETS_LEAST: shorter texts are not looked for, as replacing them would garble what they occur in. */
enum { SECRETS_MAX = 256, SECRETS_LEAST = 4 };

struct secrets {
    struct str items[SECRETS_MAX];
    struct str marks[SECRETS_MAX]; /* what stands for them; "" for "***" */
    size_t count;
};

/* Borrowed. Texts of fewer than SECRETS_LEAST bytes are not kept. */
void secrets_add(struct secrets *s, struct str secret);
/* The texts of a credential, apart from those that are no secret by their key (user, host, …). */
void secrets_add_credential(struct secrets *s, struct value credential);
/* Whether a field of a credential is no secret by its key. */
bool secrets_is_public(struct str field);
/*
 * A secret with what stands for it (borrowed), and the forms in which it is met as well: its lines, as a part
 * of JSON, percent-encoded. STATUS_LIMIT when there are more than can be kept.
 */
enum status secrets_add_marked(struct secrets *s, struct arena *a, struct str secret, struct str mark,
                               struct error *err) MUST_CHECK;

/* `text` with "***" for each secret in it; the same text if there is none. */
struct str secrets_redact(const struct secrets *s, struct arena *a, struct str text);
/* In place: message, place and hint. */
void secrets_redact_error(const struct secrets *s, struct error *err);
/*
 * The value with what stands for each secret in its texts and keys, or with "***"; the same value if there is
 * none.
 */
enum status secrets_mask(const struct secrets *s, struct arena *a, struct value v, bool with_marks,
                         struct value *out, struct error *err) MUST_CHECK;

#endif
