/* Between service.c, which runs the operations, and service_discovery.c, which tells about them. */
#ifndef PUBLISHER_SERVICE_PRIVATE_H
#define PUBLISHER_SERVICE_PRIVATE_H

#include <pthread.h>

#include "runtime/daemon.h"
#include "service.h"

enum { SERVICE_ID_SIZE = 33, DISCOVERY_SUBJECTS = 3 };

/* One operation on one of its subjects. */
struct endpoint {
    struct service *service;
    const struct operation *operation;
    char name[64];
    char subject[SUBJECT_MAX];
    const char *queue; /* "": everybody who has the subject answers */
    struct bus_subscription *subscription;
    /* Behind the service's lock: */
    uint64_t requests, errors;
    int64_t busy_ns;
    char last_error[256];
};

struct service {
    struct service_options options;
    char id[SERVICE_ID_SIZE]; /* of this process among those of the service */
    int64_t started_ns;
    struct endpoint *endpoints; /* as many as the table has operations, or twice that: see service.h */
    size_t endpoint_count;
    char host[DAEMON_HOST_MAX], pid[16];
    struct bus_subscription *discovery[DISCOVERY_SUBJECTS];

    pthread_mutex_t lock;
    pthread_cond_t work;
    struct request *first, *last; /* the queue */
    size_t queued, queued_bytes;
    bool stopping;
    bool said_full; /* that requests are refused, and more than half of the queue is taken since */
    pthread_t *threads;
    uint32_t thread_count;
};

enum status discovery_start(struct service *s, struct error *err) MUST_CHECK;
void discovery_stop(struct service *s);

#endif
