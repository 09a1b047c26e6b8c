/*
 * Which version the server is. nats.c 3.4 keeps it to itself, so the greeting that every server sends first
 * ("INFO {…"version":"2.9.10"…}") is read on a connection of its own, which is closed again.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "runtime/clock.h"
#include "core/json.h"

enum { GREETING_MS = 1000, GREETING_MAX = 16384 };

/* "nats://user:password@host:4222" into host and port; "[::1]" loses its brackets. */
static bool split_url(const char *url, char host[256], char port[8])
{
    const char *start = address_shown(address_behind_scheme(url));
    const char *colon = strrchr(start, ':');
    if (!colon)
        return false;
    bool brackets = *start == '[' && colon > start && colon[-1] == ']';
    int len = (int)(colon - start) - (brackets ? 2 : 0);
    int written = snprintf(host, 256, "%.*s", len, start + (brackets ? 1 : 0));
    int digits = snprintf(port, 8, "%s", colon + 1);
    return written > 0 && written < 256 && digits > 0 && digits < 8;
}

static bool await(int fd, short what, int64_t until_ns)
{
    int64_t left_ms = (until_ns - mono_now().ns) / NS_PER_MS;
    struct pollfd p = {.fd = fd, .events = what};
    return left_ms > 0 && poll(&p, 1, (int)left_ms) == 1;
}

static int connect_one(const struct addrinfo *a, int64_t until_ns)
{
    int failure = 0;
    socklen_t size = sizeof(failure);
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0)
        return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return fd;
    if (errno == EINPROGRESS && await(fd, POLLOUT, until_ns) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_to(const char *url, int64_t until_ns)
{
    char host[256], port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int fd = -1;
    if (!split_url(url, host, port) || getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = connect_one(a, until_ns);
    freeaddrinfo(found);
    return fd;
}

/* One line, without its end; 0 bytes when none came in time. */
static size_t read_line(int fd, char *line, size_t size, int64_t until_ns)
{
    size_t len = 0;
    while (len < size && await(fd, POLLIN, until_ns)) {
        ssize_t n = recv(fd, line + len, size - len, 0);
        if (n <= 0)
            return 0;
        char *end = memchr(line + len, '\n', (size_t)n);
        if (end)
            return (size_t)(end - line);
        len += (size_t)n;
    }
    return 0;
}

static uint32_t parse_version(struct str text)
{
    uint32_t number = 0;
    for (int i = 0; i < 3; i++) {
        struct str part = str_split(&text, '.');
        uint32_t n = 0;
        for (size_t c = 0; c < part.len && part.ptr[c] >= '0' && part.ptr[c] <= '9' && n < 100; c++)
            n = n * 10 + (uint32_t)(part.ptr[c] - '0');
        number = number * 100 + (n < 100 ? n : 99);
    }
    return number;
}

static uint32_t version_of(struct str greeting)
{
    struct arena a;
    struct value info;
    uint32_t version = 0;
    if (!str_starts_with(greeting, STR("INFO ")))
        return 0;
    arena_init(&a, 1 << 20);
    struct str json = str_trim((struct str){greeting.ptr + 5, greeting.len - 5});
    if (json_read_map(&a, json, "the greeting", &info, NULL) == STATUS_OK)
        version = parse_version(value_as_str(VALUE_GET(info, "version")));
    arena_free(&a);
    return version;
}

static uint32_t ask(const char *url)
{
    char line[GREETING_MAX];
    int64_t until_ns = mono_now().ns + GREETING_MS * NS_PER_MS;
    int fd = connect_to(url, until_ns);
    if (fd < 0)
        return 0;
    size_t len = read_line(fd, line, sizeof(line), until_ns);
    close(fd);
    return version_of((struct str){line, len});
}

uint32_t bus_server_version_known(struct bus *bus)
{
    pthread_mutex_lock(&bus->state_mutex);
    uint32_t version = bus->version;
    pthread_mutex_unlock(&bus->state_mutex);
    return version;
}

static bool get_url(struct bus *bus, char *url, size_t size)
{
    natsConnection *nc = line_hold(bus);
    if (!nc)
        return false;
    natsStatus s = natsConnection_GetConnectedUrl(nc, url, size);
    line_release(bus);
    return s == NATS_OK;
}

uint32_t bus_server_version(struct bus *bus)
{
    char url[512];
    unsigned connection = atomic_load(&bus->connections);
    pthread_mutex_lock(&bus->state_mutex);
    bool fresh = bus->version != 0 && bus->version_of == connection;
    pthread_mutex_unlock(&bus->state_mutex);
    if (!fresh && get_url(bus, url, sizeof(url))) {
        uint32_t version = ask(url);
        pthread_mutex_lock(&bus->state_mutex);
        bus->version = version;
        bus->version_of = connection;
        pthread_mutex_unlock(&bus->state_mutex);
    }
    return bus_server_version_known(bus);
}
