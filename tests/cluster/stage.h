/* A cluster with all its streams in three replicas, Postgres, two brokers and a worker as processes. */
#ifndef TESTS_CLUSTER_STAGE_H
#define TESTS_CLUSTER_STAGE_H

#include "check.h"
#include "nats_cluster.h"
#include "noetl_process.h"
#include "publisher/catalog.h"
#include "publisher/request.h"
#include "servers.h"

enum { STAGE_BROKERS = 2, STAGE_VARIABLES = 8 };

struct stage {
    struct servers servers; /* of these only Postgres, and the folder */
    struct nats_cluster cluster;
    char texts[STAGE_VARIABLES][512];
    const char *variables[STAGE_VARIABLES + 1]; /* the settings of every process */
    char effects[320];                          /* the file to which every task adds a line: its key */
    struct settings *settings;
    struct subjects subjects;
    struct bus *bus;
    struct arena arena;
    struct process brokers[STAGE_BROKERS], worker;
    int requested; /* executions so far */
    int faults;    /* servers that were killed or frozen so far */
};

/* Group setup and teardown of cmocka; the stage is *state. */
int stage_start(void **state);
int stage_stop(void **state);

/*
 * Asks for so many executions, each with a key of its own, and asks again until it is told that each is
 * taken: what a caller does who must not lose one.
 */
void stage_request(struct stage *s, int executions);
/* Registers the called playbook with another text, which makes a new version of it. */
void stage_new_version(struct stage *s);
/* Waits until that many executions are over, called ones included. */
void stage_await_ends(struct stage *s, int executions);
/* The name of a stream or of the catalog's; valid until the next call. */
const char *stage_stream(struct stage *s, enum stream_id stream);
const char *stage_catalog(struct stage *s);

#endif
