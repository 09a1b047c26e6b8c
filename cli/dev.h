/*
 * `noetl dev`: the whole program on this machine. Private servers in a data folder (unless the settings name
 * others), and every part as a child process that is started again when it ends.
 *
 *   DIR/dev.json          how to reach it; there from the moment when all parts are ready to the stop
 *   DIR/nats  DIR/postgres   the private servers
 *   DIR/logs              what each part said: broker.log, worker-1.log, nats.log, …
 *   DIR/credentials.yaml  the worker's way into the private Postgres, under the name pg_local
 */
#ifndef CLI_DEV_H
#define CLI_DEV_H

#include "config/settings.h"

struct dev_options {
    const char *data_dir; /* NULL: the setting data_dir, else $XDG_DATA_HOME/noetl or ~/.local/share/noetl */
    int64_t nats_port, postgres_port; /* -1: 4222 and 5432, or others if they are taken; 0: any free one */
    const char *http; /* "host:port", port 0: any free one; "": none; NULL: the setting publisher.http, and
                         another port if it is the default and taken */
    int64_t workers;  /* 1–64 */
};

/*
 * Runs until SIGINT, SIGTERM or SIGHUP, then stops all parts in order; a second signal stops them at once.
 * External servers are those that nats.url and postgres.url name from a file, the environment or a flag. Call
 * from the main thread before others start: the parts end with it.
 */
enum status dev_run(const struct settings *settings, const struct dev_options *options,
                    struct error *err) MUST_CHECK;

#endif
