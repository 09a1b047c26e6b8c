#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"

enum { PATIENCE_MS = 60000, PAUSE_MS = 20 };

void program_start(struct program *p, const char *const *arguments)
{
    const char *argv[24] = {getenv("NOETL_BINARY")};
    int ends[2];
    struct error err;
    assert_non_null(argv[0]);
    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    *p = (struct program){0};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct process_options o = {
        .argv = argv, .in = -1, .out = ends[1], .error = ends[1], .own_group = true, .die_with_parent = true};
    assert_ok(process_start(&o, &p->process, &err), &err);
    (void)close(ends[1]);
    p->fd = ends[0];
}

/* Up to the end of the output, which is when the program and what it started have closed it. */
static void read_output(struct program *p)
{
    size_t len = 0;
    for (ssize_t n;
         len < sizeof(p->output) - 1 && (n = read(p->fd, p->output + len, sizeof(p->output) - 1 - len)) > 0;)
        len += (size_t)n;
    p->output[len] = '\0';
    (void)close(p->fd);
}

int program_end(struct program *p)
{
    int code = -1;
    read_output(p);
    assert_true(process_wait(&p->process, PATIENCE_MS, &code));
    return code;
}

int program_run(struct program *p, const char *const *arguments)
{
    program_start(p, arguments);
    return program_end(p);
}

void dev_start(struct program *p, const char *folder, struct dev_entry *entry)
{
    const char *const none[] = {NULL};
    dev_start_with(p, folder, none, entry);
}

void dev_start_with(struct program *p, const char *folder, const char *const *more, struct dev_entry *entry)
{
    const char *arguments[20] = {"dev", "--data-dir", folder,       "--nats-port", "0", "--postgres-port",
                                 "0",   "--http",     "127.0.0.1:0"};
    struct error err;
    int code;
    for (size_t i = 0, n = 9; more[i]; i++)
        arguments[n++] = more[i];
    program_start(p, arguments);
    for (int waited = 0; dev_registry_find(folder, entry, &err) != STATUS_OK; waited += PAUSE_MS) {
        if (waited > PATIENCE_MS || process_wait(&p->process, PAUSE_MS, &code)) {
            process_signal(&p->process, SIGKILL);
            read_output(p);
            fail_msg("noetl dev did not get ready: %s", p->output);
        }
    }
    assert_int_equal(entry->pid, p->process.pid);
}

void dev_stop(struct program *p)
{
    assert_int_equal(kill(p->process.pid, SIGTERM), 0);
    int code = program_end(p);
    if (code != 0)
        fail_msg("noetl dev ended with %d: %s", code, p->output);
}

/* ---- processes ---------------------------------------------------------------------------------------- */

/* Whether the process runs that program, or has that word as its last argument. */
static bool is_called(pid_t pid, const char *word)
{
    char path[64], line[2048];
    (void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t len = fread(line, 1, sizeof(line) - 1, f);
    (void)fclose(f);
    line[len] = '\0';
    const char *last = line, *slash = strrchr(line, '/');
    for (const char *at = line; at < line + len; at += strlen(at) + 1)
        last = at;
    return strcmp(last, word) == 0 || strcmp(slash ? slash + 1 : line, word) == 0;
}

pid_t child_of(pid_t parent, const char *word)
{
    char path[96];
    long pid;
    pid_t found = 0;
    (void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)parent, (long)parent);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    while (!found && fscanf(f, "%ld", &pid) == 1)
        if (is_called((pid_t)pid, word))
            found = (pid_t)pid;
    (void)fclose(f);
    return found;
}

bool wait_gone(pid_t pid)
{
    char path[64], line[8];
    (void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
    for (int waited = 0; waited < PATIENCE_MS / 2; waited += PAUSE_MS) {
        FILE *f = fopen(path, "re");
        size_t len = f ? fread(line, 1, sizeof(line), f) : 0; /* a zombie has no command line */
        if (f)
            (void)fclose(f);
        if (len == 0)
            return true;
        (void)poll(NULL, 0, PAUSE_MS);
    }
    return false;
}
