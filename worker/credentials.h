/*
 * The worker's credentials: a YAML file (setting worker.credentials) of names, each with a type and fields:
 *
 *   warehouse: {type: postgres, db_host: db.local, db_port: 5432, db_name: sales, db_user: etl, db_password:
 * "…"} tickets:   {type: bearer, token: "…"}
 *
 * Every field is text as written. Playbooks name credentials; the fields are looked up here at the moment of
 * use and never travel. A changed file is read again. One thread.
 */
#ifndef WORKER_CREDENTIALS_H
#define WORKER_CREDENTIALS_H

#include "secrets.h"

struct credentials;

/* Reads nothing yet. `path` "": there is no file, and every look-up says so. */
enum status credentials_open(const char *path, struct credentials **out, struct error *err) MUST_CHECK;
void credentials_close(struct credentials **c);

/* The fields under a name, copied into `a`. STATUS_NOT_FOUND; the hint has the names that there are. */
enum status credentials_find(struct credentials *c, struct str name, struct arena *a, struct value *out,
                             struct error *err) MUST_CHECK;

/*
 * What `auth` (or `credential`) of a step means: a credential's name, a map with `credential: NAME` whose
 * other fields win over the named ones, the fields themselves, or a map of one alias to any of these. Absent
 * when the step has none. What is secret in it is added to `secrets`.
 */
enum status credentials_resolve(struct credentials *c, struct value config, struct arena *a,
                                struct value *out, struct secrets *secrets, struct error *err) MUST_CHECK;

#endif
