/*
 * What the tools that run programs share: the environment of a child, and streams to and from it that are
 * served together, so that a child that prints much or reads nothing never blocks the worker.
 */
#ifndef WORKER_CHILD_H
#define WORKER_CHILD_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/value.h"
#include "runtime/process.h"

/*
 * This process's variables without those that hold the worker's own access (NOETL_*, NATS_*, PG*), and over
 * them `extra`, a map or absent. NULL-ended, in `a`. STATUS_INVALID for a name or value that cannot be one.
 */
enum status child_environment(struct arena *a, struct value extra, const char *const **out,
                              struct error *err) MUST_CHECK;

/* Whether children do not get the variable ("NAME" or "NAME=value"). */
bool child_variable_is_hidden(const char *name);

/* One direction. The descriptor is this side's, non-blocking, and closed at its end or by
 * child_stream_close(). */
struct child_stream {
    int fd;            /* -1: closed */
    struct str unsent; /* of a stream to the child: what is still to be written; borrowed */
    bool to_child;
    bool stay_open;   /* to_child: keep the descriptor when all is written */
    struct buf *keep; /* of a stream from the child: where its bytes go while they fit; NULL: nowhere */
    size_t keep_max;  /* bytes of `keep` */
    uint64_t total;   /* bytes that came or went */
};

/* A pipe: our end in s->fd, the child's in *child_end. */
enum status child_pipe(struct child_stream *s, bool to_child, int *child_end, struct error *err) MUST_CHECK;
void child_stream_close(struct child_stream *s);

enum child_event {
    CHILD_STOP = 1,  /* stop_fd is readable */
    CHILD_ENDED = 2, /* exit_fd (a pidfd) is readable */
};
/*
 * Waits until a stream can go on or one of the two descriptors (-1: none) is readable, then reads and writes
 * what is possible without waiting. `timeout_ms` as of poll(2). Gives the events that happened, or'ed.
 */
int child_serve(struct child_stream *const *streams, size_t count, int stop_fd, int exit_fd, int timeout_ms);
/* Reads what is there already. */
void child_drain(struct child_stream *s);

/* A descriptor that is readable once the process has ended; -1 when the system has none: ask again and again.
 */
int child_exit_fd(const struct process *p);
/* Whether it has ended; leaves it unreaped, so that its number stays its own. */
bool child_has_ended(const struct process *p);
/* The same, having waited for it a little: its streams close a moment before it has ended. */
bool child_is_ending(const struct process *p, int exit_fd);
/* Kills the process and its group, reaps it, gives its exit code (128 + signal). */
int child_kill(struct process *p);

#endif
