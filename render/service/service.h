/* The render_service daemon's main. */
#ifndef RENDER_SERVICE_SERVICE_H
#define RENDER_SERVICE_SERVICE_H

#include "config/settings.h"
#include "core/status.h"

/* Runs until SIGTERM or SIGINT, drains and returns. An error is one that kept it from starting or going on.
 */
enum status render_service_serve(const struct settings *settings, struct error *err) MUST_CHECK;

#endif
