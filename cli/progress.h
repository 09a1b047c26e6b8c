/*
 * How an execution is shown while it runs: on a terminal as a picture that is drawn again and again, in a
 * pipe as one line an event, for programs as one JSON event a line, or not at all.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "core/event.h"

#include "picture.h"

enum progress_style { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_PICTURE, PROGRESS_JSON };

struct progress {
    struct output *out;
    enum progress_style style;
    struct arena scratch;
    struct picture picture;
    unsigned turn;
};

void progress_begin(struct progress *p, struct output *out, enum progress_style style);
/* How often progress_tick() should be called, in milliseconds. */
int64_t progress_interval(const struct progress *p, size_t events);
/* `e` is the newest of the `count` events so far. */
enum status progress_event(struct progress *p, const struct event *e, struct error *err) MUST_CHECK;
/* Time passed: the picture is drawn. */
enum status progress_tick(struct progress *p, const struct event *events, size_t count,
                          struct error *err) MUST_CHECK;
/* Takes the picture away, so that something else can be printed; the next tick draws it again. */
enum status progress_hide(struct progress *p, struct error *err) MUST_CHECK;
void progress_end(struct progress *p);

#endif
