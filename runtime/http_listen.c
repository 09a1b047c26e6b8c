#include "http_listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"

enum { BACKLOG = 128 };

static enum status wrong_address(const struct http_place *p, const char *why, struct error *err)
{
    error_set(err, STATUS_INVALID, "%s cannot listen at \"%s\": %s", p->what, p->address, why);
    error_place(err, "%s", p->setting);
    return error_hint(err, "give host:port, such as 127.0.0.1:8082, or nothing to go without");
}

/* "host:port" and "[::1]:port" in two; the host may be empty for every address of the machine. */
static bool split_address(const char *address, char *host, size_t host_size, char *port, size_t port_size)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon[1] == '\0')
        return false;
    const char *begin = address, *end = colon;
    if (*begin == '[' && end > begin && end[-1] == ']') {
        begin++;
        end--;
    }
    if ((size_t)(end - begin) >= host_size || strlen(colon + 1) >= port_size)
        return false;
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static enum status cannot_bind(const struct http_place *p, int error, struct error *err)
{
    if (error == EADDRINUSE) {
        error_set(err, STATUS_CONFLICT, "%s cannot listen at %s: another program does", p->what, p->address);
        error_place(err, "%s", p->setting);
        return error_hint(err, "stop the other program, or set %s to another port", p->setting);
    }
    error_set(err, error == EACCES ? STATUS_DENIED : STATUS_IO, "%s cannot listen at %s: %s", p->what,
              p->address, strerror(error));
    error_place(err, "%s", p->setting);
    return error_hint(err, "set %s to an address of this machine and a port from 1024 on", p->setting);
}

static enum status listen_at(const struct addrinfo *where, const struct http_place *p, int *out,
                             struct error *err)
{
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0)
        return cannot_bind(p, errno, err);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, where->ai_addr, where->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        close(fd);
        return cannot_bind(p, error, err);
    }
    *out = fd;
    return STATUS_OK;
}

enum status http_listen(const struct http_place *p, int *out, struct error *err)
{
    char host[256], port[16];
    int64_t number;
    if (!split_address(p->address, host, sizeof host, port, sizeof port))
        return wrong_address(p, "it is not of the form host:port", err);
    if (!str_to_int64(str_of(port), &number) || number < 0 || number > 65535)
        return wrong_address(p, "the port is not a number from 0 to 65535", err);

    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *found = NULL;
    int failure = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (failure != 0)
        return wrong_address(p, gai_strerror(failure), err);
    enum status status = listen_at(found, p, out, err);
    freeaddrinfo(found);
    return status;
}

uint16_t http_listen_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.any = {0}};
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}
