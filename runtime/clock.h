/* Two clocks that the compiler keeps apart: what the calendar says, and how long something takes. */
#ifndef RUNTIME_CLOCK_H
#define RUNTIME_CLOCK_H

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

#endif
