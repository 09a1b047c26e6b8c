/* The socket of an HTTP server, with errors that name the setting. */
#ifndef RUNTIME_HTTP_LISTEN_H
#define RUNTIME_HTTP_LISTEN_H

#include <stdint.h>

#include "core/status.h"

/* Where to listen, and who wants to. */
struct http_place {
    const char *address; /* "host:port"; port 0: any free one */
    const char *setting; /* that the address is from: "publisher.http" */
    const char *what;    /* "the HTTP API" */
};
/* The descriptor is the caller's. STATUS_INVALID for an address that is none, STATUS_CONFLICT when the port
 * is taken. */
enum status http_listen(const struct http_place *place, int *out, struct error *err) MUST_CHECK;
/* The port of a listening socket; 0 if it cannot be told. */
uint16_t http_listen_port(int fd);

#endif
