/*
 * Everything that an installation has, each part with a user of its own on NATS and a role of its own in
 * Postgres, as docs/SECURITY.md makes them.
 */
#ifndef TESTS_SECURITY_INSTALLATION_H
#define TESTS_SECURITY_INSTALLATION_H

#include "check.h"
#include "core/arena.h"
#include "core/value.h"
#include "noetl_process.h"
#include "servers.h"

enum { INSTALLATION_DAEMONS = 5 };

struct installation {
    struct servers servers;
    struct process daemons[INSTALLATION_DAEMONS]; /* two brokers, a worker, a publisher, render */
    struct arena arena;
    struct bus *client, *observer;
};

/* Group setup and teardown of cmocka; the installation is *state. */
int installation_start(void **state);
int installation_stop(void **state);

/* A connection of that user with that inbox. `on_event` may be NULL. */
struct bus *installation_connect(struct installation *i, const char *user, const char *inbox,
                                 void (*on_event)(void *context, bool connected, const char *detail),
                                 void *context);
/* The connection string of a role, or with NULL of the superuser; in the arena. */
const char *installation_database(struct installation *i, const char *role);
/* Runs statements as a role. NULL when they succeed, else the server's message; in the arena. */
const char *installation_sql(struct installation *i, const char *role, const char *sql);
/* What a query of one value says, as the superuser. */
const char *installation_says(struct installation *i, const char *sql);
/* A request on noetl.api.<operation>; its answer has to be no error. */
struct value installation_ask(struct installation *i, struct bus *bus, const char *operation,
                              const char *payload);
/* Runs a registered playbook; its execution's id, in the arena. */
const char *installation_run(struct installation *i, const char *path);
/* Asks as the observer until the execution stands so; its status. */
struct value installation_await(struct installation *i, const char *id, const char *status);

#endif
