/* What is looked at in a request over HTTP before anybody reads what it wants. */
#ifndef PUBLISHER_HTTP_CHECK_H
#define PUBLISHER_HTTP_CHECK_H

#include "http_route.h"
#include "runtime/http_server.h"

/* The code for the trouble that a request is in, and what to say of it. */
int http_check_trouble(enum http_trouble t, size_t body_max, struct error *err);
/*
 * The code that the request is refused with, or 0. A body has to be of a type that the route takes: 415. A
 * page of another site that a browser shows may not have anything done here: 403.
 */
int http_check_request(const struct http_route *route, const struct http_request *r, struct error *err);
/* The header Idempotency-Key, with or without the quotes of a structured field. */
struct str http_check_key(const struct http_request *r);

#endif
