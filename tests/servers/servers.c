#include "servers.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void stop_unless(enum status status, const struct error *err)
{
    char text[2048];
    if (status != STATUS_OK)
        fail_msg("%s", error_text(err, text, sizeof text));
}

static void make_folder(struct servers *s)
{
    if (s->folder[0])
        return;
    const char *base = getenv("TMPDIR");
    snprintf(s->folder, sizeof s->folder, "%s/noetl-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(s->folder));
}

static void start_nats(struct servers *s, uint16_t port, const char *configuration)
{
    make_folder(s);
    char folder[sizeof s->folder + 8];
    snprintf(folder, sizeof folder, "%s/nats", s->folder);
    struct private_nats_options options = {
        .folder = folder, .port = {.port = port}, .configuration = configuration};
    struct error err;
    stop_unless(private_nats_start(&options, &s->nats, &err), &err);
}

void servers_kill_nats(struct servers *s)
{
    int code;
    assert_int_equal(0, kill(s->nats.process.pid, SIGKILL));
    assert_true(process_wait(&s->nats.process, -1, &code));
    assert_int_equal(128 + SIGKILL, code);
}

void servers_revive_nats(struct servers *s)
{
    uint16_t port = s->nats.port;
    private_nats_stop(&s->nats);
    servers_start_nats_at(s, port, NULL);
}

void servers_start_nats(struct servers *s)
{
    start_nats(s, 0, NULL);
}

void servers_start_nats_with(struct servers *s, const char *configuration)
{
    start_nats(s, 0, configuration);
}

void servers_start_nats_at(struct servers *s, uint16_t port, const char *configuration)
{
    start_nats(s, port, configuration);
}

void servers_start_postgres(struct servers *s)
{
    make_folder(s);
    char folder[sizeof s->folder + 16];
    snprintf(folder, sizeof folder, "%s/postgres", s->folder);
    struct private_postgres_options options = {.folder = folder, .throwaway = true};
    struct error err;
    stop_unless(private_postgres_start(&options, &s->postgres, &err), &err);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void servers_stop(struct servers *s)
{
    private_nats_stop(&s->nats);
    private_postgres_stop(&s->postgres);
    if (s->folder[0])
        nftw(s->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    s->folder[0] = '\0';
}

struct bus *servers_connect(const struct servers *s, const char *name)
{
    struct bus_options options = {.servers = s->nats.url, .name = name, .connect_timeout_ms = 10000};
    struct bus *bus = NULL;
    struct error err;
    stop_unless(bus_open(&options, &bus, &err), &err);
    return bus;
}
