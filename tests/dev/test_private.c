/* Private servers: they find their data again, say what is in their way, and end with their owner. */
#include "scratch.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/bus.h"
#include "runtime/private_nats.h"
#include "runtime/private_postgres.h"

/* ---- helpers ------------------------------------------------------------------------------------------ */

static struct private_nats nats_start(void)
{
    struct private_nats n;
    struct error err;
    assert_ok(private_nats_start(&(struct private_nats_options){.folder = scratch("nats")}, &n, &err), &err);
    return n;
}

static enum status postgres_try(struct private_postgres *p, uint16_t port, struct error *err)
{
    struct private_postgres_options o = {.folder = scratch("postgres"),
                                         .port = {.port = port, .setting = "--postgres-port"},
                                         .throwaway = true};
    return private_postgres_start(&o, p, err);
}

static struct private_postgres postgres_start(void)
{
    struct private_postgres p;
    struct error err;
    assert_ok(postgres_try(&p, 0, &err), &err);
    return p;
}

/* The first value of the answer as a number; -1 for none. */
static int sql(const char *url, const char *text)
{
    PGconn *pg = PQconnectdb(url);
    PGresult *r = PQexec(pg, text);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", text, PQerrorMessage(pg));
    int value = PQntuples(r) > 0 ? atoi(PQgetvalue(r, 0, 0)) : -1;
    PQclear(r);
    PQfinish(pg);
    return value;
}

/* A socket that listens; *port is where. */
static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static bool process_is_gone(pid_t pid)
{
    /* A zombie that nobody reaps (its parent is the container's first process) has no working folder either.
     */
    char link[64], target[PATH_TEXT];
    (void)snprintf(link, sizeof(link), "/proc/%ld/cwd", (long)pid);
    for (int i = 0; i < 1000 && readlink(link, target, sizeof(target)) >= 0; i++)
        (void)poll(NULL, 0, 10);
    return readlink(link, target, sizeof(target)) < 0;
}

/* ---- finding data again ------------------------------------------------------------------------------- */

static void nats_finds_its_streams_again(void **state)
{
    (void)state;
    struct error err;
    for (int start = 0; start < 2; start++) {
        struct private_nats n = nats_start();
        struct bus_options o = {.servers = n.url, .name = "test", .connect_timeout_ms = 10000};
        struct bus *bus;
        struct bus_stream_info info;
        assert_ok(bus_open(&o, &bus, &err), &err);
        if (start == 0)
            assert_ok(
                bus_stream_ensure(bus, &(struct bus_stream){.name = "KEPT", .subjects = {"kept.>"}}, &err),
                &err);
        assert_ok(bus_stream_info(bus, "KEPT", &info, &err), &err);
        bus_close(&bus);
        private_nats_stop(&n);
        private_nats_stop(&n); /* once more is no harm */
    }
}

static void postgres_finds_its_data_again(void **state)
{
    (void)state;
    struct private_postgres p = postgres_start();
    (void)sql(p.url, "CREATE TABLE kept AS SELECT 42 AS n");
    private_postgres_stop(&p);
    private_postgres_stop(&p);
    p = postgres_start();
    assert_int_equal(sql(p.url, "SELECT n FROM kept"), 42);
    private_postgres_stop(&p);
}

static void postgres_keeps_the_log_from_the_playbooks_user(void **state)
{
    (void)state;
    struct private_postgres p = postgres_start();
    assert_int_equal(
        sql(p.playbook_url, "SELECT rolsuper::integer FROM pg_roles WHERE rolname = current_user"), 0);
    (void)sql(p.playbook_url, "CREATE TABLE mine (n integer)");
    assert_int_equal(sql(p.url, "SELECT count(*) FROM public.mine"), 0);
    private_postgres_stop(&p);
}

static void postgres_needs_no_access_to_the_folders_above(void **state)
{
    (void)state;
    assert_int_equal(mkdir(scratch("closed"), 0700), 0);
    struct private_postgres p;
    struct error err;
    struct private_postgres_options o = {.folder = scratch("closed/postgres"), .throwaway = true};
    assert_ok(private_postgres_start(&o, &p, &err), &err);
    assert_int_equal(sql(p.url, "SELECT 1"), 1);
    private_postgres_stop(&p);
}

/* ---- the owner's end ---------------------------------------------------------------------------------- */

/* A process that starts both servers, tells their pids, and waits to be killed. */
static pid_t fork_owner(pid_t pids[2])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t owner = fork();
    if (owner == 0) {
        struct private_nats n = nats_start();
        struct private_postgres p = postgres_start();
        (void)sql(p.url, "CREATE TABLE kept AS SELECT 43 AS n");
        pid_t started[2] = {n.process.pid, p.process.pid};
        if (write(ends[1], started, sizeof(started)) == (ssize_t)sizeof(started))
            (void)pause();
        _exit(1);
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], pids, 2 * sizeof(pid_t)), 2 * sizeof(pid_t));
    (void)close(ends[0]);
    return owner;
}

static void servers_end_with_a_killed_owner_and_the_next_start_recovers(void **state)
{
    (void)state;
    pid_t pids[2];
    pid_t owner = fork_owner(pids);
    assert_int_equal(kill(owner, SIGKILL), 0);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
    struct private_postgres p = postgres_start();
    assert_int_equal(sql(p.url, "SELECT n FROM kept"), 43);
    struct private_nats n = nats_start();
    assert_true(process_is_gone(pids[0]));
    assert_true(process_is_gone(pids[1]));
    private_nats_stop(&n);
    private_postgres_stop(&p);
}

static void a_killed_postmaster_recovers(void **state)
{
    (void)state;
    struct private_postgres p = postgres_start();
    int code;
    (void)sql(p.url, "CREATE TABLE kept AS SELECT 44 AS n");
    assert_int_equal(kill(p.process.pid, SIGKILL), 0);
    assert_true(process_wait(&p.process, -1, &code));
    p.process.pid = 0;
    private_postgres_stop(&p);
    p = postgres_start();
    assert_int_equal(sql(p.url, "SELECT n FROM kept"), 44);
    private_postgres_stop(&p);
}

/* ---- what is in the way ------------------------------------------------------------------------------- */

static void a_taken_port_is_told_with_its_holder_and_the_setting(void **state)
{
    (void)state;
    struct private_nats n;
    struct private_postgres p;
    struct error err;
    uint16_t port;
    char me[64];
    int fd = listen_somewhere(&port);
    (void)snprintf(me, sizeof(me), "process %ld", (long)getpid());
    struct private_nats_options o = {.folder = scratch("nats"),
                                     .port = {.port = port, .setting = "--nats-port"}};
    assert_int_equal(private_nats_start(&o, &n, &err), STATUS_CONFLICT);
    assert_contains(err.message, me);
    assert_contains(err.hint, "--nats-port");
    assert_int_equal(postgres_try(&p, port, &err), STATUS_CONFLICT);
    assert_contains(err.message, me);
    assert_contains(err.hint, "--postgres-port");
    o.port.or_other = true;
    assert_ok(private_nats_start(&o, &n, &err), &err);
    assert_int_not_equal(n.port, port);
    private_nats_stop(&n);
    (void)close(fd);
}

static void a_folder_in_use_is_told_with_its_user(void **state)
{
    (void)state;
    struct private_nats n = nats_start(), other;
    struct error err;
    char me[64];
    (void)snprintf(me, sizeof(me), "process %ld", (long)getpid());
    assert_int_equal(
        private_nats_start(&(struct private_nats_options){.folder = scratch("nats")}, &other, &err),
        STATUS_CONFLICT);
    assert_contains(err.message, me);
    assert_contains(err.place, "/nats");
    private_nats_stop(&n);
    n = nats_start(); /* free again */
    private_nats_stop(&n);
}

static void a_file_in_the_folders_place_is_told(void **state)
{
    (void)state;
    struct private_nats n;
    struct error err;
    scratch_write("nats", "no folder");
    assert_int_equal(private_nats_start(&(struct private_nats_options){.folder = scratch("nats")}, &n, &err),
                     STATUS_INVALID);
    assert_contains(err.place, "/nats");
    assert_int_equal(
        private_nats_start(&(struct private_nats_options){.folder = scratch("nats/below")}, &n, &err),
        STATUS_IO);
    assert_int_equal(private_nats_start(&(struct private_nats_options){.folder = "/proc/noetl"}, &n, &err),
                     STATUS_IO);
}

static void data_of_a_version_that_is_not_installed_name_its_package(void **state)
{
    (void)state;
    struct private_postgres p;
    struct error err;
    assert_int_equal(mkdir(scratch("postgres"), 0755), 0);
    assert_int_equal(mkdir(scratch("postgres/data"), 0700), 0);
    scratch_write("postgres/data/PG_VERSION", "9\n");
    /* Programs in PATH would be tried, of whatever version they are. */
    char *path = strdup(getenv("PATH"));
    (void)setenv("PATH", "/nonexistent", 1);
    enum status s = postgres_try(&p, 0, &err);
    (void)setenv("PATH", path, 1);
    free(path);
    assert_int_equal(s, STATUS_NOT_FOUND);
    assert_contains(err.hint, "apt-get install postgresql-9");
}

static void a_server_that_does_not_start_is_quoted(void **state)
{
    (void)state;
    struct private_postgres p = postgres_start();
    struct error err;
    private_postgres_stop(&p);
    scratch_write("postgres/data/postgresql.conf", "nonsense = 1\n");
    assert_int_equal(postgres_try(&p, 0, &err), STATUS_UNAVAILABLE);
    assert_contains(err.message, "postgres ended at its start");
    assert_contains(err.message, "postgresql.conf");
    assert_contains(err.hint, "/log");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nats_finds_its_streams_again),
        TEST(postgres_finds_its_data_again),
        TEST(postgres_keeps_the_log_from_the_playbooks_user),
        TEST(postgres_needs_no_access_to_the_folders_above),
        TEST(servers_end_with_a_killed_owner_and_the_next_start_recovers),
        TEST(a_killed_postmaster_recovers),
        TEST(a_taken_port_is_told_with_its_holder_and_the_setting),
        TEST(a_folder_in_use_is_told_with_its_user),
        TEST(a_file_in_the_folders_place_is_told),
        TEST(data_of_a_version_that_is_not_installed_name_its_package),
        TEST(a_server_that_does_not_start_is_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
