#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

enum { PATIENCE_MS = 1000, SOCKET = 3 };

struct word {
    pid_t group;
    bool is_over;
};

static struct {
    pid_t pid; /* 0: none */
    int fd;
    _Atomic bool lost;
} guard;

/* ---- the process -------------------------------------------------------------------------------------- */

struct groups {
    pid_t *list;
    size_t count, room;
};

static void add(struct groups *g, pid_t group)
{
    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 64;
        pid_t *list = realloc(g->list, room * sizeof(*list));
        if (!list)
            return; /* that one is not guarded */
        g->list = list;
        g->room = room;
    }
    g->list[g->count++] = group;
}

static void drop(struct groups *g, pid_t group)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->list[i] == group) {
            g->list[i] = g->list[--g->count];
            return;
        }
}

static bool hear(int fd, struct word *w)
{
    ssize_t n;
    do
        n = recv(fd, w, sizeof(*w), 0);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(*w);
}

/* Nobody's terminal, signal or pipe is its affair; only the end of the socket. */
static void detach(int fd)
{
    sigset_t all;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)setsid();
    (void)prctl(PR_SET_NAME, "noetl-guard");
    if (chdir("/") != 0 || (fd = fcntl(fd, F_DUPFD, SOCKET)) < 0)
        _exit(1);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++)
        (void)dup2(null, i);
    if (dup2(fd, SOCKET) != SOCKET || close_range(SOCKET + 1, UINT_MAX, 0) != 0)
        _exit(1);
}

static _Noreturn void serve(int fd)
{
    struct groups g = {0};
    struct word w;
    detach(fd);
    while (hear(SOCKET, &w)) {
        if (w.is_over)
            drop(&g, w.group);
        else
            add(&g, w.group);
    }
    for (size_t i = 0; i < g.count; i++)
        (void)kill(-g.list[i], SIGKILL);
    _exit(0);
}

/* ---- whom it guards ----------------------------------------------------------------------------------- */

enum status guard_start(struct error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set(err, STATUS_IO, "no socket for the guard of child processes: %s", strerror(errno));
    pid_t pid = fork();
    int failure = errno;
    if (pid == 0)
        serve(ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error_set(err, STATUS_IO, "no process for the guard of child processes: %s",
                         strerror(failure));
    }
    guard.pid = pid;
    guard.fd = ends[0];
    atomic_store(&guard.lost, false);
    return STATUS_OK;
}

void guard_stop(void)
{
    if (guard.pid == 0)
        return;
    close(guard.fd);
    struct pollfd p = {.fd = pidfd_open(guard.pid, 0), .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) != 1) /* it stands still */
        (void)kill(guard.pid, SIGKILL);
    if (p.fd >= 0)
        close(p.fd);
    while (waitpid(guard.pid, NULL, 0) < 0 && errno == EINTR) {
    }
    guard.pid = 0;
}

/* A guard that stands still must not hold anybody up for long. */
static bool tell(struct word w)
{
    struct pollfd p = {.fd = guard.fd, .events = POLLOUT};
    return poll(&p, 1, PATIENCE_MS) == 1 &&
           send(guard.fd, &w, sizeof(w), MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(w);
}

void guard_watch(pid_t group)
{
    if (guard.pid != 0)
        (void)tell((struct word){.group = group});
}

static void say_lost(void)
{
    if (!atomic_exchange(&guard.lost, true))
        LOG_LINE(LOG_WARN, "the guard is gone: what child processes start may outlive this process if it is "
                           "killed");
}

void guard_look(void)
{
    struct pollfd p = {.fd = guard.fd};
    if (guard.pid != 0 && poll(&p, 1, 0) == 1)
        say_lost();
}

/* A guard that does not hear of an end could kill whoever has that number later: then rather none. */
void guard_forget(pid_t group)
{
    if (guard.pid == 0 || tell((struct word){.group = group, .is_over = true}))
        return;
    (void)kill(guard.pid, SIGKILL);
    say_lost();
}
