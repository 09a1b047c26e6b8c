/* An event on one line, for people: when, what, of which step, and what is particular to it. */
#ifndef CLI_EVENT_LINE_H
#define CLI_EVENT_LINE_H

#include "core/event.h"

#include "output.h"

void event_line_write(const struct output *o, const struct event *e, struct buf *b);

#endif
