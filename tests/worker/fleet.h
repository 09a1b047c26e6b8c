/* A NATS server with the program's streams, workers as processes, and what they publish. */
#ifndef TESTS_WORKER_FLEET_H
#define TESTS_WORKER_FLEET_H

#include <pthread.h>

#include "core/task.h"
#include "publisher/topology.h"
#include "runtime/process.h"
#include "servers.h"

enum { FLEET_EVENTS = 4096 };

struct fleet {
    struct servers servers;
    struct settings *settings;
    struct subjects subjects;
    struct bus *bus;
    struct bus_reader *reader;
    struct arena arena; /* of one test's thread */
    pthread_mutex_t mutex;
    pthread_cond_t came;
    struct bus_delivery *events[FLEET_EVENTS]; /* outcomes, in order */
    size_t event_count;
    int64_t next_execution;
    struct bus_subscription *questions;
    /* What the fleet says for the brokers, of attempts whose outcome no worker finds: */
    _Atomic int64_t ended; /* those of this execution have one */
    _Atomic bool silent;   /* nothing */
    _Atomic size_t asked;  /* how often it was asked */
};

/* Group setup and teardown of cmocka; *state is the fleet. The workers' ack_wait is one second. */
int fleet_start(void **state);
int fleet_stop(void **state);

/* Starts a worker with further settings (name=value, NULL-ended, may be NULL). */
struct process fleet_worker(struct fleet *f, const char *const *settings);
/* SIGTERM; its exit code. */
int fleet_end_worker(struct process *worker);
/* SIGKILL. */
void fleet_kill_worker(struct process *worker);

/* Publishes a task of an execution of its own and returns the execution's id. `config`, `args`: JSON. */
int64_t fleet_task(struct fleet *f, const char *tool, const char *config, const char *args,
                   int64_t timeout_ms);
/* The same for a pool that is not "default". "patient" gives a task to another worker only when it is given
 * back. */
int64_t fleet_pool_task(struct fleet *f, const char *pool, const char *tool, const char *config,
                        const char *args, int64_t timeout_ms);
/* The same of an execution that there may be already, with that id. */
void fleet_task_of(struct fleet *f, int64_t execution_id, const char *task_id, const char *tool,
                   const char *config);
/* Publishes a message on the subject of a task. */
void fleet_message(struct fleet *f, const char *pool, int64_t execution_id, const char *task_id,
                   const char *payload);
/* The outcome of an execution's task, waited for; the test fails when none comes. */
struct value fleet_outcome(struct fleet *f, int64_t execution_id);
/* How many outcomes of it there are by now. */
size_t fleet_outcomes(struct fleet *f, int64_t execution_id);
/* Waits until the tasks stream is empty. */
void fleet_wait_empty(struct fleet *f);
/* The event stream takes no more than it has; or, with `full` false, as much as comes. */
void fleet_limit_events(struct fleet *f, bool full);
/* Waits until a file is there. */
void fleet_wait_file(const char *path);
/* A path in the fleet's folder that nothing has used. */
const char *fleet_path(struct fleet *f);

void fleet_ok(enum status s, const struct error *err);

#endif
