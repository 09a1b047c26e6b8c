/*
 * Live messages on their way from the threads of a connection to the thread that reads them: a bounded
 * queue, and something to wait for.
 */
#ifndef CLI_LETTERBOX_H
#define CLI_LETTERBOX_H

#include <pthread.h>

#include "bus/bus.h"

struct letter {
    struct letter *next;
    size_t len;
    char text[];
};

struct letterbox {
    pthread_mutex_t lock;
    struct letter *first, **last;
    size_t bytes;
    int signal; /* an eventfd: something was put in */
};

/* Before all else; letterbox_close() may then be called whatever happens. */
void letterbox_init(struct letterbox *box);
enum status letterbox_open(struct letterbox *box, struct error *err) MUST_CHECK;
/* When no subscription has it any more. */
void letterbox_close(struct letterbox *box);

/* A bus_handler with the box as its context. Of more than 64 MiB that nobody has read, the rest is dropped.
 */
void letterbox_receive(void *box, const struct bus_message *message);
/* Everything that is there, in order; the caller frees each. */
struct letter *letterbox_take(struct letterbox *box);
/* Waits until something comes, `interrupt` (a descriptor of interrupt_open()) is readable, or time is over.
 */
enum status letterbox_wait(struct letterbox *box, int interrupt, int64_t wait_ms, bool *interrupted,
                           struct error *err) MUST_CHECK;

#endif
