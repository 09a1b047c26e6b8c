/* The socket of the HTTP API, with errors that name the setting. */
#ifndef PUBLISHER_HTTP_LISTEN_H
#define PUBLISHER_HTTP_LISTEN_H

#include <stdint.h>

#include "core/status.h"

/* Listens at "host:port"; the descriptor is the caller's. */
enum status http_listen(const char *address, int *out, struct error *err) MUST_CHECK;
/* The port of a listening socket; 0 if it cannot be told. */
uint16_t http_listen_port(int fd);

#endif
