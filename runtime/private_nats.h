/*
 * A nats-server of our own, for `noetl dev` and tests: JetStream with file storage in a folder, on 127.0.0.1
 * only. It ends when the thread that started it ends, however that ends; started again, it finds its streams.
 */
#ifndef RUNTIME_PRIVATE_NATS_H
#define RUNTIME_PRIVATE_NATS_H

#include "port.h"
#include "process.h"
#include "server_folder.h"

struct private_nats_options {
    const char *folder;        /* made if missing: configuration, pid, storage, lock, log */
    const char *log_path;      /* NULL: <folder>/log */
    struct port_wish port;     /* zero: any free port */
    const char *name;          /* the server's; NULL: "noetl-private" */
    const char *configuration; /* added to what it is started with: users, a cluster; may be NULL */
};

struct private_nats {
    struct process process; /* process.pid is the server's */
    struct server_folder folder;
    uint16_t port;
    char url[64]; /* "nats://127.0.0.1:4222" */
};

/*
 * Which program is started: the one that the variable NOETL_NATS_SERVER names, or nats-server in PATH or
 * where Debian puts it. STATUS_NOT_FOUND.
 */
enum status private_nats_program(char out[SERVER_PATH_MAX], struct error *err) MUST_CHECK;

/*
 * Returns when the server answers. STATUS_NOT_FOUND: nats-server is not installed; STATUS_CONFLICT: the port
 * or the folder is in use; STATUS_DENIED, STATUS_IO: the folder; STATUS_UNAVAILABLE: it ended or did not get
 * ready.
 */
enum status private_nats_start(const struct private_nats_options *options, struct private_nats *out,
                               struct error *err) MUST_CHECK;
/* Lets it write what it has, then ends it. For a zeroed or stopped one: nothing. */
void private_nats_stop(struct private_nats *n);

#endif
