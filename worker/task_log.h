/* What a task printed: the first bytes of it, up to the setting worker.log_limit. */
#ifndef WORKER_TASK_LOG_H
#define WORKER_TASK_LOG_H

#include "core/buf.h"

void task_log_init(struct buf *log, size_t limit);
/* How many bytes of what is printed it takes. */
size_t task_log_limit(const struct buf *log);
/* Once, at the end: `total` bytes were printed; says so if not all of them were kept. */
void task_log_end(struct buf *log, uint64_t total);

#endif
