/* Events as rows of COPY … (FORMAT binary): https://www.postgresql.org/docs/current/sql-copy.html, "File
 * Formats". */
#ifndef EVENTLOG_COPY_ROW_H
#define EVENTLOG_COPY_ROW_H

#include "core/buf.h"
#include "core/event.h"

/* The columns that copy_row() writes, for the COPY statement. */
#define COPY_COLUMNS                                                                                         \
    "execution_id, event_id, event_type, node_name, node_type, status, created_at, task_id, visit, "         \
    "attempt, "                                                                                              \
    "context, result, meta, error, parent_execution_id, stream_seq, stream_time_ns, duration, worker_id"

void copy_begin(struct buf *b);
/* STATUS_INVALID for a value that JSON cannot carry; what was added of the row must not be sent then. */
enum status copy_row(struct buf *b, const struct event *e, struct error *err) MUST_CHECK;
void copy_end(struct buf *b);

#endif
