#include "private_postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "postgres_cluster.h"

enum { READY_MS = 60000, FAST_STOP_MS = 20000, IMMEDIATE_STOP_MS = 5000, POLL_MS = 10 };

/*
 * The postmaster gets its data folder as /proc/self/fd/0, its standard input being that folder: so it works
 * in a folder below ones that its user may not enter, such as root's home or a temporary folder of mode 0700.
 */
#define DATA_BY_DESCRIPTOR "/proc/self/fd/0"

static enum status start_process(struct private_postgres *p, const struct postgres_cluster *c, bool throwaway,
                                 struct error *err)
{
    char port[32];
    snprintf(port, sizeof port, "port=%u", p->port);
    const char *const argv[] = {c->postgres,
                                "-D",
                                c->drop_to_user ? DATA_BY_DESCRIPTOR : c->data,
                                "-c",
                                port,
                                "-c",
                                "listen_addresses=127.0.0.1",
                                "-c",
                                "unix_socket_directories=",
                                "-c",
                                "logging_collector=off",
                                "-c",
                                "jit=off",
                                "-c",
                                throwaway ? "fsync=off" : "fsync=on",
                                NULL};
    int data = open(c->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data < 0) {
        error_set(err, STATUS_IO, "the data folder cannot be opened: %s", strerror(errno));
        return error_place(err, "%s", c->data);
    }
    struct process_options o = {.argv = argv,
                                .env = c->env,
                                .cwd = "/",
                                .in = data,
                                .out = p->folder.log,
                                .error = p->folder.log,
                                .own_group = true, /* a terminal's Ctrl-C is for our owner to pass on */
                                .die_with_parent = true,
                                .death_signal = SIGQUIT, /* an immediate shutdown; the next start recovers */
                                .drop_to_user = c->drop_to_user,
                                .uid = c->uid,
                                .gid = c->gid};
    enum status s = process_start(&o, &p->process, err);
    close(data);
    return s;
}

/* The postmaster says in its pid file how far it is: the first line is its pid, the eighth its state. */
static bool is_ready(const struct private_postgres *p)
{
    char path[SERVER_PATH_MAX], line[SERVER_PATH_MAX];
    if (folder_join(p->folder.path, "data/postmaster.pid", path, NULL) != STATUS_OK)
        return false;
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool ready = false;
    for (int i = 1; i <= 8 && fgets(line, sizeof line, f); i++) {
        if (i == 1 && strtol(line, NULL, 10) != (long)p->process.pid)
            break;
        ready = i == 8 && strncmp(line, "ready", 5) == 0;
    }
    fclose(f);
    return ready;
}

static enum status await_ready(struct private_postgres *p, struct error *err)
{
    struct mono_time start = mono_now();
    for (int code; mono_ms_since(start) < READY_MS;) {
        if (process_wait(&p->process, POLL_MS, &code)) {
            p->process = (struct process){0};
            return server_folder_error(&p->folder, STATUS_UNAVAILABLE, "postgres ended at its start", err);
        }
        if (is_ready(p))
            return STATUS_OK;
    }
    return server_folder_error(&p->folder, STATUS_UNAVAILABLE, "postgres did not get ready within 60 s", err);
}

/*
 * A start may fail for what passes by itself: another program took the free port before the bind, or
 * processes of a postmaster that was killed still hold its shared memory.
 */
static bool may_try_again(const struct private_postgres *p, const struct port_wish *wish)
{
    bool any_port = wish->port == 0 || wish->or_other;
    return (any_port && server_folder_logged(&p->folder, "Address already in use")) ||
           server_folder_logged(&p->folder, "is still in use");
}

static void write_url(const char *user, const char *password, uint16_t port, char *out, size_t size)
{
    snprintf(out, size, "postgresql://%s:%s@127.0.0.1:%u/noetl", user, password, port);
}

static enum status start_in_folder(const struct private_postgres_options *options, struct private_postgres *p,
                                   struct error *err)
{
    struct postgres_cluster cluster;
    TRY(postgres_cluster_open(&p->folder, options->throwaway, &cluster, err));
    pid_t former = (pid_t)server_folder_number(&p->folder, "data/postmaster.pid");
    server_folder_end_orphan(&p->folder, "data", former, SIGQUIT);
    for (int tries = 1;; tries++) {
        TRY(port_choose(&options->port, &p->port, err));
        TRY(start_process(p, &cluster, options->throwaway, err));
        enum status s = await_ready(p, err);
        if (s == STATUS_OK) {
            write_url("noetl", cluster.password, p->port, p->url, sizeof p->url);
            write_url("playbook", cluster.playbook_password, p->port, p->playbook_url,
                      sizeof p->playbook_url);
            return STATUS_OK;
        }
        if (p->process.pid > 0 || tries == 5 || !may_try_again(p, &options->port))
            return s;
        usleep(200000);
    }
}

enum status private_postgres_start(const struct private_postgres_options *options,
                                   struct private_postgres *out, struct error *err)
{
    *out = (struct private_postgres){0};
    TRY(server_folder_open(options->folder, options->log_path, &out->folder, err));
    enum status s = start_in_folder(options, out, err);
    if (s != STATUS_OK)
        private_postgres_stop(out);
    return s;
}

void private_postgres_stop(struct private_postgres *p)
{
    int code;
    if (p->process.pid > 0) {
        /* To the postmaster alone: its children take SIGINT and SIGQUIT for something else. */
        kill(p->process.pid, SIGINT);
        if (!process_wait(&p->process, FAST_STOP_MS, &code)) {
            kill(p->process.pid, SIGQUIT);
            if (!process_wait(&p->process, IMMEDIATE_STOP_MS, &code))
                process_end(&p->process, 0, &code);
        }
    }
    p->process = (struct process){0};
    server_folder_close(&p->folder);
}
