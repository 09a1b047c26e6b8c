/* The answer to an HTTP request: collected while it comes in, then made the data of the step. */
#ifndef WORKER_TOOLS_HTTP_RESPONSE_H
#define WORKER_TOOLS_HTTP_RESPONSE_H

#include <curl/curl.h>

#include "http_request.h"

struct http_response {
    struct buf body, headers; /* headers: the lines of the last answer, each ended by \n */
    bool too_long;            /* the body passed the limit */
    char reason[64];          /* "Not Found" */
};

void http_response_init(struct http_response *r, int64_t max_bytes);
void http_response_free(struct http_response *r);
/* Makes the handle deliver into `r`. */
void http_response_attach(struct http_response *r, CURL *curl);

/*
 * {"status_code", "headers", "body", "json"?, "data", "url", "elapsed"}. `json` is there when the answer says
 * that it is JSON and it is; when it says so and is not, `meta` gets "json_error". `data` is `json`, or else
 * `body`. A body that is no text is null, and "body_base64" has it. Secrets of the request are replaced in
 * what comes back.
 */
enum status http_response_data(struct http_response *r, CURL *curl, const struct http_request *request,
                               struct arena *a, struct value *data, struct value *meta,
                               struct error *err) MUST_CHECK;

#endif
