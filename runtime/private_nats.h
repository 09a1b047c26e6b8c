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
    const char *folder;    /* made if missing: configuration, pid, storage, lock, log */
    const char *log_path;  /* NULL: <folder>/log */
    struct port_wish port; /* zero: any free port */
};

struct private_nats {
    struct process process; /* process.pid is the server's */
    struct server_folder folder;
    uint16_t port;
    char url[64]; /* "nats://127.0.0.1:4222" */
};

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
