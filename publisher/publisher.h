/* The publisher daemon's main. */
#ifndef PUBLISHER_PUBLISHER_H
#define PUBLISHER_PUBLISHER_H

#include "config/settings.h"
#include "core/status.h"

/* Runs until SIGTERM or SIGINT, drains and returns. An error is one that kept it from starting or going on.
 */
enum status publisher_serve(const struct settings *settings, struct error *err) MUST_CHECK;

#endif
