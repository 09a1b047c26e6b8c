/*
 * A small HTTP server over libmicrohttpd: one handler, a thread a connection, a bounded number of them, of
 * bytes in a request and of requests a second. What bites is logged, every ten seconds at most.
 */
#ifndef RUNTIME_HTTP_SERVER_H
#define RUNTIME_HTTP_SERVER_H

#include "core/value.h"
#include "http_listen.h"

/* What keeps a request from being done, or a client from being served on. */
enum http_trouble {
    HTTP_FINE,
    HTTP_TOO_LARGE, /* the body has more bytes than are taken: it is not here */
    HTTP_TOO_MANY,  /* connections at a time */
    HTTP_TOO_FAST,  /* more requests in a second than one client may make */
    HTTP_TOO_SLOW,  /* the client neither sent nor took anything for long: no request comes of it */
    HTTP_TROUBLES,
};

struct http_request {
    const char *method, *path; /* the path without the query */
    struct str body;
    enum http_trouble trouble; /* the handler says so to the client, or answers nevertheless */
    struct arena *arena;       /* of this request */
    void *native;
};
/* A header's value, or NULL. */
const char *http_request_header(const struct http_request *r, const char *name);
/* Puts the members of the query into a map, as text. */
void http_request_query(const struct http_request *r, struct map_builder *m);

/* An answer that goes on, on the thread of its connection. */
struct http_stream {
    /* Waits for the next bytes; 0: it ends here. Has to give something within a third of the idle time. */
    size_t (*read)(void *context, char *out, size_t room);
    void (*close)(void *context); /* once, whatever happened */
    void *context;
};

struct http_reply {
    int code;
    const char *type; /* NULL: application/json */
    struct str body;
    const char *allow;         /* the header Allow; NULL: none */
    int retry_after_s;         /* the header Retry-After; 0: none */
    struct http_stream stream; /* instead of the body, if it can be read */
};

/* On several threads at once. */
typedef void http_handler(void *context, const struct http_request *r, struct http_reply *reply);

struct http_server_options {
    struct http_place place;
    size_t body_max;
    size_t memory_max;    /* of the arena of one request */
    uint32_t connections; /* most at a time that are served; a few more are told that it is too many */
    uint32_t rate;        /* requests a second of one client; 0: any number */
    int64_t idle_ms;      /* silence after which a connection is closed; 0: a minute */
    http_handler *handle;
    void (*note)(void *context, enum http_trouble t); /* counts; NULL: nobody does */
    void *context;
};

struct http_server;
enum status http_server_start(const struct http_server_options *options, struct http_server **out,
                              struct error *err) MUST_CHECK;
/* The port that it listens at. */
uint16_t http_server_port(const struct http_server *s);
/* Takes no new connections; those that there are go on. */
void http_server_quiesce(struct http_server *s);
/* Lets the requests that are running end; streams have to end by themselves. NULL is allowed. */
void http_server_stop(struct http_server **s);

#endif
