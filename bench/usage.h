/* What processes have used so far, from /proc. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
    double cpu_seconds; /* user and system */
    uint64_t switches;  /* context switches of the threads that there are now */
    double peak_mib;    /* resident, since the process began */
};

/* Zero for a process that is gone. */
struct usage usage_of(pid_t pid);
/* With its children, those that have ended too; the memory is the largest of one process. */
struct usage usage_of_family(pid_t parent);
/* What was used between the two; the memory is `after`'s. */
struct usage usage_between(const struct usage *before, const struct usage *after);

#endif
