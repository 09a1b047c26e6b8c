/* Waiting for what cannot be had now, until it can, or the worker ends. */
#ifndef WORKER_PATIENCE_H
#define WORKER_PATIENCE_H

#include <stdbool.h>

#include "core/status.h"

struct patience {
    bool (*is_over)(void *context);
    void *context;
};

bool patience_is_over(const struct patience *p);
/* Pauses for a fifth of a second; false, at once, when patience is over. */
bool patience_pauses(const struct patience *p);
/* The same for a second, and false within it. */
bool patience_lasts_a_second(const struct patience *p);
/* Whether to try again what gave that status, behind a pause: if that may help, and patience is not over. */
bool patience_tries_again(const struct patience *p, enum status status);

#endif
