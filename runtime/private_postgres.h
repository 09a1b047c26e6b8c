/*
 * A Postgres cluster of our own, for `noetl dev` and tests: made on first use, on 127.0.0.1 only, with a
 * password that is made with it. Run by root, the server runs as the user postgres (or nobody), which needs
 * no access to the folders above its data. It ends when the thread that started it ends, however that ends;
 * started again, it finds its data, and recovers them if it was killed.
 */
#ifndef RUNTIME_PRIVATE_POSTGRES_H
#define RUNTIME_PRIVATE_POSTGRES_H

#include "port.h"
#include "process.h"
#include "server_folder.h"

struct private_postgres_options {
    const char *folder;    /* made if missing: data/, password, lock, log */
    const char *log_path;  /* NULL: <folder>/log */
    struct port_wish port; /* zero: any free port */
    bool throwaway;        /* for tests: no fsync, so a crash of the machine loses the data */
};

struct private_postgres {
    struct process process; /* process.pid is the postmaster's */
    struct server_folder folder;
    uint16_t port;
    char url[160]; /* of the event log: "postgresql://noetl:<password>@127.0.0.1:5432/noetl"; the superuser */
    char playbook_url[160]; /* for tasks: the user playbook of the same database, who cannot see the log */
};

/*
 * Returns when the server takes connections. STATUS_NOT_FOUND: Postgres is not installed, or not the version
 * that made the data; STATUS_CONFLICT: the port or the folder is in use; STATUS_DENIED, STATUS_IO: the
 * folder; STATUS_UNAVAILABLE: it ended or did not get ready.
 */
enum status private_postgres_start(const struct private_postgres_options *options,
                                   struct private_postgres *out, struct error *err) MUST_CHECK;
/* A fast shutdown: open transactions are rolled back. For a zeroed or stopped one: nothing. */
void private_postgres_stop(struct private_postgres *p);

#endif
