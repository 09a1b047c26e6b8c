/* A nats-server with a configuration of the test's own: users, permissions. Without JetStream's folder kept.
 */
#ifndef TESTS_RUNTIME_STRICT_SERVER_H
#define TESTS_RUNTIME_STRICT_SERVER_H

#include <stdint.h>

#include "runtime/process.h"

struct strict_server {
    char folder[256];
    struct process process;
    uint16_t port;
    char url[64];
};

/* `configuration` is added to what makes it listen on a free port of 127.0.0.1 with JetStream. */
void strict_server_start(struct strict_server *s, const char *configuration);
void strict_server_stop(struct strict_server *s);

#endif
