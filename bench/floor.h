/*
 * The floor: two processes that move the messages of the engine over the same streams and write the same
 * rows, without understanding any of it. What the engine costs is what it costs beyond this.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "config/settings.h"
#include "core/status.h"
#include "traffic.h"

/* Each runs until SIGTERM. `shape`: of every execution. */
enum status floor_broker(const struct settings *s, const struct shape *shape, struct error *err) MUST_CHECK;
enum status floor_worker(const struct settings *s, struct error *err) MUST_CHECK;

#endif
