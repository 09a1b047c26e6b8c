/*
 * The environment variables that playbooks may see: the setting templates.env names them, and their values
 * are put into an execution's request, so that they are the same for as long as it lives, wherever it is
 * evaluated.
 */
#ifndef PUBLISHER_ENVIRONMENT_H
#define PUBLISHER_ENVIRONMENT_H

#include "config/settings.h"

/* The map of those that are set in this process, in `a`; absent when the setting names none. */
enum status environment_for_templates(const struct settings *settings, struct arena *a, struct value *out,
                                      struct error *err) MUST_CHECK;

#endif
