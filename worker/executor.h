/*
 * The threads that run tasks. A delivery goes to the thread that became idle last, whose child processes and
 * connections are warm; it waits in a queue only when more came than was asked for, which is as many as there
 * are idle threads.
 */
#ifndef WORKER_EXECUTOR_H
#define WORKER_EXECUTOR_H

#include "station.h"

struct crew;
/* Starts the threads. */
enum status crew_open(struct station *station, uint32_t threads, struct crew **out,
                      struct error *err) MUST_CHECK;
/* A bus_deliver for the pull; context: the crew. */
void crew_deliver(void *crew, struct bus_delivery *delivery);
/* The crew asks this pull for work from now on; NULL: none, and no thread is asking when it returns. */
void crew_attach(struct crew *c, struct bus_pull *pull);
/* Gives back what no thread has begun, begins nothing more, and waits up to `timeout_ms`; how many threads
 * still work. */
uint32_t crew_finish(struct crew *c, int64_t timeout_ms);
/* Tells running tools to stop, gives their tasks back, ends the threads. */
void crew_close(struct crew **c);

#endif
