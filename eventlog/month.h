/*
 * The partitions of noetl.event: a calendar month (UTC) each, named event_2026_01, made before the first row
 * of the month is written. Rows of a month that has none go to event_default, so that its absence costs
 * order, not events.
 */
#ifndef EVENTLOG_MONTH_H
#define EVENTLOG_MONTH_H

#include "eventlog_inner.h"

/* Those of the server's present month and of the next. */
enum status months_make_current(struct eventlog *log, struct error *err) MUST_CHECK;

/*
 * Those of the events and of the month after; cheap unless a month begins. A partition that cannot be made
 * (no privilege, a lock that is held, rows of the month in event_default) is no error; STATUS_UNAVAILABLE is.
 */
enum status months_make(struct eventlog *log, const struct event *events, size_t count,
                        struct error *err) MUST_CHECK;

#endif
