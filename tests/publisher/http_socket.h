/* A connection to an HTTP server, byte by byte: for clients that do not behave. Trouble fails the test. */
#ifndef TESTS_PUBLISHER_HTTP_SOCKET_H
#define TESTS_PUBLISHER_HTTP_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_socket {
    int fd;
    char *text; /* what came so far, ended by a zero byte */
    size_t len;
};

void http_socket_open(struct http_socket *s, uint16_t port);
/* Sends the bytes as they are. */
void http_socket_send(struct http_socket *s, const char *bytes);
/* Sends a GET of the path; `header` ("Name: value") may be NULL. */
void http_socket_get(struct http_socket *s, const char *path, const char *header);
/* Reads on until `text` has come, or fails. */
void http_socket_await(struct http_socket *s, const char *text);
/* Reads until the other side closes. */
void http_socket_await_end(struct http_socket *s);
void http_socket_close(struct http_socket *s);

#endif
