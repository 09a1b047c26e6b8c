#include "interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

enum status interrupt_open(int *fd, struct error *err)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    int code = pthread_sigmask(SIG_BLOCK, &set, NULL);
    *fd = code ? -1 : signalfd(-1, &set, SFD_CLOEXEC);
    if (*fd >= 0)
        return STATUS_OK;
    return error_set(err, STATUS_IO, "cannot wait for Ctrl-C: %s", strerror(code ? code : errno));
}

enum status interrupt_wait(int fd, int64_t wait_ms, bool *interrupted, struct error *err)
{
    struct pollfd p = {fd, POLLIN, 0};
    if (poll(&p, 1, (int)wait_ms) < 0 && errno != EINTR)
        return error_set(err, STATUS_IO, "cannot wait for Ctrl-C: %s", strerror(errno));
    *interrupted = (p.revents & POLLIN) != 0;
    return STATUS_OK;
}
