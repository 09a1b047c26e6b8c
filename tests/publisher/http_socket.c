#include "http_socket.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60000, STEP = 65536 };

void http_socket_open(struct http_socket *s, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *s = (struct http_socket){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .text = calloc(1, 1)};
    assert_true(s->fd >= 0);
    assert_int_equal(connect(s->fd, (const struct sockaddr *)&address, sizeof address), 0);
}

void http_socket_send(struct http_socket *s, const char *bytes)
{
    size_t len = strlen(bytes);
    assert_int_equal(send(s->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

void http_socket_get(struct http_socket *s, const char *path, const char *header)
{
    char request[1024];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n", path,
             header ? header : "", header ? "\r\n" : "");
    http_socket_send(s, request);
}

/* False at the end. */
static bool read_some(struct http_socket *s)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) != 1)
        fail_msg("nothing comes any more, behind: %s", s->text);
    char *larger = realloc(s->text, s->len + STEP + 1);
    assert_non_null(larger);
    s->text = larger;
    ssize_t n = read(s->fd, s->text + s->len, STEP);
    s->len += n > 0 ? (size_t)n : 0;
    s->text[s->len] = '\0';
    return n > 0;
}

void http_socket_await(struct http_socket *s, const char *text)
{
    while (!strstr(s->text, text))
        if (!read_some(s))
            fail_msg("\"%s\" did not come: %s", text, s->text);
}

void http_socket_await_end(struct http_socket *s)
{
    while (read_some(s)) {
    }
}

void http_socket_close(struct http_socket *s)
{
    close(s->fd);
    free(s->text);
}
