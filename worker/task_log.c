#include "task_log.h"

#include <inttypes.h>

enum { MARK_MAX = 96 }; /* room behind the limit for the line that says what was cut */

void task_log_init(struct buf *log, size_t limit)
{
    buf_init(log, limit + MARK_MAX);
}

size_t task_log_limit(const struct buf *log)
{
    return log->max - MARK_MAX;
}

void task_log_end(struct buf *log, uint64_t total)
{
    if (total > log->len)
        buf_printf(log, "\n[cut: %zu of %" PRIu64 " bytes kept, see worker.log_limit]\n", log->len, total);
}
