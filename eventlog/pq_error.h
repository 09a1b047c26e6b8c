/* What Postgres says went wrong, as one of our errors. */
#ifndef EVENTLOG_PQ_ERROR_H
#define EVENTLOG_PQ_ERROR_H

#include <libpq-fe.h>

#include "core/status.h"

#define SQLSTATE_UNIQUE_VIOLATION "23505"

/* An error that the server answered a statement with; STATUS_UNAVAILABLE when the connection is gone. */
enum status pq_result_error(const PGconn *pg, const PGresult *result, struct error *err) MUST_CHECK;
/* Why connecting failed; the connection was set to PQERRORS_VERBOSE, so that its text has the SQLSTATE. */
enum status pq_connect_error(const PGconn *pg, struct error *err) MUST_CHECK;
/* Whether a result carries this SQLSTATE. */
bool pq_result_is(const PGresult *result, const char *sqlstate);
/* Whether the session has not the prepared statements that it was given: only a new one has them. */
bool pq_result_ends_session(const PGresult *result);

#endif
