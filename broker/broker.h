/* The broker daemon's main. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "config/settings.h"
#include "core/status.h"

/* Runs until SIGTERM or SIGINT, drains and returns. An error is one that kept it from starting or going on.
 */
enum status broker_serve(const struct settings *settings, struct error *err) MUST_CHECK;

#endif
