/* The way to a server on this machine, which a test can cut. */
#ifndef TESTS_NETWORK_LINK_H
#define TESTS_NETWORK_LINK_H

#include <stdio.h>

#include "runtime/process.h"

struct network_link {
    struct process proxy; /* proxy.py */
    FILE *orders, *answers;
    uint16_t port; /* that leads to the server */
};

/* From the thread that lives to the end of the test: the link ends with it. */
void network_link_open(struct network_link *l, uint16_t server_port);
/* Connections are reset, and new ones too, until it is mended. */
void network_link_cut(struct network_link *l);
void network_link_mend(struct network_link *l);
void network_link_close(struct network_link *l);

#endif
