/*
 * Loaded before the C library (LD_PRELOAD), it steps the wall clock of a process: to what the system says it
 * adds the nanoseconds in the file FAULTS_CLOCK, which may be changed at any time. Only the wall clock: what
 * measures durations must not jump. The kernel knows nothing of it, so moments until which threads wait are
 * given to it in its own time.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int timedwait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

static const volatile int64_t *offset_ns;
static timedwait *real_timedwait;

__attribute__((constructor)) static void open_offset(void)
{
    const char *path = getenv("FAULTS_CLOCK");
    *(void **)&real_timedwait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof(*offset_ns), PROT_READ, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED)
        offset_ns = at;
    (void)close(fd);
}

static void move(struct timespec *t, int64_t by_ns)
{
    int64_t ns = t->tv_sec * INT64_C(1000000000) + t->tv_nsec + by_ns;
    t->tv_sec = ns / 1000000000;
    t->tv_nsec = ns % 1000000000;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (syscall(SYS_clock_gettime, id, t) != 0)
        return -1;
    if (offset_ns && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        move(t, *offset_ns);
    return 0;
}

/* A monotonic moment is seconds since the machine's start, one of the wall clock more than 30 years. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    struct timespec moment = *until;
    if (offset_ns && moment.tv_sec > 1000000000)
        move(&moment, -*offset_ns);
    return real_timedwait(cond, mutex, &moment);
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
