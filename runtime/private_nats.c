#include "private_nats.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "core/buf.h"

/* No setting: it is for whoever tests with another server. */
#define PROGRAM_VARIABLE "NOETL_NATS_SERVER"

enum { READY_MS = 30000, STOP_MS = 10000, POLL_MS = 10, PATH_ROOM = SERVER_PATH_MAX };

static const char *const PROGRAM_FOLDERS[] = {"/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/bin",
                                              NULL};

enum status private_nats_program(char out[SERVER_PATH_MAX], struct error *err)
{
    const char *named = getenv(PROGRAM_VARIABLE);
    if (named && *named) {
        if (process_find(named, NULL, out, SERVER_PATH_MAX))
            return STATUS_OK;
        error_set(err, STATUS_NOT_FOUND, "there is no program %s", named);
        error_place(err, PROGRAM_VARIABLE);
        return error_hint(err, "Name a nats-server by its path, or unset the variable.");
    }
    if (process_find("nats-server", PROGRAM_FOLDERS, out, SERVER_PATH_MAX))
        return STATUS_OK;
    error_set(err, STATUS_NOT_FOUND, "the program nats-server is not installed");
    return error_hint(err, "apt-get install nats-server, or set nats.url to a server that runs already.");
}

/*
 * Paths are relative to the folder, which is the server's working folder, so that none has to be quoted. The
 * file of ports, which the server writes when it listens, is how we see that it is ready.
 */
static enum status write_configuration(const struct private_nats_options *options, struct private_nats *n,
                                       struct error *err)
{
    struct buf text;
    char ports[PATH_ROOM];
    TRY(folder_join(n->folder.path, "ports", ports, err));
    TRY(folder_make(ports, err));
    buf_init(&text, 0);
    buf_printf(&text,
               "# Written at each start.\n"
               "listen: \"127.0.0.1:%u\"\n"
               "server_name: \"%s\"\n"
               "pid_file: \"nats.pid\"\n"
               "ports_file_dir: \"ports\"\n"
               "jetstream { store_dir: \".\" }\n"
               "%s",
               n->port, options->name ? options->name : "noetl-private",
               options->configuration ? options->configuration : "");
    enum status s = buf_status(&text, err);
    if (s == STATUS_OK)
        s = server_folder_write(&n->folder, "nats.conf", text.data, err);
    buf_free(&text);
    return s;
}

static enum status start_process(struct private_nats *n, const char *program, struct error *err)
{
    const char *const argv[] = {program, "-c", "nats.conf", NULL};
    struct process_options o = {.argv = argv,
                                .cwd = n->folder.path,
                                .in = -1,
                                .out = n->folder.log,
                                .error = n->folder.log,
                                .own_group = true, /* a terminal's Ctrl-C is for our owner to pass on */
                                .die_with_parent = true};
    return process_start(&o, &n->process, err);
}

/* The name that nats-server gives its file of ports. */
static enum status ports_file(const struct private_nats *n, char *out, struct error *err)
{
    char name[96];
    snprintf(name, sizeof name, "ports/nats-server_%ld.ports", (long)n->process.pid);
    return folder_join(n->folder.path, name, out, err);
}

static enum status await_ready(struct private_nats *n, struct error *err)
{
    char ports[PATH_ROOM];
    TRY(ports_file(n, ports, err));
    struct mono_time start = mono_now();
    for (int code; mono_ms_since(start) < READY_MS;) {
        if (process_wait(&n->process, POLL_MS, &code)) {
            n->process = (struct process){0};
            return server_folder_error(&n->folder, STATUS_UNAVAILABLE, "nats-server ended at its start", err);
        }
        struct stat st;
        if (stat(ports, &st) == 0 && st.st_size > 0)
            return STATUS_OK;
    }
    return server_folder_error(&n->folder, STATUS_UNAVAILABLE, "nats-server did not get ready within 30 s",
                               err);
}

static enum status start_in_folder(const struct private_nats_options *options, struct private_nats *n,
                                   const char *program, struct error *err)
{
    server_folder_end_orphan(&n->folder, "", (pid_t)server_folder_number(&n->folder, "nats.pid"), SIGTERM);
    struct port_wish wish = options->port;
    for (int tries = 1;; tries++) {
        TRY(port_choose(&wish, &n->port, err));
        TRY(write_configuration(options, n, err));
        TRY(start_process(n, program, err));
        enum status s = await_ready(n, err);
        /* Another program may take a free port between our choice and the server's bind. */
        if (s == STATUS_OK || tries == 5 || (wish.port != 0 && !wish.or_other) ||
            !server_folder_logged(&n->folder, "address already in use"))
            return s;
    }
}

enum status private_nats_start(const struct private_nats_options *options, struct private_nats *out,
                               struct error *err)
{
    *out = (struct private_nats){0};
    char program[PATH_ROOM];
    TRY(private_nats_program(program, err));
    TRY(server_folder_open(options->folder, options->log_path, &out->folder, err));
    enum status s = start_in_folder(options, out, program, err);
    if (s != STATUS_OK) {
        private_nats_stop(out);
        return s;
    }
    snprintf(out->url, sizeof out->url, "nats://127.0.0.1:%u", out->port);
    return STATUS_OK;
}

void private_nats_stop(struct private_nats *n)
{
    if (n->process.pid > 0) {
        char ports[PATH_ROOM];
        enum status named = ports_file(n, ports, NULL);
        int code;
        process_end(&n->process, STOP_MS, &code);
        if (named == STATUS_OK) /* the server removes it itself unless it had to be killed */
            unlink(ports);
    }
    n->process = (struct process){0};
    server_folder_close(&n->folder);
}
