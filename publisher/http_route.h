/*
 * The paths of the HTTP API: each stands for an operation and says how its payload comes out of the request.
 * One table; no sockets here.
 */
#ifndef PUBLISHER_HTTP_ROUTE_H
#define PUBLISHER_HTTP_ROUTE_H

#include "core/value.h"

struct http_route {
    const char *method;    /* "GET", "POST" */
    const char *pattern;   /* "/api/executions/{execution_id}"; {path...} is all that is left */
    const char *operation; /* NULL: /health */
    bool has_body;         /* the payload is the body; else it is made of the query */
    bool raw_body;         /* the body need not be JSON */
    bool renders;          /* a syntax error in its answer is one of a template, not of the request */
    const char *doc;
};

/* Finds the route of a request. STATUS_NOT_FOUND if no path matches; STATUS_UNSUPPORTED, with the method that
 * there is in *allowed, if only the method is another. */
enum status http_route_find(const char *method, const char *path, const struct http_route **out,
                            const char **allowed, struct error *err) MUST_CHECK;

/*
 * What the operation is asked: the body with the names in the path put into it, or a map of the query and of
 * those names. `query` is a map of strings.
 */
enum status http_route_payload(const struct http_route *route, const char *path, struct value query,
                               struct str body, struct arena *a, struct str *out,
                               struct error *err) MUST_CHECK;

/* The table, for documentation; ends with an entry without method. */
const struct http_route *http_routes(void);

#endif
