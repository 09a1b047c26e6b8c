/* The table of timers, as part of a commit. */
#ifndef EVENTLOG_TIMER_H
#define EVENTLOG_TIMER_H

#include "core/buf.h"
#include "eventlog.h"

/* Appends the statements, each ended by a semicolon, that bring the table up to date; none for no changes.
 * STATUS_INVALID for an id that no timer can have. */
enum status timer_statements(struct buf *sql, const struct timer_change *changes, size_t count,
                             struct error *err) MUST_CHECK;

#endif
