/*
 * What others see of a daemon over HTTP: GET /metrics (metrics.h), /healthz (pulse.h) and /readyz. What is
 * wrong is said with code 503 (problem.h).
 */
#ifndef RUNTIME_MONITOR_H
#define RUNTIME_MONITOR_H

#include "config/settings.h"
#include "http_server.h"

/* Both are called on threads of the HTTP server, several at once. */
struct monitor_options {
    /* Whether the daemon can do its work now; else *err says why. May wait for an answer from outside. */
    enum status (*ready)(void *context, struct error *err);
    /* Sets gauges, before they are written. NULL: there is nothing to set. */
    void (*sample)(void *context);
    void *context;
};

/* For a daemon with an HTTP server of its own. False for another path than the three. */
bool monitor_answer(const struct monitor_options *options, const struct http_request *r,
                    struct http_reply *reply);

struct monitor;
/* Listens at metrics.http; *out is NULL if that is empty. */
enum status monitor_start(const struct settings *settings, const struct monitor_options *options,
                          struct monitor **out, struct error *err) MUST_CHECK;
/* NULL is allowed. */
void monitor_stop(struct monitor **m);

#endif
