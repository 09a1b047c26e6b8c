#include "evidence.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PGresult *query(PGconn *pg, const char *sql)
{
    PGresult *r = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_COPY_IN)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    return r;
}

static const char *text(struct stage *s, const char *sql)
{
    PGconn *pg = PQconnectdb(s->servers.postgres.url);
    PGresult *r = query(pg, sql);
    const char *copy = arena_strdup(&s->arena, str_of(PQntuples(r) ? PQgetvalue(r, 0, 0) : ""));
    PQclear(r);
    PQfinish(pg);
    assert_non_null(copy);
    return copy;
}

int64_t evidence_number(struct stage *s, const char *sql)
{
    return strtoll(text(s, sql), NULL, 10);
}

const char *evidence_open_execution(struct stage *s)
{
    return text(
        s, "SELECT execution_id || ' stands at ' || string_agg(concat_ws(' ', event_type, node_name, error),"
           " ', ' ORDER BY event_id) FROM noetl.event GROUP BY execution_id"
           " HAVING NOT bool_or(event_type = 'execution_complete') ORDER BY execution_id LIMIT 1");
}

void evidence_check_log(struct stage *s)
{
    assert_int_equal(
        evidence_number(s, "SELECT count(*) FROM (SELECT FROM noetl.event GROUP BY execution_id HAVING"
                           " min(event_id) <> 1 OR max(event_id) <> count(*) OR"
                           " count(DISTINCT event_id) <> count(*)) wrong"),
        0);
    assert_int_equal(evidence_number(s, "SELECT count(*) FROM (SELECT FROM noetl.event WHERE event_type IN"
                                        " ('action_completed', 'action_error') GROUP BY execution_id, task_id"
                                        " HAVING count(*) > 1) twice"),
                     0);
}

/* The file as a table of this session: a line is the key of a task. */
static void load_effects(struct stage *s, PGconn *pg)
{
    char bytes[4096];
    FILE *f = fopen(s->effects, "re");
    assert_non_null(f);
    PQclear(query(pg, "CREATE TEMPORARY TABLE effect (key text)"));
    PQclear(query(pg, "COPY effect FROM STDIN"));
    for (size_t n; (n = fread(bytes, 1, sizeof(bytes), f)) > 0;)
        assert_int_equal(PQputCopyData(pg, bytes, (int)n), 1);
    assert_int_equal(PQputCopyEnd(pg, NULL), 1);
    (void)fclose(f);
    PGresult *r = PQgetResult(pg);
    assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
    PQclear(r);
    assert_null(PQgetResult(pg));
}

static int count(PGconn *pg, const char *sql)
{
    PGresult *r = query(pg, sql);
    int n = (int)strtol(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return n;
}

int evidence_check_effects(struct stage *s)
{
    PGconn *pg = PQconnectdb(s->servers.postgres.url);
    load_effects(s, pg);
    PQclear(query(pg, "CREATE TEMPORARY VIEW task AS SELECT execution_id || '.' || node_name || '.' ||"
                      " coalesce(substring(task_id FROM 'i[0-9]+'), '') AS key FROM noetl.event WHERE"
                      "  event_type = 'action_completed' AND node_type = 'shell'"));
    int tasks = count(pg, "SELECT count(*) FROM task");
    int without = count(pg, "SELECT count(*) FROM task WHERE key NOT IN (SELECT key FROM effect)");
    int unknown = count(pg, "SELECT count(DISTINCT key) FROM effect WHERE key NOT IN (SELECT key FROM task)");
    int lines = count(pg, "SELECT count(*) FROM effect");
    PQfinish(pg);
    assert_true(tasks > 0);
    assert_int_equal(without, 0);
    assert_int_equal(unknown, 0);
    return lines - tasks;
}
