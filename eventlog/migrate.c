#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "eventlog_inner.h"
#include "migration.h"
#include "month.h"

/* Of those that migrate at the same time, one goes first ("noetl" in ASCII). */
#define MIGRATION_LOCK "SELECT pg_advisory_xact_lock(x'6e6f65746c'::bigint)"

/* Making what exists already would need a privilege that a user of an up-to-date schema may lack. */
static const char TABLE[] = "DO $$ BEGIN"
                            " IF to_regclass('noetl.migration') IS NULL THEN"
                            "  CREATE SCHEMA IF NOT EXISTS noetl;"
                            "  CREATE TABLE noetl.migration (version integer PRIMARY KEY, name text NOT NULL,"
                            "   digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());"
                            " END IF; END $$";

enum status migration_too_new(int64_t version, struct error *err)
{
    error_set(err, STATUS_UNSUPPORTED,
              "the event log's schema is of version %lld, this program knows it up to %d", (long long)version,
              MIGRATION_COUNT);
    error_place(err, "noetl.migration");
    return error_hint(err, "Run the version of the program that made it, or a newer one.");
}

static void digest(const struct migration *m, char out[65])
{
    sha256_hex(str_of(m->sql), out);
}

/* Compares what was applied with what we have; *count: how many were. */
static enum status compare(const PGresult *r, int *count, struct error *err)
{
    *count = PQntuples(r);
    for (int i = 0; i < *count; i++) {
        int64_t version = result_int(r, i, 0, 0);
        if (version > MIGRATION_COUNT)
            return migration_too_new(result_int(r, *count - 1, 0, 0), err);
        char expected[65];
        digest(&MIGRATIONS[i], expected);
        if (version == MIGRATIONS[i].version && strcmp(PQgetvalue(r, i, 1), expected) == 0)
            continue;
        error_set(err, STATUS_CONFLICT,
                  "version %lld of the event log's schema is not the one this program knows (%s)",
                  (long long)version, MIGRATIONS[i].name);
        error_place(err, "noetl.migration");
        return error_hint(err, "Another build made it: run that one, or use another database.");
    }
    return STATUS_OK;
}

static enum status apply(struct connection *c, const struct migration *m, struct error *err)
{
    enum status s = connection_run(c, m->sql, err);
    if (s != STATUS_OK)
        return error_wrap(err, "version %d of the event log's schema (%s)", m->version, m->name);
    char version[16], hex[65];
    snprintf(version, sizeof version, "%d", m->version);
    digest(m, hex);
    const char *const params[] = {version, m->name, hex};
    PGresult *r;
    TRY(connection_query(c,
                         "INSERT INTO noetl.migration (version, name, digest) VALUES ($1::integer, $2, $3)",
                         params, 3, &r, err));
    PQclear(r);
    return STATUS_OK;
}

/* Within one transaction: a version is there whole or not at all, and its row says so. */
static enum status migrate_locked(struct connection *c, int *applied, struct error *err)
{
    TRY(connection_run(c, MIGRATION_LOCK, err));
    TRY(connection_run(c, TABLE, err));
    PGresult *r;
    TRY(connection_query(c, "SELECT version, digest FROM noetl.migration ORDER BY version", NULL, 0, &r,
                         err));
    int done;
    enum status s = compare(r, &done, err);
    PQclear(r);
    for (int i = done; s == STATUS_OK && i < MIGRATION_COUNT; i++, ++*applied)
        s = apply(c, &MIGRATIONS[i], err);
    return s;
}

enum status eventlog_migrate(struct eventlog *log, int *applied, struct error *err)
{
    struct connection *c = &log->connection;
    *applied = 0;
    TRY(connection_ready(c, err));
    TRY(connection_run(c, "BEGIN; SET LOCAL statement_timeout = '10min'", err));
    enum status s = migrate_locked(c, applied, err);
    if (s == STATUS_OK)
        s = connection_run(c, "COMMIT", err);
    if (s != STATUS_OK) {
        *applied = 0;
        connection_rollback(c);
        return s;
    }
    return months_make_current(log, err);
}
