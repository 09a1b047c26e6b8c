/*
 * Servers, streams and schema for a test of the broker, which runs as a process of its own; and a worker by
 * hand, whose every move the test decides.
 */
#ifndef TESTS_BROKER_INSTALLATION_H
#define TESTS_BROKER_INSTALLATION_H

#include "check.h"
#include "eventlog/eventlog.h"
#include "publisher/catalog.h"
#include "publisher/control.h"
#include "publisher/request.h"
#include "publisher/topology.h"
#include "servers.h"

struct installation {
    struct servers servers;
    struct settings *settings;
    struct subjects subjects;
    struct bus *bus;
    struct bus_pull *tasks;
    struct arena arena;
    struct process broker;
    const char *nats_url;   /* for brokers that are started; NULL: the server's */
    const char *variable;   /* NAME=value for brokers that are started, or NULL */
    int keys;               /* that were made up for execution_beside() */
    uint16_t postgres_port; /* while it is away */
    const char *clock;      /* what the clocks of brokers that are started go by (brokers_clock()), or NULL */
    int64_t ack_wait_ms;    /* of tasks; 0: as it was at first */
};

/* Group setup and teardown of cmocka; the installation is *state. */
int installation_start(void **state);
int installation_stop(void **state);
/* The same setup, but no task comes again because a worker is silent: which ones there are says what brokers
 * did. */
int installation_start_patiently(void **state);

/* `noetl serve broker`; returns its pid. */
pid_t broker_start(struct installation *i);
/* SIGTERM; its exit code, or 128 + signal. */
int broker_stop(struct installation *i);
void broker_kill(struct installation *i);
/* The wall clocks of brokers that are started from now on are ahead by so much. False: that cannot be done
 * with this build, which has a sanitizer. */
bool brokers_clock(struct installation *i, int64_t ahead_s);
/* Waits until it has ended by itself; its exit code. */
int broker_wait(struct installation *i);

/* For how long a worker may be silent about a task; 2 s at first. */
void tasks_wait_for(struct installation *i, int64_t ack_wait_ms);
/* How many messages the event stream has. */
uint64_t events_stored(struct installation *i);
/* From now on streams know an id for a moment only; and `full`: that of events takes no more than it has. */
void events_forget_ids(struct installation *i, bool full);
/* Deletes its messages of these subjects (NULL: all); how many. The test fails if there are none. */
uint64_t stream_purge(struct installation *i, enum stream_id stream, const char *filter);
/* Deletes the stream and makes it anew, empty. */
void stream_made_anew(struct installation *i, enum stream_id stream);

/* Puts the playbook into the catalog. */
struct registration register_playbook(struct installation *i, const char *text);
/* Registers the playbook under its path and asks for an execution. */
int64_t execution_of(struct installation *i, const char *playbook, const char *workload);
/* The same of a playbook that is registered; it fails after that time. */
int64_t execution_limited(struct installation *i, const char *path, int64_t timeout_ms);
/* Of a playbook that is registered, once: with an idempotency key. */
int64_t execution_once(struct installation *i, const char *path, const char *key);
/* One with an idempotency key, in the partition of another execution. */
int64_t execution_beside(struct installation *i, const char *path, int64_t other);
/* Whether the broker says soon that this hinders it; that as much waits for the log as may. */
bool broker_comes_to_say(struct installation *i, const char *hindrance);
bool backlog_fills(struct installation *i);
/* Cancels, pauses, …; `context` is JSON, or NULL. */
void steer(struct installation *i, enum control_id control, int64_t id, const char *context);
/* The next task, not acknowledged; the test fails when none comes. */
struct bus_delivery *task_next(struct installation *i);
/* Publishes the outcome of a task and acknowledges it. `data` is JSON. */
void task_done(struct installation *i, struct bus_delivery *d, const char *data);
/* The same of data that no message holds: stored, and referred to. */
void task_done_large(struct installation *i, struct bus_delivery *d, const char *data);
/* The same as a failure. */
void task_failed(struct installation *i, struct bus_delivery *d);
/* What a task's message says; of which execution it is. */
struct str task_text(struct installation *i, const struct bus_delivery *d, const char *member);
int64_t task_execution(struct installation *i, const struct bus_delivery *d);
/* Whether no further task comes within half a second. */
bool task_none(struct installation *i);

/* Waits until the log has the execution's end, and returns all its events; the test fails when it does not
 * come. */
struct event_list execution_end(struct installation *i, int64_t id);
/* Waits until the log has so many events of an execution. */
struct event_list execution_events(struct installation *i, int64_t id, size_t count);
/* Postgres goes away, and comes back with what it had, on the same port. */
void database_leave(struct installation *i);
void database_return(struct installation *i);
/* What a query of one value says, as text; "" of statements that have none. */
const char *database_says(struct installation *i, const char *sql);
/* Waits until a query of one value says that; the test fails if it does not come to. */
void database_comes_to_say(struct installation *i, const char *sql, const char *expected);
/* DELETE FROM that, "table WHERE …"; the test fails if there are none. */
void delete_rows(struct installation *i, const char *from);
/* An execution whose first step is a sub-playbook is over: now it has not heard of that one's end, as if the
 * fact had been lost before it was read. Without a broker. */
void caller_hears_nothing(struct installation *i, int64_t id);
/* What the broker says to a worker that asks whether an attempt has ended; it is asked once. */
enum status broker_says_ended(struct installation *i, int64_t id, const char *attempt, bool *ended,
                              struct error *err) MUST_CHECK;
/* The events' types and steps as one text: "execution_requested, execution_start, step_started a, …". */
const char *story(struct installation *i, struct event_list events);

/* Two tasks, one after the other. */
#define CHAIN                                                                                                \
    "metadata: {path: test/chain}\n"                                                                         \
    "workflow:\n"                                                                                            \
    "  - {step: start, next: a}\n"                                                                           \
    "  - {step: a, type: noop, args: {n: '{{ workload.n | default(0) }}'}, next: b}\n"                       \
    "  - {step: b, type: noop, args: {n: '{{ a.n }}'}}\n"

#define CHAIN_STORY                                                                                          \
    "execution_requested, execution_start, step_completed start, step_started a, action_completed a, "       \
    "step_completed a, step_started b, action_completed b, step_completed b, execution_complete"

/* What workers do of one of these, and that it then ends as it should. */
void finish_chain(struct installation *i, int64_t id);

#endif
