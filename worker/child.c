#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- environment ---------------------------------------------------------------------------------- */

enum { MAX_VARIABLES = 4096 };

bool child_variable_is_hidden(const char *name)
{
    struct str variable = str_of(name);
    return str_starts_with(variable, STR("NOETL_")) || str_starts_with(variable, STR("NATS_")) ||
           str_starts_with(variable, STR("PG"));
}

static struct str variable_name(struct str variable)
{
    return str_split(&variable, '=');
}

static enum status variable_text(struct arena *a, struct value_entry e, const char **out, struct error *err)
{
    struct str name = value_as_str(e.key), text = value_as_str(e.value);
    if (name.len == 0 || memchr(name.ptr, '=', name.len) || memchr(name.ptr, 0, name.len))
        return error_set(err, STATUS_INVALID, "env: \"%" PRISTR "\" cannot be a variable's name",
                         ARGSTR(name));
    if (e.value.type == VALUE_INT)
        text = arena_printf(a, "%lld", (long long)e.value.u.i);
    else if (e.value.type != VALUE_STRING)
        return error_set(err, STATUS_INVALID, "env.%" PRISTR " must be text, not a %s", ARGSTR(name),
                         value_type_name(e.value));
    if (text.len > 0 && memchr(text.ptr, 0, text.len))
        return error_set(err, STATUS_INVALID, "env.%" PRISTR " has a zero byte", ARGSTR(name));
    struct str line = arena_printf(a, "%" PRISTR "=%" PRISTR, ARGSTR(name), ARGSTR(text));
    *out = line.ptr;
    return line.ptr ? STATUS_OK : arena_error(a, err, "the environment");
}

enum status child_environment(struct arena *a, struct value extra, const char *const **out, struct error *err)
{
    uint32_t added = extra.type == VALUE_MAP ? extra.len : 0;
    size_t inherited = 0;
    while (environ[inherited] && inherited < MAX_VARIABLES)
        inherited++;
    const char **list = ARENA_ARRAY(a, const char *, inherited + added + 1);
    if (!list)
        return arena_error(a, err, "the environment");
    size_t count = 0;
    for (size_t i = 0; i < inherited; i++) {
        struct str variable = str_of(environ[i]);
        if (!child_variable_is_hidden(environ[i]) &&
            value_is_absent(value_get(extra, variable_name(variable))))
            list[count++] = environ[i];
    }
    for (uint32_t i = 0; i < added; i++)
        TRY(variable_text(a, extra.u.map->entries[i], &list[count++], err));
    *out = list;
    return STATUS_OK;
}

/* ---- streams -------------------------------------------------------------------------------------- */

enum { READ_BYTES = 64 << 10, MAX_STREAMS = 4 };

enum status child_pipe(struct child_stream *s, bool to_child, int *child_end, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(err, STATUS_IO, "a pipe for the task: %m");
    s->to_child = to_child;
    s->fd = ends[to_child ? 1 : 0];
    *child_end = ends[to_child ? 0 : 1];
    if (fcntl(s->fd, F_SETFL, O_NONBLOCK) == 0)
        return STATUS_OK;
    error_set(err, STATUS_IO, "a pipe for the task: %m");
    child_stream_close(s);
    close(*child_end);
    *child_end = -1;
    return STATUS_IO;
}

void child_stream_close(struct child_stream *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static void keep_bytes(struct child_stream *s, const char *bytes, size_t len)
{
    s->total += len;
    if (!s->keep || s->keep->len >= s->keep_max)
        return;
    size_t room = s->keep_max - s->keep->len;
    buf_add(s->keep, bytes, len < room ? len : room);
}

/* One read; false when there is nothing more for now. */
static bool read_some(struct child_stream *s)
{
    char bytes[READ_BYTES];
    ssize_t n = read(s->fd, bytes, sizeof(bytes));
    if (n > 0)
        keep_bytes(s, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        child_stream_close(s);
    return n > 0;
}

/* A child that closed its end has read what it wanted: no error of ours. */
static void write_some(struct child_stream *s)
{
    ssize_t n = s->unsent.len > 0 ? write(s->fd, s->unsent.ptr, s->unsent.len) : 0;
    if (n > 0) {
        s->unsent.ptr += n;
        s->unsent.len -= (size_t)n;
        s->total += (uint64_t)n;
    }
    bool broken = n < 0 && errno != EAGAIN && errno != EINTR;
    if (broken || (s->unsent.len == 0 && !s->stay_open))
        child_stream_close(s);
}

static short wanted(const struct child_stream *s)
{
    if (!s->to_child)
        return POLLIN;
    return s->unsent.len > 0 || !s->stay_open ? POLLOUT : 0;
}

int child_serve(struct child_stream *const *streams, size_t count, int stop_fd, int exit_fd, int timeout_ms)
{
    struct pollfd fds[MAX_STREAMS + 2];
    for (size_t i = 0; i < count; i++) {
        short events = streams[i]->fd >= 0 ? wanted(streams[i]) : 0;
        fds[i] = (struct pollfd){.fd = events ? streams[i]->fd : -1, .events = events};
    }
    fds[count] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    fds[count + 1] = (struct pollfd){.fd = exit_fd, .events = POLLIN};
    if (poll(fds, count + 2, timeout_ms) <= 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (fds[i].revents && streams[i]->to_child)
            write_some(streams[i]);
        else if (fds[i].revents)
            read_some(streams[i]);
    }
    return (fds[count].revents ? CHILD_STOP : 0) | (fds[count + 1].revents ? CHILD_ENDED : 0);
}

void child_drain(struct child_stream *s)
{
    /* Bounded: whoever holds the other end may go on writing for ever. */
    for (int i = 0; i < 64 && s->fd >= 0 && read_some(s); i++)
        ;
}

/* ---- process -------------------------------------------------------------------------------------- */

int child_exit_fd(const struct process *p)
{
    return p->pid > 0 ? pidfd_open(p->pid, 0) : -1;
}

bool child_has_ended(const struct process *p)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

bool child_is_ending(const struct process *p, int exit_fd)
{
    enum { MOMENT_MS = 1000, STEP_MS = 10 };
    struct pollfd wait = {.fd = exit_fd, .events = POLLIN};
    for (int waited = 0; !child_has_ended(p) && waited < MOMENT_MS; waited += STEP_MS)
        poll(&wait, 1, STEP_MS);
    return child_has_ended(p);
}

int child_kill(struct process *p)
{
    int code = 0;
    if (p->pid <= 0)
        return 0;
    /* Before it is reaped, so that its number, and its group's, cannot have been given to others. */
    process_signal(p, SIGKILL);
    process_wait(p, -1, &code);
    return code;
}
