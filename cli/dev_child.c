#include "dev_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "runtime/server_folder.h"

enum { FIRST_PAUSE_MS = 250, LONGEST_PAUSE_MS = 15000, STEADY_MS = 30000 };

enum status dev_child_open(struct dev_child *c, const char *part, int number, const char *logs,
                           struct error *err)
{
    char path[SERVER_PATH_MAX], file[48];
    *c = (struct dev_child){.part = part, .output = -1, .log = -1, .pause_ms = FIRST_PAUSE_MS};
    (void)snprintf(c->name, sizeof(c->name), number ? "%s-%d" : "%s", part, number);
    (void)snprintf(file, sizeof(file), "%s.log", c->name);
    TRY(folder_join(logs, file, path, err));
    return server_log_open(path, &c->log, err);
}

void dev_child_close(struct dev_child *c)
{
    if (c->output >= 0)
        (void)close(c->output);
    if (c->log >= 0)
        (void)close(c->log);
    c->output = c->log = -1;
}

/* The program's file by its name, which shows in lists of processes; if it was replaced, the one that runs.
 */
static const char *own_program(char out[SERVER_PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, SERVER_PATH_MAX - 1);
    out[n < 0 ? 0 : n] = '\0';
    return n > 0 && access(out, X_OK) == 0 ? out : "/proc/self/exe";
}

enum status dev_child_start(struct dev_child *c, const char *const *environment, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(err, STATUS_IO, "the system gives no pipe for the %s: %s", c->name, strerror(errno));
    char program[SERVER_PATH_MAX];
    const char *const argv[] = {own_program(program), "serve", c->part, NULL};
    struct process_options o = {.argv = argv,
                                .env = environment,
                                .in = -1,
                                .out = ends[1],
                                .error = ends[1],
                                .own_group = true, /* a terminal's Ctrl-C is for us to pass on, in order */
                                .die_with_parent = true};
    enum status s = process_start(&o, &c->process, err);
    (void)close(ends[1]);
    if (s != STATUS_OK || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        (void)close(ends[0]);
        return s == STATUS_OK ? error_set(err, STATUS_IO, "the pipe of the %s: %s", c->name, strerror(errno))
                              : s;
    }
    c->output = ends[0];
    c->started = mono_now();
    return STATUS_OK;
}

/* ---- what it says ------------------------------------------------------------------------------------- */

/* Of the lines of runtime/log.h only warnings and errors; every other line is one that nobody planned. */
static bool is_worth_showing(struct str line)
{
    if (str_starts_with(line, STR("time=")))
        return str_find(line, STR(" level=warn ")) >= 0 || str_find(line, STR(" level=error ")) >= 0;
    if (str_starts_with(line, STR("{\"time\"")))
        return str_find(line, STR("\"level\":\"warn\"")) >= 0 ||
               str_find(line, STR("\"level\":\"error\"")) >= 0;
    return line.len > 0;
}

static void show_line(const struct dev_child *c, struct str line)
{
    if (is_worth_showing(line))
        (void)fprintf(stderr, "%s | %" PRISTR "\n", c->name, ARGSTR(line));
}

static void take_bytes(struct dev_child *c, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool full = c->line_len == sizeof(c->line);
        if (bytes[i] == '\n' || full) {
            show_line(c, (struct str){c->line, c->line_len});
            c->line_len = 0;
        }
        if (bytes[i] != '\n')
            c->line[c->line_len++] = bytes[i];
    }
}

static void write_log(const struct dev_child *c, const char *bytes, size_t len)
{
    for (ssize_t n; len > 0 && (n = write(c->log, bytes, len)) > 0; bytes += n, len -= (size_t)n) {
    }
    /* With a full disk the log has a gap; the part goes on, and says on the terminal what it has to. */
}

void dev_child_read(struct dev_child *c)
{
    char bytes[16384];
    ssize_t n;
    while (c->output >= 0 && (n = read(c->output, bytes, sizeof(bytes))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        write_log(c, bytes, (size_t)n);
        take_bytes(c, bytes, (size_t)n);
    }
    if (c->output >= 0)
        (void)close(c->output);
    c->output = -1;
}

/* ---- its end ------------------------------------------------------------------------------------------ */

bool dev_child_ended(struct dev_child *c, int *code)
{
    if (c->process.pid == 0 || !process_wait(&c->process, 0, code))
        return false;
    c->process = (struct process){0};
    dev_child_read(c); /* its last words */
    if (c->line_len > 0)
        take_bytes(c, "\n", 1);
    if (c->output >= 0)
        (void)close(c->output);
    c->output = -1;
    if (mono_ms_since(c->started) > STEADY_MS)
        c->pause_ms = FIRST_PAUSE_MS;
    c->start_again.ns = mono_now().ns + c->pause_ms * 1000000;
    c->pause_ms = c->pause_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : c->pause_ms * 2;
    return true;
}
