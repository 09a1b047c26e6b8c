/* TCP ports of 127.0.0.1: which are free, and who has the others. */
#ifndef RUNTIME_PORT_H
#define RUNTIME_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Whether a server could listen there now. */
bool port_is_free(uint16_t port);
/* A port that is free at this moment; 0 when the system has none. */
uint16_t port_find_free(void);
/* "process 123 (postgres)", or "another process" when the system does not tell; returns `out`. */
const char *port_holder(uint16_t port, char *out, size_t size);

struct port_wish {
    uint16_t port;       /* 0: any free one */
    bool or_other;       /* any free one when it is taken, instead of an error */
    const char *setting; /* "--nats-port": what a message tells to change; may be NULL */
};
/* STATUS_CONFLICT when the port is taken and no other will do; the message says by whom. */
enum status port_choose(const struct port_wish *wish, uint16_t *out, struct error *err) MUST_CHECK;

#endif
