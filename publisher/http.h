/*
 * The HTTP API: each path of http_route.h is answered by the operation that it stands for, of this process
 * or, by way of NATS, of another.
 */
#ifndef PUBLISHER_HTTP_H
#define PUBLISHER_HTTP_H

#include "runtime/monitor.h"
#include "service.h"

struct http_options {
    const char *listen; /* "host:port"; port 0 takes a free one */
    struct bus *bus;
    const struct subjects *subjects;
    struct operation_table table;          /* what this process answers itself */
    uint32_t connections;                  /* most at a time; half of them may be streams of events */
    uint32_t rate;                         /* requests a second of one client; 0: any number */
    int64_t idle_ms;                       /* silence after which a connection is closed */
    const struct monitor_options *monitor; /* answers /metrics, /healthz, /readyz; NULL: nobody does */
};

/* Registers what it counts: before threads start. */
enum status http_measure(struct error *err) MUST_CHECK;

struct http;
/* STATUS_INVALID for an address that is none, STATUS_CONFLICT when the port is taken. */
enum status http_start(const struct http_options *options, struct http **out, struct error *err) MUST_CHECK;
/* The port that it listens at. */
uint16_t http_port(const struct http *h);
/* Takes no more connections, ends the streams of events, lets the requests that are running end. NULL is
 * allowed. */
void http_stop(struct http **h);

#endif
