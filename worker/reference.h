/*
 * References to secrets: texts that stand for a secret wherever values travel, and that a worker replaces in
 * a task's args and keys just before a tool runs.
 *
 *   noetl_secret.<provider>.<name>.<field>.<seal>
 *
 * Each part has only letters, digits, "_" and "-", other bytes as "~" and two hexadecimal digits, so a
 * reference is the same inside of URLs, JSON and quotes. The seal is a digest over the other parts and the
 * execution's own seal, which only its workers get: a text that came from outside is no reference, whatever
 * it looks like, so nobody who puts texts into an execution gets a secret out of it.
 */
#ifndef WORKER_REFERENCE_H
#define WORKER_REFERENCE_H

#include "secret_source.h"

/* In `a`; ptr NULL when there is no memory. `seal` is the task's. */
struct str reference_write(struct arena *a, struct str seal, const struct secret_name *name);

/*
 * The value with the secrets in place of the references in its texts and keys; the same value if there are
 * none. Each secret is added to `used`, marked by its reference. STATUS_DENIED for a reference with another
 * seal: of another execution, or made up.
 */
enum status references_resolve(struct secret_source *source, struct str seal, struct value v, struct arena *a,
                               struct secrets *used, struct value *out, struct error *err) MUST_CHECK;

#endif
