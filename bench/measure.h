/* One drive with the processes that it uses, and what it comes to. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "figures.h"
#include "installation.h"

/* Drives an installation whose broker and worker run. A few executions warm them up first. */
enum status measure(const struct installation *i, const struct drive_plan *plan, struct figures *out,
                    struct error *err) MUST_CHECK;
/* The same, with a broker and a worker of its own: their arguments. */
enum status measure_with(struct installation *i, const char *const *broker, const char *const *worker,
                         const struct drive_plan *plan, struct figures *out, struct error *err) MUST_CHECK;

#endif
