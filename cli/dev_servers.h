/* The servers under `noetl dev`: its own in the data folder, or those that the settings name. */
#ifndef CLI_DEV_SERVERS_H
#define CLI_DEV_SERVERS_H

#include "dev.h"
#include "runtime/clock.h"
#include "runtime/private_nats.h"
#include "runtime/private_postgres.h"

struct dev_servers {
    char nats_folder[SERVER_PATH_MAX], postgres_folder[SERVER_PATH_MAX];
    char nats_log[SERVER_PATH_MAX], postgres_log[SERVER_PATH_MAX];
    struct port_wish nats_port, postgres_port;
    bool own_nats, own_postgres;
    struct private_nats nats; /* zero unless it runs */
    struct private_postgres postgres;
    int log;                                   /* of dev's notes */
    struct mono_time next_nats, next_postgres; /* not to be started again before */
};

/* Starts what the settings do not name, and puts it into them, with publisher.http and the tasks' credential.
 */
enum status dev_servers_start(struct dev_servers *s, const struct server_folder *data,
                              const struct dev_options *options, struct settings *settings,
                              struct error *err) MUST_CHECK;
/* Streams, buckets and the schema of the log: made, or brought to this version. */
enum status dev_servers_set_up(const struct settings *settings, struct error *err) MUST_CHECK;
/* Starts one of ours again that has ended, on the same port, until that works, and notes it. */
void dev_servers_watch(struct dev_servers *s);
void dev_servers_stop(struct dev_servers *s);

#endif
