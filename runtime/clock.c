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
