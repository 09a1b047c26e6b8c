/* Two clocks that the compiler keeps apart: what the calendar says, and how long something takes. */
#ifndef RUNTIME_CLOCK_H
#define RUNTIME_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct wall_time {
    int64_t ns;
}; /* since 1970, may jump */
struct mono_time {
    int64_t ns;
}; /* since some moment, never goes back */

struct wall_time wall_now(void);
struct mono_time mono_now(void);
static inline int64_t mono_ms_since(struct mono_time then)
{
    return (mono_now().ns - then.ns) / 1000000;
}

/* A condition variable whose waits go by the monotonic clock; an errno number, or 0. */
int mono_cond_init(pthread_cond_t *cond);
/* Waits on it until the monotonic time; false when that has come. */
bool mono_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t until_ns);

#endif
