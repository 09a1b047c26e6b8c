/* A small likeness of a value of any size, for people and for messages that must stay small. */
#ifndef CORE_PREVIEW_H
#define CORE_PREVIEW_H

#include "event.h"
#include "value.h"

/*
 * The first members of maps, the first items of lists and the beginnings of texts, a few levels deep: some
 * kilobytes of JSON, however large `v` is. Texts of up to 256 bytes are whole. What is small is the value
 * itself. Shares with `v`; an absent value stays absent.
 */
enum status value_preview(struct arena *a, struct value v, struct value *out, struct error *err) MUST_CHECK;
/* The event with previews of what it carries. Shares with `e`. */
enum status event_preview(struct arena *a, const struct event *e, struct event *out,
                          struct error *err) MUST_CHECK;

#endif
