/* The workload that `noetl run` sends: from --workload, with each --set over it. */
#ifndef CLI_WORKLOAD_H
#define CLI_WORKLOAD_H

#include "args.h"

/* *out is absent when neither flag was given. Errors name the flag. */
enum status workload_from_args(const struct args *args, struct arena *a, struct value *out,
                               struct error *err) MUST_CHECK;

#endif
