/*
 * Which `noetl dev` run on this machine, and how to reach them. Each writes <data_dir>/dev.json when all its
 * parts are ready, and a pointer to it in $XDG_STATE_HOME/noetl/dev (~/.local/state/noetl/dev). Both are for
 * the owner's eyes only: they have the password of the private Postgres.
 *
 * What a dev that was killed left there is recognised: the process of that id does not run, or is another.
 */
#ifndef CLI_DEV_REGISTRY_H
#define CLI_DEV_REGISTRY_H

#include <sys/types.h>

#include "runtime/server_folder.h"

struct dev_entry {
    pid_t pid;
    int64_t started_ns;
    char data_dir[SERVER_PATH_MAX]; /* absolute */
    char nats_url[512];
    char postgres_url[512];
    char http[256]; /* "http://127.0.0.1:8082"; "" if there is no HTTP */
};

/* Of this process. Replaces dev.json at once, so that a reader finds the whole or nothing. */
enum status dev_registry_add(const struct dev_entry *entry, struct error *err) MUST_CHECK;
void dev_registry_remove(const struct dev_entry *entry);

/*
 * The dev of that data folder; NULL: the only one that runs. STATUS_NOT_FOUND when none does,
 * STATUS_CONFLICT, naming them, when several do.
 */
enum status dev_registry_find(const char *data_dir, struct dev_entry *out, struct error *err) MUST_CHECK;

#endif
