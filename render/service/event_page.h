/* As many events as fit into one answer. */
#ifndef RENDER_SERVICE_EVENT_PAGE_H
#define RENDER_SERVICE_EVENT_PAGE_H

#include "lookup.h"

/* Bytes for events in an answer of at most `answer_max` bytes with `used` bytes of other members. */
size_t event_page_room(size_t answer_max, size_t used);
/* Bytes of the value as JSON. */
enum status event_page_length(struct arena *a, struct value v, size_t *out, struct error *err) MUST_CHECK;
/*
 * The events behind `after` that fit into `room` bytes; *next is the last of them if there are more, else -1.
 * With `at_least_one` there is one at least, however large, so that pages come to an end.
 */
enum status event_page(const struct found_execution *found, uint32_t after, size_t room, bool at_least_one,
                       struct arena *a, struct value *out, int64_t *next, struct error *err) MUST_CHECK;

#endif
