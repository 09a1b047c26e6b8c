/* How a daemon's readiness looks in a table. */
#ifndef CLI_READINESS_H
#define CLI_READINESS_H

#include "output.h"

/* Of a status (publisher/roll_call.h): "✔ ready", or "✘ not ready". */
struct cell readiness_cell(struct value status);

#endif
