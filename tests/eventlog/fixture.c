#include "fixture.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <string.h>

#include "runtime/private_postgres.h"

static struct {
    char folder[64];
    struct private_postgres postgres;
    char url[256]; /* of the last database */
    char answer[4096];
    int databases;
} server;

void assert_ok(enum status s, const struct error *err)
{
    char text[2048];
    if (s != STATUS_OK)
        fail_msg("%s: %s", status_name(s), error_text(err, text, sizeof text));
}

static void start(uint16_t port)
{
    struct private_postgres_options options = {
        .folder = server.folder, .port = {.port = port}, .throwaway = true};
    struct error err;
    assert_ok(private_postgres_start(&options, &server.postgres, &err), &err);
}

int server_start(void **state)
{
    (void)state;
    snprintf(server.folder, sizeof server.folder, "/tmp/noetl-test-XXXXXX");
    assert_non_null(mkdtemp(server.folder));
    start(0);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

int server_stop(void **state)
{
    (void)state;
    private_postgres_stop(&server.postgres);
    return nftw(server.folder, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
}

/*
 * A backend goes on serving its client for a moment after its postmaster was killed: only when all of them
 * are gone is the server away.
 */
void server_kill(void)
{
    enum { MOST = 64 };
    pid_t pid = server.postgres.process.pid;
    long backends[MOST];
    size_t count = 0;
    char path[64];
    int code;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
    FILE *children = fopen(path, "r");
    assert_non_null(children);
    while (count < MOST && fscanf(children, "%ld", &backends[count]) == 1)
        count++;
    fclose(children);
    kill(pid, SIGKILL);
    assert_true(process_wait(&server.postgres.process, -1, &code));
    server.postgres.process.pid = 0;
    for (size_t i = 0; i < count; i++) {
        while (kill((pid_t)backends[i], 0) == 0)
            nanosleep(&(struct timespec){0, 5 * 1000000}, NULL);
    }
    server_folder_close(&server.postgres.folder);
}

void server_start_again(void)
{
    start(server.postgres.port);
}

static void use_database(const char *name)
{
    int without_name = (int)(strrchr(server.postgres.url, '/') - server.postgres.url);
    snprintf(server.url, sizeof server.url, "%.*s/%s", without_name, server.postgres.url, name);
}

const char *query(const char *sql)
{
    PGconn *pg = PQconnectdb(server.url);
    PGresult *r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    bool found = PQntuples(r) > 0 && PQnfields(r) > 0;
    snprintf(server.answer, sizeof server.answer, "%s", found ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(pg);
    return server.answer;
}

const char *database_new(void)
{
    char name[32], sql[64];
    snprintf(name, sizeof name, "t%d", ++server.databases);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
    use_database("noetl");
    query(sql);
    use_database(name);
    return server.url;
}

const char *database_url(void)
{
    return server.url;
}

struct eventlog *log_again(void)
{
    struct eventlog *log;
    struct error err;
    assert_ok(eventlog_open(server.url, "test", &log, &err), &err);
    return log;
}

struct eventlog *log_new(void)
{
    struct error err;
    int applied;
    database_new();
    struct eventlog *log = log_again();
    assert_ok(eventlog_migrate(log, &applied, &err), &err);
    return log;
}

struct event event_of(int64_t execution_id, uint32_t event_id, enum event_type type)
{
    return (struct event){.execution_id = execution_id,
                          .event_id = event_id,
                          .type = type,
                          .time_ns = EVENT_TIME + event_id,
                          .stream_seq = 100 + event_id,
                          .node_name = STR("examples/weather"),
                          .node_type = STR("playbook")};
}
