/*
 * The catalog: playbooks by path in the bucket noetl_catalog. The bucket's revision is the version; texts are
 * kept as they are. A path is 1–200 characters of [A-Za-z0-9_-/.=]; it is the key, so `nats kv put`
 * registers.
 */
#ifndef PUBLISHER_CATALOG_H
#define PUBLISHER_CATALOG_H

#include "playbook/playbook.h"
#include "bus/bus.h"
#include "subject.h"

/* STATUS_INVALID unless the text can be the path of a playbook. */
enum status catalog_check_path(struct str path, struct error *err) MUST_CHECK;

struct registration {
    struct str path;
    uint64_t version;
    bool unchanged; /* the newest version was this text already */
};

/*
 * Checks the text and stores it unless it is the newest already. A text with errors is STATUS_INVALID and
 * stores nothing; `diagnostics` has them all, warnings too. `file` names it there.
 */
enum status catalog_register(struct bus *bus, const struct subjects *s, struct str text, const char *file,
                             struct diagnostics *diagnostics, struct arena *a, struct registration *out,
                             struct error *err) MUST_CHECK;
/* version 0: the newest. STATUS_NOT_FOUND; the hint names near paths. */
enum status catalog_get(struct bus *bus, const struct subjects *s, struct str path, uint64_t version,
                        struct arena *a, struct str *text, uint64_t *found_version,
                        struct error *err) MUST_CHECK;
/* A list of {"path", "version", "registered_at"}. */
enum status catalog_list(struct bus *bus, const struct subjects *s, struct arena *a, struct value *out,
                         struct error *err) MUST_CHECK;
/* The versions of a playbook that the catalog still has, the newest first: a list of {"version",
 * "registered_at"}. STATUS_NOT_FOUND as catalog_get(). */
enum status catalog_versions(struct bus *bus, const struct subjects *s, struct str path, struct arena *a,
                             struct value *out, struct error *err) MUST_CHECK;

#endif
