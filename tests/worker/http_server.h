/* A local HTTP server for tests: http_server.py in a process of its own, on a free port. */
#ifndef TESTS_WORKER_HTTP_SERVER_H
#define TESTS_WORKER_HTTP_SERVER_H

#include "runtime/process.h"

struct http_server {
    struct process process;
    char url[64]; /* "http://127.0.0.1:12345" */
};

void http_server_start(struct http_server *s);
void http_server_stop(struct http_server *s);

#endif
