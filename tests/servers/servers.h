/*
 * Real servers for a test: on free ports, in a folder of their own under $TMPDIR or /tmp, ended by their
 * process ids. A failure to start one fails the test that asked.
 */
#ifndef TESTS_SERVERS_H
#define TESTS_SERVERS_H

#include "bus/bus.h"
#include "runtime/private_nats.h"
#include "runtime/private_postgres.h"

struct servers {
    char folder[256];
    struct private_nats nats;
    struct private_postgres postgres;
};

/* Zero the struct first. From the thread that lives to the end of the test: the servers end with it. */
void servers_start_nats(struct servers *s);
/* With these further lines of configuration: users, permissions. */
void servers_start_nats_with(struct servers *s, const char *configuration);
/* At a port that was found free; `configuration` may be NULL. */
void servers_start_nats_at(struct servers *s, uint16_t port, const char *configuration);
/* kill -9; and a new server on the same port and the same storage. */
void servers_kill_nats(struct servers *s);
void servers_revive_nats(struct servers *s);
void servers_start_postgres(struct servers *s);
/* Ends what was started and removes the folder. */
void servers_stop(struct servers *s);

/* A connection to the NATS server; `name` shows in its monitoring. */
struct bus *servers_connect(const struct servers *s, const char *name);

#endif
