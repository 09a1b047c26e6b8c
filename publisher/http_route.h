/*
 * The paths of the HTTP API: each stands for an operation and says how its payload comes out of the request.
 * One table; no sockets here.
 */
#ifndef PUBLISHER_HTTP_ROUTE_H
#define PUBLISHER_HTTP_ROUTE_H

#include "core/value.h"

enum http_route_kind { ROUTE_OPERATION, ROUTE_HEALTH, ROUTE_STREAM, ROUTE_DOCUMENT };

struct http_route {
    enum http_route_kind kind;
    const char *method;    /* "GET", "POST" */
    const char *pattern;   /* "/api/executions/{execution_id}"; {path...} is all that is left */
    const char *operation; /* of ROUTE_OPERATION */
    bool has_body;         /* the payload is the body; else it is made of the query */
    bool raw_body;         /* the body need not be JSON */
    bool renders;          /* a syntax error in its answer is one of a template, not of the request */
    bool takes_key;        /* the header Idempotency-Key is its member idempotency_key */
    const char *doc;
};

/* Finds the route of a request; HEAD is as GET. STATUS_NOT_FOUND if no path matches; STATUS_UNSUPPORTED, with
 * the methods that there are in *allowed, if only the method is another. */
enum status http_route_find(const char *method, const char *path, const struct http_route **out,
                            const char **allowed, struct error *err) MUST_CHECK;

/*
 * What the operation is asked: the body with the names in the path put into it, or a map of the query and of
 * those names. `query` is a map of strings. `key` is of the header Idempotency-Key, "" without it: one that
 * the body contradicts is STATUS_INVALID.
 */
enum status http_route_payload(const struct http_route *route, const char *path, struct value query,
                               struct str body, struct str key, struct arena *a, struct str *out,
                               struct error *err) MUST_CHECK;

/* The table, for documentation; ends with an entry without method. */
const struct http_route *http_routes(void);

#endif
