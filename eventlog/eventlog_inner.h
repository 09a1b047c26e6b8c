/* What the files of this room share. */
#ifndef EVENTLOG_EVENTLOG_INNER_H
#define EVENTLOG_EVENTLOG_INNER_H

#include "connection.h"
#include "core/buf.h"
#include "eventlog.h"

struct eventlog {
    struct connection connection;
    bool errors_last; /* eventlog_errors_last() */
    /* Events from here (inclusive) to there (exclusive) need no further look at the months' partitions. */
    int64_t months_from_ns, months_to_ns;
    uint32_t months_connects; /* of which connection that was found out */
    struct buf rows;          /* of the commit at work */
};

/* Numbers of the statements that sessions prepare. */
enum {
    STATEMENT_BEGUN,
    STATEMENT_EVENTS,
    STATEMENT_CURSOR,
    STATEMENT_TIMERS,
    STATEMENT_IDS,
    STATEMENT_NEWEST,
    STATEMENT_NEWEST_OF_PATH
};

#endif
