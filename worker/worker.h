/* The worker daemon's main. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "config/settings.h"
#include "core/status.h"

/* Runs until SIGTERM or SIGINT, drains and returns. An error is one that kept it from starting or going on.
 */
enum status worker_serve(const struct settings *settings, struct error *err) MUST_CHECK;

#endif
