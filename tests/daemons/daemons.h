/* An installation of real servers and daemons, each a process of the built program, seen through its metrics.
 */
#ifndef TESTS_DAEMONS_H
#define TESTS_DAEMONS_H

#include "check.h"
#include "eventlog/eventlog.h"
#include "exposition.h"
#include "http_client.h"
#include "publisher/topology.h"
#include "servers.h"

enum part { BROKER, WORKER, PUBLISHER, RENDER, PART_COUNT };

struct daemons {
    struct servers servers;
    struct settings *settings; /* of the streams, and of what the test does itself */
    struct subjects subjects;
    struct bus *bus;
    struct arena arena;
    struct process parts[PART_COUNT];
    uint16_t ports[PART_COUNT]; /* of /metrics */
    uint16_t api;               /* of the publisher */
    uint16_t postgres_port;     /* while it is away */
    bool postgres_is_frozen;    /* postgres_freeze() */
    const char *variable;       /* NAME=value for what is started, or NULL */
    struct exposition page;     /* what was read last */
};

/* Group setup and teardown of cmocka; *state is the daemons. None runs yet. */
int daemons_start(void **state);
/* With these further lines of nats-server's configuration. */
int daemons_start_with(void **state, const char *configuration);
int daemons_stop(void **state);
/* The same as daemons_start(), with streams and schema, and all daemons ready. */
int daemons_start_all(void **state);
/* Starts those that do not run, and waits until all are ready; stops those that run. */
void daemons_all_run(struct daemons *d);
void daemons_all_stop(struct daemons *d);
const char *part_name(enum part part);
/* Runs tests/daemons/SCRIPT with the URL and the folder build/MODULES, which scripts/MODULES fills; fails as
 * it does. */
void daemons_run_node(struct daemons *d, const char *script, const char *url, const char *modules);

/* For the streams and for daemons that are started later. */
void daemons_set(struct daemons *d, const char *name, const char *value);
/* Streams and schema as the settings say; again to change limits. */
void daemons_set_up(struct daemons *d);
/* `noetl serve`; returns when it serves /metrics. Its log begins anew. */
void daemon_start(struct daemons *d, enum part part);
/* The same of one that ends by itself; its exit code. */
int daemon_start_in_vain(struct daemons *d, enum part part);
/* Waits until one that runs has ended by itself; its exit code. */
int daemon_await_end(struct daemons *d, enum part part);
/* `noetl COMMAND` with the same settings; its exit code. What it prints is in the log of `log`. */
int daemons_command(struct daemons *d, const char *command, enum part log);
/* SIGTERM, and an exit code of 0. */
void daemon_stop(struct daemons *d, enum part part);
void daemon_kill(struct daemons *d, enum part part);
/* How often its log has that text. */
size_t daemon_says(struct daemons *d, enum part part, const char *text);
/* Waits for it. */
void daemon_await_says(struct daemons *d, enum part part, const char *text);

/* GET of a daemon; its answer's text in the arena. */
struct http_answer daemon_get(struct daemons *d, enum part part, const char *path);
/* A sample of its /metrics, which is read by exposition_read(). */
double daemon_metric(struct daemons *d, enum part part, const char *name, const char *labels);
/* Waits until a sample is at least, or exactly, that. */
void daemon_await_least(struct daemons *d, enum part part, const char *name, const char *labels,
                        double least);
void daemon_await(struct daemons *d, enum part part, const char *name, const char *labels, double value);
/* Waits until /readyz answers that it is ready; or 503, and says that. */
void daemon_await_ready(struct daemons *d, enum part part);
const char *daemon_await_unready(struct daemons *d, enum part part, const char *says);

void nats_leave(struct daemons *d);
void nats_return(struct daemons *d);
void nats_return_with(struct daemons *d, const char *configuration);
/* A request of JetStream's API without a body ($JS.API.VERB), which must succeed. */
void nats_api(struct daemons *d, const char *verb);
/* How many messages a stream has; and waits until it has exactly that many. */
uint64_t messages_in(struct daemons *d, enum stream_id stream);
void await_messages(struct daemons *d, enum stream_id stream, uint64_t count);
void postgres_leave(struct daemons *d);
void postgres_return(struct daemons *d);
/* Each of its processes stands still, and goes on; nobody has the database meanwhile. */
void postgres_freeze(struct daemons *d);
void postgres_thaw(struct daemons *d);

/* An operation over NATS; the answer. */
struct value api_call(struct daemons *d, const char *operation, const char *payload);
/* Registers a playbook; it must be right. */
void api_register(struct daemons *d, const char *text);
/* Asks for an execution; it must be taken. */
int64_t api_run(struct daemons *d, const char *path);
/* Waits for an execution's end in the log, which must be of that type; all its events. */
struct event_list await_end(struct daemons *d, int64_t id, enum event_type type);

#endif
