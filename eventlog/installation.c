/* Whose log it is. */
#include "eventlog_inner.h"

/* *there: somebody has said so; it is compared then. */
static enum status compare(struct eventlog *log, const char *prefix, bool *there, struct error *err)
{
    PGresult *r;
    TRY(connection_query(&log->connection, "SELECT prefix FROM noetl.installation", NULL, 0, &r, err));
    enum status status = STATUS_OK;
    *there = PQntuples(r) > 0;
    if (*there && !str_is(str_of(prefix), PQgetvalue(r, 0, 0))) {
        error_set(err, STATUS_CONFLICT,
                  "the event log in this database is that of the installation \"%s\" (nats.prefix), and the "
                  "setting nats.prefix says \"%s\"",
                  PQgetvalue(r, 0, 0), prefix);
        error_place(err, "noetl.installation");
        status = error_hint(err,
                            "Each installation needs a database of its own: set postgres.url to another "
                            "one, or nats.prefix to \"%s\".",
                            PQgetvalue(r, 0, 0));
    }
    PQclear(r);
    return status;
}

enum status eventlog_check_prefix(struct eventlog *log, const char *prefix, struct error *err)
{
    bool there;
    TRY(connection_ready(&log->connection, err));
    return compare(log, prefix, &there, err);
}

/* Of several that find nothing, the database lets one write; the others wait for it and see what it wrote. */
enum status eventlog_claim(struct eventlog *log, const char *prefix, struct error *err)
{
    bool there;
    PGresult *r;
    TRY(connection_ready(&log->connection, err));
    TRY(compare(log, prefix, &there, err));
    if (there)
        return STATUS_OK;
    enum status status = connection_query(
        &log->connection, "INSERT INTO noetl.installation (prefix) VALUES ($1::text) ON CONFLICT DO NOTHING",
        &prefix, 1, &r, err);
    if (status == STATUS_DENIED)
        return error_hint(err, "Nobody has said yet whose log this is: `noetl setup` does, as its owner.");
    TRY(status);
    PQclear(r);
    return compare(log, prefix, &there, err);
}
