/* From the keys of an http step to a request that libcurl can send. */
#ifndef WORKER_TOOLS_HTTP_REQUEST_H
#define WORKER_TOOLS_HTTP_REQUEST_H

#include <curl/curl.h>

#include "worker/credentials.h"
#include "worker/tool.h"

struct http_request {
    const char *method; /* upper case */
    const char *url;    /* with the parameters */
    const char *shown;  /* for messages: without user, password, query */
    struct curl_slist *headers;
    struct str body;
    bool has_body;
    int64_t max_bytes; /* of the answer's body */
    bool verify;
    const char *ca_file;                  /* NULL: the system's */
    int64_t redirects;                    /* how many to follow */
    const char *user, *password, *bearer; /* NULL if not used */
    struct secrets secrets;
};

/* Everything lives in `a` but the headers: http_request_free(), also after a failure. */
enum status http_request_read(struct http_request *r, struct credentials *credentials,
                              const struct task *task, int64_t max_bytes, struct arena *a,
                              struct error *err) MUST_CHECK;
void http_request_free(struct http_request *r);

/* The address without user and password, and without its query unless `with_query`; `url` itself if it is no
 * URL. */
const char *http_public_url(struct arena *a, const char *url, bool with_query);

#endif
