#include "pq_error.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

/*
 * Statuses of SQLSTATEs, the first row that matches: a whole code, or a class of two characters
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html). What is of the server, its machine or the
 * session passes, and may be tried again; only what is certain to be of the data or the program is not.
 */
static const struct classification {
    const char *code;
    enum status status;
    const char *hint;
} CLASSES[] = {
    {"08", STATUS_UNAVAILABLE, ""},
    {"0A000", STATUS_UNAVAILABLE, ""}, /* a prepared statement whose result would have another type now */
    {"25006", STATUS_UNAVAILABLE,
     "The server is read-only, a standby perhaps; name the primary in postgres.url."},
    {"25", STATUS_UNAVAILABLE, ""},    /* the session's transaction is not what it should be */
    {"26", STATUS_UNAVAILABLE, ""},    /* the session has no such prepared statement: */
    {"42P05", STATUS_UNAVAILABLE, ""}, /* or has it already: a pooler gave us another's */
    {"28", STATUS_DENIED, "Check user and password in postgres.url, and the server's pg_hba.conf."},
    {"3D000", STATUS_NOT_FOUND, "Make the database (createdb), or name another in postgres.url."},
    {"3F000", STATUS_NOT_FOUND, "The schema noetl is not there yet: `noetl setup` makes it."},
    {"42P01", STATUS_NOT_FOUND, "The schema noetl is not there yet: `noetl setup` makes it."},
    {"42501", STATUS_DENIED, "Grant the user of postgres.url what it needs in the schema noetl."},
    {"40", STATUS_UNAVAILABLE, ""}, /* serialization failure, deadlock: the same again may succeed */
    {"53100", STATUS_UNAVAILABLE, "The database server's disk is full."},
    {"53200", STATUS_UNAVAILABLE, "The database server is out of memory."},
    {"53300", STATUS_UNAVAILABLE, "Raise max_connections of the server, or run fewer processes."},
    {"53", STATUS_UNAVAILABLE, ""},
    {"54", STATUS_LIMIT, ""},
    {"55P03", STATUS_TIMEOUT, ""}, /* lock not available in time */
    {"57014", STATUS_TIMEOUT, ""}, /* statement_timeout, or somebody cancelled it */
    {"57", STATUS_UNAVAILABLE, ""},
    {"58", STATUS_UNAVAILABLE, ""}, /* its operating system or its files failed it */
    {"XX001", STATUS_INTERNAL, ""}, /* a row is damaged, */
    {"XX002", STATUS_INTERNAL, ""}, /* or an index */
    {"XX", STATUS_UNAVAILABLE, ""}, /* a fault of the server, which may not come again */
    {"22", STATUS_INVALID, ""},
    {"23", STATUS_CONFLICT, ""},
    {"", STATUS_INTERNAL, ""},
};

static const struct classification *classify(const char *sqlstate)
{
    const struct classification *c = CLASSES;
    while (strncmp(sqlstate, c->code, strlen(c->code)) != 0)
        c++;
    return c;
}

static enum status place(const PGconn *pg, struct error *err)
{
    const char *host = PQhost(pg), *port = PQport(pg), *database = PQdb(pg);
    return error_place(err, "postgres %s:%s/%s", host && *host ? host : "localhost", port ? port : "",
                       database ? database : "");
}

static enum status set(const PGconn *pg, const char *sqlstate, struct str message, struct error *err)
{
    const struct classification *c = classify(sqlstate);
    error_set(err, c->status, "%" PRISTR, ARGSTR(message));
    place(pg, err);
    return c->hint[0] ? error_hint(err, "%s", c->hint) : c->status;
}

static struct str first_line(const char *text)
{
    struct str rest = str_trim(str_of(text));
    return str_trim(str_split(&rest, '\n'));
}

bool pq_result_is(const PGresult *result, const char *sqlstate)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return code && strcmp(code, sqlstate) == 0;
}

bool pq_result_ends_session(const PGresult *result)
{
    static const char *const codes[] = {"0A000", "26000", "42P05"};
    bool ends = false;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        ends = ends || pq_result_is(result, codes[i]);
    return ends;
}

enum status pq_result_error(const PGconn *pg, const PGresult *result, struct error *err)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (code && message)
        return set(pg, code, str_of(message), err);
    struct str line = first_line(result ? PQresultErrorMessage(result) : PQerrorMessage(pg));
    if (line.len == 0)
        line = STR("the connection was lost");
    /* Without a code it is libpq itself that speaks: the connection broke, or memory ran out. */
    return set(pg, PQstatus(pg) == CONNECTION_BAD ? "08006" : "XX000", line, err);
}

/* Finds "FATAL:  28P01: message" (the word may be translated): the code, and the text behind it. */
static bool split_verbose(struct str line, char code[6], struct str *message)
{
    for (size_t i = 3; i + 6 < line.len; i++) {
        const char *at = line.ptr + i;
        if (memcmp(at - 3, ":  ", 3) != 0 || at[5] != ':' || at[6] != ' ')
            continue;
        bool is_code = true;
        for (int k = 0; k < 5; k++)
            is_code = is_code && (isdigit((unsigned char)at[k]) || isupper((unsigned char)at[k]));
        if (!is_code)
            continue;
        memcpy(code, at, 5);
        code[5] = '\0';
        *message = (struct str){at + 7, line.len - i - 7};
        return true;
    }
    return false;
}

enum status pq_connect_error(const PGconn *pg, struct error *err)
{
    char code[6];
    struct str line = first_line(PQerrorMessage(pg)), message;
    if (split_verbose(line, code, &message))
        return set(pg, code, message, err);
    enum status s = set(pg, "08001", line, err);
    error_hint(err, "Start the server, or check postgres.url.");
    return s;
}
