/*
 * Three nats-servers that are one cluster, so that a stream with three replicas outlives the loss of any one
 * of them. Each has a folder and ports of its own, which it keeps when it comes back. A failure to start one
 * fails the test that asked.
 */
#ifndef TESTS_NATS_CLUSTER_H
#define TESTS_NATS_CLUSTER_H

#include "bus/bus.h"
#include "runtime/private_nats.h"

enum { CLUSTER_NODES = 3 };

struct nats_cluster {
    struct private_nats nodes[CLUSTER_NODES];
    char folders[CLUSTER_NODES][320];
    uint16_t ports[CLUSTER_NODES], routes[CLUSTER_NODES];
    char url[128]; /* of all three, for nats.url */
};

/* Below `folder`, which is there. From the thread that lives to the end of the test: the servers end with it.
 */
void nats_cluster_start(struct nats_cluster *c, const char *folder);
void nats_cluster_stop(struct nats_cluster *c);
/* kill -9; and the same server again, with what it had. */
void nats_cluster_kill(struct nats_cluster *c, int node);
void nats_cluster_return(struct nats_cluster *c, int node);

/* The node that leads a stream; waits until there is one. */
int nats_cluster_leader(struct bus *bus, const char *stream);
/* Waits until the stream has its leader and all its followers, with all that it has. */
void nats_cluster_await(struct bus *bus, const char *stream);

#endif
