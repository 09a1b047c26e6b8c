/*
 * Whether the threads of a daemon make progress. A thread that works in rounds has a pulse: it says when a
 * round begins, and when it rests (waits for work, or for somebody outside who is away). A round that lasts
 * far too long is a thread that hangs.
 *
 * Each call is about the calling thread, and does nothing on a thread without a pulse.
 */
#ifndef RUNTIME_PULSE_H
#define RUNTIME_PULSE_H

#include <stdbool.h>
#include <stdint.h>

/* A round that is longer is none that makes progress: 60 s, or, for tests, what NOETL_TEST_PULSE_MS says, if
 * that is a positive number (of a day at most). */
int64_t pulse_most_ms(void);

/* The thread has a pulse until pulse_end(), and rests. `name` outlives it. No more than 64 threads have one.
 */
void pulse_begin(const char *name);
void pulse_end(void);
/* A round begins: also between two steps of a long one, as a sign of life. */
void pulse_work(void);
void pulse_rest(void);
/* The one or the other: whether the thread begins to wait, or has waited, for somebody outside. */
void pulse_waits(bool begins);

/* The name of a thread that at `now_ns` (monotonic) is in a round for more than `most_ms`; NULL: none is. */
const char *pulse_find_stuck(int64_t now_ns, int64_t most_ms);

#endif
