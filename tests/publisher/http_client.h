/* Requests to the HTTP API, by libcurl. Trouble below HTTP fails the test. */
#ifndef TESTS_PUBLISHER_HTTP_CLIENT_H
#define TESTS_PUBLISHER_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_answer {
    long code;
    char type[96];   /* the header Content-Type; "" if there is none */
    char head[2048]; /* all headers, as they came */
    char *text;      /* ended by a zero byte; the caller frees it */
    size_t len;
};

/* `body` NULL: none. `chunked`: without a length at its head. */
void http_send(uint16_t port, const char *method, const char *path, const char *body, size_t body_len,
               bool chunked, struct http_answer *out);
/* The same with one more header, "Name: value". */
void http_send_with(uint16_t port, const char *method, const char *path, const char *header, const char *body,
                    struct http_answer *out);
/* False when nobody answers; `out` is then empty. */
bool http_try(uint16_t port, const char *method, const char *path, struct http_answer *out);
/* Whether something answers at /health with 200. */
bool http_is_up(uint16_t port);

#endif
