/*
 * Where secrets come from: the environment of the worker, files on it, and its credentials. They are read at
 * the moment of use and not kept. One thread.
 */
#ifndef WORKER_SECRET_SOURCE_H
#define WORKER_SECRET_SOURCE_H

#include "config/settings.h"
#include "credentials.h"

enum { SECRET_NAME_MAX = 1024, SECRET_BYTES_MAX = 64 << 10 };

/* Which secret. */
struct secret_name {
    struct str provider; /* "env", "file", "credential" */
    struct str name;     /* a variable; a path; a credential */
    struct str field;    /* of a credential; else "" */
};

struct secret_source {
    struct credentials *credentials;
    const char *folder; /* of files without a path of their own; the settings' */
};

enum status secret_source_open(struct secret_source *s, const struct settings *settings,
                               struct error *err) MUST_CHECK;
void secret_source_close(struct secret_source *s);

/*
 * Its text, in `a`; of a file without the line's end behind it. STATUS_NOT_FOUND; STATUS_UNSUPPORTED for
 * another provider; STATUS_DENIED for what is the worker's own access; STATUS_INVALID for what is no text or
 * too short to be kept out of outcomes. No error shows it.
 */
enum status secret_source_read(struct secret_source *s, const struct secret_name *name, struct arena *a,
                               struct str *out, struct error *err) MUST_CHECK;

#endif
