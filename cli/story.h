/* The story of an execution with those that it called, as `show` and `run --wait` print it. */
#ifndef CLI_STORY_H
#define CLI_STORY_H

#include "client.h"
#include "core/event.h"

#include "timeline.h"

enum { STORY_DEPTH = 3, STORY_MAX_DEPTH = 10 };

struct story_options {
    int64_t depth;   /* how deep in executions that are called; 0: of the execution alone */
    bool blank_line; /* first */
};

/*
 * `events` are all of the execution. The executions that it called are read from the log: of a step's the
 * first ten, before these those that failed, and a hundred in all. *t, in the invocation's arena, is what was
 * told.
 */
enum status story_print(struct invocation *in, struct client *c, const struct event *events, size_t count,
                        const struct story_options *options, struct timeline *t,
                        struct error *err) MUST_CHECK;

#endif
