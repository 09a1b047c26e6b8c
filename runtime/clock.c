#include "clock.h"

#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t); /* fails only for clocks that don't exist */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct wall_time wall_now(void)
{
    return (struct wall_time){now_ns(CLOCK_REALTIME)};
}

struct mono_time mono_now(void)
{
    return (struct mono_time){now_ns(CLOCK_MONOTONIC)};
}

int mono_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failure = pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return failure;
}

bool mono_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t until_ns)
{
    struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};
    return pthread_cond_timedwait(cond, mutex, &until) == 0;
}
