/*
 * Memory that runs out when the test wants it to. The program is linked with the linker's --wrap for each
 * function below, so that all calls come here: noetl_failing_memory() of cmake/Tests.cmake.
 */
#ifndef TESTS_SUPPORT_FAILING_MEMORY_H
#define TESTS_SUPPORT_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * From now on the n-th request for memory (0 is the first) gets none, and, with `ever_after`, none after it
 * does. The requests are those to the system and those to an arena from outside of it.
 */
void memory_fail_at(size_t n, bool ever_after);
/* From now on each request gets memory. Returns how many there were since the last call of either. */
size_t memory_fail_never(void);
/* How many pieces of the system's memory are held. */
size_t memory_held(void);

#endif
