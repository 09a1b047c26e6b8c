/*
 * A small HTTP server over libmicrohttpd: one handler, a thread a connection, a bounded number of them and of
 * bytes in a request. Answers are whole texts.
 */
#ifndef RUNTIME_HTTP_SERVER_H
#define RUNTIME_HTTP_SERVER_H

#include "core/value.h"
#include "http_listen.h"

struct http_request {
    const char *method, *path; /* the path without the query */
    struct str body;
    bool too_large;      /* the body had more bytes than are taken: it is not here */
    struct arena *arena; /* of this request */
    void *native;
};
/* A header's value, or NULL. */
const char *http_request_header(const struct http_request *r, const char *name);
/* Puts the members of the query into a map, as text. */
void http_request_query(const struct http_request *r, struct map_builder *m);

struct http_reply {
    int code;
    const char *type; /* NULL: application/json */
    struct str body;
    const char *allow; /* the header Allow; NULL: none */
};

/* On several threads at once. */
typedef void http_handler(void *context, const struct http_request *r, struct http_reply *reply);

struct http_server_options {
    struct http_place place;
    size_t body_max;
    size_t memory_max;    /* of the arena of one request */
    uint32_t connections; /* most at a time */
    http_handler *handle;
    void *context;
};

struct http_server;
enum status http_server_start(const struct http_server_options *options, struct http_server **out,
                              struct error *err) MUST_CHECK;
/* The port that it listens at. */
uint16_t http_server_port(const struct http_server *s);
/* Lets the requests that are running end. NULL is allowed. */
void http_server_stop(struct http_server **s);

#endif
