#include "daemon.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum { UNTIL_MS = 200 };

static sigset_t stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

void daemon_setup(void)
{
    sigset_t set = stop_signals();
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* a closed connection is an error of write(), not the end */
}

/* A signal that has come, or 0 after `timeout_ms` (-1: none). */
static int next_signal(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct signalfd_siginfo info;
    if (poll(&p, 1, timeout_ms) != 1)
        return 0;
    return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

/* Without a descriptor for them, the signals are asked for directly. */
static int next_signal_slowly(int timeout_ms)
{
    sigset_t set = stop_signals();
    struct timespec t = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};
    int signal = timeout_ms < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &t);
    return signal > 0 ? signal : 0;
}

int daemon_wait(bool (*until)(void *context), void *context)
{
    sigset_t set = stop_signals();
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    int timeout_ms = until ? UNTIL_MS : -1;
    int signal = 0;
    while (signal == 0 && !(until && until(context)))
        signal = fd >= 0 ? next_signal(fd, timeout_ms) : next_signal_slowly(timeout_ms);
    if (fd >= 0)
        close(fd);
    return signal;
}

static bool is_past(void *until_ns)
{
    return mono_now().ns >= *(const int64_t *)until_ns;
}

int daemon_pause(int64_t ms)
{
    int64_t until_ns = mono_now().ns + ms * 1000000;
    return daemon_wait(is_past, &until_ns);
}

void daemon_draining(void)
{
    sigset_t set = stop_signals();
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGTERM, &standard, NULL);
    sigaction(SIGINT, &standard, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* one thread that lets them through ends the process */
}

const char *daemon_host(char out[DAEMON_HOST_MAX])
{
    if (gethostname(out, DAEMON_HOST_MAX) != 0)
        out[0] = '\0';
    out[DAEMON_HOST_MAX - 1] = '\0';
    if (!out[0])
        snprintf(out, DAEMON_HOST_MAX, "localhost");
    return out;
}

void daemon_name(const char *given, char *out, size_t size)
{
    char host[DAEMON_HOST_MAX];
    if (given[0])
        snprintf(out, size, "%s", given);
    else
        snprintf(out, size, "%s-%d", daemon_host(host), (int)getpid());
}
